"""Balances over SQL: sums up to a row on any page, rows that count as zero, quantities apart from money, years behind."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from decimal import Decimal

import pytest
from gp_sql_place import SqlPlace, sql_place
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.connectors.gp.sql.running import with_others
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.sql.text import Names
from gp365.connectors.gp.tables import entity_named
from gp365.model.record import Record
from gp365.model.values import Key, Value

ENTITY = "gl_balance"
FIELDS = tuple(entity_named(ENTITY).fields)
CASH, STAFF = "1", "24"
AMOUNTS = st.decimals(-(10**9), 10**9, places=5)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SqlPlace]:
    """A company whose pages are shorter than a year of an account."""
    with sql_place(tmp_path_factory.mktemp("gp"), page=10, compare_h=1000) as found:
        yield found


def _records(here: SqlPlace, fields: Sequence[str] = FIELDS) -> dict[Key, dict[str, Value]]:
    pages = here.connector.scan(ENTITY, fields)
    return {record.key: dict(record.values) for page in pages for record in page}


def _rows(here: SqlPlace) -> dict[Key, Decimal]:
    company = here.system.world.company
    rows = [*company.rows("GL10110"), *company.rows("GL10111")]
    names = ("ACTINDX", "Ledger_ID", "YEAR1", "PERIODID")
    return {tuple(str(row[name]) for name in names): Decimal(str(row["PERDBLNC"])) for row in rows}


def test_a_balance_is_the_sum_of_its_periods_wherever_pages_end(here: SqlPlace) -> None:
    rows, found = _rows(here), _records(here)
    assert found.keys() == rows.keys() and len(rows) > 100
    for key, values in found.items():
        if key[0] == STAFF:
            continue
        before = [
            amount for other, amount in rows.items() if other[:3] == key[:3] and int(other[3]) <= int(key[3])
        ]
        assert values["NetChange"] == rows[key] and values["Balance"] == sum(before)
        assert values["UnitsChange"] is None and values["UnitsBalance"] is None


def test_only_what_is_asked_for_is_given(here: SqlPlace) -> None:
    assert {tuple(values) for values in _records(here, ["Balance"]).values()} == {("Balance",)}
    assert {tuple(values) for values in _records(here, ["YearsBack", "Debit"]).values()} == {
        ("YearsBack", "Debit")
    }


def test_the_years_behind_are_counted_from_the_oldest_open_one(here: SqlPlace) -> None:
    behind = {key[2]: values["YearsBack"] for key, values in _records(here, ["YearsBack"]).items()}
    assert behind == {"2025": 1, "2026": 0}


def test_a_row_that_gp_does_not_keep_counts_as_zero_while_its_year_is_set_up(here: SqlPlace) -> None:
    rows = _rows(here)
    missing, unknown = (CASH, "1", "2027", "0"), (CASH, "1", "1999", "0")
    later = (CASH, "1", "2026", "99")
    units = (STAFF, "1", "2027", "3")
    found = here.connector.get(ENTITY, [missing, unknown, later, units], FIELDS)
    assert found.keys() == {missing, later, units}
    cash = found[missing].values
    assert [cash[name] for name in ("NetChange", "Debit", "Credit", "Balance")] == [Decimal(0)] * 4
    assert (cash["AccountNumber"], cash["AccountType"], cash["UnitsChange"]) == ("000-1100-00", 1, None)
    year = [amount for key, amount in rows.items() if key[:3] == (CASH, "1", "2026")]
    assert (found[later].values["NetChange"], found[later].values["Balance"]) == (0, sum(year))
    staff = found[units].values
    assert (staff["NetChange"], staff["Balance"], staff["UnitsChange"], staff["UnitsBalance"]) == (
        None,
        None,
        0,
        0,
    )


def test_accounts_that_gp_has_no_more_count_as_money_and_keep_their_number_to_themselves(
    here: SqlPlace,
) -> None:
    key = ("4711", "1", "2026", "1")
    values = here.connector.get(ENTITY, [key], FIELDS)[key].values
    assert values["NetChange"] == 0 and "AccountNumber" not in values


def test_a_posting_names_all_balances_of_its_accounts(here: SqlPlace) -> None:
    *_, last = here.connector.changes(ENTITY, FIELDS, None)
    here.clock.advance(120)
    *_, last = here.connector.changes(ENTITY, FIELDS, last.cursor)
    here.clock.advance(120)
    company = here.system.world.company
    line = {"OPENYEAR": 2026, "PERIODID": 10, "ACTINDX": int(CASH), "JRNENTRY": 99999}
    company.insert("GL20000", line, company.statement())
    pages = list(here.connector.changes(ENTITY, FIELDS, last.cursor))
    named = {change.key for page in pages for change in page.changes}
    assert named == {key for key in _rows(here) if key[0] == CASH}


def test_doctor_says_whether_gps_own_ledger_adds_up(here: SqlPlace) -> None:
    def said() -> tuple[str, str]:
        [one] = [one for one in here.connector.check() if one.subject == "sums of gl_balance"]
        return one.level, one.text

    assert said()[0] == "ok"
    company = here.system.world.company
    key = (1, 2026, 2, 1)
    held = company.find("GL10110", *key)["PERDBLNC"]
    company.change("GL10110", key, {"PERDBLNC": held + Decimal("0.01")})
    level, text = said()
    company.change("GL10110", key, {"PERDBLNC": held})
    assert level == "warning" and "1/2026/2 by 0.01" in text


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(2024, 2026), st.integers(0, 12)),
        AMOUNTS,
        max_size=40,
    )
)
def test_the_last_balance_of_a_year_is_the_sum_of_all_its_changes(
    rows: dict[tuple[int, ...], Decimal],
) -> None:
    records = [Record(tuple(map(str, key)), {"NetChange": amount}) for key, amount in rows.items()]

    def under(heads: Sequence[str], of: Sequence[str]) -> list[Record]:
        assert of == ["NetChange"]
        return [record for record in records if record.key[0] in heads]

    found = with_others(
        lambda _: [], Names.of("TWO", "DYNAMICS"), source_of(ENTITY), records, ["Balance"], under
    )
    balance = {record.key: record.values["Balance"] for record in found}
    assert [tuple(record.values) for record in found] == [("Balance",)] * len(rows)
    for key in rows:
        year = [other for other in rows if other[:3] == key[:3]]
        if key == max(year):
            assert balance[tuple(map(str, key))] == sum(rows[each] for each in year)
