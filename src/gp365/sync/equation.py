"""The equation of a run: three independent counts of its subjects, and writes done against writes acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gp365.model.contract import Tally
from gp365.model.errors import Gp365Error
from gp365.model.plan import Verdict
from gp365.model.values import pack
from gp365.store import intents, ledger, runs, work
from gp365.store.ledger import Entry
from gp365.sync.guards.beginning import told_at_close
from gp365.sync.guards.limits import Guarded
from gp365.sync.guards.restored import keep_epochs
from gp365.sync.job import Job
from gp365.sync.observe import Observation
from gp365.sync.plan.fields import loud
from gp365.sync.subject import Disposition, Subject
from gp365.sync.verify import Verified


@dataclass(frozen=True, slots=True)
class SideReport:
    """What a run did on one side: records read, records created and updated, and fields written."""

    read: int
    created: int
    updated: int
    fields: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did, with its equation. `mismatches` names the counts that do not agree; `balanced` says there are none.

    `clean`: nothing is left retrying or unsettled, by this run or an earlier one, nothing stopped the run, and no write that
    was read back (`verified`) was missing, so that a second run writes nothing. `guards` are those that hold something for
    a person, or stopped the run; `recovered` names the restored sides that this run has brought back into step; `events`
    counts what happened to identities, by kind.
    """

    run: str
    flow: str
    pair: str
    considered: int
    dispositions: Mapping[str, int]
    fields: Mapping[str, int]
    sides: Mapping[str, SideReport]
    requests: Mapping[str, int]
    write_requests: Mapping[str, int]
    seconds: float
    balanced: bool
    clean: bool
    mismatches: tuple[str, ...] = ()
    cut: int = 0
    stopped: Gp365Error | None = None
    guards: tuple[Guarded, ...] = ()
    recovered: tuple[str, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict[str, int])
    verified: Verified = field(default_factory=Verified)


@dataclass(slots=True)
class Tallies:
    """The engine's own running counts, and what the connectors had counted when the run began."""

    began: Mapping[str, Tally]
    considered: int = 0
    dispositions: dict[str, int] = field(default_factory=dict[str, int])
    fields: dict[str, int] = field(default_factory=lambda: {"parked": 0, "held": 0, "overruled": 0})
    written: dict[str, int] = field(default_factory=dict[str, int])
    cut: int = 0
    events: dict[str, int] = field(default_factory=dict[str, int])
    verified: Verified = field(default_factory=Verified)

    @classmethod
    def begin(cls, job: Job) -> Tallies:
        """Start counting."""
        return cls({place.side: place.connector.tally() for place in job.places})

    def quiet(self, number: int) -> None:
        """Count links that nothing happened to."""
        self.considered += number
        self.dispositions["unchanged"] = self.dispositions.get("unchanged", 0) + number


def count_subject(tallies: Tallies, subject: Subject) -> None:
    """Count one finished subject, and its fields that were parked, held or overruled; what it was counted as goes."""
    if (before := subject.counted) is not None:
        tallies.considered -= 1
        tallies.dispositions[str(before.ended)] -= 1
        tallies.fields["parked"] -= before.parked
        tallies.fields["held"] -= before.held
    tallies.considered += 1
    name = str(subject.ended)
    tallies.dispositions[name] = tallies.dispositions.get(name, 0) + 1
    for plan in loud(subject.plan.fields) if subject.plan else ():
        if plan.verdict in (Verdict.CONFLICT, Verdict.PARKED):
            tallies.fields["parked"] += 1
        elif plan.verdict is Verdict.HELD:
            tallies.fields["held"] += 1
    for side, number in subject.fields_written.items():
        tallies.written[side] = tallies.written.get(side, 0) + number
    tallies.fields["overruled"] += subject.overruled
    tallies.cut += subject.cut
    if before is None:
        for name in {str(step["event"]) for step in subject.steps if "event" in step}:
            tallies.events[name] = tallies.events.get(name, 0) + 1


def close(
    job: Job,
    run: str,
    observation: Observation,
    tallies: Tallies,
    seconds: float,
    stopped: Gp365Error | None,
    *,
    looks: int = 0,
) -> Report:
    """Compare the counts, close the run, and report. The counts come from the work table, the ledger and the replies.

    With `looks` the run found nothing: looks after it may share its row.
    """
    report = compared(job, run, observation, tallies, seconds, stopped)
    _keep(job, observation, report, looks)
    return report


