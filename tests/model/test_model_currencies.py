"""Currencies: what GP's ids mean, which id is written back, and that no amount is ever rounded or taken for another's."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.model.converters import ConvertContext, codec
from gp365.model.currencies import amount_text, decimals_of, is_iso
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.fit import Unfit, fit, limits
from gp365.model.lookups import Lookup, lookup
from gp365.model.values import Value

ALL = settings(max_examples=300, deadline=None, derandomize=True)
T = FieldType
PLAIN = lookup("gp_currencies", ("gp", "iso"), [("Z-US$", "USD"), ("Z-C$", "CAD"), ("Z-EURO", "eur")])
TWO_DOLLARS = lookup("gp_currencies", ("gp", "iso"), [("Z-US$", "USD"), ("Z-USD2", "USD"), ("Z-C$", "CAD")])
MARKED = lookup(
    "gp_currencies",
    ("gp", "iso", "write"),
    [("Z-USD2", "USD", ""), ("Z-US$", "USD", "yes"), ("Z-C$", "CAD", "")],
)
USD, CAD = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
ORGANISATION = lookup("currencies", ("currency", "sales"), [("CAD", CAD), ("USD", USD)])
AMOUNTS = st.decimals(-(10**13), 10**13, allow_nan=False, allow_infinity=False, places=5)


def context(table: Lookup | None = PLAIN, functional: str = "USD") -> ConvertContext:
    tables = {"currencies": ORGANISATION} | ({"gp_currencies": table} if table else {})
    return ConvertContext("America/Chicago", functional, tables, sides=("gp", "sales"))


def read(
    raw: Value, side: str = "gp", kind: FieldType = T.TEXT, given: ConvertContext | None = None
) -> Value:
    return codec("gp_currency", side, (kind,)).read((raw,), given or context())


def written(
    value: Value, side: str = "gp", kind: FieldType = T.TEXT, given: ConvertContext | None = None
) -> Value:
    return codec("gp_currency", side, (kind,)).write(value, given or context())[0]


def code(*arguments: object, **named: object) -> str:
    with pytest.raises(Unfit) as caught:
        (read if named.pop("reading", False) else written)(*arguments, **named)  # type: ignore[arg-type]
    return caught.value.code


# GP's ids


@pytest.mark.parametrize(
    ("raw", "iso"),
    [("Z-US$", "USD"), ("z-us$ ", "USD"), ("Z-C$", "CAD"), ("Z-EURO", "EUR"), (None, "USD"), ("  ", "USD")],
)
def test_an_id_of_gp_means_what_the_companys_table_says_and_a_blank_one_the_functional_currency(
    raw: str | None, iso: str
) -> None:
    assert read(raw) == iso


def test_an_id_that_the_table_does_not_have_is_parked_and_never_guessed() -> None:
    assert code("Z-CHF", reading=True) == "lookup-missing"
    assert code("USD", reading=True) == "lookup-missing"
    assert code("Z-US$", given=context(None), reading=True) == "lookup-missing"
    assert code(None, given=context(functional=""), reading=True) == "lookup-missing"


def test_a_table_that_names_no_iso_currency_parks_what_needs_it() -> None:
    odd = lookup("gp_currencies", ("gp", "iso"), [("Z-US$", "US$")])
    assert code("Z-US$", given=context(odd), reading=True) == "bad-value"
    assert code(None, given=context(functional="DOLLAR"), reading=True) == "bad-value"


def test_two_ids_of_one_currency_are_equal_but_the_way_back_needs_a_mark() -> None:
    given = context(TWO_DOLLARS, functional="CAD")
    assert read("Z-US$", given=given) == read("Z-USD2", given=given) == "USD"
    assert code("USD", given=given) == "lookup-missing"
    assert written("USD", given=context(MARKED)) == "Z-US$"
    assert written("CAD", given=context(MARKED)) == "Z-C$"
    with pytest.raises(Unfit, match=r"Z-US\$ and Z-USD2 are all USD"):
        written("USD", given=given)


def test_a_functional_currency_without_an_id_is_written_blank() -> None:
    assert written("GBP", given=context(functional="GBP")) is None
    assert read(None, given=context(functional="GBP")) == "GBP"
    assert code("CHF") == "lookup-missing"


@pytest.mark.parametrize("iso", ["USD", "CAD", "EUR"])
@pytest.mark.parametrize(("side", "kind"), [("gp", T.TEXT), ("sales", T.TEXT)])
def test_a_currency_that_is_written_reads_back_as_itself(iso: str, side: str, kind: FieldType) -> None:
    assert read(written(iso, side, kind), side, kind) == iso


# the organisation's currencies


def test_the_organisations_own_id_of_a_currency_comes_from_provisioning() -> None:
    assert written("CAD", "sales", T.REFERENCE) == CAD
    assert read(USD.upper(), "sales", T.REFERENCE) == "USD"
    assert read(None, "sales", T.REFERENCE) is None
    assert code("CHF", "sales", T.REFERENCE) == "lookup-missing"
    assert (
        code("33333333-3333-4333-8333-333333333333", "sales", T.REFERENCE, reading=True) == "lookup-missing"
    )
    assert code("USD", "sales", T.REFERENCE, ConvertContext()) == "lookup-missing"


def test_a_text_that_is_no_currency_is_refused() -> None:
    assert read("cad ", "sales") == "CAD"
    assert code("Dollars", "sales", reading=True) == "bad-value"
    assert code("Dollars", "sales") == "bad-value"


# amounts


def money(decimals: int | None) -> FieldDescription:
    return FieldDescription("amount", T.MONEY, decimals=decimals)


@ALL
@given(amount=AMOUNTS, decimals=st.integers(0, 5))
def test_an_amount_is_kept_to_the_last_decimal_or_parked(amount: Decimal, decimals: int) -> None:
    bounds = limits(money(5), money(decimals))
    try:
        kept = fit(amount, bounds).value
    except Unfit as unfit:
        assert unfit.code == "too-precise"
        assert amount != round(amount, decimals)
        return
    assert kept == amount
    assert not fit(amount, bounds).cut


def test_money_is_not_rounded_whichever_side_calls_it_money() -> None:
    plain = FieldDescription("amount", T.DECIMAL, decimals=2)
    for left, right in ((money(5), plain), (plain, money(5))):
        with pytest.raises(Unfit) as caught:
            fit(Decimal("10.005"), limits(left, right, "cut"))
        assert caught.value.code == "too-precise"
    assert fit(Decimal("10.005"), limits(plain, plain)).value == Decimal("10.01")


@ALL
@given(
    st.decimals(-(10**13), 10**13, allow_nan=False, allow_infinity=False, places=5),
    st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_an_amount_for_people_is_the_amount_itself(amount: Decimal, iso: str) -> None:
    name, _, number = amount_text(iso, amount).partition(" ")
    assert name == iso
    assert Decimal(number.replace(",", "")) == amount
    assert len(number.partition(".")[2]) >= decimals_of(iso)


@pytest.mark.parametrize(
    ("iso", "amount", "shown"),
    [
        ("USD", "50000", "USD 50,000.00"),
        ("CAD", "10000.5", "CAD 10,000.50"),
        ("JPY", "1234567", "JPY 1,234,567"),
        ("KWD", "0.1", "KWD 0.100"),
        ("USD", "0", "USD 0.00"),
        ("USD", "-12.34567", "USD -12.34567"),
        ("USD", "1E+3", "USD 1,000.00"),
    ],
)
def test_an_amount_has_its_currencys_decimals(iso: str, amount: str, shown: str) -> None:
    assert amount_text(iso, Decimal(amount)) == shown


def test_iso_codes_are_codes_and_nothing_else() -> None:
    assert all(is_iso(code) for code in ("USD", "CAD", "EUR", "JPY", "KWD", "CLF"))
    assert not any(is_iso(code) for code in ("usd", "US$", "", "XXX", "EURO"))
