"""Values as matching compares them."""

from __future__ import annotations

import pytest

from gp365.model.matching import kind_of, normalise


@pytest.mark.parametrize(
    "names",
    [
        ("Aaron Fitz Electrical", "AARON FITZ ELECTRICAL, INC.", "Aaron  Fitz Electrical L.L.C."),
        ("Müller & Söhne GmbH & Co. KG", "MULLER AND SOHNE", "Müller & Söhne"),
        ("Contoso A/S", "Contoso ApS", "contoso"),
        ("St. Mary's Hospital", "St Marys Hospital"),
        ("(312) 555-0102", "312.555.0102", "3125550102"),
        ("60603-0776", "60603"),
        ("The Harper Group, L. L. C.", "Harper Group LLC", "HARPER GROUP"),
        ("Grupo Norte, S.A. de C.V.", "Grupo Norte S. de R.L. de C.V.", "grupo norte"),
        ("Harper B.V.", "Harper BV", "Harper Pty. Ltd.", "Harper Sp. z o.o."),
        ("Smith, Jones & Co", "Smith Jones and Company", "SMITH JONES"),
    ],
)
def test_the_same_firm_is_found_however_it_is_written(names: tuple[str, ...]) -> None:
    assert len({normalise(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Contoso", "Contosa"),
        ("Co", "Inc"),
        ("Limited Brands", "Brands"),
        ("AG", "SA"),
        ("Store 1", "Store 2"),
    ],
)
def test_different_firms_stay_different(left: str, right: str) -> None:
    assert normalise(left) != normalise(right)


def test_two_numbers_that_differ_in_a_dash_are_two_numbers() -> None:
    assert normalise("A-1", "number") != normalise("A1", "number")
    assert normalise(" aaronfit0001 ", "number") == normalise("AARONFIT0001", "number")
    assert normalise("10015-2345", "number") != normalise("10015-6789", "number")


def test_postal_codes_lose_blanks_and_dashes_and_a_us_zip_its_last_four() -> None:
    assert normalise("SW1A 1AA", "postal") == normalise("sw1a-1aa", "postal")
    assert normalise("60603-0776", "postal") == normalise("606030776", "postal") == "60603"


def test_an_empty_value_matches_nothing() -> None:
    assert normalise(None) == normalise("  ") == ""


def test_the_kind_follows_from_the_name_of_the_field() -> None:
    assert kind_of("address.postal_code") == "postal"
    assert kind_of("fax") == kind_of("x", "phone") == "phone"
    assert kind_of("number") == kind_of("x", "encoded_number") == "number"
    assert kind_of("name") == ""


def test_phones_lose_country_extension_and_mask() -> None:
    forms = (
        "(312) 555-0102",
        "31255501020000",
        "31255501020123",
        "+1 312 555 0102",
        "1-312-555-0102 ext. 123",
    )
    assert {normalise(form, "phone") for form in forms} == {"3125550102"}
    assert normalise("+49 30 1234567", "phone") == normalise("0049 30 1234567", "phone") == "49301234567"
    assert normalise("00000000000000", "phone") == normalise("", "phone") == ""


def test_streets_are_compared_with_their_ways_written_out() -> None:
    assert normalise("100 N. Main St.", "street") == normalise("100 North Main Street", "street")
    assert normalise("100 Main St", "street") != normalise("102 Main St", "street")


def test_accents_and_case_do_not_part_a_name_but_they_part_numbers() -> None:
    assert normalise("MÜLLER") == normalise("Muller")
    assert normalise("MÜLLER", "number") != normalise("MULLER", "number")
