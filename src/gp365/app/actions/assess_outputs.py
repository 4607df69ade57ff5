"""What `assess` answers: how two systems look at each other before the first sync."""

from __future__ import annotations

from dataclasses import dataclass

from gp365.app.actions.outputs import HorizonOut, Shown


@dataclass(frozen=True, slots=True)
class RecordOut:
    """A record for example: its keys by side and its name."""

    keys: dict[str, str]
    name: str


@dataclass(frozen=True, slots=True)
class ClassOut:
    """One class of records: how they were matched, why they stop, or where they are missing; with some examples."""

    name: str
    count: int
    samples: list[RecordOut]


@dataclass(frozen=True, slots=True)
class ValueSample:
    """A value for example, before and after, on one record."""

    keys: dict[str, str]
    old: Shown
    new: Shown


@dataclass(frozen=True, slots=True)
class OverwriteOut:
    """What the first contact writes into one field of a side: values replaced and empty fields filled."""

    field: str
    side: str
    replaced: int
    filled: int
    samples: list[ValueSample]


@dataclass(frozen=True, slots=True)
class FieldFaultOut:
    """Values of a field that stop for a person (by their code), or are cut to fit (`cut`)."""

    field: str
    code: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class MissingOut:
    """A value that a lookup has no line for, and how many records have it."""

    field: str
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class DuplicatesOut:
    """Records of one side that share name and postal code: so many in so many groups, the largest for example."""

    side: str
    fields: list[str]
    groups: int
    records: int
    samples: list[list[RecordOut]]


@dataclass(frozen=True, slots=True)
class StorageOut:
    """Rows that are created in a Dataverse organisation, and the storage that they are assumed to take."""

    system: str
    rows: int
    megabytes_assumed: float


@dataclass(frozen=True, slots=True)
class AllowanceOut:
    """What the first sync takes of a day's requests of an organisation: each request and each written row counts as one."""

    system: str
    requests: int
    per_day_assumed: int
    percent: float


@dataclass(frozen=True, slots=True)
class AssessFlow:
    """One flow of one pair. `write_requests` are those of `requests` that write."""

    pair: str
    flow: str
    title: str
    records: dict[str, int]
    classes: list[ClassOut]
    overwrites: list[OverwriteOut]
    faults: list[FieldFaultOut]
    missing: list[MissingOut]
    duplicates: list[DuplicatesOut]
    created: dict[str, int]
    updated: dict[str, int]
    requests: dict[str, int]
    write_requests: dict[str, int]
    minutes: float
    not_served: list[str]
    horizon: HorizonOut | None = None


@dataclass(frozen=True, slots=True)
class AssessOut:
    """The assessment of every flow, what the first sync costs together, what is assumed, and what to do before it."""

    flows: list[AssessFlow]
    requests: dict[str, int]
    minutes: float
    storage: list[StorageOut]
    allowance: list[AllowanceOut]
    assumed: list[str]
    advice: list[str]
    file: str | None = None
