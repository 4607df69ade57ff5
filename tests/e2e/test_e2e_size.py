"""Size: ten thousand GP customers into an empty Dataverse cost few requests, few commits, and memory that stays flat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import pytest
from e2e_counts import KEYS_PER_READ, TRACKED, asked, lists_of_gp, stamped_by_us
from e2e_counts import PAGE as DELTA_PAGE
from e2e_site import SALES, Answer, Site, site

PAGE = 200


FLOWS = ("customers", "customer_cards")


@dataclass(frozen=True)
class Loaded:
    """A site after its first sync, how that ended, the lists that GP was asked for, and the writes that Sales saw."""

    site: Site
    done: Answer
    lists: dict[str, int]
    writes: int


@dataclass(frozen=True)
class Echoed:
    """The second and third sync of a site, what they asked of Sales, and how many rows there were last written by us."""

    ours: dict[str, int]
    second: Answer
    asked: tuple[dict[str, int], int]
    third: Answer
    asked_then: tuple[dict[str, int], int]


def load(folder: Path, customers: int) -> Iterator[Loaded]:
    with site(folder, customers=customers, accounts=0, patience_s=60 + customers / 500) as made:
        made.mark()
        done = made.in_child("sync")
        writes = sum("CreateMultiple" in one["path"] for one in made.requests(SALES))
        yield Loaded(made, done, lists_of_gp(made), writes)


@pytest.fixture(scope="module")
def ten_thousand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    yield from load(tmp_path_factory.mktemp("large") / "site", 10_000)


@pytest.fixture(scope="module")
def echoed(ten_thousand: Loaded) -> Echoed:
    at = ten_thousand.site
    ours = stamped_by_us(at)
    at.mark()
    second = at.in_child("sync")
    seen = asked(at)
    at.mark()
    third = at.in_child("sync")
    return Echoed(ours, second, seen, third, asked(at))


@pytest.mark.proof
def test_ten_thousand_customers_arrive_with_few_writes_and_one_list_of_each_kind(
    ten_thousand: Loaded,
) -> None:
    at, done = ten_thousand.site, ten_thousand.done
    assert done.code == 0
    assert done.balanced
    assert len(at.rows(SALES, "accounts")) == 10_000
    cards = at.rows(SALES, "gp365_customers")
    assert len({row["gp365_numberkey"] for row in cards}) == len(cards) == 10_000
    assert len({row["_gp365_accountid_value"] for row in cards}) == 10_000
    assert 0 < done.write_requests < 400
    sums = sum(sum(run["write_requests"].values()) for run in done.json["runs"] if run["flow"] not in FLOWS)
    assert ten_thousand.writes == done.write_requests - sums  # the sums on the accounts are updates
    assert sums <= 100
    assert ten_thousand.lists == {"Customers.json": 1, "CustomerAddresses.json": 1}


@pytest.mark.proof
def test_commits_are_counted_by_pages_and_never_by_records(ten_thousand: Loaded) -> None:
    runs = ten_thousand.done.json["runs"]
    pages = sum(ceil(run["considered"] / PAGE) for run in runs)
    seconds = sum(run["seconds"] for run in runs)
    assert ten_thousand.done.cost["commits"] <= 4 * pages + seconds / 2


@pytest.mark.proof
def test_the_process_stays_below_250_megabytes(ten_thousand: Loaded) -> None:
    assert ten_thousand.done.cost["peak_kib"] < 250 * 1000 * 1000 / 1024


@pytest.mark.proof
def test_twenty_thousand_echoes_are_two_pages_of_each_delta_and_then_no_more(echoed: Echoed) -> None:
    deltas, others = echoed.asked
    assert echoed.second.code == echoed.third.code == 0
    assert echoed.second.written == echoed.second.write_requests == echoed.third.written == 0
    assert deltas == {table: max(1, ceil(echoed.ours[table] / DELTA_PAGE)) for table in TRACKED}
    assert deltas == {"accounts": 2, "contacts": 1, "gp365_customers": 2}
    assert others <= ceil(echoed.ours["accounts"] / KEYS_PER_READ) + 1  # the newest contacts, once
    assert echoed.asked_then == (dict.fromkeys(TRACKED, 1), 0)


@pytest.mark.proof
def test_a_full_compare_of_ten_thousand_reads_each_list_of_gp_once_and_writes_nothing(
    ten_thousand: Loaded, echoed: Echoed
) -> None:
    """The echoes of the first sync are read before, so that nothing but the compare is counted."""
    assert echoed.third.code == 0
    at = ten_thousand.site
    at.mark()
    done = at.in_child("sync", "--full")
    assert done.code == 0
    assert done.written == done.write_requests == 0
    assert [run["considered"] for run in done.json["runs"]] == [10_000, 10_000, 10_000]
    assert lists_of_gp(at) == {"Customers.json": 1, "CustomerAddresses.json": 1}
    assert done.cost["peak_kib"] < 250 * 1000 * 1000 / 1024


@pytest.mark.proof
def test_five_times_the_records_need_hardly_more_memory(ten_thousand: Loaded, tmp_path: Path) -> None:
    """The short form of the proof below.

    Most of the peak is the interpreter and its modules; 8,000 further records held at 4 KiB each would be 32 MiB, a
    fifth of it, and break the bound.
    """
    for small in load(tmp_path / "site", 2_000):
        assert small.done.code == 0
        assert ten_thousand.done.cost["peak_kib"] <= 1.2 * small.done.cost["peak_kib"]


@pytest.mark.proof
def test_a_hundred_thousand_records_need_hardly_more_memory_than_ten_thousand(
    ten_thousand: Loaded, tmp_path: Path
) -> None:
    for large in load(tmp_path / "site", 100_000):
        done = large.done
        assert done.code == 0
        assert done.balanced
        assert done.cost["peak_kib"] <= 1.2 * ten_thousand.done.cost["peak_kib"]
        pages = sum(ceil(run["considered"] / PAGE) for run in done.json["runs"])
        seconds = sum(run["seconds"] for run in done.json["runs"])
        assert done.cost["commits"] <= 4 * pages + seconds / 2
        assert large.site.in_child("sync").written == 0
