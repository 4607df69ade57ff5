"""The inputs of a write: everything that the planner was told, packed under its content hash, and planned again later.

What is planned again on the same inputs, with the flow, entities and lookups of then (see `kept`), must come out alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import orjson

from gp365 import __version__
from gp365.model.expressions import ExpressionError, Expressions, named_in
from gp365.model.plan import Half, Resolution, SubjectPlan, Window
from gp365.model.record import Record
from gp365.model.values import Value, Values, digest, pack, show, unpack_deep
from gp365.sync.job import Job
from gp365.sync.plan import CompiledFlow, Facts, RefState, plan_subject
from gp365.sync.plan.facts import Computed
from gp365.sync.plan.pairs import kept_once, pairs_of


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a write was planned from. `planner` is the release that did ("" before it was kept), with the time zone and
    the currency of `context`; `event` says that an identity event decided, not the values.
    """

    flow: str
    entities: str
    lookups: str
    left: Record | None
    right: Record | None
    facts: Facts
    planner: str = ""
    context: tuple[str, str] | None = None
    event: bool = False


def pack_inputs(
    job: Job,
    plan: SubjectPlan,
    facts: Facts,
    *,
    event: bool = False,
    images: tuple[bytes | None, bytes | None] | None = None,
) -> tuple[str, bytes]:
    """Pack everything that the planner saw, under its content hash; `images` are its records' values, packed before."""
    told = job.compiled.context
    left, right = images or images_of(plan)
    held: dict[str, Any] = {
        "flow": job.flow.digest,
        "left": None if left is None else orjson.Fragment(left),
        "right": None if right is None else orjson.Fragment(right),
        "pairs": kept_once(facts.pairs),
        "computed": {name: [value.value, value.code] for name, value in facts.computed.items()},
        "resolutions": {name: [one.take, one.value, one.actor] for name, one in facts.resolutions.items()},
        "company": facts.company,
        "lookups": job.lookups_digest,
        "entities": job.entities_digest,
        "planner": __version__,
        "context": [told.time_zone, told.currency],
    }
    held |= {name: value for name, value in _seldom(job.compiled, plan, facts).items() if value}
    if event:
        held["event"] = True
    body = pack(held)
    return digest(body), body


def images_of(plan: SubjectPlan) -> tuple[bytes | None, bytes | None]:
    """Pack the values of a plan's records, left and right."""
    left, right = plan.left, plan.right
    return (pack(dict(left.values)) if left else None, pack(dict(right.values)) if right else None)


def _seldom(compiled: CompiledFlow, plan: SubjectPlan, facts: Facts) -> dict[str, Any]:
    """Give what most records have nothing of."""
    refs = _refs(compiled, plan, facts) if facts.refs else []
    return {
        "refs": refs,
        "ref_keys": _ref_keys(compiled, refs, facts),
        "shown": {name: _halves(one.left, one.right) for name, one in facts.resolutions.items()},
        "superseded": {side: dict(wires) for side, wires in facts.superseded.items()},
        "windows": [[*name, one.old_seen, one.new_seen] for name, one in facts.windows.items()],
        "restored": {side: sorted(names) for side, names in facts.restored.items()},
        "doubted": {
            name: [one.take, one.value, one.actor, *_halves(one.left, one.right)]
            for name, one in facts.doubted.items()
        },
        "led": dict(facts.led),
    }


def _halves(left: Half | None, right: Half | None) -> list[list[Value] | None]:
    return [None if half is None else list(half) for half in (left, right)]


def _refs(compiled: CompiledFlow, plan: SubjectPlan, facts: Facts) -> list[list[Any]]:
    """Give where the records stand that these two refer to."""
    found: dict[tuple[str, str, str], RefState] = {}
    for row in compiled.rows:
        for side, record in zip(compiled.flow.sides, (plan.left, plan.right), strict=True):
            half = row.half(side.name, record.values) if row.row.ref and record is not None else None
            name = (row.row.ref, side.name, str(half[0])) if half else None
            if name is not None and name in facts.refs:
                found[name] = facts.refs[name]
    return [[*name, one.state, one.link, one.shared] for name, one in found.items()]


