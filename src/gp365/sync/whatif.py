"""Replaying recorded changes under another owner: what the rule would have decided, and where that differs.

Only the store is read. A change is replayed with the flow, fields and lookups that it was planned with; under its own
owner it must first come out as it was recorded, else it is not replayed but counted with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gp365.model.plan import FieldPlan, Half, Pair, Resolution, Verdict
from gp365.model.record import Record
from gp365.model.values import digest, unpack_deep
from gp365.store import intents, ledger
from gp365.store.ledger import LedgerRow
from gp365.sync.kept import digests_of
from gp365.sync.plan import CompiledFlow, Facts
from gp365.sync.plan.facts import Computed
from gp365.sync.plan.pairs import pairs_of
from gp365.sync.plan.update import plan_update

VERSION = "what it was planned with was not kept"
INPUTS = "the values that it was planned on were not kept"
UNREADABLE = "one side could not be read"
OTHERWISE = "it does not come out as recorded, even under its own owner"
MORE = "it needs the values that had been agreed, which were not kept"
NEVER = "\x00"
"""A value that no side ever held: both sides have moved away from it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rule says of a unit: verdict, reason, winner, and by side and field what is written."""

    verdict: str
    why: str
    winner: str
    written: Mapping[str, Mapping[str, Half]] = field(default_factory=dict[str, Mapping[str, Half]])
    code: str = ""

    def same(self, other: Outcome) -> bool:
        """Tell whether two outcomes leave the systems alike."""
        return (self.verdict, self.written) == (other.verdict, other.written)


@dataclass(frozen=True, slots=True)
class Replayed:
    """One recorded change of a unit; `now` is None where it could not be replayed, and `reason` says why."""

    at: datetime
    run: str
    keys: Mapping[str, str]
    unit: str
    values: tuple[Half, Half]
    then: Outcome
    now: Outcome | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A flow as it was, compiled twice: with the owners of then, and with the other ones."""

    then: CompiledFlow
    other: CompiledFlow


Versions = Callable[[str, str, str], Version | None]
"""Finds a version by the hashes of its flow, entities and lookups."""


def replay(
    conn: Connection, pair: str, flow: str, since: datetime, units: Collection[str], versions: Versions
) -> Iterator[Replayed]:
    """Give every recorded change of these fields and groups since a moment, replayed; a repeated one once."""
    seen: set[bytes] = set()
    for row in ledger.outcomes_since(conn, pair, flow, since):
        if row.payload is None:
            continue
        payload: dict[str, Any] = unpack_deep(row.payload)
        for step in payload.get("steps") or ():
            for one in _step(conn, row, dict(payload.get("keys") or {}), step, units, versions):
                name = bytes.fromhex(digest(repr((row.subject, one.unit, one.values, one.then)).encode()))[:8]
                if name not in seen:
                    seen.add(name)
                    yield one


def _step(
    conn: Connection,
    row: LedgerRow,
    keys: Mapping[str, str],
    step: Mapping[str, Any],
    units: Collection[str],
    versions: Versions,
) -> Iterator[Replayed]:
    told = _units(step, units)
    if not told:
        return
    inputs = next((str(one["inputs"]) for one in step.get("writes") or () if one.get("inputs")), "")
    body = intents.inputs(conn, inputs) if inputs else None
    held: dict[str, Any] | None = unpack_deep(body) if body else None
    if held is not None:
        version = versions(str(held["flow"]), str(held["entities"]), str(held["lookups"]))
    else:
        version = versions(row.flow_digest, *digests_of(conn, row.flow_digest))
    for unit, fields in told.items():
        base = Replayed(row.at, row.run, keys, unit, _values(fields), _recorded(fields))
        if version is None:
            yield replace(base, reason=VERSION)
        elif any(write.get("op") == "create" for write in step.get("writes") or ()):
            yield replace(base, now=base.then)  # nobody owns a record that is being made
        elif any(one.get("left") is None or one.get("right") is None for one in fields):
            yield replace(base, reason=UNREADABLE)
        elif held is not None:
            yield _whole(version, base, held)
        elif inputs or base.then.verdict == Verdict.WRITE:
            yield replace(base, reason=INPUTS)
        else:
            yield _alone(version, base, fields)


