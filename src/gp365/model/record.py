"""Records as connectors give them, and writes as they take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from gp365.model.errors import Gp365Error
from gp365.model.values import Key, Value, Values


def _always() -> bool:
    return True


class Record(NamedTuple):
    """One record of one side.

    `values` holds raw values under the connector's field names; a missing name is absent. `version` is the server's
    version text (etag) or "". `birth` is the birth mark (record id, creation stamp, NOTEINDX: what the system has);
    another mark under the same key is another record. `reference` is our own mark in it, or "". `stamp` is when it was
    last changed, `changed_by` who did, in the system's own words; both as far as the system tells.
    A record without values, version and birth mark is `hidden`: it exists, and our account may not read it.
    """

    key: Key
    values: Values
    version: str = ""
    birth: str = ""
    reference: str = ""
    stamp: datetime | None = None
    changed_by: str = ""

    @property
    def hidden(self) -> bool:
        """Say whether the record exists but may not be read: nothing of it is known, and nothing of it is empty."""
        return not (self.values or self.version or self.birth)


class Change(NamedTuple):
    """A changed key of a feed, with its record where the feed carries it; a deletion is a hint that `get` decides."""

    key: Key
    record: Record | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of changes. Only the last page has a `cursor`; `full` says that the feed began anew and holds every record.

    `beginnings` are the first parts of keys: of the records whose keys begin so, those that the feed does not show may be
    gone, which `get` decides.
    """

    changes: tuple[Change, ...]
    cursor: str | None = None
    full: bool = False
    beginnings: tuple[Key, ...] = ()


class Op(StrEnum):
    """What a write does. ACT is an action of the system itself (submit, win, append a note), named by `Write.action`."""

    CREATE = "create"
    UPDATE = "update"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Write:
    """One write, as planned.

    `key` is the existing key of an update, or the key that we drew for a create. `values` holds only what changes
    (update) or all that is sent (create). `version`, `birth` and `expected` (raw values of every mapped field as they
    were read, absent ones missing) say what the write was planned on: a versioned system gets the version, a
    connector that re-reads compares `expected` and `birth` and answers MOVED with the fresh record when they differ.
    `reference` is our mark, resent on every write where the system keeps one. `send_by`: not sent after this moment;
    `may_send` is asked directly before the call: whether the worker that planned it still is the one to send it.
    """

    op: Op
    key: Key
    values: Values
    version: str = ""
    birth: str = ""
    expected: Values = field(default_factory=dict[str, Value])
    reference: str = ""
    send_by: datetime | None = None
    action: str = ""
    may_send: Callable[[], bool] = field(default=_always, compare=False, repr=False)

    def in_time(self, now: datetime) -> bool:
        """Tell whether it may still be sent at a moment."""
        return (self.send_by is None or now <= self.send_by) and self.may_send()


class Status(StrEnum):
    """How a write ended (engine rules, writes)."""

    DONE = "done"
    REJECTED = "rejected"  # the system's own refusal: `error` says what
    MOVED = "moved"  # the record is not what the plan was made on; `record` is what it is now, if it was read
    EXISTS = "exists"  # a create met a record under its key
    GONE = "gone"  # an update met no record
    ACCEPTED = "accepted"  # the system will do it later; `ticket`
    RETRY = "retry"  # certainly not done; may work later
    UNKNOWN = "unknown"  # the answer was lost: it may have been done


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one write.

    `stored` holds raw values that the write call itself returned as stored, empty if it returned none. `key`, `version`
    and `birth` are those of the record after the write, as far as the call told. `window_ms` is the unguarded time of
    a re-read write (reply of the re-read to reply of the write). `record` is a fresh read (MOVED,
    EXISTS, and a create whose system fills in fields by itself, such as GP's class defaults). `before` is what a connector
    that looks directly before it writes an update has read there, every field of it, if it was what the plan was made on.
    """

    status: Status
    key: Key = ()
    version: str = ""
    birth: str = ""
    stored: Mapping[str, Value] = field(default_factory=dict[str, Value])
    record: Record | None = None
    before: Record | None = None
    error: Gp365Error | None = None
    after_s: float | None = None
    ticket: str = ""
    window_ms: float | None = None