def _ref_keys(compiled: CompiledFlow, refs: list[list[Any]], facts: Facts) -> list[list[Any]]:
    """Give the keys of the links that references go to, on each side; the facts hold those of a whole page."""
    links = dict.fromkeys((one[0], one[4]) for one in refs)
    sides = [side.name for side in compiled.flow.sides]
    names = [(flow, link, side) for flow, link in links for side in sides]
    return [[*name, facts.ref_keys[name]] for name in names if name in facts.ref_keys]


def read_inputs(body: bytes) -> Inputs:
    """Undo `pack_inputs`; what an earlier release did not keep is empty."""
    held: dict[str, Any] = unpack_deep(body)
    left, right = (None if held[end] is None else Record((), held[end]) for end in ("left", "right"))
    zone = held.get("context")
    return Inputs(
        str(held["flow"]),
        str(held["entities"]),
        str(held["lookups"]),
        left,
        right,
        _facts(held),
        str(held.get("planner") or ""),
        (str(zone[0]), str(zone[1])) if zone else None,
        bool(held.get("event")),
    )


def _facts(held: dict[str, Any]) -> Facts:
    def of(name: str) -> dict[str, Any]:
        return held.get(name) or {}

    def listed(name: str) -> list[list[Any]]:
        return held.get(name) or []

    return Facts(
        pairs=pairs_of(of("pairs")),
        computed={name: Computed(value, code) for name, (value, code) in of("computed").items()},
        refs={(one[0], one[1], one[2]): RefState(one[3], one[4], one[5]) for one in listed("refs")},
        ref_keys={(one[0], one[1], one[2]): one[3] for one in listed("ref_keys")},
        resolutions={
            name: _resolution([*given, *of("shown").get(name, (None, None))])
            for name, given in of("resolutions").items()
        },
        superseded=of("superseded"),
        windows={(one[0], one[1]): Window(one[2], one[3]) for one in listed("windows")},
        company=str(held.get("company") or ""),
        restored={side: frozenset(names) for side, names in of("restored").items()},
        doubted={name: _resolution(given) for name, given in of("doubted").items()},
        led=of("led"),
    )


def _resolution(given: Sequence[Any]) -> Resolution:
    take, value, actor, left, right = given
    halves = (None if half is None else tuple(cast("list[Value]", half)) for half in (left, right))
    return Resolution(str(take or ""), value, *halves, actor=str(actor))


def plan_inputs(compiled: CompiledFlow, inputs: Inputs) -> SubjectPlan:
    """Plan a write once more, from what it was planned from."""
    return plan_subject(compiled, "", inputs.left, inputs.right, inputs.facts)


def compute_again(compiled: CompiledFlow, inputs: Inputs, expressions: Expressions, field: str) -> Inputs:
    """Work out the value of an on-create expression anew, with other lookups or the same."""
    row = compiled.by_name[field].row
    if not row.on_create or (inputs.left is not None and inputs.right is not None):
        return inputs
    record, source = inputs.left, compiled.flow.left
    if record is None:
        record, source = inputs.right, compiled.flow.right
    if record is None:
        return inputs
    names = [one.name for one in compiled.flow.rows if source.name in one.wires]
    seen = named_in(compiled.flow.expressions().values(), names)
    context = {name: _canonical(compiled, source.name, name, record.values) for name in seen}
    shared = any(state.shared for state in inputs.facts.refs.values())
    name = f"on_create:{field}"
    result = expressions.evaluate({name: row.on_create}, [context | {"shared": shared}])[0][name]
    made = Computed(code=result.code) if isinstance(result, ExpressionError) else Computed(result)
    return replace(inputs, facts=replace(inputs.facts, computed={**inputs.facts.computed, name: made}))


def _canonical(compiled: CompiledFlow, side: str, name: str, values: Values) -> Value:
    """Read a canonical value as expressions see it; an unusable one counts as its raw text."""
    seen = compiled.reader(side, name)(values)
    if seen is None:
        return None
    return " ".join(show(part) for part in seen.raw or ()) if seen.bad else seen.canonical
