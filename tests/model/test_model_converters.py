"""The law of converters, fit(read(write(v))) == fit(v), over all of Unicode; and what each of them makes of values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gp365.model.convert_country import countries
from gp365.model.convert_number import decode, encode
from gp365.model.converters import NAMES, Codec, ConvertContext, codec
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.errors import Misconfigured
from gp365.model.fit import Limits, Unfit, fit
from gp365.model.lookups import lookup
from gp365.model.values import Value

ALL = settings(max_examples=300, deadline=None, derandomize=True)
T = FieldType
CP1252 = "".join(bytes([n]).decode("cp1252", "ignore") for n in range(256))
COLUMNS = st.sampled_from(["gp", "sales", "fno"])
TEXTS = st.one_of(
    st.text(max_size=42),
    st.text(CP1252, max_size=42),
    st.text("0123456789+-() .x#et,/", max_size=30),
    st.sampled_from([*sorted(countries().values()), "NO", "no", "U.S.A.", "the uk", "Deutschland", "EL"]),
    st.from_regex(r"[0-9]{10}([0-9]{4})?", fullmatch=True),
    st.from_regex(r"[A-Z0-9_]{0,30}(_[0-9A-F]{2}){0,4}", fullmatch=True),
)
BOUNDS = st.builds(
    Limits,
    length=st.none() | st.integers(1, 21),
    code_page=st.sampled_from(["", "cp1252"]),
    upper=st.booleans(),
    long=st.just("park"),
)
TERMS = lookup(
    "terms",
    ("gp", "sales", "fno"),
    [("Net 30", "1", "N030"), ("NET30-OLD", "1", "N030"), ("2% 10/Net 30", "2", "N030D"), ("NO", "10", "X")],
)
CONTEXT = ConvertContext("America/Sao_Paulo", "USD", {"terms": TERMS}, "terms", ("gp", "sales"))


def fitted(value: Value, bounds: Limits) -> Value:
    """Return the fitted value, or the code of why there is none."""
    try:
        return fit(value, bounds).value
    except Unfit as unfit:
        return f"unfit {unfit.code}"


def through(side: Codec, value: Value, bounds: Limits) -> Value:
    """Write a canonical value on a side, read it again and fit it."""
    try:
        return fitted(side.read(side.write(value, CONTEXT), CONTEXT), bounds)
    except Unfit as unfit:
        return f"unfit {unfit.code}"


def keeps_the_law(here: Codec, there: Codec, raw: Value, bounds: Limits) -> None:
    """Check both: the value as it was read, and as the engine writes it, fitted."""
    try:
        value = here.read((raw,), CONTEXT)
    except Unfit:
        return
    whole = fitted(value, bounds)
    assert through(there, value, bounds) == whole
    try:
        held = fit(value, bounds).value
    except Unfit:
        return
    assert through(there, held, bounds) == held


@pytest.mark.parametrize("name", ["text", "upper", "phone", "country", "country_code", "encoded_number"])
@ALL
@given(raw=TEXTS, columns=st.tuples(COLUMNS, COLUMNS), bounds=BOUNDS)
@example(raw="µ", columns=("gp", "sales"), bounds=Limits(upper=True))
@example(raw="12345678901234x000", columns=("sales", "gp"), bounds=Limits())
@example(raw="+0012345678", columns=("sales", "gp"), bounds=Limits())
def test_text_of_every_converter_keeps_the_law(
    name: str, raw: str, columns: tuple[str, str], bounds: Limits
) -> None:
    if name == "encoded_number":
        # A GP number is a number of Windows-1252 by the side that holds it, whatever the other side's limits.
        bounds = Limits(bounds.length, "cp1252", bounds.upper, long="park")
    here, there = (codec(name, column, (T.TEXT,)) for column in columns)
    keeps_the_law(here, there, raw, bounds)


@ALL
@given(TEXTS, st.integers(1, 21))
def test_plain_text_keeps_the_law_when_it_is_cut(raw: str, length: int) -> None:
    side = codec("", "sales", (T.TEXT,))
    keeps_the_law(side, side, raw, Limits(length=length, long="cut"))


@ALL
@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers(), st.integers(0, 5))
def test_numbers_keep_the_law(raw: Decimal | int, decimals: int) -> None:
    side = codec("", "gp", (T.MONEY,))
    keeps_the_law(side, side, raw, Limits(decimals=decimals))


@ALL
@given(st.integers(-(2**31), 2**31))
def test_whole_numbers_and_options_keep_the_law(raw: int) -> None:
    for kind in (T.INTEGER, T.OPTION, T.DECIMAL):
        keeps_the_law(codec("", "gp", (T.INTEGER,)), codec("", "sales", (kind,)), raw, Limits())


@pytest.mark.parametrize("kind", [T.BOOLEAN, T.INTEGER, T.TEXT])
@pytest.mark.parametrize("raw", [0, 1, True, False, None, "yes", "0"])
def test_flags_keep_the_law(kind: FieldType, raw: Value) -> None:
    keeps_the_law(codec("flag", "gp", (T.INTEGER,)), codec("flag", "sales", (kind,)), raw, Limits())


@ALL
@given(st.sampled_from([T.DATE, T.BOOLEAN, T.INTEGER]), st.booleans() | st.none())
def test_a_flag_and_the_day_on_which_it_was_raised_keep_the_law(kind: FieldType, raw: bool | None) -> None:
    keeps_the_law(codec("since", "gp", (T.BOOLEAN,)), codec("since", "sales", (kind,)), raw, Limits())


def test_a_raised_flag_is_the_companys_day_however_long_ago_and_a_lowered_one_none() -> None:
    midnight = ConvertContext("America/Chicago", now=lambda: datetime(2026, 11, 2, 3, tzinfo=UTC))
    sales = codec("since", "sales", (T.DATE,))
    assert sales.write(True, midnight) == (date(2026, 11, 1),)
    assert sales.write(False, midnight) == sales.write(None, midnight) == (None,)
    assert sales.read((date(2020, 2, 29),), midnight) is True and sales.read((None,), midnight) is None
    assert codec("since", "gp", (T.BOOLEAN,)).read((False,), midnight) is None


@ALL
@given(st.datetimes(timezones=st.timezones()))
def test_moments_keep_the_law(raw: datetime) -> None:
    side = codec("", "sales", (T.DATETIME,))
    keeps_the_law(side, side, raw, Limits())


@pytest.mark.parametrize("columns", [("gp", "sales"), ("sales", "gp"), ("gp", "gp"), ("sales", "sales")])
@pytest.mark.parametrize("raw", ["Net 30", "net30-old ", "2% 10/NET 30", "1", "2", "10", "NO", None])
def test_lookups_keep_the_law(columns: tuple[str, str], raw: Value) -> None:
    here, there = (codec("lookup", column, (T.TEXT,)) for column in columns)
    keeps_the_law(here, there, raw, Limits(upper=False))


# what each of them makes of values


def canonical(name: str, raw: Value, column: str = "gp", kind: FieldType = T.TEXT) -> Value:
    return codec(name, column, (kind,)).read((raw,), CONTEXT)


def written(name: str, value: Value, column: str, kind: FieldType = T.TEXT) -> Value:
    return codec(name, column, (kind,)).write(value, CONTEXT)[0]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("31255501020000", "3125550102"),
        ("31255501020123", "3125550102x123"),
        ("(312) 555-0102 Ext. 123", "3125550102x123"),
        ("+1 312.555.0102", "3125550102"),
        ("+49 30 1234567", "+49301234567"),
        ("0049 30 1234567", "+49301234567"),
        ("00000000000000", None),
        ("", None),
        ("call the porter", "call the porter"),
        ("110", "110"),
    ],
)
def test_a_phone_number_is_the_same_however_it_is_written(raw: str, expected: str | None) -> None:
    assert canonical("phone", raw) == expected
    assert canonical("phone", raw, "sales") == expected


def test_gp_gets_the_mask_filled_with_zeros_and_people_get_a_readable_number() -> None:
    assert written("phone", "3125550102", "gp") == "31255501020000"
    assert written("phone", "3125550102x123", "gp") == "31255501020123"
    assert written("phone", "3125550102x123", "sales") == "(312) 555-0102 x123"
    assert written("phone", "+49301234567", "gp") == "+49301234567"
    assert written("phone", None, "gp") is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("NO", "NO"),
        ("Norway", "NO"),
        ("usa", "US"),
        ("U.S.A.", "US"),
        ("United States", "US"),
        ("Deutschland", "DE"),
        ("U.K.", "GB"),
        ("Cote d'Ivoire", "CI"),
        ("The Netherlands", "NL"),
        ("Atlantis", "Atlantis"),
        (None, None),
    ],
)
def test_a_country_is_recognised_by_code_name_and_common_spellings(
    raw: str | None, expected: str | None
) -> None:
    assert canonical("country", raw) == expected


def test_all_249_countries_come_back_from_both_sides() -> None:
    assert len(countries()) == 249
    for code, name in countries().items():
        assert name.encode("cp1252")
        for column in ("gp", "sales"):
            assert canonical("country", written("country", code, column), column) == code
            assert canonical("country", name.upper(), column) == code


def test_norway_is_never_false_and_the_united_states_are_spelt_as_gp_spells_them() -> None:
    assert written("country", "NO", "gp") == "Norway"
    assert (written("country", "US", "gp"), written("country", "US", "sales")) == ("USA", "United States")
    assert written("country_code", "NO", "gp") == "NO"


def test_a_gp_number_is_encoded_so_that_no_two_collide_in_a_dataverse_key() -> None:
    assert encode(" ab-1 ü#1") == "AB_2D1_20_DC_231"
    assert encode("MÜLLER") != encode("MULLER")
    assert decode("AB_2D1_20_DC_231") == "AB-1 Ü#1"
    with pytest.raises(Unfit) as caught:
        encode("株")
    assert caught.value.code == "not-in-code-page"


@ALL
@given(st.text(CP1252, max_size=15))
def test_an_encoded_number_holds_only_letters_digits_and_underscores(number: str) -> None:
    encoded = encode(number)
    assert set(encoded) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
    assert len(encoded) <= 45
    assert encode(decode(encoded)) == encoded


def test_ids_are_upper_case_without_blanks_around_them() -> None:
    assert canonical("upper", " aaronfit0001  ") == "AARONFIT0001"


def test_an_unknown_term_is_missing_from_the_lookup_by_name() -> None:
    with pytest.raises(Unfit, match=r"terms.*sales '3'") as caught:
        codec("lookup", "sales", (T.OPTION,)).read((3,), CONTEXT)
    assert caught.value.code == "lookup-missing"


def test_two_gp_terms_that_are_one_option_in_sales_are_equal_and_the_way_back_is_the_first() -> None:
    assert canonical("lookup", "NET30-OLD") == canonical("lookup", 1, "sales", T.OPTION) == "Net 30"
    assert written("lookup", "Net 30", "gp") == "Net 30"
    assert written("lookup", "Net 30", "sales", T.OPTION) == 1


def test_options_are_compared_by_their_labels() -> None:
    gp = codec(
        "label", "gp", (T.OPTION,), [FieldDescription("t", T.OPTION, options={0: "No Credit", 2: "Amount"})]
    )
    sales = codec("label", "sales", (T.OPTION,), [FieldDescription("t", T.OPTION, options={7: "no-credit"})])
    assert gp.read((0,), CONTEXT) == sales.read((7,), CONTEXT) == "nocredit"
    assert sales.write(gp.read((0,), CONTEXT), CONTEXT) == (7,)
    with pytest.raises(Unfit) as caught:
        sales.write(gp.read((2,), CONTEXT), CONTEXT)
    assert caught.value.code == "option-unknown"


def test_a_flag_is_0_and_1_in_gp_and_no_and_yes_in_dataverse() -> None:
    assert written("flag", True, "gp", T.INTEGER) == 1
    assert written("", True, "gp", T.INTEGER) == 1
    assert written("flag", False, "sales", T.BOOLEAN) is False
    with pytest.raises(Unfit):
        canonical("flag", 2, "gp", T.INTEGER)


def test_a_moment_is_the_companys_day() -> None:
    late = datetime(2026, 1, 1, 1, 30, tzinfo=UTC)
    assert codec("day", "sales", (T.DATETIME,)).read((late,), ConvertContext("America/Chicago")) == date(
        2025, 12, 31
    )


def test_a_value_of_the_wrong_kind_is_refused_and_not_guessed() -> None:
    for name, kind, value in (
        ("", T.INTEGER, Decimal("1.5")),
        ("", T.INTEGER, "many"),
        ("", T.DATE, "2026-01-01"),
        ("", T.DATETIME, date(2026, 1, 1)),
    ):
        with pytest.raises(Unfit) as caught:
            written(name, value, "sales", kind)
        assert caught.value.code == "bad-value"


def test_an_unknown_converter_and_several_wire_fields_are_faults_of_the_flow() -> None:
    for name, kinds in (("fone", (T.TEXT,)), ("", (T.TEXT, T.TEXT))):
        with pytest.raises(Misconfigured) as caught:
            codec(name, "gp", kinds)
        assert caught.value.code == "flow-invalid"


def test_every_named_converter_says_of_what_kind_its_value_is() -> None:
    options = [FieldDescription("t", T.OPTION, options={0: "No"})]
    kinds = {name: codec(name, "gp", (T.OPTION,), options).kind for name in NAMES}
    assert set(kinds.values()) == {"text", "number", "flag", "day", "moment", "clock"}
    assert codec("", "gp", (T.DATE,)).kind == "day"


def test_available_credit_is_the_limit_less_its_uses_nothing_without_a_bound_and_zero_without_credit() -> (
    None
):
    gp = codec("available_credit", "gp", (T.OPTION, T.MONEY, T.MONEY, T.MONEY))
    uses = (Decimal("100.00"), Decimal("700.50"), Decimal("-50.25"))
    assert gp.read((2, *uses), ConvertContext()) == Decimal("-550.25")
    assert gp.read((2, Decimal(1000), None, Decimal("0.00001")), ConvertContext()) == Decimal("999.99999")
    assert gp.read((1, *uses), ConvertContext()) is None
    assert gp.read((0, *uses), ConvertContext()) == Decimal(0)
    assert gp.read((None, *uses), ConvertContext()) is None
    with pytest.raises(Unfit):
        gp.write(Decimal(1), ConvertContext())


def test_the_day_of_amounts_is_shown_only_where_one_of_them_is_not_zero() -> None:
    gp, sales = codec("as_of", "gp", (T.DATE, T.MONEY, T.MONEY)), codec("as_of", "sales", (T.DATE,))
    aged, context = date(2026, 10, 31), ConvertContext()
    assert gp.read((aged, Decimal(0), Decimal("-0.01")), context) == aged
    assert gp.read((aged, Decimal("0.00"), None), context) is None
    assert gp.read((None, Decimal(1), Decimal(0)), context) is None
    assert sales.read(sales.write(aged, context), context) == aged
    assert gp.kind == sales.kind == "day"
    with pytest.raises(Unfit):
        gp.write(aged, context)


def test_a_credit_limit_counts_only_under_the_type_amount() -> None:
    gp = codec("credit_limit", "gp", (T.OPTION, T.MONEY))
    sales = codec("credit_limit", "sales", (T.MONEY,))
    context = ConvertContext()
    assert gp.read((2, Decimal("25000.00")), context) == Decimal("25000.00")
    assert gp.read((1, Decimal("25000.00")), context) is None
    assert gp.read((0, Decimal("25000.00")), context) is None
    assert sales.write(Decimal("25000.00"), context) == (Decimal("25000.00"),)
    assert gp.read(gp.write(Decimal("12.50"), context), context) == Decimal("12.50")
    with pytest.raises(Unfit):
        gp.write(None, context)
