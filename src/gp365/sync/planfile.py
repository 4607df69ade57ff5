"""Plan files: a plan as JSON Lines that a person reads, and that `apply` holds every write against.

A header (format, pair, flow, flow digest, made at, actor, digest of all lines) and a line per subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from gp365.model.errors import Misconfigured
from gp365.model.plan import Problem, SubjectPlan, Verdict
from gp365.model.record import Op, Record
from gp365.model.values import digest, key_text, pack, plain, show_key
from gp365.sync.job import Job
from gp365.sync.preview import outcome_of

FORMAT = 1


def line_of(job: Job, plan: SubjectPlan) -> dict[str, Any]:
    """Return one subject of a plan as its line: sides, keys, what it was planned on, and per field old, new, why, owner."""
    line: dict[str, Any] = {"subject": plan.subject, "outcome": outcome_of(plan)}
    for place, record in zip(job.places, (plan.left, plan.right), strict=True):
        if record is not None:
            line[place.side] = {"key": show_key(record.key), "print": _print(place.fields, record)}
    line["writes"] = [
        {
            "side": write.side,
            "op": str(write.op),
            "key": show_key(write.key),
            "values": {name: plain(value) for name, value in write.values.items()},
        }
        for write in plan.writes
    ]
    line["fields"] = [_field(job, plan, number) for number in range(len(plan.fields)) if _told(plan, number)]
    if plan.problem is not None:
        problem = plan.problem
        told: dict[str, Any] = {"code": problem.code, "message": problem.message, "field": problem.field}
        if problem.candidates:
            told["candidates"] = list(problem.candidates)
        line["problem"] = told
    if plan.filtered:
        line["filtered"] = plan.filtered
    line["digest"] = writes_digest(plan)
    return line


def _told(plan: SubjectPlan, number: int) -> bool:
    return plan.fields[number].verdict is not Verdict.AGREE


def _field(job: Job, plan: SubjectPlan, number: int) -> dict[str, Any]:
    one = plan.fields[number]
    on_left = one.target == job.left.side
    old = one.left if on_left else one.right
    told: dict[str, Any] = {}
    told |= {"field": one.name, "verdict": str(one.verdict), "why": one.rule or one.message}
    told |= {"owner": one.owner, job.left.side: _half(one.left), job.right.side: _half(one.right)}
    if one.target:
        told |= {"side": one.target, "old": _half(old), "new": _half(one.new)}
    for name in ("overruled", "cut"):
        if getattr(one, name):
            told[name] = True
    if one.code:
        told["code"] = one.code
    return told


def _half(half: tuple[Any, ...] | None) -> Any:
    if half is None:
        return None
    return plain(half[0]) if len(half) == 1 else [plain(part) for part in half]


def _print(fields: Iterable[str], record: Record) -> str:
    return digest(pack({name: record.values[name] for name in fields if name in record.values}))


def writes_digest(plan: SubjectPlan) -> str:
    """Hash what a subject's plan would write, but for the keys that are drawn when it is applied."""
    writes = [
        [
            write.side,
            str(write.op),
            show_key(write.key) if write.op is not Op.CREATE else "",
            dict(sorted(write.values.items())),
        ]
        for write in plan.writes
    ]
    return digest(pack({"writes": writes}))


def write_plan(path: Path, job: Job, plans: Iterable[SubjectPlan], *, at: datetime) -> int:
    """Write a plan file and return the number of its subjects; it appears whole or not at all."""
    body = path.with_name(path.name + ".part")
    hashed, count = blake2b(digest_size=16), 0
    with body.open("wb") as out:
        for plan in plans:
            line = orjson.dumps(line_of(job, plan)) + b"\n"
            hashed.update(line)
            out.write(line)
            count += 1
    header: dict[str, Any] = {
        "format": FORMAT,
        "pair": job.pair,
        "flow": job.flow.name,
        "flow_digest": job.flow.digest,
        "made_at": at.astimezone(UTC).isoformat(),
        "actor": job.actor,
        "subjects": count,
        "digest": hashed.hexdigest(),
    }
    if job.recovery is not None:
        header["recovery"] = sorted(job.recovery.sides)
    whole = path.with_name(path.name + ".whole")
    with whole.open("wb") as out, body.open("rb") as lines:
        out.write(orjson.dumps(header) + b"\n")
        while chunk := lines.read(1 << 20):
            out.write(chunk)
    body.unlink()
    whole.replace(path)
    return count


@dataclass(frozen=True, slots=True)
class Moved:
    """A subject that is not written, because it is not as the approved plan says: its keys by side, and why."""

    subject: str
    keys: Mapping[str, str]
    why: str


