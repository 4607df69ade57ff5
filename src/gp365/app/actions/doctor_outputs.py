"""What doctor answers: findings, entities, and of GP systems the matrix, channels, version, add-ons and gaps.

Typed values without a terminal: the command line prints them or dumps them as JSON (docs/json/doctor.schema.json).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One finding: of a system, or of `flows`, `lookups` or `store`."""

    system: str
    subject: str
    level: str
    text: str
    fix: str = ""
    code: str = ""
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class EntityLine:
    """One entity of a system: channel, write strength, change feed, what is assumed, which fields are not served.

    `read_back` is the way, other than that of writes, by which records are read to be compared with what was written.
    """

    system: str
    entity: str
    channel: str
    writes: str
    feed: str
    deletions_seen: bool
    fields: int
    assumed: tuple[str, ...]
    not_served: tuple[str, ...]
    read_back: str = ""


@dataclass(frozen=True, slots=True)
class WayLine:
    """One channel for one entity.

    `reads`: proved (this run has asked and got rows or a clean empty answer), assumed, refused or down; `said` is why
    it is not proved. `writes` is the strength of an update, empty where nothing is written; doctor proves no writes.
    `deletions`: seen, compared (all keys are read from time to time) or unseen. `chosen` holds read and write.
    """

    way: str
    reads: str
    said: str
    writes: str
    creates: bool
    updates: bool
    feed: str
    granularity_s: float
    deletions: str
    chosen: tuple[str, ...]
    assumed: tuple[str, ...]
    not_served: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MatrixLine:
    """One entity of a GP system over its channels: the chosen ways, why (settings, order, only, reading), its flows."""

    system: str
    entity: str
    read: str
    read_why: str
    write: str
    write_why: str
    flows: tuple[str, ...]
    ways: tuple[WayLine, ...]


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """A channel: whether it is set up, else which entities it would add for reading and for writing, and how."""

    system: str
    way: str
    title: str
    set_up: bool
    adds_reading: tuple[str, ...] = ()
    adds_writing: tuple[str, ...] = ()
    fix: str = ""


@dataclass(frozen=True, slots=True)
class VersionLine:
    """The version of a GP system as a hint: who told it (sql, settings, nobody), end of support, what is assumed."""

    system: str
    version: str
    title: str
    exact: str
    told_by: str
    ends: date | None
    fixes_until: date | None
    supported: bool | None
    newer_columns: tuple[str, ...]
    states: tuple[str, ...]
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddOnLine:
    """An add-on that changes what GP's data mean: in use, not found or unknown; the entities and flows it touches."""

    system: str
    name: str
    state: str
    means: str
    touches: tuple[str, ...]
    flows: tuple[str, ...]
    refuses: bool
    table: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class Lacking:
    """A capability that a flow needs and the chosen channel has not: what becomes of the flow, and what would help.

    `needs` is reading, create, update, or a field. `set_up` are channels of the system that have it, `others` those
    that would have it; `stops`: the flow does not run, else the one row is left out.
    """

    system: str
    pair: str
    flow: str
    entity: str
    needs: str
    row: str
    stops: bool
    set_up: tuple[str, ...]
    others: tuple[str, ...]
    text: str
    fix: str


@dataclass(frozen=True, slots=True)
class Doctor:
    """All findings, every entity as it is served, and the exit code: 3 a system refuses or is down, 2 settings, 0 else.

    Of GP systems: `matrix` (each entity over each channel), `channels` (also those that could be set up), `versions`,
    `add_ons`, and what flows need and no chosen channel serves (`lacking`).
    """

    findings: tuple[DoctorFinding, ...]
    entities: tuple[EntityLine, ...]
    exit_code: int
    matrix: tuple[MatrixLine, ...] = ()
    channels: tuple[ChannelLine, ...] = ()
    versions: tuple[VersionLine, ...] = ()
    add_ons: tuple[AddOnLine, ...] = ()
    lacking: tuple[Lacking, ...] = ()
