"""Looks of the service come to the same end as runs of a person: what they leave out changes nothing in either system."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gp365.store import parked
from gp365.sync.cycle import sync
from gp365.sync.looked import Looked
from sync.engine_world import FLOW, World, make_world

STEPS = 25
STREETS = ("1 Main", "2 Lake", "3 Hill", "")
FLOW_WITH_CONDITION = {
    **FLOW,
    "sides": {**FLOW["sides"], "gp": {**FLOW["sides"]["gp"], "when": "terms !== 'NONE'"}},
}


def run(world: World, remember: Looked | None) -> str:
    """Run once; the code of what stopped it, as a guard does where the last customer is gone."""
    lease = world.take_lease()
    job = world.job(lease=lease)
    if remember is not None:
        job.fold_s, job.looked = 3600.0, remember
    try:
        world.gp.begin_run()
        world.sales.begin_run()
        report = sync(job)
        assert report.balanced
        return report.stopped.code if report.stopped is not None else ""
    finally:
        job.scratch.close()  # type: ignore[attr-defined]
        world.release(lease)


def act(world: World, chance: random.Random) -> None:
    """Do what people do: edit, create, take out of a condition and back, delete, decide."""
    numbers, accounts = sorted(world.customers()), sorted(row["id"] for row in world.accounts().values())
    what = chance.choice(
        [
            "gp",
            "gp",
            "gp",
            "sales",
            "sales",
            "both",
            "both",
            "new",
            "made",
            "terms",
            "decide",
            "delete",
            "none",
        ]
    )
    street, name = chance.choice(STREETS), f"Firm {chance.randrange(10_000)}"
    number, account = (chance.choice(one) if one else "" for one in (numbers, accounts))
    if what in ("gp", "both") and number:
        world.gp_put(number, Street=street, Phone=chance.choice(["555", "556"]))
    if what in ("sales", "both") and account:
        world.sales_put(account, street=chance.choice(STREETS))
    if what == "new":
        world.gp_put(f"N{chance.randrange(10_000):04}", Name=name, Street=street, Zip="60603")
    if what == "made":
        world.sales_put(f"s{chance.randrange(10_000)}", name=name, street=street, zip="60603", type=3)
    if what == "terms" and number:
        world.gp_put(number, Terms=chance.choice(["NONE", "NET 30"]))
    if what == "delete" and number and chance.random() < 0.5:
        world.gp.person_delete("customer", (number,))
    if what == "decide":
        for entry in world.parked():
            if entry.code == "conflict":
                with world.store.write() as conn:
                    parked.resolve(conn, entry.id, {"take": "gp"}, "anna")
                return


def stands(world: World) -> tuple[object, ...]:
    waiting = sorted((one.left_key or "", one.right_key or "", one.field, one.code) for one in world.parked())
    rows = [sorted((key, sorted(row.items(), key=str)) for key, row in world.customers().items())]
    return rows, sorted(world.accounts().items(), key=str), waiting


@pytest.mark.parametrize("seed", range(6))
def test_looks_and_runs_of_a_person_come_to_the_same_end(tmp_path: Path, seed: int) -> None:
    looking, running = make_world(tmp_path / "looking"), make_world(tmp_path / "running")
    remember = Looked()
    for world in (looking, running):
        world.flow = FLOW_WITH_CONDITION
    for step in range(STEPS):
        stops: list[str] = []
        for world, memory in ((looking, remember), (running, None)):
            act(world, random.Random(f"{seed} {step}"))
            stops.append(run(world, memory))
            world.clock.advance(120)
        assert stops[0] == stops[1], step
        assert stands(looking) == stands(running), step
    assert looking.chain_holds()
    for world in (looking, running):
        world.store.close()
