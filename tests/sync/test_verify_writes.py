"""Read-back: a share of the writes is looked up by another way at the end of the run, and a lie is found out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gp365.connectors.memory import MemoryConnector
from gp365.store import ledger, runs, verifications
from gp365.sync.equation import Report
from gp365.sync.job import Job
from sync.engine_world import FLOW, World, customer, make_world, written


class Verifying(World):
    """The engine's small world, with a share of its writes read back."""

    share: float = 1.0

    def job(self, *args: Any, **more: Any) -> Job:
        return replace(super().job(*args, **more), verify_share=self.share)


def verifying(folder: Path, share: float = 1.0, **sides: Any) -> Verifying:
    made = make_world(folder, **sides)
    world = Verifying(made.folder, made.store, made.clock, made.gp, made.sales)
    world.share = share
    return world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Verifying]:
    made = verifying(tmp_path)
    yield made
    made.store.close()


def linked(world: Verifying, number: str = "AARONFIT0001", **values: Any) -> str:
    """Link one customer with an account and return the account's key."""
    world.gp_put(
        number, **{"Name": "Aaron Fitz", "Street": "1 Main", "Zip": "60603", "Terms": "NET 30", **values}
    )
    report = world.sync()
    assert report.clean and report.verified.agreed == report.verified.sampled == 1, report
    return next(iter(world.accounts().values()))["id"]


def standing(world: Verifying) -> list[verifications.Verification]:
    with world.store.read() as conn:
        return verifications.standing(conn, "test", "customers")


def waiting(world: Verifying) -> tuple[int, int]:
    with world.store.read() as conn:
        return verifications.waiting(conn, "test", "customers")


def told(world: Verifying, report: Report) -> list[tuple[str, Any]]:
    with world.store.read() as conn:
        rows = list(ledger.rows(conn, report.run))
    return [(row.disposition, ledger.decode(row)) for row in rows if row.kind == "verified" and row.subject]


def after_write(world: Verifying, side: Any, act: Any) -> None:
    """Let somebody act right after the next write of a side was committed."""

    def play(*_: object) -> None:
        side.faults.after_commit = None
        act()

    side.faults.after_commit = play


def test_a_write_that_was_acknowledged_and_not_kept_fails_the_run_and_is_named(world: Verifying) -> None:
    key = linked(world)
    world.gp_put("AARONFIT0001", Terms="NET 60")
    world.sales.faults.keep_nothing(1)
    report = world.sync()
    assert report.balanced and not report.clean
    assert report.verified.mismatched == 1 and report.dispositions["updated"] == 1
    [unkept] = report.verified.unkept
    assert (unkept.system, unkept.entity, unkept.key) == ("sales", "account", (key,))
    assert unkept.fields == {"terms": ("NET 60", "NET 30")}
    [(disposition, payload)] = told(world, report)
    assert disposition == "mismatch"
    [field] = payload["steps"][0]["unkept"]
    assert field == {"field": "terms", "acknowledged": "NET 60", "found": "NET 30"}
    assert len(standing(world)) == 1 and world.chain_holds()
    with world.store.read() as conn:
        run = runs.get(conn, report.run)
    assert run is not None and (run.state, run.clean) == ("mismatched", False)
    assert run.counts["verified"]["mismatched"] == 1


def test_the_next_run_writes_what_was_not_kept_once_more_and_shows_that_it_has_healed(
    world: Verifying,
) -> None:
    linked(world)
    world.gp_put("AARONFIT0001", Terms="NET 60")
    world.sales.faults.keep_nothing(1)
    world.sync()
    report = world.sync()
    assert world.accounts()["Aaron Fitz"]["terms"] == "NET 60"
    assert world.customers()["AARONFIT0001"]["Terms"] == "NET 60"
    assert report.clean and report.verified.agreed == 1 and waiting(world) == (0, 0)
    assert written(world.sync()) == 0


@pytest.mark.parametrize("owner", ["gp", "sales", "ask", "latest"])
def test_a_value_that_was_not_kept_never_comes_back_over_the_value_it_should_have_been(
    tmp_path: Path, owner: str
) -> None:
    rows = {**FLOW["fields"], "phone": {"gp": "Phone", "sales": "phone", "owner": owner}}
    world = verifying(tmp_path)
    world.flow = {**FLOW, "fields": rows}
    key = linked(world, Phone="1")
    side = world.gp if owner == "sales" else world.sales
    if owner == "sales":
        world.sales_put(key, phone="22")
    else:
        world.gp_put("AARONFIT0001", Phone="22")
    side.faults.keep_nothing(1)
    assert world.sync().verified.mismatched == 1
    assert world.sync().clean
    assert world.accounts()["Aaron Fitz"]["phone"] == world.customers()["AARONFIT0001"]["Phone"] == "22"
    world.store.close()


