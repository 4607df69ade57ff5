"""Figures of customers over SQL: worked out of open documents as of the company's own day, and given anew when it ends."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from gp_sql_place import SqlPlace, sql_place

from gp365.connectors.gp.tables import entity_named
from gp365.model.record import ChangePage
from gp365.model.values import Value

ENTITY = "customer_figures"
FIELDS = tuple(entity_named(ENTITY).fields)
AS_OF_TODAY = ("OverdueAmount", "OldestOpenInvoiceDate", "DaysPastDue", "FiguresDate")
ZONE = "America/Chicago"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SqlPlace]:
    with sql_place(tmp_path_factory.mktemp("gp"), page=25, time_zone=ZONE, compare_h=1000) as found:
        yield found


def _today(here: SqlPlace) -> date:
    return here.clock.now().astimezone(ZoneInfo(ZONE)).date()


def _figures(here: SqlPlace, number: str) -> dict[str, Value]:
    found = here.connector.get(ENTITY, [(number,)], FIELDS)
    return dict(found[(number,)].values)


def _document(here: SqlPlace, number: str, kind: int, left: str, **columns: Any) -> None:
    """Enter an open document of a customer as posting leaves it."""
    company = here.system.world.company
    name = f"DOC{len(company.rows('RM20101')):05d}"
    values = {
        "CUSTNMBR": number,
        "CPRCSTNM": number,
        "RMDTYPAL": kind,
        "DOCNUMBR": name,
        "CURTRXAM": Decimal(left),
        "ORTRXAMT": Decimal(left),
        **columns,
    }
    company.insert("RM20101", values, company.statement())


def _poll(here: SqlPlace, cursor: str | None) -> tuple[dict[str, dict[str, Value]], str]:
    pages: Sequence[ChangePage] = list(here.connector.changes(ENTITY, FIELDS, cursor))
    found = {
        change.key[0]: dict(change.record.values)
        for page in pages
        for change in page.changes
        if change.record is not None
    }
    return found, str(pages[-1].cursor)


def _quiet(here: SqlPlace) -> str:
    here.clock.advance(120)
    _, cursor = _poll(here, None)
    here.clock.advance(5)
    return _poll(here, cursor)[1]


def _morning(here: SqlPlace) -> None:
    """Move the clocks to the next nine o'clock of the company's."""
    now = here.clock.now().astimezone(ZoneInfo(ZONE))
    nine = datetime(now.year, now.month, now.day, 9, tzinfo=ZoneInfo(ZONE)) + timedelta(days=1)
    here.clock.advance((nine - now).total_seconds())


def test_a_customer_without_documents_or_summary_has_zeros_and_no_days(here: SqlPlace) -> None:
    here.customer("QUIET1")
    assert here.row("RM00103", "QUIET1") is None
    values = _figures(here, "QUIET1")
    amounts = {n: v for n, v in values.items() if entity_named(ENTITY).fields[n].description.type == "money"}
    assert set(amounts.values()) == {Decimal(0)} and len(amounts) > 20
    assert [values[name] for name in ("LastAgedDate", "LastPaymentDate", *AS_OF_TODAY[1:])] == [
        *[None] * 3,
        0,
        None,
    ]
    assert set(values) == set(FIELDS)


def test_only_open_debits_past_their_due_day_are_overdue(here: SqlPlace) -> None:
    here.customer("OWES1")
    today = _today(here)
    day = {"past": today - timedelta(days=10), "today": today, "later": today + timedelta(days=5)}
    _document(here, "OWES1", 1, "100.00001", DOCDATE=day["past"] - timedelta(days=30), DUEDATE=day["past"])
    _document(here, "OWES1", 1, "20.00", DOCDATE=day["past"], DUEDATE=day["today"])
    _document(here, "OWES1", 3, "3.00", DOCDATE=day["past"] - timedelta(days=3))  # due on its own day
    _document(here, "OWES1", 4, "7.00", DOCDATE=day["past"], DUEDATE=day["later"])
    _document(here, "OWES1", 7, "50.00", DOCDATE=day["past"] - timedelta(days=60), DUEDATE=day["past"])
    _document(here, "OWES1", 9, "60.00", DOCDATE=day["past"])
    _document(here, "OWES1", 1, "0.00", DOCDATE=day["past"] - timedelta(days=200), DUEDATE=day["past"])
    _document(here, "OWES1", 1, "900.00", DOCDATE=day["past"] - timedelta(days=300), VOIDSTTS=1)
    values = _figures(here, "OWES1")
    assert values["OverdueAmount"] == Decimal("103.00001")
    assert values["OldestOpenInvoiceDate"] == day["past"] - timedelta(days=30)
    assert values["DaysPastDue"] == 13
    assert values["FiguresDate"] == today


def test_days_of_grace_begin_with_the_day_after_them(here: SqlPlace) -> None:
    here.customer("LATE1")
    today = _today(here)
    for days, amount in ((30, "1.00"), (31, "20.00"), (61, "300.00"), (200, "4000.00")):
        at = today - timedelta(days=days)
        _document(here, "LATE1", 1, amount, DOCDATE=at, DUEDATE=at + timedelta(days=30))
    values = _figures(here, "LATE1")
    grace = [values[f"OverdueBy{days}Days"] for days in (30, 60, 90)]
    open_for = [values[f"OpenFor{days}Days"] for days in (30, 60, 90)]
    assert grace == [Decimal(4300), Decimal(4000), Decimal(4000)]
    assert open_for == [Decimal(4320), Decimal(4300), Decimal(4000)]


def test_a_new_day_gives_the_customers_with_open_documents_once_and_nobody_else(here: SqlPlace) -> None:
    for number in ("DUE1", "PAID1", "NONE1"):
        here.customer(number)
    tomorrow = _today(here) + timedelta(days=1)
    _document(here, "DUE1", 1, "10.00", DOCDATE=tomorrow - timedelta(days=30), DUEDATE=tomorrow)
    _document(here, "PAID1", 1, "0.00", DOCDATE=tomorrow - timedelta(days=30), DUEDATE=tomorrow)
    cursor = _quiet(here)
    assert _poll(here, cursor)[0] == {}
    _morning(here)
    found, cursor = _poll(here, cursor)
    held = {
        str(row["CUSTNMBR"]).strip() for row in here.system.world.company.rows("RM20101") if row["CURTRXAM"]
    }
    assert "DUE1" in found and set(found) <= held and "PAID1" not in found and "NONE1" not in found
    assert (found["DUE1"]["OverdueAmount"], found["DUE1"]["DaysPastDue"]) == (Decimal(0), 0)
    assert _poll(here, cursor)[0] == {}
    _morning(here)
    found, cursor = _poll(here, cursor)
    assert (found["DUE1"]["OverdueAmount"], found["DUE1"]["DaysPastDue"]) == (Decimal("10.00"), 1)
    assert _poll(here, cursor)[0] == {}


def test_the_day_is_the_companys_and_not_that_of_greenwich(here: SqlPlace) -> None:
    here.customer("NIGHT1")
    _morning(here)
    today = _today(here)
    _document(here, "NIGHT1", 1, "10.00", DOCDATE=today - timedelta(days=30), DUEDATE=today)
    here.clock.advance(11 * 3600)  # eight in the evening there, the next day in Greenwich
    assert here.clock.now().date() == today + timedelta(days=1) and _today(here) == today
    assert _figures(here, "NIGHT1")["OverdueAmount"] == 0


def test_who_asks_for_no_figure_is_told_nothing_of_a_new_day(here: SqlPlace) -> None:
    names = ("CustomerNumber", "Balance")
    here.clock.advance(120)
    cursor = list(here.connector.changes(ENTITY, names, None))[-1].cursor
    here.clock.advance(5)
    cursor = list(here.connector.changes(ENTITY, names, cursor))[-1].cursor
    _morning(here)
    before = here.last
    pages = list(here.connector.changes(ENTITY, names, cursor))
    assert not [change for page in pages for change in page.changes]
    assert len([text for text in here.asked(before) if "SELECT" in text]) == 1
