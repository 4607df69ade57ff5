"""What Dataverse posts to a webhook, read for one thing: which record is to be looked at.

The body is a RemoteExecutionContext in the JSON of .NET's DataContractJsonSerializer: dictionaries are lists of key and
value (Microsoft's understand-the-data-context page). Above 256 KB it comes without ParentContext, InputParameters and
images (use-webhooks page); table and id stay, and nothing else is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import orjson

from gp365.store.hints import Hint

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NOBODY = "00000000-0000-0000-0000-000000000000"
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,127}")
_SUBORDINATE = "SubordinateId"
_DEEPEST = 8  # Dataverse stops a chain of events at this depth (understand-the-data-context page, Depth)
_BULK = frozenset({"CreateMultiple", "UpdateMultiple", "UpsertMultiple", "Upsert"})

Context = Mapping[str, Any]


class Unreadable(ValueError):
    """The body is not what the sender should send; the message is ours and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: the records that it concerns, and the tags that its writer had set."""

    table: str
    keys: tuple[str, ...]
    message: str
    operation: str
    tags: tuple[str, ...]

    def hints(self, system: str, at: datetime) -> list[Hint]:
        """Return a hint for every record."""
        tag = self.tags[0] if self.tags else ""
        return [Hint(system, self.table, key, self.message, self.operation, tag, at) for key in self.keys]


def event_in(body: bytes) -> Event:
    """Read an event; Unreadable if it is none. An event without a record (a bulk message's own) has no keys."""
    try:
        found = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise Unreadable("It is not JSON.") from None
    if not isinstance(found, dict):
        raise Unreadable("It is not a JSON object.")
    context = cast("Context", found)
    table = _text(context, "PrimaryEntityName")
    key = _text(context, "PrimaryEntityId").strip("{}").lower()
    if not _NAME.fullmatch(table) or not _GUID.fullmatch(key):
        raise Unreadable("It names no record by PrimaryEntityName and PrimaryEntityId.")
    message = _text(context, "MessageName")
    keys = [key, *(_merged(context) if message == "Merge" else ())]
    return Event(
        table,
        tuple(one for one in dict.fromkeys(keys) if one != _NOBODY),
        message[:64],
        _text(context, "OperationId")[:64],
        tuple(_tags(context)),
    )


def _text(context: Context, name: str) -> str:
    value = context.get(name)
    return value if isinstance(value, str) else ""


def _merged(context: Context) -> Iterator[str]:
    """Give the record that was merged into the primary one (Merge message, SubordinateId)."""
    for name, value in _entries(context.get("InputParameters")):
        if name == _SUBORDINATE and isinstance(value, str) and _GUID.fullmatch(value):
            yield value.lower()


def _tags(context: Context) -> Iterator[str]:
    """Give the shared variable `tag` of the event, and of the events above it that are about the same record.

    What is set before the main operation stands in the ParentContext (understand-the-data-context page). An event about
    another record below one of ours is the work of somebody's plug-in: no echo.
    """
    above: Context | None = context
    for _ in range(_DEEPEST):
        if above is None:
            return
        for name, value in _entries(above.get("SharedVariables")):
            if name == "tag" and isinstance(value, str):
                yield value
        held = above.get("ParentContext")
        above = cast("Context", held) if isinstance(held, dict) else None
        if above is not None and not _same_record(context, above):
            return


def _same_record(context: Context, above: Context) -> bool:
    if _text(above, "PrimaryEntityName") != _text(context, "PrimaryEntityName"):
        return False
    same = _text(above, "PrimaryEntityId") == _text(context, "PrimaryEntityId")
    return same or _text(above, "MessageName") in _BULK


def _entries(held: object) -> Iterator[tuple[str, object]]:
    """Give name and value of a dictionary as .NET writes it; entries of another form are passed by."""
    if not isinstance(held, list):
        return
    for entry in cast("Sequence[object]", held):
        if isinstance(entry, dict):
            one = cast("Context", entry)
            if isinstance(one.get("key"), str):
                yield one["key"], one.get("value")
