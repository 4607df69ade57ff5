"""What a person types is read as the field's own kind of value, or refused in plain words; nothing is cut in silence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk
from gp365.app.actions.look_outputs import ParkedOut
from gp365.app.actions.parked import parked_list
from gp365.app.actions.resolve import Given, resolve
from gp365.app.actions.sync import sync
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.errors import Misconfigured
from gp365.model.fit import Unfit
from gp365.sync.typed import raw_of

LONG = "Northwind Traders International Limited"
ROWS = "  limit: {gp: Limit, sales: limit, owner: ask}\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make_desk(tmp_path / "project")
    desk.folder.flow("  class: {gp", f"{ROWS}  class: {{gp")
    return desk


def entry_on(desk: Desk, field: str) -> ParkedOut:
    (entry,) = [one for one in desk.act(parked_list).entries if one.field == field]
    return entry


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FieldType.TEXT, " 007 ", "007"),
        (FieldType.MONEY, "25000.50", Decimal("25000.50")),
        (FieldType.INTEGER, "-5", -5),
        (FieldType.BOOLEAN, "Yes", True),
        (FieldType.DATE, "2026-10-31", date(2026, 10, 31)),
        (FieldType.DATETIME, "2026-10-31T18:00:00-05:00", datetime(2026, 10, 31, 23, tzinfo=UTC)),
        (FieldType.OPTION, "3", 3),
        (FieldType.OPTION, "on credit hold", 3),
    ],
)
def test_a_text_is_read_as_the_kind_of_the_field(kind: FieldType, text: str, value: object) -> None:
    described = FieldDescription("field", kind, options={3: "On Credit-Hold"})
    assert raw_of(described, text) == value


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (FieldType.MONEY, "1.234,56", "bad-value"),
        (FieldType.MONEY, "25,000", "bad-value"),
        (FieldType.INTEGER, "2.5", "bad-value"),
        (FieldType.DATE, "10/31/2026", "bad-value"),
        (FieldType.DATETIME, "2026-10-31T18:00:00", "bad-value"),
        (FieldType.BOOLEAN, "perhaps", "bad-value"),
        (FieldType.OPTION, "4", "option-unknown"),
        (FieldType.OPTION, "gold", "option-unknown"),
    ],
)
def test_a_text_that_is_no_such_value_is_refused(kind: FieldType, text: str, code: str) -> None:
    with pytest.raises(Unfit) as refused:
        raw_of(FieldDescription("field", kind, options={3: "On Credit-Hold"}), text)
    assert refused.value.code == code


def test_an_amount_is_taken_as_it_is_or_not_at_all(desk: Desk) -> None:
    desk.act(sync)
    desk.gp("CONTOSO0001", Limit=Decimal(1000))
    desk.sales("a1", limit=Decimal(2000))
    desk.act(sync)
    entry = entry_on(desk, "limit")
    for text in ("1500.555", "1,500", "much"):
        with pytest.raises(Misconfigured):
            desk.act(resolve, entry.id, Given(value=text))
    desk.act(resolve, entry.id, Given(value="1500.5"), now=True)
    assert desk.customers()["CONTOSO0001"]["Limit"] == Decimal("1500.5") == desk.accounts()["a1"]["limit"]


def test_the_tail_of_a_value_that_was_cut_is_never_lost_by_a_decision(desk: Desk) -> None:
    desk.sales("a2", name=LONG)
    desk.act(sync)
    (number,) = [key for key, row in desk.customers().items() if row["Name"] == LONG[:20].strip()]
    desk.gp(number, Name="Southwind")
    desk.act(sync)
    entry = entry_on(desk, "name")
    assert entry.code == "cut-conflict"
    with pytest.raises(Misconfigured) as refused:
        desk.act(resolve, entry.id, Given(take="gp"))
    assert refused.value.code == "resolution-invalid"
    assert "whole value" in refused.value.fix
    assert desk.accounts()["a2"]["name"] == LONG
    desk.act(resolve, entry.id, Given(take="sales"), now=True)
    assert desk.accounts()["a2"]["name"] == LONG
    assert desk.customers()[number]["Name"] == LONG[:20].strip()
    assert desk.act(parked_list).total == 0


def test_a_whole_value_may_be_given_for_one_that_was_cut(desk: Desk) -> None:
    desk.sales("a2", name=LONG)
    desk.act(sync)
    (number,) = [key for key, row in desk.customers().items() if row["Name"] == LONG[:20].strip()]
    desk.gp(number, Name="Southwind")
    desk.act(sync)
    desk.act(resolve, entry_on(desk, "name").id, Given(value="Southwind Traders"), now=True)
    assert desk.accounts()["a2"]["name"] == "Southwind Traders" == desk.customers()[number]["Name"]


def test_what_a_guard_holds_is_let_go_by_sync_and_by_no_decision(desk: Desk) -> None:
    for number in range(80):
        desk.gp(f"C{number}", Name=f"Company {number}", Country="USA")
    desk.act(sync)
    for number in range(80):
        desk.gp(f"C{number}", Name=f"Firm {number}")
    desk.act(sync)
    held = [one for one in desk.act(parked_list).entries if one.code == "mass-change"]
    assert held
    (choice,) = held[0].choices
    assert choice.command == "gp365 sync firms --pair main --approve"
    for given in (Given(take="gp"), Given(ignore=True), Given(create=True)):
        with pytest.raises(Misconfigured) as refused:
            desk.act(resolve, held[0].id, given)
        assert refused.value.code == "resolution-invalid"
        assert "--approve" in refused.value.fix
