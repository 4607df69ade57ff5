"""Reading the plans of a flow for `assess`: counts and a few examples, whatever the number of records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gp365.app.actions.assess_outputs import (
    ClassOut,
    DuplicatesOut,
    FieldFaultOut,
    MissingOut,
    OverwriteOut,
    RecordOut,
    ValueSample,
)
from gp365.app.actions.values import name_of, shown_half
from gp365.model.contract import ScratchTable
from gp365.model.matching import POSTAL, kind_of, normalise
from gp365.model.plan import FieldPlan, SubjectPlan, Verdict
from gp365.model.record import Op, Record
from gp365.model.values import key_text, show, show_key
from gp365.sync.job import Job
from gp365.sync.norms import canonical

SAMPLES = 5
LINKED = "linked already"
WAITS = "waits for another record"
MISSING = "lookup-missing"
_MANY = 2000
_OTHERS = "(others)"
_PAGE = 1000
_SEPARATOR = "\x1d"


@dataclass(slots=True)
class _Class:
    count: int = 0
    samples: list[RecordOut] = field(default_factory=list[RecordOut])


@dataclass(slots=True)
class _Overwrite:
    replaced: int = 0
    filled: int = 0
    samples: list[ValueSample] = field(default_factory=list[ValueSample])


class Reading:
    """What is noted while the plans of one flow go by; everything that grows with the records is on disk."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._classes: dict[str, _Class] = {}
        self._overwrites: dict[tuple[str, str], _Overwrite] = {}
        self._faults: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str] = {}
        self._missing: Counter[tuple[str, str]] = Counter()
        self.records: dict[str, int] = {place.side: 0 for place in job.places}
        self._alike_by = _alike_by(job)
        self._alike: dict[str, ScratchTable] = {}
        for place in job.places if self._alike_by else ():
            self._alike[place.side] = job.scratch.table(f"{job.chain}/assess/{place.side}")
            self._alike[place.side].clear()
        self._rows: dict[str, list[tuple[str, str, bytes]]] = {side: [] for side in self._alike}

    def note(self, plan: SubjectPlan) -> None:
        """Note the plan of one subject."""
        records = {self._job.left.side: plan.left, self._job.right.side: plan.right}
        shown = _record(self._job, records)
        held = self._classes.setdefault(self._class(plan), _Class())
        held.count += 1
        if len(held.samples) < SAMPLES:
            held.samples.append(shown)
        for side, record in records.items():
            if record is not None:
                self.records[side] += 1
                self._keep_alike(side, record, shown)
        for one in plan.fields:
            self._field(plan, one, shown)
        if plan.problem is not None and plan.problem.code == MISSING:
            self._miss(plan.problem.field, plan.problem.value)

    def _class(self, plan: SubjectPlan) -> str:
        if plan.problem is not None and plan.problem.verdict is Verdict.WAITING:
            return WAITS
        if plan.problem is not None:
            return f"stops: {plan.problem.code}"
        if plan.subject.startswith("L"):
            return LINKED
        if plan.matched:
            return f"matched by: {plan.matched}"
        if plan.filtered:
            reason = "merged into another" if plan.filtered.startswith("merged into") else plan.filtered
            return f"left out: {reason}" if len(self._classes) < _MANY else f"left out: {_OTHERS}"
        made = next((write.side for write in plan.writes if write.op is Op.CREATE), "")
        only = self._job.across(made).side if made else ""
        return f"only in {only}: created in {made}" if made else "nothing to do"

    def _field(self, plan: SubjectPlan, one: FieldPlan, shown: RecordOut) -> None:
        if one.verdict in (Verdict.CONFLICT, Verdict.PARKED):
            self._fault(one.name, one.code, one.message)
            if one.code == MISSING and plan.problem is None:
                self._miss(one.name, _raw(one))
        elif one.cut:
            self._fault(one.name, "cut", f"{_raw(one)} becomes {_text(one.new)}")
        if one.verdict is Verdict.WRITE and plan.matched and plan.problem is None:
            self._overwrite(one, shown)

    def _fault(self, name: str, code: str, example: str) -> None:
        self._faults[name, code] += 1
        self._examples.setdefault((name, code), example)

    def _miss(self, name: str, value: str) -> None:
        known = (name, value) in self._missing or len(self._missing) < _MANY
        self._missing[name, value if known else _OTHERS] += 1

    def _overwrite(self, one: FieldPlan, shown: RecordOut) -> None:
        held = self._overwrites.setdefault((one.name, one.target), _Overwrite())
        old = one.left if one.target == self._job.left.side else one.right
        if old is None or all(value is None for value in old):
            held.filled += 1
            return
        held.replaced += 1
        if len(held.samples) < SAMPLES:
            held.samples.append(ValueSample(shown.keys, shown_half(old), shown_half(one.new)))

    # several records of one side that look like one

    def _keep_alike(self, side: str, record: Record, shown: RecordOut) -> None:
        if self._alike_by is None:
            return
        place = self._job.place(side)
        norms = [normalise(canonical(self._job, place, record, name), kind) for name, kind in self._alike_by]
        if all(norms):
            key = _SEPARATOR.join([*norms, key_text(record.key)])
            told: dict[str, Any] = {"key": show_key(record.key), "name": shown.name}
            self._rows[side].append((key, "", orjson.dumps(told)))
        if len(self._rows[side]) >= _PAGE:
            self._flush(side)

    def _flush(self, side: str) -> None:
        self._alike[side].put(self._rows[side])
        self._rows[side] = []

    def duplicates(self) -> list[DuplicatesOut]:
        """Give, by side, the records that share all the fields by which firms are told apart; read once, at the end."""
        return [found for side in self._alike if (found := self._duplicates(side)).groups]

    def _duplicates(self, side: str) -> DuplicatesOut:
        self._flush(side)
        groups = records = 0
        samples: list[list[RecordOut]] = []
        for group in _groups(self._alike[side]):
            if len(group) < 2:
                continue
            groups, records = groups + 1, records + len(group)
            told = [RecordOut({side: str(one["key"])}, str(one["name"])) for one in group[:SAMPLES]]
            samples = sorted([*samples, told], key=len, reverse=True)[:SAMPLES]
        return DuplicatesOut(side, [name for name, _ in self._alike_by or ()], groups, records, samples)

    # what it came to

    def classes(self, quiet: int) -> list[ClassOut]:
        """Give the classes, the largest first; `quiet` linked records did not even have to be looked at."""
        if quiet:
            self._classes.setdefault(LINKED, _Class()).count += quiet
        found = [ClassOut(name, one.count, one.samples) for name, one in self._classes.items()]
        return sorted(found, key=lambda one: (-one.count, one.name))

    def overwrites(self) -> list[OverwriteOut]:
        """Give what first contact writes, by field and side, the most replaced first."""
        found = [
            OverwriteOut(name, side, one.replaced, one.filled, one.samples)
            for (name, side), one in self._overwrites.items()
        ]
        return sorted(found, key=lambda one: (-one.replaced, -one.filled, one.field))

    def faults(self) -> list[FieldFaultOut]:
        """Give what stops or is cut, by field and code."""
        return [
            FieldFaultOut(name, code, number, self._examples[name, code])
            for (name, code), number in self._faults.most_common()
        ]

    def missing(self) -> list[MissingOut]:
        """Give the values that lookups lack."""
        return [MissingOut(name, value, number) for (name, value), number in self._missing.most_common()]