def _units(step: Mapping[str, Any], units: Collection[str]) -> dict[str, list[Mapping[str, Any]]]:
    """Group a step's fields by the asked units; a group's fields are named GROUP.FIELD."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in step.get("fields") or ():
        name = str(one["field"])
        unit = name if name in units else name.rpartition(".")[0]
        if unit in units:
            found.setdefault(unit, []).append(one)
    return found


def _values(fields: Sequence[Mapping[str, Any]]) -> tuple[Half, Half]:
    left, right = ([value for one in fields for value in one.get(end) or ()] for end in ("left", "right"))
    return tuple(left), tuple(right)


def _recorded(fields: Sequence[Mapping[str, Any]]) -> Outcome:
    written: dict[str, dict[str, Half]] = {}
    for one in fields:
        if one.get("target") and one["verdict"] == Verdict.WRITE:
            written.setdefault(str(one["target"]), {})[str(one["field"])] = tuple(one.get("new") or ())
    first = next((one for one in fields if one["verdict"] == Verdict.WRITE), fields[0])
    return Outcome(
        str(first["verdict"]), str(first["why"]), str(first.get("winner") or ""), written, _code(first)
    )


def _code(told: Mapping[str, Any]) -> str:
    return str(told.get("code") or "")


def _planned(plans: Sequence[FieldPlan], unit: str) -> Outcome:
    mine = [one for one in plans if (one.unit or one.name) == unit]
    loud = [one for one in mine if one.verdict is not Verdict.AGREE]
    if not loud:
        return Outcome(str(Verdict.AGREE), "equal after fitting", "")
    written: dict[str, dict[str, Half]] = {}
    for one in loud:
        if one.target and one.verdict is Verdict.WRITE:
            written.setdefault(one.target, {})[one.name] = one.new
    first = next((one for one in loud if one.verdict is Verdict.WRITE), loud[0])
    return Outcome(str(first.verdict), first.rule or first.message, first.winner, written, first.code)


def _whole(version: Version, base: Replayed, held: Mapping[str, Any]) -> Replayed:
    """Replay a change from everything that the planner was told when it was written."""
    left, right = (Record((), dict(held[end] or {})) for end in ("left", "right"))
    facts = Facts(
        pairs=pairs_of(held["pairs"]),
        computed={name: Computed(value, code) for name, (value, code) in held["computed"].items()},
        company=str(held.get("company") or ""),
    )
    asked = _asked(version.then, base.unit, held, left, right)
    before = plan_update(version.then, "", left, right, replace(facts, resolutions=asked))
    if not _planned(before.fields, base.unit).same(base.then):
        return replace(base, reason=OTHERWISE)
    after = plan_update(version.other, "", left, right, facts)
    return replace(base, now=_planned(after.fields, base.unit))


def _asked(
    compiled: CompiledFlow, unit: str, held: Mapping[str, Any], left: Record, right: Record
) -> dict[str, Resolution]:
    """Give the person's answer that was applied then; under the other owner nobody would have been asked."""
    given = held["resolutions"].get(unit)
    if not given:
        return {}
    rows = [row for row in compiled.units.get(unit, ()) if row.row.compared]
    halves = [
        tuple(value for row in rows for value in row.half(side.name, record.values) or ())
        for side, record in zip(compiled.flow.sides, (left, right), strict=True)
    ]
    take, value, actor = given
    return {unit: Resolution(str(take or ""), value, halves[0], halves[1], str(actor))}


def _alone(version: Version, base: Replayed, fields: Sequence[Mapping[str, Any]]) -> Replayed:
    """Replay what was not written, from both values alone.

    What had been agreed is not told: every way that comes out as recorded is tried, and all must lead to one end.
    """
    if base.then.code == "superseded":
        return replace(base, now=base.then)  # asked before owners are
    records = _records(version.then, fields)
    if records is None:
        return replace(base, reason=VERSION)
    ends: list[Outcome] = []
    for pairs in _ways(version.then, fields):
        facts = Facts(pairs=pairs)
        before = _planned(plan_update(version.then, "", *records, facts).fields, base.unit)
        if before.same(base.then) and before.code == base.then.code:
            ends.append(_planned(plan_update(version.other, "", *records, facts).fields, base.unit))
    if not ends:
        return replace(base, reason=OTHERWISE)
    if any(not one.same(ends[0]) for one in ends):
        return replace(base, reason=MORE)
    return replace(base, now=ends[0])


def _ways(compiled: CompiledFlow, fields: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Pair]]:
    """Give what may have been agreed: nothing; or values from which both sides had moved, one of them, or neither."""
    yield {}
    left, right = (side.name for side in compiled.flow.sides)
    rows = [(compiled.row(str(one["field"])).row, one) for one in fields]
    for moved in ((True, True), (True, False), (False, True), (False, False)):
        yield {
            row.name: (
                (NEVER,) * len(row.wires[left]) if moved[0] else tuple(one["left"]),
                (NEVER,) * len(row.wires[right]) if moved[1] else tuple(one["right"]),
            )
            for row, one in rows
        }


def _records(compiled: CompiledFlow, fields: Sequence[Mapping[str, Any]]) -> tuple[Record, Record] | None:
    values: list[dict[str, Any]] = [{}, {}]
    for one in fields:
        row = compiled.by_name.get(str(one["field"]))
        for at, (end, side) in enumerate(zip(("left", "right"), compiled.flow.sides, strict=True)):
            wires = row.row.wires.get(side.name, ()) if row else ()
            if len(wires) != len(one[end]) or not wires:
                return None
            values[at].update(zip(wires, one[end], strict=True))
    return Record((), values[0]), Record((), values[1])
