"""The benchmarks in short: that they run, count rightly, and measure what they say. No time is asserted."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.engine import engine
from bench.million import million, open_prepared, prepare
from bench.plan import plan
from bench.wide import make_wide, pages_of

from gp365.store import links
from gp365.store.links import Link
from gp365.sync.cycle import sync


def test_the_engine_finds_nothing_to_do_and_then_carries_every_edit_over() -> None:
    found = engine(600)
    assert found["fields"] == 20
    assert found["created"] == 600
    assert found["no_change"]["written"] == 0
    assert found["no_change"]["unchanged"] == found["no_change"]["found_the_same"] == 600
    assert found["change"]["updated"] == 600
    assert set(found["change"]["rows_of_the_bare_loop"].values()) == {600}


def test_a_plan_creates_what_is_new_and_updates_what_was_edited() -> None:
    found = plan(600)
    assert (found["to_create"]["creates"], found["to_create"]["updates"]) == (600, 0)
    assert (found["edited"]["creates"], found["edited"]["updates"]) == (0, 600)
    counting = found["counting_pass_of_the_guards"]
    assert counting["updated"] == counting["edited"] == 90
    assert 0 < counting["counted"] <= 90


def test_links_laid_into_the_store_are_those_that_a_first_sync_leaves(tmp_path: Path) -> None:
    synced, laid = tmp_path / "synced", tmp_path / "laid"
    for folder in (synced, laid):
        folder.mkdir()
    prepare(laid, 1000)
    gp = list(pages_of(range(1000)))
    world = make_wide(synced, lambda: gp)
    sync(world.job)
    with world.store.read() as conn:
        theirs = [link for page in links.scan(conn, "bench", "customers", 500) for link in page]
    world.close()
    prepared = open_prepared(laid)
    with prepared.store.read() as conn:
        ours = [link for page in links.scan(conn, "bench", "customers", 500) for link in page]
    prepared.close()
    assert sorted(map(_told, ours), key=str) == sorted(map(_told, theirs), key=str)


def _told(link: Link) -> tuple[object, ...]:
    """Give what a link holds but for the drawn id of the account, and the run and the name of who made it."""
    print_known = bool(link.right_print)
    return (
        *(link.pair, link.flow, link.left_key, link.left_birth, link.left_print, link.left_version),
        *(print_known, link.right_version, link.agreed, link.agreed_digest, link.state, link.made_by),
    )


def test_memory_stays_level_while_many_records_are_compared() -> None:
    found = million(20_000)
    assert found["unchanged"] == 20_000 and found["compared"] == 40_000
    assert found["written"] == 0
    assert found["peak_mb"] <= found["peak_limit_mb"]
