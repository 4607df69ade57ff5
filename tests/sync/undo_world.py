"""The small world of undo: records can be taken out of use, the clock ticks, and a whole undo is one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gp365.connectors.memory import MemoryConnector
from gp365.model.entity import EntityDescription, FieldDescription, FieldType
from gp365.store import ledger, runs
from gp365.store.links import Link
from gp365.sync.equation import Report
from gp365.sync.job import Job
from gp365.sync.undo.plan import Undoing
from gp365.sync.undo.run import digest_of
from gp365.sync.undo.whole import of_record, of_run, run_named, show, steps_of, take_back
from sync.engine_world import START, World, account, customer, make_world, written

STATE = FieldDescription("state", FieldType.OPTION, options={0: "Active", 1: "Inactive"}, writable="update")


class Ticking:
    """A clock on which no two moments are the same."""

    def __init__(self) -> None:
        self.now: datetime = START

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def gp_entity(**more: Any) -> EntityDescription:
    plain = customer(**more)
    inactive = FieldDescription("Inactive", FieldType.BOOLEAN)
    return replace(
        plain,
        fields={**plain.fields, "Inactive": inactive},
        retired={"Hold": True, "Inactive": True},
    )


def sales_entity(**more: Any) -> EntityDescription:
    plain = account(**more)
    return replace(plain, fields={**plain.fields, "state": STATE}, retired={"state": 1})


def undo_world(
    folder: Path, gp: EntityDescription | None = None, sales: EntityDescription | None = None
) -> World:
    import sync.engine_world as small

    before, small.Clock = small.Clock, Ticking  # type: ignore[misc, assignment]
    try:
        return make_world(folder, gp=gp or gp_entity(), sales=sales or sales_entity())
    finally:
        small.Clock = before  # type: ignore[misc]


def entities(world: World, gp: EntityDescription, sales: Mapping[str, EntityDescription]) -> None:
    world.gp = MemoryConnector("gp", {"customer": gp}, clock=world.clock)
    world.sales = MemoryConnector("sales", sales, clock=world.clock)


@dataclass
class Undone:
    """What an undo came to: its reports, and its subjects as they ended."""

    reports: list[Report] = field(default_factory=list[Report])
    subjects: list[Undoing] = field(default_factory=list[Undoing])

    @property
    def run(self) -> str:
        return self.reports[-1].run

    @property
    def refused(self) -> list[str]:
        """Everything that was refused, in words."""
        problems = [one.subject.problem or one.plan.problem for one in self.subjects]
        fields = [plan for one in self.subjects for plan in one.plan.fields if plan.code]
        return [one.message for one in problems if one] + [plan.message for plan in fields]

    @property
    def codes(self) -> set[str]:
        problems = [one.subject.problem or one.plan.problem for one in self.subjects]
        return {one.code for one in problems if one} | {
            plan.code for one in self.subjects for plan in one.plan.fields if plan.code
        }

    @property
    def back(self) -> dict[str, tuple[Any, ...]]:
        """What goes back, by field."""
        return {
            plan.name: plan.new
            for one in self.subjects
            for plan in one.plan.fields
            if str(plan.verdict) == "write"
        }

    @property
    def differs(self) -> dict[str, str]:
        return {name: why for one in self.subjects for name, why in one.differs.items()}

    @property
    def digests(self) -> dict[tuple[str, str], str]:
        return {(self.flow_of(one), one.task.name): digest_of(one) for one in self.subjects}

    def flow_of(self, one: Undoing) -> str:
        return one.task.heads[0].flow if one.task.heads else "customers"


def last_run(world: World, flow: str = "customers") -> str:
    with world.store.read() as conn:
        found = runs.latest(conn, "test", flow)
    assert found is not None
    return found.id


@contextmanager
def _jobs(world: World, flows: Sequence[Mapping[str, Any]], pair: str) -> Iterator[list[Job]]:
    lease = world.take_lease()
    jobs = [world.job(flow, lease=lease, pair=pair) for flow in flows]
    try:
        yield jobs
    finally:
        for job in jobs:
            job.scratch.close()  # type: ignore[attr-defined]
        world.release(lease)


def undo(
    world: World,
    run: str = "",
    *,
    apply: bool = True,
    shown: Mapping[tuple[str, str], str] | None = None,
    flows: Sequence[Mapping[str, Any]] = (),
    record: tuple[str, str] | None = None,
    since: datetime | None = None,
    pair: str = "test",
    **more: Any,
) -> Undone:
    """Take a run back (the last one), or the last writes of a record (side, key)."""
    name, told = run or last_run(world), Undone()
    with _jobs(world, flows or [world.flow], pair) as jobs:
        with world.store.read() as conn:
            if record is not None:
                wanted = of_record(conn, jobs[0], *record, since=since)
            else:
                wanted = of_run(conn, jobs, run_named(conn, name), **more)
            steps = steps_of(conn, jobs, wanted)
        if apply:

            def done(job: Job, one: Undoing) -> None:
                del job
                told.subjects.append(one)

            told.reports = list(take_back(steps, shown=shown, done=done))
            assert all(report.balanced for report in told.reports), [one.mismatches for one in told.reports]
        else:
            told.subjects = [one for _, one in show(steps)]
    return told


def shown_undo(world: World, run: str = "", **more: Any) -> Undone:
    """Show what an undo would do; neither system nor store may change by it."""
    before = (world.customers(), world.accounts(), world.links())
    told = undo(world, run, apply=False, **more)
    assert before == (world.customers(), world.accounts(), world.links())
    return told


def quiet(world: World) -> Report:
    """Sync once more: nothing is written, and everything adds up."""
    report = world.sync()
    assert written(report) == 0 and report.balanced and report.clean, report
    assert world.chain_holds()
    return report


def link_states(world: World) -> list[str]:
    return [link.state for link in world.links()]


def the_link(world: World) -> Link:
    (link,) = world.links()
    return link


def undo_steps(world: World, run: str) -> list[dict[str, Any]]:
    """What the ledger tells of an undo."""
    with world.store.read() as conn:
        bodies = [ledger.decode(row) or {} for row in ledger.rows(conn, run)]
    return [step["undo"] for body in bodies for step in body.get("steps", []) if "undo" in step]
