"""Which decisions a parked entry takes, each as the command to type; and the words in which one is told."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gp365.app.actions.look_outputs import ChoiceOut
from gp365.model.errors import Misconfigured
from gp365.model.values import Value, key_of, show, show_key, unpack_deep
from gp365.store.parked import Parked
from gp365.sync.deciding import is_group, refused
from gp365.sync.parking import READ_BACK
from gp365.sync.plan.events import SCOPE

LINK, CREATE, IGNORE, TAKE, VALUE, RETRY, APPROVE = (
    "link",
    "create",
    "ignore",
    "take",
    "value",
    "retry",
    "approve",
)
REUSED = "key-reused"
_WHO = (
    "candidates",
    "similar",
    "number-alone",
    "name-agrees-number-differs",
    "target-gone",
    REUSED,
    "merged",
    "beside-event",
)
_TAKES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_WHO, (LINK, CREATE, IGNORE)),
    "renumbered": (LINK, IGNORE),
    **dict.fromkeys(("mass-change", "source-shrunk", "restored"), (APPROVE,)),
}
"""Decisions by the code of an entry on a whole record; any other waits for a correction, or is ignored for good."""


def verbs_of(entry: Parked) -> tuple[str, ...]:
    """Name the decisions that an entry takes."""
    if entry.code in _TAKES and not entry.field:
        return _TAKES[entry.code]
    if entry.field == READ_BACK or entry.code == "unreadable":
        return (RETRY,)
    if entry.field == SCOPE:
        return (IGNORE,)
    if entry.field:
        return (TAKE,) if is_group(entry) else (TAKE, VALUE)
    return (RETRY, IGNORE)


def check_verb(entry: Parked, verb: str) -> None:
    """Refuse a decision that the entry does not take, naming those that it does."""
    able = verbs_of(entry)
    if verb in able:
        return
    if APPROVE in able:
        fix = f"`gp365 sync {entry.flow} --pair {entry.pair} --approve` lets it go."
        raise refused(
            entry, f"Entry {entry.id} is held by a guard, not by a question.", fix, value=f"--{verb}"
        )
    if verb == VALUE and TAKE in able:
        fix = "Take the side whose values hold."
        raise refused(
            entry,
            f"{entry.field} decides as one value: it takes a side, not a value.",
            fix,
            value=f"--{verb}",
        )
    known = ", ".join(
        f"--{one}" if one not in (RETRY,) else f"`gp365 parked retry {entry.id}`" for one in able
    )
    kind = f"the field {entry.field}" if entry.field else "a whole record"
    raise refused(
        entry,
        f"Entry {entry.id} is about {kind}; --{verb} does not decide it.",
        f"It takes {known}.",
        value=f"--{verb}",
    )


def choices(entry: Parked, sides: Sequence[str], creates: bool = True) -> list[ChoiceOut]:
    """Give the decisions that an entry takes, with the exact commands."""
    if entry.state != "open":
        return []
    return [
        ChoiceOut(command, what)
        for verb in verbs_of(entry)
        if verb != CREATE or creates
        for command, what in _told(entry, verb, sides)
    ]


def _told(entry: Parked, verb: str, sides: Sequence[str]) -> Iterator[tuple[str, str]]:
    shown: Mapping[str, Any] = unpack_deep(entry.shown)
    begin = f"gp365 parked resolve {entry.id}"
    if verb == TAKE:
        for side, end in zip(sides, ("left", "right"), strict=True):
            yield f"{begin} --take {side}", f"{side} holds: {_plain(shown.get(end))}"
    elif verb == VALUE:
        yield f"{begin} --value VALUE", "another value, written wherever the flow writes the field"
    elif verb == LINK:
        yield from _links(entry, begin, shown, side_of_link(entry, sides))
    elif verb == CREATE:
        where = side_of_create(entry, sides)
        yield f"{begin} --create", f"it is none of them: a new record is created on {where}"
    elif verb == IGNORE and entry.field == SCOPE:
        yield f"{begin} --ignore", "it stays linked and in step, and this is not asked again"
    elif verb == IGNORE:
        yield f"{begin} --ignore", "it is left alone for good: never written, never created on the other side"
    elif verb == RETRY:
        yield f"gp365 parked retry {entry.id}", "after it was put right in its own system"
    else:
        yield f"gp365 sync {entry.flow} --pair {entry.pair} --approve", "all that the guard holds is right"


def _links(entry: Parked, begin: str, shown: Mapping[str, Any], side: str) -> Iterator[tuple[str, str]]:
    is_it = "it is the new number of" if is_beside(entry) else "it is"
    keys = [show_key(key_of(str(key))) for key in shown.get("candidates") or ()]
    if entry.code == REUSED and (old := str(shown.get("value") or "")):
        yield f"{begin} --link {shlex.quote(old)}", f"it is the same partner, made anew under {old} on {side}"
    for key in keys[:5]:
        yield f"{begin} --link {shlex.quote(key)}", f"{is_it} {key} of {side}"
    if len(keys) != 1:
        yield f"{begin} --link KEY", f"{is_it} another record of {side}"


def is_beside(entry: Parked) -> bool:
    """Tell whether a link would name the vanished record whose new number this one is, on its own side."""
    return entry.code == "beside-event"


def side_of_link(entry: Parked, sides: Sequence[str]) -> str:
    """Name the side on which the record that is linked is asked for."""
    return str(unpack_deep(entry.shown).get("side") or "") or side_of_create(entry, sides)


def side_of_create(entry: Parked, sides: Sequence[str]) -> str:
    """Name the side on which a record would be created: where the entry has none, else where its end is in doubt."""
    if entry.left_key is not None and entry.right_key is not None:
        return str(unpack_deep(entry.shown).get("side") or "") or sides[1]
    return sides[1 if entry.right_key is None else 0]


def _plain(values: Sequence[Value] | None) -> str:
    return " · ".join(show(value) or "–" for value in values or ()) or "–"


def decided_words(entry: Parked) -> str:
    """Say in words what was decided on an entry; "" while nothing is."""
    if not entry.resolution:
        return ""
    decision: Mapping[str, Any] = unpack_deep(entry.resolution)
    verb = next(iter(decision), "")
    if verb == LINK:
        return f"link {show_key(key_of(str(decision[LINK])))}"
    if verb == TAKE:
        return f"take {decision[TAKE]}"
    if verb == VALUE:
        return f"value {show(decision[VALUE]) or '–'}"
    return verb


def unknown(id: int) -> Misconfigured:
    """Say that there is no such entry."""
    return Misconfigured("parked-unknown", f"There is no parked entry {id}.", value=str(id))