def compared(
    job: Job,
    run: str,
    observation: Observation,
    tallies: Tallies,
    seconds: float,
    stopped: Gp365Error | None,
    *,
    unwritten: int = 0,
) -> Report:
    """Compare the counts and report, keeping nothing. `unwritten` are the quiet links of a look that leaves no row."""
    with job.store.read() as conn:
        claimed = work.subjects_of(conn, run) + unwritten
        recorded = ledger.outcome_subjects(conn, run) + unwritten
        done = intents.done_count(conn, run)
        put_off = work.deferred(conn, job.pair, job.flow.name, job.clock())
    acknowledged = _acknowledged(job, tallies)
    mismatches = _compare(tallies.considered, claimed, recorded, done, acknowledged)
    left = sum(tallies.dispositions.get(str(one), 0) for one in (Disposition.RETRYING, Disposition.UNSETTLED))
    return Report(
        run=run,
        flow=job.flow.name,
        pair=job.pair,
        considered=tallies.considered,
        dispositions={str(one): tallies.dispositions.get(str(one), 0) for one in Disposition},
        fields=dict(tallies.fields),
        sides={place.side: _side(place.side, observation, acknowledged, tallies) for place in job.places},
        requests=_requests(job, tallies, "requests"),
        write_requests=_requests(job, tallies, "write_requests"),
        seconds=seconds,
        balanced=not mismatches,
        clean=not (left or put_off or mismatches or tallies.verified.mismatched) and stopped is None,
        mismatches=tuple(mismatches),
        cut=tallies.cut,
        stopped=stopped,
        guards=tuple(told_at_close(job, observation, stopped.code if stopped else "")),
        recovered=tuple(sorted(job.recovery.sides)) if job.recovery else (),
        events=dict(sorted(tallies.events.items())),
        verified=tallies.verified,
    )


def held_by(report: Report) -> int:
    """Count the records that guards hold."""
    return sum(one.held for one in report.guards)


def _keep(job: Job, observation: Observation, report: Report, looks: int) -> None:
    state = _state(report)
    counts = {"considered": report.considered, **report.dispositions, "fields": dict(report.fields)}
    if report.verified.sampled:
        counts["verified"] = report.verified.counts()
    payload = pack(
        {"state": state, "counts": counts, "mismatches": list(report.mismatches)} | _guards(job, report)
    )
    entry = Entry("run", report.run, "", 0, state, job.flow.digest, payload)
    if looks and state == "done":
        counts |= {"looks": looks, "held": held_by(report)}
    with job.store.write(job.lease) as conn:
        runs.end(conn, report.run, state, counts=counts, balanced=report.balanced, clean=report.clean)
        runs.forget_subjects(conn, report.run)
        if report.stopped is None:
            keep_epochs(conn, job, observation)
        ledger.append(conn, job.chain, [entry], actor=job.actor, at=job.clock())


def _state(report: Report) -> str:
    if report.stopped:
        return "stopped"
    if not report.balanced:
        return "unbalanced"
    return "mismatched" if report.verified.mismatched else "done"


def _guards(job: Job, report: Report) -> dict[str, Any]:
    """Say which guards held something, and who stood for what they did not look at."""
    told: dict[str, Any] = {}
    if report.guards:
        told["guards"] = [asdict(one) for one in report.guards]
    if job.recovery is not None:
        told["recovered"] = {"sides": list(report.recovered), "approved_by": job.recovery.actor or job.actor}
    elif job.approve is not None:
        told["guards_waived"] = {"for": "an approved plan", "approved_by": job.actor}
    return told


def _compare(
    considered: int,
    claimed: int,
    recorded: int,
    done: Mapping[tuple[str, str], int],
    acknowledged: Mapping[tuple[str, str], int],
) -> list[str]:
    found: list[str] = []
    if claimed != considered:
        found.append(f"{claimed} subjects were claimed, {considered} considered")
    if recorded != considered:
        found.append(f"the ledger holds outcomes of {recorded} subjects, {considered} were considered")
    for name in sorted({*done, *acknowledged}):
        ours, theirs = done.get(name, 0), acknowledged.get(name, 0)
        if ours != theirs:
            side, op = name
            found.append(f"{ours} {op}s on {side} are recorded as done, {theirs} rows were acknowledged")
    return found


def _acknowledged(job: Job, tallies: Tallies) -> dict[tuple[str, str], int]:
    """Give the rows that each side's replies acknowledged during the run, by (side, operation)."""
    found: dict[tuple[str, str], int] = {}
    for place in job.places:
        now, then = place.connector.tally().acknowledged, tallies.began[place.side].acknowledged
        for (entity, op), number in now.items():
            if entity == place.entity.name and number != then.get((entity, op), 0):
                found[(place.side, op)] = number - then.get((entity, op), 0)
    return found


def _side(
    side: str, observation: Observation, acknowledged: Mapping[tuple[str, str], int], tallies: Tallies
) -> SideReport:
    return SideReport(
        read=observation.read.get(side, 0),
        created=acknowledged.get((side, "create"), 0),
        updated=acknowledged.get((side, "update"), 0),
        fields=tallies.written.get(side, 0),
    )


def _requests(job: Job, tallies: Tallies, name: str) -> dict[str, int]:
    return {
        place.system: getattr(place.connector.tally(), name) - getattr(tallies.began[place.side], name)
        for place in job.places
    }
