"""What both sides can hold: lengths, code page, blanks, case, decimals, options, dates; and the tail of a cut value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.model.entity import FieldDescription, FieldType
from gp365.model.fit import Limits, Unfit, fit, limits, patch_tail
from gp365.model.text import clean, units, upper
from gp365.model.values import Value

ALL = settings(max_examples=300, deadline=None, derandomize=True)
CP1252 = "".join(bytes([n]).decode("cp1252", "ignore") for n in range(256))
TEXTS = st.text(max_size=40) | st.text(CP1252, max_size=40) | st.text(" \t\r\nab\u0301é\u00a0", max_size=40)
BOUNDS = st.builds(
    Limits,
    length=st.none() | st.integers(1, 25),
    code_page=st.sampled_from(["", "cp1252"]),
    upper=st.booleans(),
    decimals=st.none() | st.integers(0, 5),
    long=st.sampled_from(["cut", "park"]),
    exact=st.booleans(),
)
VALUES = (
    TEXTS
    | st.integers()
    | st.decimals(allow_nan=True, allow_infinity=True)
    | st.booleans()
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
    | st.none()
)


def code(value: Value, bounds: Limits) -> str:
    with pytest.raises(Unfit) as caught:
        fit(value, bounds)
    return caught.value.code


@ALL
@given(VALUES, BOUNDS)
def test_fitting_a_fitted_value_changes_nothing(value: Value, bounds: Limits) -> None:
    try:
        once = fit(value, bounds)
    except Unfit as unfit:
        assert unfit.code in (
            "too-long",
            "not-in-code-page",
            "out-of-range",
            "too-precise",
            "bad-value",
        )
        return
    again = fit(once.value, bounds)
    assert (again.value, again.cut) == (once.value, False)


@ALL
@given(TEXTS, BOUNDS)
def test_fitted_text_keeps_every_limit(value: str, bounds: Limits) -> None:
    try:
        text = fit(value, bounds).value
    except Unfit:
        return
    if text is None:
        assert clean(value) == "" or (fit(value, bounds).cut and bounds.length == 1)
        return
    assert isinstance(text, str)
    assert text == text.strip() == clean(text)
    assert bounds.length is None or units(text) <= bounds.length
    assert not bounds.code_page or text.encode("cp1252").decode("cp1252") == text
    assert not bounds.upper or upper(text) == text


@ALL
@given(st.text(CP1252, max_size=30))
def test_every_character_of_the_code_page_keeps_its_place_in_upper_case(text: str) -> None:
    assert len(upper(text).encode("cp1252")) == len(text)


@ALL
@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14),
    st.integers(0, 5),
)
def test_a_rounded_number_is_the_nearest_that_both_sides_hold(number: Decimal, decimals: int) -> None:
    kept = fit(number, Limits(decimals=decimals)).value
    assert isinstance(kept, Decimal)
    assert abs(kept - number) * 2 <= Decimal(1).scaleb(-decimals)
    assert str(kept) != "-0"


def test_the_limits_of_a_row_are_what_both_sides_hold() -> None:
    left = FieldDescription("Name", length=64, code_page="cp1252", upper=True)
    right = FieldDescription("name", length=160)
    assert limits(left, right, "park") == Limits(length=64, code_page="cp1252", upper=True, long="park")
    money = limits(
        FieldDescription("a", FieldType.MONEY, decimals=5, minimum=Decimal(0), maximum=Decimal(10)),
        FieldDescription("b", FieldType.MONEY, decimals=4, minimum=Decimal(-5), maximum=Decimal(99)),
    )
    assert (money.decimals, money.minimum, money.maximum) == (4, 0, 10)
    options = limits(
        FieldDescription("a", FieldType.OPTION, options={0: "No", 1: "Yes"}),
        FieldDescription("b", FieldType.OPTION, options={1: "Yes", 2: "Perhaps"}),
    )
    assert options.options == frozenset({1})
    assert limits(None, None) == Limits()


def test_line_breaks_and_control_characters_become_blanks_and_inner_blanks_stay() -> None:
    assert fit("  Suite 5\r\nFloor\t2  x \x00", Limits()).value == "Suite 5 Floor 2  x"
    assert fit(" \r\n ", Limits()).value is None


def test_a_letter_with_a_combining_accent_fits_the_code_page() -> None:
    assert fit("Cafe\u0301", Limits(code_page="cp1252")).value == "Café"


def test_the_first_character_outside_the_code_page_is_named() -> None:
    with pytest.raises(Unfit, match="株") as caught:
        fit("Acme 株式会社", Limits(code_page="cp1252"))
    assert caught.value.code == "not-in-code-page"


def test_half_an_emoji_is_no_text() -> None:
    assert code("a\ud83d", Limits()) == "bad-value"


def test_a_name_of_160_characters_is_cut_to_64_or_parked() -> None:
    name = "x" * 63 + " " + "y" * 96
    cut = fit(name, Limits(length=64))
    assert (cut.value, cut.cut) == ("x" * 63, True)
    assert code(name, Limits(length=64, long="park")) == "too-long"


def test_an_emoji_counts_as_two_and_is_never_halved() -> None:
    assert fit("ab😀", Limits(length=3)).value == "ab"
    assert fit("ab😀", Limits(length=4)).value == "ab😀"


def test_micro_sign_and_sharp_s_survive_upper_case() -> None:
    assert fit("5µm straße", Limits(upper=True, code_page="cp1252")).value == "5µM STRAßE"


def test_numbers_out_of_range_and_unknown_options_are_refused() -> None:
    assert code(Decimal(11), Limits(maximum=Decimal(10))) == "out-of-range"
    assert code(-1, Limits(minimum=Decimal(0))) == "out-of-range"
    assert code(Decimal("NaN"), Limits()) == "bad-value"
    assert code(Decimal("1E+500"), Limits(decimals=2)) == "out-of-range"
    assert code(7, Limits(options=frozenset({0, 1}))) == "option-unknown"


def test_money_is_rounded_half_up_to_the_decimals_of_the_narrower_side() -> None:
    assert fit(Decimal("0.00005"), Limits(decimals=4)).value == Decimal("0.0001")
    assert fit(Decimal("-0.00001"), Limits(decimals=4)).value == 0


def test_the_empty_day_of_gp_is_no_day_and_days_before_1753_cannot_be_held() -> None:
    assert fit(date(1900, 1, 1), Limits()).value is None
    assert fit(date(1899, 12, 31), Limits()).value == date(1899, 12, 31)
    assert code(date(1752, 12, 31), Limits()) == "out-of-range"
    assert code(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), Limits()) == "out-of-range"


def test_a_moment_is_held_in_whole_seconds_and_needs_its_time_zone() -> None:
    moment = datetime(2026, 3, 1, 12, 0, 5, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert fit(moment, Limits()).value == datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC)
    assert code(datetime(2026, 3, 1), Limits()) == "bad-value"  # noqa: DTZ001 - that is the point


# the tail of a cut value


def test_a_letter_corrected_on_the_narrow_side_keeps_the_wide_tail() -> None:
    wide = "Adventure Wroks Cycling Company of Northern Illinois"
    narrow = fit(wide, Limits(length=30)).value
    assert isinstance(narrow, str)
    patched = patch_tail(wide, narrow, narrow.replace("Wroks", "Works"))
    assert patched == "Adventure Works Cycling Company of Northern Illinois"


def test_an_edit_at_the_place_of_the_cut_cannot_be_told() -> None:
    wide = "Adventure Works Cycling Company of Northern Illinois"
    assert patch_tail(wide, wide[:30], wide[:22] + "Club") is None
    assert patch_tail(wide, wide[:30], "Something else") is None
    assert patch_tail("Another wide value than was cut", wide[:30], "x" + wide[:30]) is None


def test_the_blank_and_the_line_break_at_the_cut_come_back() -> None:
    assert (
        patch_tail("First line\r\nSecond\nthird", "First line", "The First line")
        == "The First line\r\nSecond\nthird"
    )
    assert patch_tail("First line\nSecond", "First line Sec", "A First line Sec") == "A First line\nSecond"


def test_a_wide_value_held_in_upper_case_on_the_narrow_side_is_patched_too() -> None:
    assert (
        patch_tail("Contoso Trading House", "CONTOSO TRADING", "THE CONTOSO TRADING")
        == "THE CONTOSO TRADING House"
    )


@ALL
@given(st.text(max_size=40), st.integers(1, 20), st.text("abc", max_size=5))
def test_a_patched_value_begins_with_the_edit_and_keeps_the_tail(wide: str, length: int, edit: str) -> None:
    fitted = fit(wide.replace("\ud800", ""), Limits(length=length))
    if not fitted.cut or not isinstance(fitted.value, str):
        return
    patched = patch_tail(wide, fitted.value, edit + fitted.value)
    assert patched is None or clean(patched).startswith(edit + fitted.value)
    assert patch_tail(clean(wide), fitted.value, fitted.value) in (None, clean(wide))
