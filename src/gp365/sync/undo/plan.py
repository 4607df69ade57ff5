"""The plan of one subject of an undo: which fields go back, what becomes of its link, and why something does not.

A field that goes back is agreed as it then stands, so that the next sync leaves it (held). Where today's rule would
write it again all the same, it is refused beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gp365.model.plan import FieldPlan, Half, Pair, PlannedWrite, Problem, SubjectPlan, Verdict
from gp365.model.record import Op, Record
from gp365.model.values import Value, show
from gp365.store.intents import Intent
from gp365.store.links import CLOSED, OPEN, Link
from gp365.sync.job import Job, Place, merged_into
from gp365.sync.plan import Facts
from gp365.sync.plan.rows import see_raw
from gp365.sync.plan.update import plan_update, wire_values
from gp365.sync.subject import Subject
from gp365.sync.undo.fields import NOT_UNDOABLE, Target, undo_fields, written_of
from gp365.sync.undo.find import Task
from gp365.sync.undo.retire import changed_since, is_retired, restore_fields, retire_fields, retired_values

CLOSE, REOPEN = "close", "open"
IN_USE = "in-use"
UPDATE, CREATE, LINK = "update", "create", "link"


@dataclass(slots=True)
class Undoing:
    """A subject on its way through an undo.

    `intents` are the writes to take back, newest first; `later` those of ours to the same records that stay; `undone`
    the runs among them that were undos themselves. `blocked`: why what it created is still in use. `change` is what
    becomes of the link, `kind` what is taken back, `notes` what else a person should know, `differs` what the partner will
    hold instead, by field. `moved`: it is not as it was shown. `before` is the link as it was, once it was closed or opened.
    """

    task: Task
    subject: Subject
    intents: Sequence[Intent] = ()
    later: Sequence[Intent] = ()
    undone: frozenset[str] = frozenset()
    blocked: str = ""
    facts: Facts = field(default_factory=Facts)
    change: str = ""
    kind: str = UPDATE
    notes: list[str] = field(default_factory=list[str])
    differs: dict[str, str] = field(default_factory=dict[str, str])
    moved: bool = False
    before: Link | None = None

    @property
    def plan(self) -> SubjectPlan:
        """Return the plan; it is made before anybody asks."""
        assert self.subject.plan is not None
        return self.subject.plan


def plan_undoing(job: Job, one: Undoing) -> None:
    """Plan a subject whose records were read and whose facts were gathered; puts the plan on the subject."""
    one.change, one.notes, one.differs, one.kind = "", [], {}, UPDATE
    created = [intent for intent in one.intents if intent.op == str(Op.CREATE)]
    link = one.before or one.subject.link
    if created:
        one.kind = CREATE
    if link is None:
        _refuse(job, one, NOT_UNDOABLE, "The two records are not linked any more.")
    elif created:
        _plan_create(job, one, link, created[0])
    elif _reopens(job, one, link):
        one.kind = CREATE
        _plan_fields(job, one, link, held=False)
        one.change = REOPEN if one.plan.problem is None else ""
    elif link.state != OPEN and one.intents and job.flow.order is None:
        _refuse(job, one, NOT_UNDOABLE, "Its link is closed.")
    else:
        _plan_fields(job, one, link, held=True)
        _plan_link(one, link)


def _refuse(job: Job, one: Undoing, code: str, message: str) -> None:
    left, right = (one.subject.records.get(place.side) for place in job.places)
    one.subject.plan = SubjectPlan(one.subject.id, left, right, problem=Problem(code, message))
    one.change = ""


def _plan_link(one: Undoing, link: Link) -> None:
    """Close a link that the run made by matching, where that was asked for."""
    if one.task.unlink and one.plan.problem is None:
        one.change = CLOSE if link.state == OPEN else ""
        one.kind = UPDATE if one.intents else LINK


def _reopens(job: Job, one: Undoing, link: Link) -> bool:
    """Tell whether what is taken back is the undo of a create: then the link opens again."""
    if link.state != CLOSED:
        return False
    writes = [written_of(intent) for intent in one.intents if intent.run in one.undone]
    return one.task.reopens or any(is_retired(job, write.intent.side, write) for write in writes)


def _unusable(place: Place, subject: Subject) -> str:
    """Say why the record of a side cannot be written: gone, hidden, merged, or another one under its key."""
    record, link = subject.records.get(place.side), subject.link
    if record is None:
        return f"It is not to be found on {place.side} any more."
    if record.hidden:
        return f"Our account may not read it on {place.side}."
    if merged_into(place, record):
        return f"It was merged into another record on {place.side}."
    birth = "" if link is None else link.left_birth if place.end == "left" else link.right_birth
    if birth and record.birth and record.birth != birth:
        return f"Another record stands under its key on {place.side}."
    return ""


def _target(one: Undoing, job: Job, side: str, record: Record) -> Target:
    left, right = (one.subject.records.get(place.side) for place in job.places)
    writes = tuple(
        written_of(intent) for intent in one.intents if intent.side == side and intent.op == str(Op.UPDATE)
    )
    later = tuple(written_of(intent) for intent in one.later if intent.side == side)
    return Target(side, record, left, right, writes, later)


def _plan_fields(job: Job, one: Undoing, link: Link, *, held: bool) -> None:
    """Plan the fields of both records that the writes changed; with `held`, only what the next sync leaves alone."""
    sides = {intent.side for intent in one.intents}
    for place in job.places:
        needed = place.side in sides or (held and bool(sides))
        if needed and (why := _unusable(place, one.subject)):
            _refuse(job, one, NOT_UNDOABLE, why)
            return
    if any(intent.op == str(Op.UPDATE) and not written_of(intent).values for intent in one.intents):
        _refuse(job, one, NOT_UNDOABLE, "What was written, and what stood there before, has been erased.")
        return
    fields: list[FieldPlan] = []
    more: dict[str, Mapping[str, Value]] = {}
    for side in sorted(sides):
        target = _target(one, job, side, one.subject.records[side])
        if not held:
            words = restore_fields(job, side, target.record, target.writes)
            more[side] = retired_values(job, side, words)
            others = tuple(write for write in target.writes if not is_retired(job, side, write))
            fields += words
            target = replace(target, writes=others)
        fields += undo_fields(job.compiled, target)
    if held:
        fields = _only_held(job, one, fields)
    one.subject.plan = _subject_plan(job, one, fields, more)
    one.differs = _differences(job, one, fields) if held else {}
    del link


def _subject_plan(
    job: Job, one: Undoing, fields: Sequence[FieldPlan], more: Mapping[str, Mapping[str, Value]] | None = None
) -> SubjectPlan:
    """Lay the fields that go back out as writes; `more` are wire values by side that no row has."""
    subject = one.subject
    left, right = (subject.records.get(place.side) for place in job.places)
    writes: list[PlannedWrite] = []
    for place, record in zip(job.places, (left, right), strict=True):
        values = _values(job, place.side, fields) | dict((more or {}).get(place.side, {}))
        if record is None:
            continue
        changed = {
            wire: value
            for wire, value in values.items()
            if wire not in record.values or record.values[wire] != value
        }
        if changed:
            writes.append(PlannedWrite(place.side, Op.UPDATE, record.key, changed))
    return SubjectPlan(subject.id, left, right, fields=tuple(fields), writes=tuple(writes))


def _values(job: Job, side: str, fields: Sequence[FieldPlan]) -> dict[str, Value]:
    return wire_values(
        job.compiled,
        [
            plan
            for plan in fields
            if plan.target == side
            and plan.verdict is Verdict.WRITE
            and side
            in (job.compiled.by_name[plan.name].row.wires if plan.name in job.compiled.by_name else ())
        ],
    )


def _plan_create(job: Job, one: Undoing, link: Link, created: Intent) -> None:
    """Plan to take a created record out of use; what the run wrote to its source goes back too."""
    side = created.side
    why = _unusable(job.place(side), one.subject)
    if why or one.blocked:
        _refuse(job, one, IN_USE if one.blocked else NOT_UNDOABLE, why or one.blocked)
        return
    if link.state not in (OPEN, CLOSED):
        _refuse(job, one, IN_USE, "It shares its partner with another record.")
        return
    record = one.subject.records[side]
    fields, why = retire_fields(job, side, record)
    if why:
        _refuse(job, one, NOT_UNDOABLE, why)
        return
    one.notes += changed_since(job, side, record, written_of(created))
    retired = retired_values(job, side, fields)
    source = job.across(side)
    if not _unusable(source, one.subject):
        held = one.subject.records[source.side]
        fields = [*fields, *undo_fields(job.compiled, _target(one, job, source.side, held))]
    back = [plan for plan in fields if plan.target != side]
    plan = _subject_plan(job, one, back, {side: retired})
    one.subject.plan = replace(plan, fields=tuple(fields))
    one.change = CLOSE if link.state == OPEN else ""


def _only_held(job: Job, one: Undoing, fields: Sequence[FieldPlan]) -> list[FieldPlan]:
    """Refuse what the next sync would write again although both sides stand as agreed (a reference, a currency)."""
    again = _written_again(job, one, fields)
    if not again:
        return list(fields)
    return [
        replace(
            plan,
            verdict=Verdict.PARKED,
            code=NOT_UNDOABLE,
            message=f"The next sync would write it again: {again[plan.name]}.",
            rule=f"refused: the next sync would write it again: {again[plan.name]}.",
            new=(),
        )
        if plan.name in again and plan.verdict is Verdict.WRITE
        else plan
        for plan in fields
    ]


def _written_again(job: Job, one: Undoing, fields: Sequence[FieldPlan]) -> dict[str, str]:
    """Plan the sync after this undo, and name the units of it that it would write once more, with the reason."""
    back = [plan for plan in fields if plan.verdict is Verdict.WRITE]
    left, right = (one.subject.records.get(place.side) for place in job.places)
    if not back or left is None or right is None or job.flow.order is not None:
        return {}  # an order never acts twice
    left, right = (
        record._replace(values={**record.values, **_values(job, place.side, back)})
        for place, record in ((job.left, left), (job.right, right))
    )
    pairs: dict[str, Pair] = {**one.facts.pairs, **_agreed_after(job, back)}
    then = plan_update(job.compiled, one.subject.id, left, right, replace(one.facts, pairs=pairs))
    units = {
        plan.unit: plan.rule
        for plan in then.fields
        if plan.verdict is Verdict.WRITE and any(plan.unit == mine.unit for mine in back)
    }
    return {plan.name: units[plan.unit] for plan in back if plan.unit in units}


def _agreed_after(job: Job, back: Sequence[FieldPlan]) -> dict[str, Pair]:
    pairs: dict[str, Pair] = {}
    for plan in back:
        halves: list[Half | None] = [plan.left, plan.right]
        for number, place in enumerate(job.places):
            both = [one for one in back if one.name == plan.name and one.target == place.side]
            halves[number] = both[0].new if both else halves[number]
        if halves[0] is not None and halves[1] is not None:
            pairs[plan.name] = (halves[0], halves[1])
    return pairs


def _differences(job: Job, one: Undoing, fields: Sequence[FieldPlan]) -> dict[str, str]:
    """Say which fields differ between the systems once this is done: what the partner holds, by field."""
    found: dict[str, str] = {}
    back = [plan for plan in fields if plan.verdict is Verdict.WRITE]
    for name, (left, right) in _agreed_after(job, back).items():
        row = job.compiled.row(name)
        if not row.row.two_sided:
            continue
        a = see_raw(job.compiled, row, job.left.side, left, one.facts)
        b = see_raw(job.compiled, row, job.right.side, right, one.facts)
        if a.bad is None and b.bad is None and a.fitted == b.fitted:
            continue
        plan = next(mine for mine in back if mine.name == name)
        across = job.across(plan.target)
        other = right if across.end == "right" else left
        found[name] = f"{across.side} holds {', '.join(show(part) for part in other)!r}"
    return found
