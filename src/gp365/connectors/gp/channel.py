"""A channel: one way to a GP company (REST, SOAP, SQL), with the verbs of the connector contract for what it serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from gp365.model.contract import Estimate, Finding, Tally
from gp365.model.entity import EntityDescription
from gp365.model.record import ChangePage, Outcome, Record, Write
from gp365.model.values import Key, Value, Values

ORDER = ("sql", "rest", "soap")
"""Which channel serves an entity that the settings send nowhere: the one that can promise most about a write first."""


class Channel(Protocol):
    """One way to a company. Records, keys, birth marks and field names are the same over every channel.

    Verbs, errors and threads are those of `gp365.model.contract.Connector`; what differs is said there. `entity` and every
    verb are asked only for what `entities` names. Nothing is connected before the first verb that needs it.
    """

    way: str

    def check(self) -> Sequence[Finding]:
        """Find out, by reading only, how GP answers over this channel."""
        ...

    def entities(self) -> Sequence[str]:
        """Name the entities that this channel serves here."""
        ...

    def entity(self, name: str) -> EntityDescription:
        """Describe an entity as this channel serves it; `channel` is the channel's name."""
        ...

    def begin_run(self) -> None:
        """Forget what was kept for the last run."""
        ...

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give what changed; a cursor of another channel counts as none."""
        ...

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Give every record."""
        ...

    def census(self, entity: str) -> Iterator[Sequence[tuple[Key, str]]]:
        """Give every key with its birth mark."""
        ...

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        """Read records by key."""
        ...

    def read_aside(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> Mapping[Key, Record]:
        """Read records by key by another way than this channel's writes take."""
        ...

    def find(
        self, entity: str, field: str, values: Sequence[Value], fields: Sequence[str]
    ) -> Sequence[Record]:
        """Read the records whose field has one of the values."""
        ...

    def write(self, entity: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Do the writes; one outcome each, in order."""
        ...

    def doubt(self, entity: str, keys: Sequence[Key]) -> None:
        """Take nothing that this run has kept of these records for certain: another channel has written them."""
        ...

    def estimate(self, entity: str, *, reads: int, creates: int, updates: int, aside: int = 0) -> Estimate:
        """Say what so many records will cost."""
        ...

    def epoch(self) -> str:
        """Give what falls when the company's database was restored, in the form that all channels give it."""
        ...

    def tally(self) -> Tally:
        """Give the counts since the channel was made."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


@runtime_checkable
class TakesClasses(Protocol):
    """A channel whose service has no customer classes, and which reads them over another one of the company."""

    def take_classes(self, source: Channel) -> None:
        """Read customer classes over this channel."""
        ...


@runtime_checkable
class Draws(Protocol):
    """A channel over which GP gives next numbers of documents."""

    def draw(self, entity: str, values: Values) -> Key:
        """Take the next number and return the key of a document to be created under it."""
        ...
