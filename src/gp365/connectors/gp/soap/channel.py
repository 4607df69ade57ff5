"""The SOAP channel: one company of a Dynamics GP installation over GP Web Services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gp365.connectors.gp.card import RETIRED
from gp365.connectors.gp.channel import Channel
from gp365.connectors.gp.opening import Once, lanes_of
from gp365.connectors.gp.soap.classdraft import Member
from gp365.connectors.gp.soap.classes import Classes
from gp365.connectors.gp.soap.held import card_fields, card_of
from gp365.connectors.gp.soap.lists import Lists
from gp365.connectors.gp.soap.probe import findings
from gp365.connectors.gp.soap.reading import Reading
from gp365.connectors.gp.soap.service import Service
from gp365.connectors.gp.soap.settings import SoapSettings
from gp365.connectors.gp.soap.shapes import Shape, served, shape_of
from gp365.connectors.gp.soap.values import account_named
from gp365.connectors.gp.soap.writing import WRITTEN, Writing
from gp365.model.contract import Estimate, Finding, Level, Scratch, Tally
from gp365.model.entity import EntityDescription, Feed, FieldDescription, Strength
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.model.record import ChangePage, Outcome, Record, Write
from gp365.model.values import Key, Value, show
from gp365.wire.calls import Log, silent
from gp365.wire.clock import Clock
from gp365.wire.gate import Turn
from gp365.wire.retries import Retries
from gp365.wire.windows import Lanes

_BEGINNING = datetime(1970, 1, 1)  # noqa: DTZ001 (stamps come as UTC without saying so)
DAY_S, TICK_S = 86_400.0, 0.001
WAY = "the object by its key, past every list of the run"
_CREATE, _UPDATE, _ONCE, _ANSWER_S = 3, 3, 3, 0.15
"""Requests: a look, the write, what stands then; once the description and a policy for each operation."""


@dataclass(frozen=True, slots=True)
class _Open:
    """What is made when the first request is due: the lanes, and what stands on them."""

    lanes: Lanes
    service: Service
    lists: Lists
    reading: Reading
    writing: Writing


class SoapChannel:
    """Serve what GP Web Services have: cards and documents for reading, customers and their addresses for writing.

    An update sends only what changes, right after the record was read again (strength `reread`). The password is read
    when the first request is due. `log` gets a line per request, without secrets or contents.
    """

    way = "soap"

    def __init__(
        self,
        settings: SoapSettings,
        *,
        scratch: Scratch,
        log: Log = silent,
        clock: Clock = Clock(),  # noqa: B008 (frozen)
        retries: Retries = Retries(),  # noqa: B008 (frozen)
        turn: Turn = Turn(),  # noqa: B008 (frozen)
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._scratch = scratch
        self._log = log
        self._clock = clock
        self._retries = retries
        self._turn = turn
        self._open = Once(self._make)
        self.classes = Classes(settings)
        """What customer classes give to new customers."""

    def take_classes(self, source: Channel) -> None:
        """Read customer classes over another channel of the company."""
        self.classes.source = source

    def check(self) -> Sequence[Finding]:
        """Find out, by reading only, how the service answers; see Connector.check."""
        try:
            made = self._open()
        except Gp365Error as fault:
            return [Finding("settings", Level.ERROR, fault.message, fault.fix, fault.code)]
        return list(findings(made.service, made.lanes, made.reading, self._clock, self.classes))

    def entities(self) -> Sequence[str]:
        """Name the entities that the Web Services have operations for."""
        return served()

    def entity(self, name: str) -> EntityDescription:
        """Describe an entity; Misconfigured("entity-unknown") if there is none."""
        if name not in served():
            raise Misconfigured(
                "entity-unknown", f"{self.name} serves no {name}.", system=self.name, value=name
            )
        shape = shape_of(name)
        entity, writable = shape.entity, name in WRITTEN
        fields = _fields(shape)
        return EntityDescription(
            name,
            shape.keyed,
            fields,
            Strength.REREAD,
            feed=Feed.MODIFIED if shape.since else Feed.NONE,
            feed_sees_deletions=name == "customer" and self._sees_deletions,
            feed_granularity_s=(DAY_S if shape.by_day else TICK_S) if shape.since else 0.0,
            reference_field="",
            renamable=name in WRITTEN,
            all_or_nothing=True,
            creates=writable and entity.creates,
            updates=writable and entity.updates,
            longest_reply_s=self._settings.timeout_s + self._retries.seconds,
            channel="soap",
            assumed=(*(each for each in entity.assumed if not each.startswith("SBA ")), *self._said(shape)),
            aside=WAY,
            retired={word: True for word in RETIRED if name == "customer" and word in fields},
        )

    def _said(self, shape: Shape) -> list[str]:
        """Say of an entity what its description has no word for."""
        said = ["the service's stamps are UTC"] if shape.since and not shape.by_day else []
        if shape.keyed != shape.entity.key:
            said.append(f"its key over SOAP is {', '.join(shape.keyed)}: the service has no other")
        if shape.entity.birth and not all(name in shape.served for name in shape.entity.birth):
            said.append("no birth mark: the service gives no note index")
        if shape.rows:
            said.append("only rows of single sites are served, no sums")
        if shape.entity.name == "customer":
            said.append(
                f"addresses that changed alone are found by reading everything every {self._settings.compare_h:g} hours"
            )
            said.append("defaults of the customer class are not applied by the service: gp365 sends them")
        if shape.detail and shape.summary:
            said.append("lists give summaries: other fields cost a request for each record")
        return said

    def begin_run(self) -> None:
        """Forget the lists of the last run, the policies and the classes."""
        self.classes.begin_run()
        if self._open.made is not None:
            self._open.made.reading.begin_run()
            self._open.made.service.begin_run()

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give what has a newer stamp, or everything; see `reading`."""
        return self._open().reading.changes(self._served(entity), fields, cursor)

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Give every record, in pages, ordered by key."""
        return self._open().reading.scan(self._served(entity), fields)

    def members(self) -> Iterator[Member]:
        """Give every customer with its class, what a class might have given it, and its accounts by number."""
        for held in self._open().reading.each("customer"):
            own = card_of(held).customer
            places = shape_of("customer").accounts
            numbers = {
                name: str(held.cells[at]) for name in places if (at := account_named(name)) in held.cells
            }
            yield show(own.get("CustomerClass")), own, numbers

    def census(self, entity: str) -> Iterator[Sequence[tuple[Key, str]]]:
        """Give every key with its birth mark, in pages."""
        for page in self.scan(entity, ()):
            yield [(record.key, record.birth) for record in page]

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        """Read records by key, from the run's lists where they were read."""
        return self._open().reading.get(self._served(entity), keys, fields, fresh=fresh)

    def read_aside(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> Mapping[Key, Record]:
        """Read records by key past every list of the run."""
        return self._open().reading.get(self._served(entity), keys, fields, fresh=True)

    def find(
        self, entity: str, field: str, values: Sequence[Value], fields: Sequence[str]
    ) -> Sequence[Record]:
        """Read the records whose field has one of the values, by the list's criteria or by reading the list once."""
        return self._open().reading.find(self._served(entity), field, values, fields)

    def write(self, entity: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Do the writes over the lanes; see Connector.write."""
        return self._open().writing.write(self._served(entity), writes)

    def doubt(self, entity: str, keys: Sequence[Key]) -> None:
        """Read these records again where the run's lists are asked for them; an address moves its customer's card."""
        if self._open.made is not None:
            for key in keys:
                self._open.made.reading.doubt(key)
                self._open.made.reading.doubt(key[:1])

    def estimate(self, entity: str, *, reads: int, creates: int, updates: int, aside: int = 0) -> Estimate:
        """Say what so many records will cost."""
        requests = reads + aside + creates * _CREATE + updates * _UPDATE
        seconds = requests * (self._settings.spacing_ms / 1000 + _ANSWER_S) / self._settings.lanes
        return Estimate(requests, seconds, once=_ONCE if creates or updates else 0)

    def epoch(self) -> str:
        """Give company and the newest stamp among the customers that this run has listed; "" before any was listed.

        The service gives no note index. After a restore the newest stamp falls, and also when the customer that was
        changed last is deleted: a hint (~), no proof.
        """
        newest = self._open.made.lists.newest.get("customer") if self._open.made is not None else None
        if newest is None:
            return ""
        name = self._settings.interid or self._settings.company or str(self._settings.company_id)
        return f"{name}/~stamp:~{int((newest - _BEGINNING).total_seconds() * 1000)}"

    def tally(self) -> Tally:
        """Give the counts since the channel was made; every call is a POST, those that write are counted apart."""
        made = self._open.made
        if made is None:
            return Tally(0, 0, {})
        return Tally(made.lanes.tally.total, made.service.written, made.writing.acknowledged.counts())

    def close(self) -> None:
        """Close every connection."""
        if self._open.made is not None:
            self._open.made.lanes.close()

    @property
    def _sees_deletions(self) -> bool:
        return self._open.made is not None and self._open.made.reading.sees_deletions

    def _served(self, entity: str) -> str:
        self.entity(entity)
        return entity

    def _make(self) -> _Open:
        settings = self._settings
        lanes = lanes_of(
            settings, settings.base, turn=self._turn, retries=self._retries, log=self._log, clock=self._clock
        )
        service = Service(settings, self._scratch)
        lists = Lists(service, lanes, self._scratch)
        reading = Reading(service, lanes, lists, self._clock)
        writing = Writing(service, lanes, reading, self._clock, self.entity, self.classes)
        return _Open(lanes, service, lists, reading, writing)


def _fields(shape: Shape) -> dict[str, FieldDescription]:
    """Describe the fields as the service has them; one that it has not can be neither read nor written."""
    name = shape.entity.name
    if name == "customer":
        return card_fields()
    return {
        each: _described(shape, each, described, writable=name in WRITTEN)
        for each, described in shape.entity.shown.items()
    }


def _described(shape: Shape, name: str, described: FieldDescription, *, writable: bool) -> FieldDescription:
    if name not in shape.served:
        return replace(described, readable=False, writable="never")
    return described if writable and name in shape.whole else replace(described, writable="never")
