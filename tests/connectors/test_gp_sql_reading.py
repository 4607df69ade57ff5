"""What is read over SQL: changes by stamp, what has none, many keys at once, and what no record can have."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from gp_sql_place import SqlPlace, sql_place

from gp365.connectors.gp.tables import NAMES
from gp365.model.entity import Feed
from gp365.model.errors import Misconfigured
from gp365.model.record import ChangePage
from gp365.model.values import Key
from gp365_sim.gp.company import Identity

FIELDS = ("CustomerNumber", "CustomerName", "BillTo.City", "BillTo.Email", "ShipTo.City")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SqlPlace]:
    with sql_place(tmp_path_factory.mktemp("gp"), page=25) as found:
        yield found


def _poll(here: SqlPlace, entity: str, cursor: str | None, fields: Sequence[str] = ()) -> list[ChangePage]:
    names = fields or [n for n, each in here.connector.entity(entity).fields.items() if each.readable]
    return list(here.connector.changes(entity, names, cursor))


def _quiet(here: SqlPlace, entity: str, fields: Sequence[str] = ()) -> str:
    """Read an entity until nothing is new, and give the cursor."""
    here.clock.advance(120)
    cursor = _poll(here, entity, None, fields)[-1].cursor
    here.clock.advance(5)
    return str(_poll(here, entity, cursor, fields)[-1].cursor)


def _keys(pages: Sequence[ChangePage]) -> set[Key]:
    return {change.key for page in pages for change in page.changes}


@pytest.mark.parametrize("entity", NAMES)
def test_every_entity_reads_the_same_in_pages_and_by_key(here: SqlPlace, entity: str) -> None:
    fields = [n for n, each in here.connector.entity(entity).fields.items() if each.readable]
    records = {r.key: r for page in here.connector.scan(entity, fields) for r in page}
    found = here.connector.get(entity, list(records), fields)
    assert {key: record.values for key, record in found.items()} == {k: r.values for k, r in records.items()}
    assert dict(here.connector.census(entity).__next__() if records else {}).keys() <= records.keys()


@pytest.mark.parametrize("entity", NAMES)
def test_a_poll_without_change_costs_one_question_and_finds_nothing(here: SqlPlace, entity: str) -> None:
    if here.connector.entity(entity).feed is Feed.NONE:
        return
    cursor = _quiet(here, entity)
    before = here.last
    pages = _poll(here, entity, cursor)
    assert _keys(pages) == set() and not any(page.full for page in pages)
    assert len(here.asked(before)) == 1
    assert pages[-1].cursor


def test_a_customer_comes_when_any_of_its_tables_moves(here: SqlPlace) -> None:
    for number in ("MOVES1", "MOVES2", "MOVES3", "STAYS1"):
        here.customer(number)
    company = here.system.world.company
    cursor = _quiet(here, "customer", FIELDS)
    here.save("RM00101", "MOVES1", {"COMMENT1": "Card"})
    here.save("RM00102", "MOVES2;PRIMARY", {"CITY": "Gary"})
    values = {
        "Master_Type": "CUS",
        "Master_ID": "MOVES3",
        "ADRSCODE": "PRIMARY",
        "INET1": "ann@moves.example",
    }
    company.insert("SY01200", values, company.statement())
    pages = _poll(here, "customer", cursor, FIELDS)
    found = {change.key: change.record for page in pages for change in page.changes}
    assert set(found) == {("MOVES1",), ("MOVES2",), ("MOVES3",)}
    assert found["MOVES2",] is not None and found["MOVES2",].values["BillTo.City"] == "Gary"
    assert found["MOVES3",] is not None and found["MOVES3",].values["BillTo.Email"] == "ann@moves.example"


def test_many_changes_with_one_stamp_come_each_once_over_pages(here: SqlPlace) -> None:
    numbers = [f"TIES{at:03d}" for at in range(60)]
    for number in numbers:
        here.customer(number)
    cursor = _quiet(here, "customer", FIELDS)
    company = here.system.world.company
    same = company.statement()
    for number in numbers:
        company.update("RM00101", (number,), {"COMMENT2": "All at once"}, same)
    pages = _poll(here, "customer", cursor, FIELDS)
    keys = [change.key for page in pages for change in page.changes]
    assert sorted(keys) == [(number,) for number in numbers]
    assert [page.cursor is None for page in pages] == [*[True] * (len(pages) - 1), False]


def test_a_row_that_is_committed_late_is_seen_within_the_overlap(here: SqlPlace) -> None:
    here.customer("LATE1")
    cursor = _quiet(here, "customer", FIELDS)
    company = here.system.world.company
    early = company.statement()
    here.clock.advance(20)
    here.customer("SOON1")
    cursor = str(_poll(here, "customer", cursor, FIELDS)[-1].cursor)
    company.update("RM00101", ("LATE1",), {"COMMENT1": "Written before, committed now"}, early)
    assert ("LATE1",) in _keys(_poll(here, "customer", cursor, FIELDS))


def test_a_stamp_in_the_future_hides_no_later_edit(here: SqlPlace) -> None:
    here.customer("AHEAD1")
    here.customer("AFTER1")
    cursor = _quiet(here, "customer", FIELDS)
    company = here.system.world.company
    company.update(
        "RM00101", ("AHEAD1",), {"COMMENT1": "From the future"}, company.statement() + timedelta(days=2)
    )
    pages = _poll(here, "customer", cursor, FIELDS)
    assert _keys(pages) == {("AHEAD1",)}
    here.save("RM00101", "AFTER1", {"COMMENT1": "Edited now"})
    assert ("AFTER1",) in _keys(_poll(here, "customer", pages[-1].cursor, FIELDS))


def test_balances_follow_the_documents_and_the_rest_is_compared_daily(here: SqlPlace) -> None:
    cursor = _quiet(here, "receivables_summary")
    company = here.system.world.company
    row = next(iter(company["RM20101"].unordered()))
    held = company["RM20101"].table.as_dict(row)
    key = company["RM20101"].table.key_of(row)
    company.update("RM20101", key, {"TRXDSCRN": "Touched"}, company.statement())
    assert _keys(_poll(here, "receivables_summary", cursor)) == {(str(held["CUSTNMBR"]).rstrip(),)}
    here.clock.advance(25 * 3600)
    pages = _poll(here, "receivables_summary", cursor)
    assert all(page.full for page in pages)
    assert len(_keys(pages)) == len(list(company["RM00103"].unordered()))


def test_a_cursor_of_another_channel_begins_anew(here: SqlPlace) -> None:
    for cursor in ("2026-11-20", '{"way":"soap"}', "[1]", "", "{"):
        assert all(page.full for page in _poll(here, "salesperson", cursor))


def test_documents_have_their_sign_and_the_state_of_their_table(here: SqlPlace) -> None:
    names = ["DocumentType", "TransactionState", "OriginalAmount", "SignedAmount", "SignedCurrentAmount"]
    records = [r for page in here.connector.scan("receivables_document", names) for r in page]
    states = {r.values["TransactionState"] for r in records}
    assert {"Work", "Open"} <= states <= {"Work", "Open", "History"}
    for record in records:
        kind, amount, signed = (record.values[n] for n in ("DocumentType", "OriginalAmount", "SignedAmount"))
        assert isinstance(kind, int) and isinstance(amount, Decimal)
        assert signed == (-amount if kind >= 7 else amount)


def test_what_a_table_lacks_is_absent_and_not_empty(here: SqlPlace) -> None:
    names = ["TransactionState", "VoidStatus", "CheckNumber"]
    for page in here.connector.scan("receivables_document", names):
        for record in page:
            assert ("VoidStatus" in record.values) == (record.values["TransactionState"] != "Work")


HOSTILE = (
    "'; DROP TABLE RM00101; --",
    "%#$!<>",
    "!WOW!",
    '"AMERICAN"',
    "a]b",
    "[x]",
    "Ж",
    "",
    "   ",
    "\x00",
    "x" * 40,
    "?",
)


def test_hostile_keys_find_their_own_record_or_none(here: SqlPlace) -> None:
    here.customer("A]B")
    here.customer("'; DROP")
    keys: list[Key] = [(key,) for key in (*HOSTILE, "'; DROP", "aaronfit0001", "AARONFIT0001  ")]
    found = here.connector.get("customer", [*keys, ("A", "B"), ()], ["CustomerNumber"], fresh=True)
    spelled = {key[0]: record.key[0] for key, record in found.items()}
    samples = {"%#$!<>", "!WOW!", '"AMERICAN"'} & {
        r.key[0] for p in here.connector.scan("customer", ()) for r in p
    }
    assert spelled.keys() == {"a]b", "'; DROP", "aaronfit0001", "AARONFIT0001  "} | samples
    assert spelled["a]b"] == "A]B" and spelled["aaronfit0001"] == "AARONFIT0001"
    assert here.connector.find("customer", "CustomerName", list(HOSTILE), ["CustomerName"]) == []
    assert here.row("RM00101", "AARONFIT0001") is not None


def test_keys_of_numbers_are_compared_by_value(here: SqlPlace) -> None:
    found = here.connector.get(
        "gl_account", [("1",), ("01",), ("1.5",), ("x",), ("99999999999",)], ["AccountNumber"]
    )
    assert set(found) == {("1",), ("01",)}


def test_a_company_whose_database_has_an_odd_name_is_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    odd = [Identity("Odd Signs", "A]-#%", 7)]
    with sql_place(tmp_path_factory.mktemp("odd"), companies=odd, database="A]-#%") as here:
        assert list(here.connector.scan("customer", ())) == []
        assert [f.level for f in here.connector.check() if f.subject == "company"] == ["ok"]


def test_a_database_that_is_no_company_is_told_by_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    with sql_place(tmp_path_factory.mktemp("none"), database="N-ONE") as here:
        with pytest.raises(Misconfigured) as caught:
            list(here.connector.scan("customer", ()))
        assert caught.value.code == "company-unknown" and "TWO" in caught.value.fix