def _record(job: Job, records: dict[str, Record | None]) -> RecordOut:
    keys = {side: show_key(record.key) for side, record in records.items() if record is not None}
    return RecordOut(keys, name_of(job, records))


def _raw(one: FieldPlan) -> str:
    """Give the value that a field came with: the winner's, else whichever there is."""
    return _text(one.left or ()) or _text(one.right or ())


def _text(half: Sequence[Any]) -> str:
    return " · ".join(text for value in half if (text := show(value)))


def _alike_by(job: Job) -> list[tuple[str, str]] | None:
    """Name the fields by which two records of one side look like one: the name and the first postal code."""
    rows = job.flow.by_name
    postal = [name for name, row in rows.items() if kind_of(name, row.convert) == POSTAL and row.two_sided]
    if "name" not in rows or not postal:
        return None
    return [("name", ""), (postal[0], POSTAL)]


def _groups(table: ScratchTable) -> Iterator[list[dict[str, Any]]]:
    """Give the rows that agree in everything but the record's key; they come in order, group by group."""
    last, group = "", list[dict[str, Any]]()
    for page in table.scan(_PAGE):
        for key, _, payload in page:
            norm = key.rpartition(_SEPARATOR)[0]
            if norm != last and group:
                yield group
                group = []
            last = norm
            if len(group) < _MANY:
                group.append(orjson.loads(payload))
    if group:
        yield group
