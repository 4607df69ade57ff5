"""A parked entry as people see it: both sides, what had been agreed, who and when, the candidates, the decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import orjson

from gp365.app.actions.look_outputs import CandidateOut, ParkedOut
from gp365.app.actions.outputs import Shown
from gp365.app.actions.resolve_choices import choices, decided_words, side_of_create
from gp365.app.actions.values import shown_deep
from gp365.app.project import Project
from gp365.model.error_catalogue import CATALOGUE
from gp365.model.values import key_of, show_key
from gp365.store.parked import Parked

_TOLD_APART = ("left", "right", "candidates", "sent", "fields")


def sides_of(project: Project, entry: Parked) -> tuple[str, str]:
    """Name the left and right side of an entry's pair: the columns of the pair in their order."""
    left, right = project.settings.pairs[entry.pair].sides
    return left, right


def parked_out(project: Project, entry: Parked) -> ParkedOut:
    """Show an entry: both values, the candidates, and the evidence that it was parked on."""
    sides = sides_of(project, entry)
    keys = zip(sides, (entry.left_key, entry.right_key), strict=True)
    told = _loaded(entry.shown)
    about = _loaded(entry.about)
    return ParkedOut(
        id=entry.id,
        pair=entry.pair,
        flow=entry.flow,
        subject=entry.subject,
        kind="rejected" if "sent" in told else "parked",
        field=entry.field,
        code=entry.code,
        message=entry.message,
        fix=entry.fix or (CATALOGUE[entry.code].fix if entry.code in CATALOGUE else ""),
        keys={side: show_key(key_of(key)) for side, key in keys if key is not None},
        names=dict(about.get("names") or {}),
        made_at=entry.made_at,
        seen_at=entry.seen_at,
        run=entry.run,
        state=entry.state,
        fields=[str(name) for name in told.get("fields") or ()],
        values=_values(sides, told),
        base=_values(sides, cast("Mapping[str, Any]", about.get("base") or {})),
        who=dict(about.get("who") or {}),
        when=dict(about.get("when") or {}),
        candidates=[show_key(key_of(str(key))) for key in told.get("candidates") or ()],
        compared=[_candidate(one) for one in about.get("evidence") or ()],
        evidence=_evidence(told),
        choices=choices(entry, sides, _creates(project, entry, sides)),
        decision=decided_words(entry),
        resolved_by=entry.resolved_by,
        resolved_at=entry.resolved_at,
    )


def _loaded(packed: bytes | None) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", shown_deep(orjson.loads(packed or b"{}")))


def _creates(project: Project, entry: Parked, sides: tuple[str, str]) -> bool:
    given = project.flows.flows.get(entry.flow)
    side = given.file.sides.get(side_of_create(entry, sides)) if given else None
    return side is not None and side.create


def _candidate(one: Mapping[str, Any]) -> CandidateOut:
    fields = {name: list(both) for name, both in dict(one.get("fields") or {}).items()}
    return CandidateOut(
        key=show_key(key_of(str(one["key"]))),
        name=str((fields.get("name") or ["", ""])[1] or ""),
        why=str(one.get("why") or ""),
        score=float(one.get("score") or 0),
        fields=fields,
        linked_to=str(one.get("linked_to") or ""),
    )


def _values(sides: tuple[str, str], told: Mapping[str, Any]) -> dict[str, Shown]:
    """Give both values of a parked field by side; of a group, a list in the order of its fields."""
    if "left" not in told:
        return {}
    return {side: _alone(told.get(half)) for side, half in zip(sides, ("left", "right"), strict=True)}


def _alone(values: Any) -> Shown:
    listed = cast("list[Any]", values or [None])
    return listed[0] if len(listed) == 1 else listed


def _evidence(told: Mapping[str, Any]) -> dict[str, Shown]:
    found = {name: value for name, value in told.items() if name not in _TOLD_APART}
    return {name: value for name, value in found.items() if value not in ("", [], None)}
