"""Verdicts about a write that was read back: as written, changed since, not as written, or not to be found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from gp365.model.entity import EntityDescription, FieldDescription, FieldType, Strength
from gp365.model.record import Record
from gp365.model.values import Value
from gp365.sync.verify_draw import lot
from gp365.sync.verify_verdict import Acknowledged, Verdict, judge, same

AT = datetime(2026, 10, 29, 8, 0, tzinfo=UTC)
NAME = FieldDescription("name", length=20, code_page="cp1252")
CAPITALS = FieldDescription("terms", length=20, upper=True)
LIMIT = FieldDescription("limit", FieldType.MONEY, decimals=2)
WHOSE = FieldDescription("parent", FieldType.REFERENCE)
SINCE = FieldDescription("since", FieldType.DATETIME)
HOLD = FieldDescription("hold", FieldType.BOOLEAN)
ENTITY = EntityDescription(
    "customer",
    ("id",),
    {one.name: one for one in (NAME, CAPITALS, LIMIT, WHOSE, SINCE, HOLD)},
    Strength.WHOLE,
)


def verdict(held: dict[str, Value], told: Acknowledged | None = None, **record: object) -> Verdict:
    return judge(ENTITY, told or Acknowledged({"name": "New"}), Record(("1",), held, **record))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        (NAME, "Aaron Fitz", "Aaron Fitz     "),
        (NAME, "Café", "Cafe\u0301"),
        (NAME, None, "   "),
        (CAPITALS, "net 30", "NET 30"),
        (LIMIT, Decimal("5"), Decimal("5.00")),
        (LIMIT, None, Decimal("0.00")),
        (HOLD, None, False),
        (WHOSE, "0A11E0D2-0000", "0a11e0d2-0000"),
        (SINCE, AT.replace(microsecond=7), AT),
    ],
)
def test_values_that_a_system_keeps_in_its_own_spelling_are_the_same(
    field: FieldDescription, one: Value, other: Value
) -> None:
    assert same(field, one, other) and same(field, other, one)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        (NAME, "Aaron Fitz", "aaron fitz"),
        (NAME, "Société", "Soci?t?"),
        (NAME, "Aaron Fitz Electric", "Aaron Fitz"),
        (NAME, "Aaron", None),
        (LIMIT, Decimal("5.00"), Decimal("5.01")),
        (LIMIT, Decimal("5.00"), None),
        (HOLD, True, False),
        (SINCE, AT, AT + timedelta(seconds=1)),
    ],
)
def test_values_that_a_system_has_changed_are_not_the_same(
    field: FieldDescription, one: Value, other: Value
) -> None:
    assert not same(field, one, other) and not same(field, other, one)


def test_a_value_that_stands_agrees_whatever_the_version_says() -> None:
    told = Acknowledged({"name": "New"}, version="1")
    assert verdict({"name": "New"}, told, version="9") is Verdict.AGREED


def test_under_the_acknowledged_version_another_value_is_a_mismatch() -> None:
    told = Acknowledged({"name": "New"}, version="2", planned_on="1")
    assert verdict({"name": "Old"}, told, version="2") is Verdict.MISMATCH
    assert verdict({"name": "Old"}, told, version="3") is Verdict.CHANGED


def test_a_record_that_still_has_the_version_of_the_plan_was_not_written_at_all() -> None:
    told = Acknowledged({"name": "New"}, planned_on="1")
    assert verdict({"name": "Old"}, told, version="1") is Verdict.MISMATCH
    assert verdict({"name": "Old"}, told, version="2") is Verdict.CHANGED


def test_without_versions_other_columns_and_late_stamps_tell_of_somebodys_change() -> None:
    told = Acknowledged({"name": "New"}, before={"name": "Old", "terms": "NET 30"}, done_at=AT)
    assert verdict({"name": "Old", "terms": "NET 30"}, told) is Verdict.MISMATCH
    assert verdict({"name": "Third", "terms": "NET 30"}, told) is Verdict.CHANGED
    assert verdict({"name": "Third", "terms": "NET 60"}, told) is Verdict.CHANGED
    late = {"stamp": AT + timedelta(hours=1)}
    assert verdict({"name": "Old", "terms": "NET 30"}, told, **late) is Verdict.CHANGED
    soon = {"stamp": AT + timedelta(minutes=1)}
    assert verdict({"name": "Old", "terms": "NET 30"}, told, **soon) is Verdict.MISMATCH


@pytest.mark.parametrize("stands", ["Old", "", "Müll", "MÜLLER & SÖHNE", "M?ller & S?hne"])
def test_without_versions_what_a_lost_or_mangled_write_leaves_is_a_mismatch(stands: str) -> None:
    told = Acknowledged({"name": "Müller & Söhne"}, before={"name": "Old"}, done_at=AT)
    assert verdict({"name": stands}, told) is Verdict.MISMATCH


def test_a_record_that_is_gone_hidden_or_another_one_tells_nothing() -> None:
    told = Acknowledged({"name": "New"}, birth="b1")
    assert judge(ENTITY, told, None) is Verdict.UNKNOWN
    assert judge(ENTITY, told, Record(("1",), {})) is Verdict.UNKNOWN
    assert verdict({"name": "New"}, told, birth="b2") is Verdict.UNKNOWN


def test_a_column_that_does_not_come_is_not_compared() -> None:
    assert verdict({"terms": "NET 30"}, birth="b1") is Verdict.AGREED


def test_the_lots_of_writes_are_spread_evenly_and_never_change() -> None:
    lots = [lot(f"intent-{number}") for number in range(4000)]
    assert 150 < sum(one < 0.05 for one in lots) < 250
    assert lots == [lot(f"intent-{number}") for number in range(4000)]
    assert 0 <= min(lots) < 0.01 and 0.99 < max(lots) < 1