def test_a_mismatch_stands_until_it_agrees_and_fails_every_run_until_then(world: Verifying) -> None:
    linked(world)
    world.gp_put("AARONFIT0001", Terms="NET 60")
    world.sales.faults.keep_nothing(2)
    for _ in range(2):
        report = world.sync()
        assert report.verified.mismatched == 1 and not report.clean
        assert len(standing(world)) == 1
    assert world.sync().clean and standing(world) == []


def test_a_system_that_never_keeps_a_value_is_not_written_for_ever(world: Verifying) -> None:
    linked(world)
    world.gp_put("AARONFIT0001", Terms="NET 60")
    world.sales.faults.keep_nothing(100)
    reports = [world.sync() for _ in range(6)]
    assert all(one.verified.mismatched == 1 and not one.clean for one in reports)
    assert written(reports[-1]) == 0 and [entry.code for entry in world.parked()] == ["loop"]
    assert world.customers()["AARONFIT0001"]["Terms"] == "NET 60"


def test_a_persons_edit_right_after_our_write_is_no_mismatch(world: Verifying) -> None:
    key = linked(world, Phone="1")
    world.gp_put("AARONFIT0001", Phone="2")
    after_write(world, world.sales, lambda: world.sales_put(key, phone="77"))
    report = world.sync()
    assert report.verified.changed_since == 1 and report.verified.mismatched == 0 and report.clean
    assert world.sync().clean
    assert world.customers()["AARONFIT0001"]["Phone"] == "77" == world.accounts()["Aaron Fitz"]["phone"]
    assert waiting(world) == (0, 0)


def test_without_versions_another_field_that_moved_tells_of_somebodys_edit(world: Verifying) -> None:
    key = linked(world, Phone="1")
    world.sales_put(key, phone="2")
    after_write(world, world.gp, lambda: world.gp_put("AARONFIT0001", Phone="3", Street="9 Oak"))
    report = world.sync()
    assert report.verified.changed_since == 1 and report.verified.mismatched == 0


def test_without_versions_a_value_that_is_neither_old_nor_new_is_somebodys(world: Verifying) -> None:
    key = linked(world, Phone="1")
    world.sales_put(key, phone="2")
    after_write(world, world.gp, lambda: world.gp_put("AARONFIT0001", Phone="3"))
    report = world.sync()
    assert report.verified.changed_since == 1 and report.verified.mismatched == 0
    world.sync()
    assert world.accounts()["Aaron Fitz"]["phone"] == "3"
    assert world.parked() == []


def test_a_record_that_is_gone_when_it_is_read_back_is_looked_at_again(world: Verifying) -> None:
    key = linked(world)
    world.gp_put("AARONFIT0001", Terms="NET 60")
    after_write(world, world.sales, lambda: world.sales.person_delete("account", (key,)))
    report = world.sync()
    assert report.verified.cannot_tell == 1 and report.verified.mismatched == 0
    again = world.sync()
    assert again.events.get("gone") == 1 or world.parked()


def test_a_hidden_record_is_no_mismatch(world: Verifying) -> None:
    key = linked(world)
    world.gp_put("AARONFIT0001", Terms="NET 60")
    after_write(world, world.sales, lambda: world.sales.person_hide("account", (key,)))
    report = world.sync()
    assert report.verified.cannot_tell == 1 and report.verified.mismatched == 0


def test_the_share_is_honoured_and_at_least_one_write_of_each_side_is_read_back(tmp_path: Path) -> None:
    world = verifying(tmp_path, 0.2)
    world.page = 50
    for number in range(300):
        world.gp_put(f"C{number:05}", Name=f"Firm {number:05}", Street=f"{number} Elm", Zip=f"{number:05}")
    report = world.sync()
    assert 35 <= report.verified.sampled <= 90 and report.verified.agreed == report.verified.sampled
    world.share = 0.000001
    world.gp_put("C00007", Terms="NET 60")
    world.sales_put(world.accounts()["Firm 00009"]["id"], phone="9")
    report = world.sync()
    assert written(report) == 2 and report.verified.sampled == 2
    world.store.close()


def test_a_run_that_writes_nothing_reads_nothing_back(world: Verifying) -> None:
    linked(world)
    world.sync()
    before = world.sales.tally().requests
    report = world.sync()
    assert report.verified.sampled == 0 and world.sales.tally().requests - before == 1


def test_without_a_share_nothing_is_drawn(tmp_path: Path) -> None:
    world = verifying(tmp_path, 0.0)
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Street="1 Main", Zip="60603")
    assert world.sync().verified.sampled == 0 and waiting(world) == (0, 0)
    world.store.close()


