"""What a connector says about an entity of its system: fields, key, write strength, change feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class FieldType(StrEnum):
    """The kinds of values; the Python type of a raw value follows from it."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    OPTION = "option"  # an int; `options` gives the labels
    REFERENCE = "reference"  # the key of a record of `target`, one part, as text


class Strength(StrEnum):
    """How well an update is guarded against a person's edit in between (engine rules, writes)."""

    VERSIONED = "versioned"  # the server compares a version
    COMPARED = "compared"  # the server compares values and birth mark in the same statement
    REREAD = "reread"  # we read again directly before, on the same lane
    WHOLE = "whole"  # as reread, but the object is sent whole


class Feed(StrEnum):
    """How changes are found."""

    DELTA = "delta"  # a token; sees deletions
    MODIFIED = "modified"  # modified-since, with a granularity
    NONE = "none"  # full compare only


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """One field under the connector's own name for it.

    `length` is the usable number of characters; `code_page` names the only characters it can hold ("cp1252") or is "";
    `upper` says the system stores it in upper case; `writable` is both, create, update or never; an unreadable field
    (secured column) is absent from every record; `options` maps codes to labels; `zoned` false says that a DATETIME is
    what a clock on the wall shows, labelled UTC but in no zone; `assumed` marks what no public document confirms;
    `secured`: column security hides it from some people, so that no report tells what we may read of it.
    """

    name: str
    type: FieldType = FieldType.TEXT
    length: int | None = None
    required: bool = False
    writable: str = "both"
    readable: bool = True
    options: Mapping[int, str] = field(default_factory=dict[int, str])
    code_page: str = ""
    upper: bool = False
    decimals: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    target: str = ""
    zoned: bool = True
    assumed: bool = False
    secured: bool = False

    def can(self, verb: str) -> bool:
        """Tell whether the field may be sent with create or update."""
        return self.writable in ("both", verb)


@dataclass(frozen=True, slots=True)
class EntityDescription:
    """An entity as its connector serves it.

    `key` names the fields of the key. `chosen_keys`: a create goes under a key that we chose, and cannot overwrite.
    `reference_field` is where a create carries our reference, "" if nowhere. `renamable`: people can change keys.
    `all_or_nothing`: lists come whole (SBA). `longest_reply_s` bounds how late a call that we sent can still land.
    `lanes` is how many pages of writes it takes at once. `creates`/`updates`: verbs served at all.
    `merged_into` names the wire field that, once filled, holds the key of the record into which this one was merged.
    `aside` says by which way, other than that of writes, records are read back, "" if there is no other.
    `retired` gives the wire values that take a record out of use, since nothing is ever deleted.
    `lists` names the lists of rows inside of a record's values (lines of a document), with the entity of a row.
    `opens_writing` says what to change so that verbs that are not served would be, "" if nothing does.
    `partial`: a full reading leaves out records that exist (a horizon): those that it does not show are read by key.
    `listed` false: its records are read by key alone, no list or feed has them. `shows` names the entities of which its
    records are another look: a write to it is one to theirs.
    """

    name: str
    key: tuple[str, ...]
    fields: Mapping[str, FieldDescription]
    strength: Strength
    feed: Feed = Feed.NONE
    feed_sees_deletions: bool = False
    feed_granularity_s: float = 0.0
    chosen_keys: bool = True
    reference_field: str = ""
    renamable: bool = False
    all_or_nothing: bool = False
    creates: bool = True
    updates: bool = True
    longest_reply_s: float = 120.0
    lanes: int = 1
    channel: str = ""
    assumed: tuple[str, ...] = ()
    merged_into: str = ""
    retired: Mapping[str, int | bool] = field(default_factory=dict[str, "int | bool"])
    aside: str = ""
    lists: Mapping[str, str] = field(default_factory=dict[str, str])
    opens_writing: str = ""
    partial: bool = False
    listed: bool = True
    shows: tuple[str, ...] = ()
