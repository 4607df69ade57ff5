"""What GP's SQL columns hold and refuse, apart from any view."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365_sim.gp.company import Company, Identity
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.resources import catalogue
from gp365_sim.gp.sqltypes import accept, column, folded, sql_moment, stored
from gp365_sim.gp.tables import tables

NAME = tables()["RM00101"].column("CUSTNAME")
NUMBER = tables()["RM00101"].column("CUSTNMBR")
CP1252 = "".join(
    bytes([code]).decode("cp1252")
    for code in range(32, 256)
    if code not in (0x7F, 0x81, 0x8D, 0x8F, 0x90, 0x9D)
)
CALM = settings(deadline=None, derandomize=True)
FIRST = datetime(1900, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 200 * 365 * 86_400 * 10**6).map(
    lambda number: FIRST + timedelta(microseconds=number)
)
NOT_AMOUNTS = [Decimal("0.000001"), Decimal("1E14"), Decimal("NaN"), Decimal("Infinity"), "1", True, 1.5]


@CALM
@given(st.text(CP1252, max_size=64))
def test_any_text_of_the_code_page_is_kept_and_lies_padded_in_its_column(text):
    kept = accept(NAME, text)
    assert kept == text.rstrip(" ")
    lying = stored(NAME, kept)
    assert len(lying) == 65 and len(lying.encode("cp1252")) == 65
    assert lying.rstrip(" ") == kept


@CALM
@given(st.text(min_size=1, max_size=20))
def test_a_text_is_kept_exactly_when_the_code_page_has_all_its_letters(text):
    fits = all(character in CP1252 for character in text.rstrip(" "))
    if fits:
        assert "?" in text or "?" not in accept(NAME, text)
    else:
        with pytest.raises(Refusal, match="CUSTNAME"):
            accept(NAME, text)


@CALM
@given(st.text(CP1252, min_size=65, max_size=140).filter(lambda text: len(text.rstrip(" ")) > 64))
def test_a_text_longer_than_gp_accepts_is_refused_and_never_cut(text):
    with pytest.raises(Refusal, match="64 are allowed"):
        accept(NAME, text)


@CALM
@given(st.text(CP1252, max_size=15))
def test_an_id_is_kept_in_capitals_of_the_code_page(text):
    kept = accept(NUMBER, text)
    assert len(kept) == len(text.rstrip(" "))
    assert len(kept.encode("cp1252")) == len(kept)
    assert accept(NUMBER, kept) == kept
    assert folded(kept) == folded(text)


def test_letters_without_a_capital_in_the_code_page_stay_as_they_are():
    assert accept(NUMBER, "ƒµßÿžéœ") == "ƒµßŸŽÉŒ"


@CALM
@given(st.text(CP1252, max_size=15), st.integers(0, 9))
def test_case_and_trailing_blanks_do_not_tell_two_ids_apart_but_accents_do(text, blanks):
    assert folded(text + " " * blanks) == folded(text)
    assert folded("MÜLLER") == folded("müller") != folded("MULLER")


@CALM
@given(st.dates(date(1753, 1, 1)))
def test_any_date_since_1753_is_kept(day):
    assert accept(column("CREATDDT", "datetime"), day) == day


@pytest.mark.parametrize(
    "value", [date(1752, 12, 31), datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02", 0, None]
)
def test_what_is_not_a_plain_date_is_refused(value):
    with pytest.raises(Refusal, match="CREATDDT"):
        accept(column("CREATDDT", "datetime"), value)


@CALM
@given(st.decimals(-99999999999999, 99999999999999, places=5))
def test_an_amount_keeps_five_decimals(amount):
    kept = accept(column("CRLMTAMT", "numeric(19,5)"), amount)
    assert kept == amount and str(kept).partition(".")[2] == f"{abs(amount):.5f}".partition(".")[2]


@pytest.mark.parametrize(
    "value", [Decimal("0.000001"), Decimal("1E14"), Decimal("NaN"), Decimal("Infinity"), "1", True, 1.5]
)
def test_an_amount_that_does_not_fit_is_refused(value):
    with pytest.raises(Refusal, match="CRLMTAMT"):
        accept(column("CRLMTAMT", "numeric(19,5)"), value)


@pytest.mark.parametrize(
    ("sql_type", "low", "high"),
    [("tinyint", 0, 255), ("smallint", -32768, 32767), ("int", -(2**31), 2**31 - 1)],
)
def test_whole_numbers_have_the_range_of_their_type(sql_type, low, high):
    kept = column("N", sql_type)
    assert (accept(kept, low), accept(kept, high), accept(kept, Decimal("7"))) == (low, high, 7)
    for value in (low - 1, high + 1, True, "1", Decimal("1.5"), None):
        with pytest.raises(Refusal, match="N: "):
            accept(kept, value)


@CALM
@given(MOMENTS)
def test_a_stamp_moves_less_than_two_milliseconds_and_ends_in_0_3_or_7(moment):
    kept = sql_moment(moment)
    assert abs(kept - moment) < timedelta(milliseconds=2)
    assert kept.microsecond % 1000 == 0 and kept.microsecond // 1000 % 10 in (0, 3, 7)
    assert sql_moment(kept) == kept


@CALM
@given(MOMENTS, st.integers(0, 10**7))
def test_later_moments_never_get_earlier_stamps(moment, microseconds):
    assert sql_moment(moment) <= sql_moment(moment + timedelta(microseconds=microseconds))


def test_sql_server_alone_writes_stamps_and_identities():
    table = tables()["RM00101"]
    for name in ("DEX_ROW_TS", "DEX_ROW_ID"):
        with pytest.raises(Refusal, match=name):
            accept(table.column(name), 1)


def test_every_column_has_an_empty_value_and_no_null():
    company = Company(Identity(), lambda: datetime(2026, 1, 2, tzinfo=UTC))
    row = company.insert("RM00101", {"CUSTNMBR": "X"}, company.statement())
    shown = company["RM00101"].table.as_dict(row)
    assert None not in shown.values()
    assert (shown["CUSTNAME"], shown["HOLD"], shown["CRLMTAMT"], shown["FRSTINDT"]) == (
        "",
        0,
        0,
        date(1900, 1, 1),
    )


def test_rows_come_in_the_order_of_the_primary_key():
    company = Company(Identity(), lambda: datetime(2026, 1, 2, tzinfo=UTC))
    for number in ("B", "#1", "A", "a1"):
        company.insert("RM00101", {"CUSTNMBR": number}, company.statement())
    assert [row[0] for row in company["RM00101"].scan()] == ["#1", "A", "a1", "B"]


def test_the_data_files_name_their_sources_and_agree():
    for name in ("tables.json", "resources.json"):
        meta = json.loads(files("gp365_sim.gp").joinpath("data", name).read_text("utf-8"))["_meta"]
        assert meta["source"]
    for resource in catalogue().resources.values():
        served = {each.name for each in resource.fields.values()}
        assert len(served) == len(resource.fields)
        assert set(resource.table.key) <= served and "DEX_ROW_TS" not in served
    assert catalogue().resources["sales/customers"].field_of("CRLMTAMT") == "CreditLimitAmount"