def test_a_run_killed_before_it_read_back_leaves_that_to_the_next(world: Verifying) -> None:
    linked(world)
    world.gp_put("AARONFIT0001", Terms="NET 60")
    world.sales.faults.keep_nothing(1)

    def kill(point: str) -> None:
        if point == "recorded":
            raise KeyboardInterrupt

    world.probe = kill
    with pytest.raises(KeyboardInterrupt):
        world.sync()
    assert waiting(world) == (1, 0)
    world.probe = lambda point: None
    report = world.sync()
    assert report.verified.sampled >= 1 and waiting(world) == (0, 0)
    assert [name for name, _ in told(world, report)] == ["mismatch"]
    assert world.sync().clean and world.accounts()["Aaron Fitz"]["terms"] == "NET 60"


def test_a_run_killed_before_it_read_back_carries_no_lost_value_back(world: Verifying) -> None:
    linked(world, Phone="1")
    world.gp_put("AARONFIT0001", Phone="22")
    world.sales.faults.keep_nothing(1)

    def kill(point: str) -> None:
        if point == "recorded":
            raise KeyboardInterrupt

    world.probe = kill
    with pytest.raises(KeyboardInterrupt):
        world.sync()
    world.probe = lambda point: None
    world.sync()
    world.sync()
    assert world.accounts()["Aaron Fitz"]["phone"] == world.customers()["AARONFIT0001"]["Phone"] == "22"


def test_a_run_killed_right_after_it_read_back_has_lost_no_mismatch(world: Verifying) -> None:
    linked(world)
    world.gp_put("AARONFIT0001", Terms="NET 60")
    world.sales.faults.keep_nothing(1)

    def kill(point: str) -> None:
        if point == "verified":
            raise KeyboardInterrupt

    world.probe = kill
    with pytest.raises(KeyboardInterrupt):
        world.sync()
    assert waiting(world) == (0, 1)
    world.probe = lambda point: None
    report = world.sync()
    assert report.verified.healed + report.verified.agreed >= 1 and waiting(world) == (0, 0)
    assert world.accounts()["Aaron Fitz"]["terms"] == "NET 60"


def test_a_system_that_goes_down_before_the_read_back_stops_the_run_and_loses_nothing(
    world: Verifying,
) -> None:
    linked(world)
    world.gp_put("AARONFIT0001", Terms="NET 60")

    def fail(point: str) -> None:
        if point == "recorded":
            world.sales.faults.down(1)

    world.probe = fail
    report = world.sync()
    assert report.stopped is not None and report.stopped.code == "unreachable"
    assert waiting(world) == (1, 0)
    world.probe = lambda point: None
    report = world.sync()
    assert report.clean and report.verified.agreed == 1 and waiting(world) == (0, 0)


def test_what_a_system_keeps_in_its_own_spelling_is_no_mismatch(tmp_path: Path) -> None:
    world = verifying(tmp_path)
    world.gp.system.normaliser = lambda entity, name, value: (
        f"{value}   " if isinstance(value, str) and name == "Street" else value
    )
    world.sales_put("a1", name="Société Été", street="5 rue  Élysée", zip="75008", type=3, terms="net 30")
    report = world.sync()
    assert report.clean and report.verified.agreed == report.verified.sampled >= 1
    world.store.close()


def test_a_value_that_the_reply_gave_as_stored_counts_as_the_reply_said(tmp_path: Path) -> None:
    world = verifying(tmp_path)
    world.gp.system.normaliser = lambda entity, name, value: (
        value.title() if isinstance(value, str) and name == "Street" else value
    )
    key = linked(world)
    world.sales_put(key, street="9 oak")
    report = world.sync()
    assert world.customers()["AARONFIT0001"]["Street"] == "9 Oak"
    assert report.verified.mismatched == 0 and report.verified.agreed == report.verified.sampled == 1
    world.store.close()


def test_a_value_that_was_changed_in_silence_is_a_mismatch(tmp_path: Path) -> None:
    world = verifying(tmp_path)
    silent = MemoryConnector("gp", {"customer": customer()}, clock=world.clock, returns_stored=False)
    world.gp = silent
    world.gp.system.normaliser = lambda entity, name, value: (
        value.title() if isinstance(value, str) and name == "Street" else value
    )
    key = linked(world)
    world.sales_put(key, street="9 oak")
    report = world.sync()
    assert report.verified.mismatched == 1
    assert report.verified.unkept[0].fields == {"Street": ("9 oak", "9 Oak")}
    world.store.close()


def test_two_writes_of_one_record_are_expected_together(world: Verifying) -> None:
    linked(world)
    world.gp_put("AARONFIT0001", Terms="NET 60")
    world.sales.faults.keep_nothing(1)
    world.sync()
    world.gp_put("AARONFIT0001", Limit=5)
    world.share = 0.0
    report = world.sync()
    assert report.clean and report.verified.agreed == 1
    assert world.accounts()["Aaron Fitz"]["terms"] == "NET 60"
    assert waiting(world) == (0, 0)
