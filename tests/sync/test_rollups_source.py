"""The sums of a roll-up as a system: it keeps the contract of connectors as far as something that is only read can."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.model.contract import Connector
from gp365.model.errors import Misconfigured
from gp365.model.record import Op, Status, Write
from gp365.store import contributions
from gp365.store.contributions import Given
from gp365.sync.rollup_source import KEY, SUMS, TEXT
from gp365.sync.rollups import rolled_of, rollup_job
from gp365.sync.sums import text_of
from sync.rollups_world import Companies, companies, shut

FIELDS = (KEY, TEXT)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Companies]:
    made = companies(tmp_path / "world")
    for number in range(3):
        made.account(f"a{number}", f"Firm {number}")
        made.customer("us", f"US{number}", f"Firm {number}", f"{number}00")
        made.customer("ca", f"CA{number}", f"Firm {number}", f"{number}0")
    made.both()
    yield made
    shut(made)


@pytest.fixture
def source(world: Companies) -> Connector:
    job = world.job("ca", "cards")
    [(name, rollup)] = job.flow.rollups.items()
    return rollup_job(job, name, rollup).left.connector


def test_scan_census_get_and_the_feed_tell_the_same(source: Connector) -> None:
    scanned = {record.key: record for page in source.scan(SUMS, FIELDS) for record in page}
    assert set(scanned) == {("a0",), ("a1",), ("a2",)}
    assert scanned[("a1",)].values == {KEY: "a1", TEXT: "CAD 10.00; USD 100.00"}
    assert [key for page in source.census(SUMS) for key, _ in page] == list(scanned)
    assert dict(source.get(SUMS, list(scanned), FIELDS, fresh=True)) == scanned
    assert list(source.find(SUMS, KEY, ["a1", None], FIELDS)) == [scanned[("a1",)]]
    pages = list(source.changes(SUMS, FIELDS, None))
    assert {change.key: change.record for page in pages for change in page.changes} == scanned
    assert pages[-1].cursor is not None and all(page.full for page in pages)


def test_only_what_is_asked_for_is_in_a_record(source: Connector) -> None:
    [record] = source.get(SUMS, [("a1",)], (TEXT,)).values()
    assert record.values == {TEXT: "CAD 10.00; USD 100.00"}


def test_a_sum_that_is_not_known_is_absent_and_its_record_is_there(
    world: Companies, source: Connector
) -> None:
    job = world.job("ca", "cards")
    [(name, rollup)] = job.flow.rollups.items()
    rolled = rolled_of(job, name, rollup)
    with world.store.write() as conn:
        unknown = Given("a1", rolled.rollup, "account", "sales", "CA1", "ca", "CAD", None)
        contributions.keep(conn, [unknown])
    [record] = source.get(SUMS, [("a1",)], FIELDS).values()
    assert record.values == {KEY: "a1"}
    assert not record.hidden


def test_a_sum_cannot_be_written(source: Connector) -> None:
    [outcome] = source.write(SUMS, [Write(Op.UPDATE, ("a1",), {TEXT: "USD 1.00"})])
    assert outcome.status is Status.REJECTED
    assert outcome.error is not None and outcome.error.code == "not-served"
    assert source.tally().acknowledged == {}


def test_there_is_one_entity_and_it_costs_no_request(source: Connector) -> None:
    assert list(source.entities()) == [SUMS]
    assert source.entity(SUMS).key == (KEY,)
    assert not source.entity(SUMS).creates and not source.entity(SUMS).updates
    with pytest.raises(Misconfigured):
        source.entity("account")
    assert source.estimate(SUMS, reads=9, creates=9, updates=9).requests == 0
    assert (source.epoch(), list(source.check())) == ("", [])


def test_amounts_of_one_currency_are_added_to_the_last_digit() -> None:
    def given(number: int, currency: str, amount: str) -> Given:
        return Given("x", "r", "account", "sales", str(number), "us", currency, amount)

    thirds = [given(number, "USD", "0.33333") for number in range(3)]
    assert text_of([*thirds, given(9, "CAD", "1")]) == "CAD 1.00; USD 0.99999"
    assert text_of([given(1, "USD", "5"), given(2, "USD", "unlimited"), given(3, "CAD", "2")]) == (
        "CAD 2.00; USD unlimited"
    )
    assert text_of([given(1, "USD", "99999999999999.99999"), given(2, "USD", "0.00001")]) == (
        "USD 100,000,000,000,000.00"
    )
    assert text_of([]) is None
