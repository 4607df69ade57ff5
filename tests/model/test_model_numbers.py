"""Number schemes: deterministic, never too long, collision-safe."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gp365.model.errors import Misconfigured
from gp365.model.numbers import SCHEMES, candidates


def first(scheme: str, n: int = 1, **facts: str) -> list[str]:
    given = {"name": "", "account_number": "", "record_id": "", **facts}
    return list(islice(candidates(scheme, **given), n))


def test_a_customer_number_follows_the_sample_companys_pattern() -> None:
    assert first("name", 2, name="Aaron Fitz Electrical") == ["AARONFIT0001", "AARONFIT0002"]


@pytest.mark.parametrize(
    ("name", "number"),
    [("Müller & Søn", "MULLERSO0001"), ("Ab", "AB0001"), ("株式会社", "CUST0001"), ("", "CUST0001"),
     ("Straße 7", "STRASSE70001"), ("3M", "3M0001")],
)  # fmt: skip
def test_a_name_of_any_alphabet_gives_a_number_of_plain_letters(name: str, number: str) -> None:
    assert first("name", name=name) == [number]


def test_a_taken_account_number_continues_with_a_counter() -> None:
    assert first("account_number", 3, account_number=" abc-10 ") == ["ABC-10", "ABC-10-1", "ABC-10-2"]


@pytest.mark.parametrize("number", ["", "   ", "1234567890123456", "顧客7"])
def test_an_account_number_that_gp_cannot_hold_gives_no_number(number: str) -> None:
    assert first("account_number", account_number=number) == []


def test_an_account_id_gives_a_number_from_its_digits() -> None:
    ids = first("account_id", 2, record_id="0f8fad5b-d9cb-469f-a165-70867728950e")
    assert ids == ["0F8FAD5BD9CB469", "0F8FAD5BD9CB4-1"]


def test_a_given_number_is_the_only_one_and_one_that_does_not_fit_is_none() -> None:
    assert first("given", 5, account_number=" usa-west ") == ["USA-WEST"]
    assert first("given", 5, account_number="A" * 16) == []
    assert first("given", 5, account_number="") == []


def test_an_unknown_scheme_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(Misconfigured) as caught:
        candidates("random", name="a", account_number="", record_id="")
    assert "account_number" in caught.value.fix


@given(
    scheme=st.sampled_from(SCHEMES),
    name=st.text(max_size=40),
    number=st.text(max_size=40),
    record=st.uuids().map(str),
    length=st.integers(8, 15),
)
def test_every_number_fits_and_none_comes_twice(
    scheme: str, name: str, number: str, record: str, length: int
) -> None:
    facts = {"name": name, "account_number": number, "record_id": record}
    drawn = list(islice(candidates(scheme, **facts, length=length), 120))
    assert drawn == list(islice(candidates(scheme, **facts, length=length), 120))
    assert len(set(drawn)) == len(drawn)
    assert all(0 < len(text) <= length for text in drawn)
    assert all(text == text.strip() for text in drawn)
    for text in drawn:
        text.encode("cp1252")
