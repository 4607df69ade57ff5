"""Flows ready to run: the effective file checked and compiled, once for as long as what it was checked against is the same.

What both systems say of their entities is asked anew for every run; only when it is what it was before, the check's
answer is taken again. Everything that goes in and comes out is never changed by anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from gp365.app.check import check_flow
from gp365.app.effective import Ends, FlowFinding
from gp365.app.loader import LoadedFlow
from gp365.model.contract import Level
from gp365.model.converters import ConvertContext
from gp365.model.entity import EntityDescription
from gp365.model.errors import Misconfigured
from gp365.model.expressions import Expressions
from gp365.model.flow import Flow, compile_flow
from gp365.model.lookups import Lookup
from gp365.model.values import digest, pack
from gp365.sync.plan import CompiledFlow, compile_rows

_MOST = 64


@dataclass(frozen=True, slots=True)
class PreparedFlow:
    """A flow of a pair, ready to run: the effective file, its compiled form, both entities, and what the check noted.

    `compiled` is None where a finding is an error.
    """

    loaded: LoadedFlow
    entities: Mapping[str, EntityDescription]
    findings: tuple[FlowFinding, ...]
    compiled: CompiledFlow | None
    expressions: Expressions
    entities_digest: str

    @property
    def name(self) -> str:
        """The flow's name."""
        return self.loaded.name

    @property
    def errors(self) -> tuple[FlowFinding, ...]:
        """The findings that keep it from running."""
        return tuple(found for found in self.findings if found.level is Level.ERROR)

    @property
    def not_served(self) -> tuple[FlowFinding, ...]:
        """The rows that are left out because a side does not serve their field."""
        return tuple(found for found in self.findings if found.code == "not-served")


@dataclass(frozen=True, slots=True)
class _Checked:
    """What a check found of a flow between these ends; `asked` is what it was told of other entities."""

    loaded: LoadedFlow
    ends: Ends
    asked: tuple[tuple[str, str, EntityDescription], ...]
    running: LoadedFlow
    findings: tuple[FlowFinding, ...]
    flow: Flow | None
    entities_digest: str


class Preparing:
    """Prepares flows; of the flow and ends that it prepared last, it gives the same once more."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], tuple[_Checked, ConvertContext, PreparedFlow]] = {}

    def prepare(self, pair: str, loaded: LoadedFlow, ends: Ends, context: ConvertContext) -> PreparedFlow:
        """Check and compile a flow of a pair."""
        checked = _checked(loaded, ends)
        before = self._last.get((pair, loaded.name))
        if before and before[0] is checked and before[1] == context and before[1].now == context.now:
            return before[2]
        compiled = None
        options = ends.options
        if checked.flow is not None:
            left, right = (ends.entities[side.name] for side in checked.flow.sides)
            compiled, options = compile_rows(checked.flow, left, right, context), checked.flow.options
        prepared = PreparedFlow(
            checked.running,
            ends.entities,
            checked.findings,
            compiled,
            Expressions(context.lookups, options),
            checked.entities_digest,
        )
        self._last[(pair, loaded.name)] = (checked, context, prepared)
        return prepared


@dataclass(slots=True)
class _Memory:
    """The last checks of this process, the newest last."""

    held: list[_Checked] = field(default_factory=list[_Checked])
    lock: Lock = field(default_factory=Lock)

    def find(self, loaded: LoadedFlow, ends: Ends) -> _Checked | None:
        with self.lock:
            held = list(self.held)
        return next((one for one in reversed(held) if _is_of(one, loaded, ends)), None)

    def keep(self, checked: _Checked) -> None:
        with self.lock:
            self.held = [*self.held[-_MOST:], checked]


_memory = _Memory()


def _checked(loaded: LoadedFlow, ends: Ends) -> _Checked:
    """Check a flow, or tell what the same check of the same things said before."""
    known = _memory.find(loaded, ends)
    if known is not None:
        return known
    asked: list[tuple[str, str, EntityDescription]] = []
    refused: list[Misconfigured] = []

    def describe(side: str, entity: str) -> EntityDescription:
        try:
            asked.append((side, entity, ends.describe(side, entity)))
        except Misconfigured as fault:
            refused.append(fault)
            raise
        return asked[-1][2]

    running, findings = check_flow(loaded, replace(ends, describe=describe))
    fine = not any(found.level is Level.ERROR for found in findings)
    flow = compile_flow(running.file, ends.sides, options=ends.options) if fine else None
    # Without the connectors behind it: what is remembered must not keep them.
    held = replace(ends, describe=_nothing)
    made = _Checked(
        loaded, held, tuple(asked), running, tuple(findings), flow, entities_digest(ends.entities.values())
    )
    if fine and not refused:
        _memory.keep(made)
    return made


def _nothing(side: str, entity: str) -> EntityDescription:
    raise AssertionError(f"{side} {entity} is not asked for")


def _is_of(known: _Checked, loaded: LoadedFlow, ends: Ends) -> bool:
    """Tell whether a check was one of these things; other entities that it looked at are asked for anew."""
    held = known.ends
    return (
        known.loaded.file is loaded.file
        and known.loaded.lines is loaded.lines
        and known.loaded.sources == loaded.sources
        and (held.sides, held.company, held.flows, held.shared)
        == (ends.sides, ends.company, ends.flows, ends.shared)
        and _plain(held.options) == _plain(ends.options)
        and held.lookups == ends.lookups
        and held.entities == ends.entities
        and all(ends.describe(side, entity) == described for side, entity, described in known.asked)
    )


def _plain(options: Mapping[str, Any]) -> str:
    """Write options so that equal ones of different kinds (1, True) are told apart."""
    return repr(list(options.items()))


def lookups_digest(lookups: Mapping[str, Lookup]) -> str:
    """Return the content hash of all lookups."""
    return digest(pack({name: table.digest() for name, table in sorted(lookups.items())}))


def entities_digest(entities: Iterable[EntityDescription]) -> str:
    """Return the content hash of entity descriptions."""
    return digest(repr([(entity.name, sorted(entity.fields.items())) for entity in entities]).encode())