@dataclass(slots=True)
class Approved:
    """A plan file as `apply` uses it: the writes that were approved, by the left or right key, and what did not hold.

    Approved is what a line says, and what follows from it: a record that this very apply has created is finished (what
    its system filled in comes back, a card follows its customer), and a field that the line shows as waiting is
    written when what it waits for has come. `made` tells whether this apply has created a record (side, key).
    """

    header: Mapping[str, Any]
    lines: dict[tuple[str, str], dict[str, Any]]
    moved: list[Moved] = field(default_factory=list[Moved])
    used: set[str] = field(default_factory=set[str])
    made: Callable[[str, str], bool] = lambda side, key: False

    def check(self, job: Job, plan: SubjectPlan) -> Problem | None:
        """Let a subject pass only when its plan today is the plan that was approved, on the same values."""
        line = self._line(job, plan)
        if line is None:
            if not plan.writes or self._is_made(job, plan):
                return None
            return self._moved(job, plan, "It was not in the plan that was approved.")
        if not plan.writes and not line["writes"]:
            return None
        if line["subject"] in self.used:
            return self._follows(job, plan, line)
        self.used.add(line["subject"])
        for place, record in zip(job.places, (plan.left, plan.right), strict=True):
            then = line.get(place.side)
            if (then is None) != (record is None):
                why = f"It is not on {place.side} as it was when the plan was made."
                return self._moved(job, plan, why)
            if then is not None and record is not None and then["print"] != _print(place.fields, record):
                return self._moved(job, plan, f"It has changed on {place.side} since the plan was made.")
        if line["digest"] != writes_digest(plan):
            return self._moved(job, plan, "It would be written otherwise than the plan says.")
        return None

    def unmet(self) -> list[Moved]:
        """Name the subjects whose planned writes no run came to: they are gone, or no longer as they were."""
        found: dict[str, Moved] = {}
        for line in self.lines.values():
            if line["writes"] and line["subject"] not in self.used:
                keys = {side: str(held["key"]) for side, held in line.items() if _is_side(held)}
                why = "It did not appear any more, or nothing is left to write."
                found[line["subject"]] = Moved(line["subject"], keys, why)
        return list(found.values())

    def _follows(self, job: Job, plan: SubjectPlan, line: Mapping[str, Any]) -> Problem | None:
        """Look at a subject once more: after its create it is finished, else only what was waiting may be written."""
        created = any(write["op"] == Op.CREATE for write in line["writes"])
        waiting = {one["field"] for one in line["fields"] if one["verdict"] == Verdict.WAITING}
        written = {one.name for one in plan.fields if one.verdict is Verdict.WRITE}
        if created or written <= waiting:
            return None
        return self._moved(job, plan, "It changed while the plan was applied.")

    def _is_made(self, job: Job, plan: SubjectPlan) -> bool:
        return any(
            record is not None and self.made(place.side, key_text(record.key))
            for place, record in zip(job.places, (plan.left, plan.right), strict=True)
        )

    def _line(self, job: Job, plan: SubjectPlan) -> dict[str, Any] | None:
        for place, record in zip(job.places, (plan.left, plan.right), strict=True):
            if record is not None and (place.side, show_key(record.key)) in self.lines:
                return self.lines[(place.side, show_key(record.key))]
        return None

    def _moved(self, job: Job, plan: SubjectPlan, why: str) -> Problem:
        records = zip(job.places, (plan.left, plan.right), strict=True)
        keys = {place.side: show_key(record.key) for place, record in records if record is not None}
        self.moved.append(Moved(plan.subject, keys, why))
        return Problem("plan-stale", why)


def _is_side(held: object) -> bool:
    return isinstance(held, dict) and "print" in held


def read_plan(path: Path) -> Iterator[dict[str, Any]]:
    """Give the lines of a plan file, the header first; Misconfigured("plan-invalid") when it is damaged or was edited."""
    hashed = blake2b(digest_size=16)
    header: dict[str, Any] | None = None
    try:
        with path.open("rb") as held:
            for number, line in enumerate(held, 1):
                if header is not None:
                    hashed.update(line)
                parsed: dict[str, Any] = orjson.loads(line)
                if number == 1:
                    header = parsed
                yield parsed
    except FileNotFoundError:
        raise Misconfigured("plan-invalid", f"There is no plan file {path}.", value=str(path)) from None
    except (ValueError, OSError) as error:
        raise Misconfigured("plan-invalid", f"{path.name} cannot be read: {error}", value=str(path)) from None
    if header is None or header.get("format") != FORMAT or header.get("digest") != hashed.hexdigest():
        raise Misconfigured(
            "plan-invalid", f"{path.name} is damaged, or was edited by hand.", value=str(path)
        )


def load_approved(path: Path) -> Approved:
    """Read a plan file to apply it."""
    lines = list(read_plan(path))
    by_key: dict[tuple[str, str], dict[str, Any]] = {}
    for line in lines[1:]:
        for side, held in line.items():
            if _is_side(held):
                by_key[(side, str(held["key"]))] = line
    return Approved(lines[0], by_key)
