"""A Dataverse restored from a backup and worked on until its count of versions hides that: the newest rows tell."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from connectors.dataverse_place import Place, changed, place
from gp365.wire.odata import Page
from gp365_sim.dataverse.past import Backup, back_up, restore

PLAIN = ("name", "address1_city")


@pytest.fixture
def sales(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path) as made:
        yield made


def restored_and_worked_on(sales: Place, evening: Backup) -> None:
    """Put the backup back and let people work elsewhere until the version count has passed the link's."""
    restore(sales.system.org, evening)
    for number in range(60, 90):
        sales.contact(number)


def test_a_restore_is_told_by_the_newest_rows_when_the_count_has_passed_the_link(sales: Place) -> None:
    first, second = sales.account(1), sales.account(2)
    evening = back_up(sales.system.org)
    sales.put("accounts", second, {"address1_city": "Fargo"})
    _, cursor, _ = changed(sales.connector.changes("account", PLAIN, None))
    before = sales.connector.epoch()
    restored_and_worked_on(sales, evening)
    sales.put("accounts", first, {"address1_city": "Minot"})
    sales.connector.begin_run()
    found, following, pages = changed(sales.connector.changes("account", PLAIN, cursor))
    assert set(found) == {(first,)} and not pages[-1].full
    assert before.rpartition(":")[0] == sales.connector.epoch().rpartition(":")[0]
    assert sales.connector.epoch().endswith(":0")
    sales.connector.begin_run()
    changed(sales.connector.changes("account", PLAIN, following))
    assert not sales.connector.epoch().endswith(":0")


def test_a_row_made_after_the_backup_is_missed_when_the_count_has_passed_the_link(sales: Place) -> None:
    sales.account(1)
    evening = back_up(sales.system.org)
    sales.account(2)
    _, cursor, _ = changed(sales.connector.changes("account", PLAIN, None))
    restored_and_worked_on(sales, evening)
    sales.connector.begin_run()
    changed(sales.connector.changes("account", PLAIN, cursor))
    assert sales.connector.epoch().endswith(":0")


def test_newest_rows_that_people_edit_or_delete_are_no_restore(sales: Place) -> None:
    ids = [sales.account(number) for number in range(1, 12)]
    _, cursor, _ = changed(sales.connector.changes("account", PLAIN, None))
    for step in range(6):
        sales.put("accounts", ids[step], {"address1_city": f"Town {step}"})
        sales.delete("accounts", ids[10 - step])
        sales.contact(100 + step)
        sales.connector.begin_run()
        _, cursor, _ = changed(sales.connector.changes("account", PLAIN, cursor))
        assert not sales.connector.epoch().endswith(":0")


def test_a_row_that_goes_while_the_feed_is_read_is_no_restore(sales: Place) -> None:
    sales.account(1)
    second = sales.account(2)
    _, cursor, _ = changed(sales.connector.changes("account", PLAIN, None))
    sales.contact(1)
    sales.connector.begin_run()
    pages = sales.connector.organisation.api.delta

    def deleted_after(link: str, *, page_rows: int) -> Iterator[Page]:
        yield from pages(link, page_rows=page_rows)

    read = list(pages(json.loads(cursor or "")["marks"]["account"]["link"], page_rows=100))
    sales.delete("accounts", second)
    answers = [iter(read)]
    sales.connector.organisation.api.delta = lambda link, page_rows: (  # type: ignore[method-assign]
        answers.pop() if answers else deleted_after(link, page_rows=page_rows)
    )
    changed(sales.connector.changes("account", PLAIN, cursor))
    assert not sales.connector.epoch().endswith(":0")


def test_the_newest_rows_are_asked_for_once_when_the_count_moved_and_never_when_it_did_not(
    sales: Place,
) -> None:
    for number in range(1, 5):
        sales.account(number)
    _, cursor, _ = changed(sales.connector.changes("account", PLAIN, None))
    sales.contact(1)
    before = sales.seen()
    _, cursor, _ = changed(sales.connector.changes("account", PLAIN, cursor))
    assert len(sales.requests(before)) == 2
    before = sales.seen()
    changed(sales.connector.changes("account", PLAIN, cursor))
    assert len(sales.requests(before)) == 1
