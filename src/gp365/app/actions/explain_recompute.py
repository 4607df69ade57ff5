"""Recomputing a written value: planned again from what it was planned from, and compared with what was sent.

Only the store is read. Where it cannot be done, the reason is given and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gp365 import __version__
from gp365.app.actions.look_outputs import Recomputed
from gp365.app.actions.outputs import Shown
from gp365.app.actions.values import shown_half
from gp365.app.assembly import Assembly, lookups_digest
from gp365.model.errors import Misconfigured
from gp365.model.expressions import Expressions
from gp365.model.flow import Flow, compile_flow, file_of
from gp365.model.lookups import Lookup
from gp365.model.plan import FieldPlan, Half, Resolution, SubjectPlan, Verdict
from gp365.model.values import digest
from gp365.store import intents, retention, runs
from gp365.store.intents import Intent
from gp365.store.ledger import LedgerRow
from gp365.sync.envelope import Envelope, unseal
from gp365.sync.inputs import Inputs, compute_again, plan_inputs, read_inputs
from gp365.sync.kept import Kept, kept
from gp365.sync.plan import CompiledFlow, compile_rows

AGREES = "recomputed, agrees"
DIFFERS = "recomputed, and another value comes out: what is kept of this write does not lead to what was sent"
NO_INTENT = "cannot be recomputed: the write itself is not kept"
ERASED = "cannot be recomputed: what was sent, and what it was planned from, was erased"
NO_INPUTS = "cannot be recomputed: what it was planned from is not kept"
CHANGED_INPUTS = "cannot be recomputed: what is kept as its inputs was changed since, their hash does not fit"
NO_FLOW = "cannot be recomputed: this version of the flow is not kept"
NO_ENTITIES = "cannot be recomputed: the descriptions of the fields are not kept"
NO_LOOKUPS = "cannot be recomputed: the lookup tables of then are not kept"
NOT_READ = "cannot be recomputed: what is kept is in the words of another release"
BY_EVENT = "an identity event decided it, and not the values of the records"
OLDER = "another value comes out: not all that the planner was told was kept then"


@dataclass(slots=True)
class Recomputing:
    """The recomputing of one flow's writes; versions and plans that several fields share are made once."""

    assembly: Assembly
    conn: Connection
    pair: str
    today: Flow
    versions: dict[tuple[str, str, str], Kept | None] = field(
        default_factory=dict[tuple[str, str, str], "Kept | None"]
    )
    plans: dict[str, tuple[Inputs, Kept, CompiledFlow, SubjectPlan]] = field(
        default_factory=dict[str, tuple[Inputs, Kept, CompiledFlow, SubjectPlan]]
    )

    def explain(self, row: LedgerRow, write: Mapping[str, Any], name: str) -> Recomputed:
        """Recompute a field of a write that a row of the ledger tells of."""
        intent = intents.by_ids(self.conn, [str(write["intent"])]).get(str(write["intent"]))
        told = Recomputed(intent=str(write["intent"]), agrees=None, why=NO_INTENT, answer=_answer(write))
        if intent is None:
            return told
        if retention.is_erased(intent):
            return replace(told, why=ERASED)
        try:
            inputs, held, compiled, plan = self._planned(intent)
        except _Cannot as cannot:
            return replace(told, why=str(cannot))
        told = replace(told, planner=inputs.planner, approver=self._approver(row, inputs, compiled, name))
        return self._compare(told, intent, inputs, held, compiled, plan, name)

    def _planned(self, intent: Intent) -> tuple[Inputs, Kept, CompiledFlow, SubjectPlan]:
        if intent.inputs not in self.plans:
            self.plans[intent.inputs] = self._plan(intent)
        return self.plans[intent.inputs]

    def _plan(self, intent: Intent) -> tuple[Inputs, Kept, CompiledFlow, SubjectPlan]:
        body = intents.inputs(self.conn, intent.inputs)
        if body is None:
            raise _Cannot(NO_INPUTS)
        if digest(body) != intent.inputs:
            raise _Cannot(CHANGED_INPUTS)
        try:
            inputs = read_inputs(body)
            held = self._version(inputs)
            compiled = self._compile(held, inputs, intent.made_at)
            return inputs, held, compiled, plan_inputs(compiled, inputs)
        except (ValueError, KeyError, TypeError, Misconfigured):
            raise _Cannot(NOT_READ) from None

    def _version(self, inputs: Inputs) -> Kept:
        name = (inputs.flow, inputs.entities, inputs.lookups)
        if name not in self.versions:
            self.versions[name] = kept(self.conn, *name)
        held = self.versions[name]
        if held is None:
            reasons = zip(name, (NO_FLOW, NO_ENTITIES, NO_LOOKUPS), strict=True)
            missing = (why for hash, why in reasons if not hash or intents.inputs(self.conn, hash) is None)
            raise _Cannot(next(missing, NO_INPUTS))
        return held

    def _compile(self, held: Kept, inputs: Inputs, at: datetime) -> CompiledFlow:
        file, sides = file_of(held.flow)
        return self._compiled(compile_flow(file, sides), held, inputs, held.lookups, at)

    def _compiled(
        self, flow: Flow, held: Kept, inputs: Inputs, lookups: Mapping[str, Lookup], at: datetime
    ) -> CompiledFlow:
        """Compile a flow as of the moment of the write: a converter may write the day of it."""
        context = replace(self.assembly.context(self.pair), lookups=lookups, now=lambda: at)
        if inputs.context is not None:
            context = replace(context, time_zone=inputs.context[0], currency=inputs.context[1])
        left, right = (held.entities[side.name] for side in flow.sides)
        return compile_rows(flow, left, right, context)

    def _compare(
        self,
        told: Recomputed,
        intent: Intent,
        inputs: Inputs,
        held: Kept,
        compiled: CompiledFlow,
        plan: SubjectPlan,
        name: str,
    ) -> Recomputed:
        """Compare what comes out with what was sent; and with what would come out today."""
        envelope, row = unseal(intent.values), compiled.by_name.get(name)
        if row is None or intent.side not in row.row.wires:
            return replace(told, why=NOT_READ)
        sent = _sent(envelope, row.row.wires[intent.side])
        told = replace(
            told,
            source=_source(compiled, inputs, name, intent.side),
            how=_how(compiled, name, intent.side),
            sent=shown_half(sent),
        )
        if inputs.event:
            return replace(told, agrees=None, why=BY_EVENT)
        again = compute_again(compiled, inputs, Expressions(held.lookups, compiled.flow.options), name)
        if again is not inputs:
            plan = plan_inputs(compiled, again)
        value = _value(plan, name, intent.side)
        told = replace(told, value=shown_half(value), agrees=value == sent)
        return replace(
            told, why=_verdict(told.agrees is True, inputs), **self._today(inputs, held, intent, name, sent)
        )

    def _today(
        self, inputs: Inputs, held: Kept, intent: Intent, name: str, sent: Half | None
    ) -> dict[str, Any]:
        """Say what flow and lookups of today would make of the same inputs, where they are others."""
        project = self.assembly.project
        changed = (
            list(_changed(held.lookups, project.lookups))
            if inputs.lookups != lookups_digest(project.lookups)
            else []
        )
        changed = [f"lookup {one}" for one in changed]
        if inputs.flow != self.today.digest:
            changed.append(f"flow {self.today.name}")
        if not changed:
            return {}
        try:
            compiled = self._compiled(self.today, held, inputs, project.lookups, intent.made_at)
            expressions = Expressions(project.lookups, self.today.options)
            given = compute_again(compiled, inputs, expressions, name) if name in compiled.by_name else inputs
            value = _value(plan_inputs(compiled, given), name, intent.side)
        except (ValueError, KeyError, Misconfigured):
            return {"changed": changed}
        return {"changed": changed, "today": shown_half(value), "today_differs": value != sent}

    def _approver(self, row: LedgerRow, inputs: Inputs, compiled: CompiledFlow, name: str) -> str:
        """Name who let exactly this happen: by a decision on the field, or by applying a plan."""
        held = compiled.by_name.get(name)
        given: Resolution | None = inputs.facts.resolutions.get((held.row.group or name) if held else name)
        if given is not None:
            return f"{given.actor}, by a decision"
        run = runs.get(self.conn, row.run)
        return f"{run.actor}, by applying a plan" if run is not None and run.kind == "apply" else ""


