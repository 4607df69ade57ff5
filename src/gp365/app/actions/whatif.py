"""The action `whatif`: recorded changes replayed under another owner of a field; only the store is read."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as filled
from datetime import datetime

from sqlalchemy import Connection

from gp365.app.actions.outputs import Shown
from gp365.app.actions.scope import flows_of
from gp365.app.actions.values import shown_half
from gp365.app.assembly import Assembly, assemble
from gp365.app.owners import flow_owner, ownable, owned
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.model.flow import ASK, LATEST, compile_flow, file_of
from gp365.model.flow_file import FlowFile
from gp365.sync.kept import kept
from gp365.sync.plan import CompiledFlow, compile_rows
from gp365.sync.whatif import Outcome, Replayed, Version, Versions, replay


@dataclass(frozen=True, slots=True)
class OutcomeOut:
    """What the rule said of a field: verdict, reason, the side that won, and by side and field what was written."""

    verdict: str
    why: str
    winner: str
    written: dict[str, dict[str, Shown]]


@dataclass(frozen=True, slots=True)
class WhatifChange:
    """A change that would have come out differently: when, on which record, what both sides held, then and now."""

    at: datetime
    run: str
    keys: dict[str, str]
    field: str
    values: dict[str, list[Shown]]
    then: OutcomeOut
    now: OutcomeOut


@dataclass(slots=True)
class WhatifField:
    """What the other owner of a field comes to: changes looked at, alike, different, and not replayed by reason."""

    field: str
    owner: str
    other: str
    looked: int = 0
    same: int = 0
    different: int = 0
    not_replayed: dict[str, int] = filled(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class WhatifFlow:
    """One flow of one pair; `changes` holds the first that differ."""

    pair: str
    flow: str
    fields: list[WhatifField]
    changes: list[WhatifChange]


@dataclass(frozen=True, slots=True)
class WhatifOut:
    """What would have differed since a moment. Each change is replayed by itself: what would have followed is not."""

    since: datetime
    flows: list[WhatifFlow]


def whatif(
    project: Project,
    owners: Sequence[str],
    since: datetime,
    *,
    pair: str | None = None,
    flow: str | None = None,
    limit: int = 50,
) -> WhatifOut:
    """Replay what was recorded since a moment under other owners, each given as FIELD=OWNER (or FLOW.FIELD=OWNER).

    OWNER is a side, ask or latest. Misconfigured: usage, flow-field for a field that no flow has.
    """
    asked = [_parsed(text) for text in owners]
    if not asked:
        raise Misconfigured("usage", "Say whose the field would be: --owner FIELD=SIDE.")
    known: set[str] = set()
    flows: list[WhatifFlow] = []
    assembly = assemble(project)  # only its settings are asked: no system is connected
    for name, of in flows_of(project, pair, flow):
        file = owned(project.flows.get(of).file, project.settings.pairs[name])
        sides = list(project.settings.pairs[name].sides)
        policy = _policy(asked, file, sides, known)
        if policy:
            flows.append(_flow(assembly, name, file, policy, since, limit))
    _refuse_unknown(project, asked, known)
    return WhatifOut(since, flows)


def _parsed(text: str) -> tuple[str, str]:
    name, equals, who = text.partition("=")
    if not equals or not name.strip() or not who.strip():
        raise Misconfigured("usage", f"{text!r} is not FIELD=SIDE.", value=text)
    return name.strip(), who.strip()


def _policy(
    asked: Sequence[tuple[str, str]], file: FlowFile, sides: Sequence[str], known: set[str]
) -> dict[str, str]:
    """Give the owner of each asked field that this flow has; what was found is added to `known`."""
    fields = set(ownable(file, sides))
    policy: dict[str, str] = {}
    for name, who in asked:
        here = name if name in fields else name.removeprefix(f"{file.flow}.")
        if here not in fields:
            continue
        if who not in (*sides, ASK, LATEST):
            fix = f"Write one of {', '.join((*sides, ASK, LATEST))}."
            raise Misconfigured("usage", f"{who} can own nothing here.", field=name, value=who, fix=fix)
        known.add(name)
        policy[here] = who
    return policy


def _refuse_unknown(project: Project, asked: Sequence[tuple[str, str]], known: set[str]) -> None:
    for name, _ in asked:
        if name in known:
            continue
        sides = {side for one in project.settings.pairs.values() for side in one.sides}
        fields = {one for flow in project.flows.flows.values() for one in ownable(flow.file, sorted(sides))}
        near = difflib.get_close_matches(name.rpartition(".")[2], sorted(fields), 1, 0.6)
        fix = f"Did you mean {near[0]}?" if near else "`gp365 flows show FLOW` names the fields."
        raise Misconfigured("flow-field", f"No flow has the field {name}.", field=name, fix=fix)


def _flow(
    assembly: Assembly, pair: str, file: FlowFile, policy: Mapping[str, str], since: datetime, limit: int
) -> WhatifFlow:
    counted = {name: WhatifField(name, flow_owner(file, name), who) for name, who in policy.items()}
    changes: list[WhatifChange] = []
    sides = list(assembly.pair(pair).sides)
    with assembly.project.store.read() as conn:
        versions = _versions(assembly, conn, pair, policy)
        for one in replay(conn, pair, file.flow, since, set(policy), versions):
            differs = _count(counted[one.unit], one)
            if differs and len(changes) < limit:
                changes.append(_change(one, sides))
    return WhatifFlow(pair, file.flow, list(counted.values()), changes)


def _count(field: WhatifField, one: Replayed) -> bool:
    field.looked += 1
    if one.now is None:
        field.not_replayed[one.reason] = field.not_replayed.get(one.reason, 0) + 1
        return False
    differs = not one.now.same(one.then)
    field.different += differs
    field.same += not differs
    return differs


def _change(one: Replayed, sides: Sequence[str]) -> WhatifChange:
    assert one.now is not None
    values = {
        side: [shown_half((part,)) for part in half] for side, half in zip(sides, one.values, strict=True)
    }
    return WhatifChange(
        one.at, one.run, dict(one.keys), one.unit, values, _outcome(one.then), _outcome(one.now)
    )


def _outcome(one: Outcome) -> OutcomeOut:
    written = {
        side: {name: shown_half(half) for name, half in fields.items()}
        for side, fields in one.written.items()
    }
    return OutcomeOut(one.verdict, one.why, one.winner, written)


def _versions(assembly: Assembly, conn: Connection, pair: str, policy: Mapping[str, str]) -> Versions:
    """Find versions of a flow as they were kept, each compiled once."""
    found: dict[tuple[str, str, str], Version | None] = {}

    def version(flow: str, entities: str, lookups: str) -> Version | None:
        name = (flow, entities, lookups)
        if name not in found:
            found[name] = _version(assembly, conn, pair, policy, name)
        return found[name]

    return version


def _version(
    assembly: Assembly, conn: Connection, pair: str, policy: Mapping[str, str], name: tuple[str, str, str]
) -> Version | None:
    held = kept(conn, *name)
    if held is None:
        return None
    given = assembly.pair(pair)
    try:
        file, sides = file_of(held.flow)
        owners = {f"{file.flow}.{unit}": who for unit, who in policy.items()}
        other = owned(file, given.model_copy(update={"owners": owners}))
        context = replace(assembly.context(pair), lookups=held.lookups)

        def compiled(file: FlowFile) -> CompiledFlow:
            flow = compile_flow(file, sides)
            return compile_rows(flow, held.entities[sides[0]], held.entities[sides[1]], context)

        return Version(compiled(file), compiled(other))
    except (ValueError, KeyError, Misconfigured):
        return None  # kept by a release whose words are no longer understood
