"""A job: one flow of one pair, with everything that its run needs. And the names by which subjects and drawn keys go."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Literal
from uuid import UUID

from gp365.model.contract import Connector, Scratch
from gp365.model.entity import EntityDescription
from gp365.model.expressions import Expressions
from gp365.model.flow import Flow
from gp365.model.plan import Problem, SubjectPlan
from gp365.model.record import Record
from gp365.model.values import Key, Values, key_text
from gp365.store.engine import Store
from gp365.store.lease import Lease
from gp365.sync.foreseen import Foreseen
from gp365.sync.guards.watch import Watch
from gp365.sync.looked import Looked
from gp365.sync.plan import CompiledFlow
from gp365.sync.points import Probe, no_probe


@dataclass(frozen=True, slots=True)
class Place:
    """One side of a job: a system (and company), its connector, and the entity and fields that the flow reads there."""

    side: str
    end: Literal["left", "right"]  # left or right: the link's end
    system: str
    connector: Connector
    entity: EntityDescription
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recovery:
    """A run that brings a restored system back into step: the sides that were restored, and who let it go on.

    `let_be` are links whose missing record is not made anew: it stands under another key, or was missing before. What we
    have created there `since` is a record made anew.
    """

    sides: frozenset[str]
    actor: str = ""
    let_be: set[int] = field(default_factory=set[int])
    since: datetime | None = None


def merged_into(place: Place, record: Record | None) -> str:
    """Return the key of the record into which one was merged, or ""."""
    name = place.entity.merged_into
    return str(record.values.get(name) or "") if record is not None and name else ""


def is_ours(job: Job, place: Place, record: Record) -> bool:
    """Tell whether a record is of the job's company: those of other companies may share a table with ours."""
    company = job.flow.side(place.side).company
    return not company or record.values.get(company) == job.company


def fields_of(flow: Flow, side: str, entity: EntityDescription) -> tuple[str, ...]:
    """Name the wire fields that a flow reads on a side: its rows', its company's, and what tells of a merge."""
    more = (flow.side(side).company, entity.merged_into)
    return tuple(dict.fromkeys((*flow.wires_of(side), *(name for name in more if name))))


def mapped(place: Place, values: Values) -> Values:
    """Give of a record's values those that the flow reads on a side; as most hold nothing else, often themselves."""
    names = _names(place.fields)
    return values if values.keys() <= names else {name: values[name] for name in values if name in names}


@lru_cache(64)
def _names(fields: tuple[str, ...]) -> frozenset[str]:
    return frozenset(fields)


@dataclass(frozen=True, slots=True)
class Dependent:
    """Another flow of the pair that reads the same entity on a side: what we create here is work there."""

    flow: str
    side: str
    entity: str


@dataclass(frozen=True, slots=True)
class Since:
    """What stood when lists began to be read: the moment, how far the flow's ledger was, and the newest link."""

    at: datetime
    head: int
    link: int


@dataclass(slots=True)
class Job:
    """One flow of one pair, ready to run. `foreseen` is for plans only: the links that earlier plans would make.

    `sharing` names, by side, the pairs that run this flow against the same system there: roll-ups are theirs together.
    The cycle keeps here the `runs` that one command has made of it, its guards (`watch`), and the way back of a restored
    system (`recovery`). When `halt` says so, no further page is begun. `verify_share` of the writes are read back at the
    end of a run, from 0 to 1, and with `verify_least` one of each run at least. Looks of the service that find nothing
    share one row for `fold_s` seconds (0: each is kept), and remember what they have `looked` at. Runs of one round share
    the lists that its first one read: `since` it began, and when it had `listed` them.
    """

    pair: str
    compiled: CompiledFlow
    left: Place
    right: Place
    store: Store
    scratch: Scratch
    expressions: Expressions
    clock: Callable[[], datetime]
    actor: str
    company: str = ""
    dependents: tuple[Dependent, ...] = ()
    page: int = 200
    pages_in_flight: int = 4
    lease: Lease | None = None
    lease_ttl_s: float = 600.0
    probe: Probe = no_probe
    progress: Callable[[str, int, int], None] = lambda what, done, total: None
    halt: Callable[[], bool] = lambda: False
    lookups_digest: str = ""
    entities_digest: str = ""
    approve: Callable[[SubjectPlan], Problem | None] | None = None
    foreseen: Foreseen | None = None
    sharing: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    runs: list[str] = field(default_factory=list[str])
    watch: Watch | None = None
    recovery: Recovery | None = None
    verify_share: float = 0.0
    verify_least: bool = True
    fold_s: float = 0.0
    looked: Looked | None = None
    since: Since | None = None
    listed: datetime | None = None

    @property
    def flow(self) -> Flow:
        """Return the compiled flow's own words."""
        return self.compiled.flow

    @property
    def chain(self) -> str:
        """Name the ledger chain of this job."""
        return f"{self.pair}/{self.flow.name}"

    @property
    def places(self) -> tuple[Place, Place]:
        """Return both places."""
        return (self.left, self.right)

    def place(self, side: str) -> Place:
        """Return the place of a side."""
        return self.left if self.left.side == side else self.right

    def across(self, side: str) -> Place:
        """Return the place on the other side."""
        return self.right if self.left.side == side else self.left


def link_subject(link: int) -> str:
    """Name the subject of a link."""
    return f"L{link}"


def single_subject(side: str, key: str) -> str:
    """Name the subject of a record without a partner."""
    return f"{side}:{key}"


def _mark(pair: str, flow: str, side: str, record: Record, turn: int) -> bytes:
    """Hash what names a source record for ever: its place, key and birth mark; `turn` counts keys found taken."""
    text = "\x1e".join((pair, flow, side, key_text(record.key), record.birth, str(turn)))
    return blake2b(text.encode(), digest_size=16).digest()


def reference_of(pair: str, flow: str, side: str, record: Record) -> str:
    """Give our reference in a record that is created for `record`: 26 characters, the same whenever it is worked out.

    GP's INTEGRATIONID is char(30) and cuts longer marks in silence (GP table RM00101).
    """
    return "g5" + b32encode(_mark(pair, flow, side, record, 0)[:15]).decode().lower()


def drawn_id(pair: str, flow: str, side: str, record: Record, turn: int = 0) -> Key:
    """Draw the GUID under which a record is created for `record`: the same one after a crash or a restored store."""
    return (str(UUID(bytes=_mark(pair, flow, side, record, turn), version=4)),)