class _Cannot(Exception):
    """Why a write cannot be planned again."""


def _changed(then: Mapping[str, Lookup], now: Mapping[str, Lookup]) -> Iterator[str]:
    for name in sorted({*then, *now}):
        if name not in then or name not in now or then[name].digest() != now[name].digest():
            yield name


def _verdict(agrees: bool, inputs: Inputs) -> str:
    if agrees:
        return AGREES
    if not inputs.planner:
        return OLDER
    if inputs.planner != __version__:
        return f"another value comes out: gp365 {inputs.planner} wrote it, and the rules of gp365 {__version__} differ"
    return DIFFERS


def _answer(write: Mapping[str, Any]) -> str:
    """Say what the target answered."""
    error: Mapping[str, Any] = write.get("error") or {}
    said = [str(write.get("outcome") or "no answer"), str(error.get("message") or "")]
    if write.get("window_ms") is not None:
        said.append(f"{write['window_ms']} ms between re-read and answer")
    return ": ".join(part for part in said if part)


def _sent(envelope: Envelope, wires: tuple[str, ...]) -> Half | None:
    if not any(wire in envelope.values for wire in wires):
        return None
    return tuple(envelope.values.get(wire) for wire in wires)


def _value(plan: SubjectPlan, name: str, side: str) -> Half | None:
    found: FieldPlan | None = next(
        (
            one
            for one in plan.fields
            if one.name == name and one.target == side and one.verdict is Verdict.WRITE
        ),
        None,
    )
    return found.new if found is not None else None


def _source(compiled: CompiledFlow, inputs: Inputs, name: str, target: str) -> dict[str, Shown]:
    """Give the columns of the other side that the value came from, as they were read."""
    row = compiled.by_name[name].row
    on_left = target != compiled.flow.left.name
    side = compiled.flow.left.name if on_left else compiled.flow.right.name
    record = inputs.left if on_left else inputs.right
    wires = row.wires.get(side, ()) if record is not None else ()
    return {wire: shown_half((record.values[wire],)) for wire in wires if record and wire in record.values}


def _how(compiled: CompiledFlow, name: str, target: str) -> str:
    """Say what makes the value: an expression, a lookup, a converter, or nothing."""
    row = compiled.by_name[name].row
    if row.on_create and (target in row.wires):
        return f"expression {row.on_create}"
    if row.constant is not None:
        return "constant"
    if row.lookup:
        return f"lookup {row.lookup}"
    if row.ref:
        return f"the record of {row.ref} that it names"
    return f"converter {row.convert}" if row.convert else "taken over as it stands"
