"""The REST channel: one company of a Dynamics GP installation over Service Based Architecture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gp365.connectors.gp.card import RETIRED
from gp365.connectors.gp.opening import Once, lanes_of
from gp365.connectors.gp.rest.aside import WAY, dear, read_aside
from gp365.connectors.gp.rest.lists import Lists
from gp365.connectors.gp.rest.probe import findings
from gp365.connectors.gp.rest.reading import Reading
from gp365.connectors.gp.rest.service import Service
from gp365.connectors.gp.rest.writing import Writing, verbs
from gp365.connectors.gp.settings import GpSettings
from gp365.connectors.gp.tables import NAMES, entity_named
from gp365.model.contract import Estimate, Finding, Level, Scratch, Tally
from gp365.model.entity import EntityDescription, Feed, FieldDescription, Strength
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.model.record import ChangePage, Outcome, Record, Write
from gp365.model.values import Key, Value
from gp365.wire.calls import Log, silent
from gp365.wire.clock import Clock
from gp365.wire.gate import Turn
from gp365.wire.retries import Retries
from gp365.wire.windows import Lanes

DAY_S = 86_400.0
_READ, _CREATE, _UPDATE, _READ_BACK = 2, 3, 4, 1
"""Requests of a card with one address: customer and address; look, create and read back; two reads, PATCH, a look.

Reading an update back is one more: the address was looked at already.
"""
_ANSWER_S = 0.1


@dataclass(frozen=True, slots=True)
class _Open:
    """What is made when the first request is due: the lanes, and what stands on them."""

    lanes: Lanes
    service: Service
    lists: Lists
    reading: Reading
    writing: Writing


class RestChannel:
    """Serve customers (with their bill-to and ship-to), addresses, classes, payment terms and companies of GP.

    The password is read when the first request is due. `log` gets a line per request, without secrets.
    """

    way = "rest"

    def __init__(
        self,
        settings: GpSettings,
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

    def check(self) -> Sequence[Finding]:
        """Find out, by reading only, how GP answers; see Connector.check."""
        try:
            made = self._open()
        except Gp365Error as fault:
            return [Finding("settings", Level.ERROR, fault.message, fault.fix, fault.code)]
        return list(findings(made.service, made.lanes, self._clock))

    def entities(self) -> Sequence[str]:
        """Name the entities of the resource map."""
        return [name for name in NAMES if name in self._settings.resources]

    def entity(self, name: str) -> EntityDescription:
        """Describe an entity; Misconfigured("entity-unknown") if there is none."""
        entity = entity_named(name)
        if name not in self._settings.resources:
            raise Misconfigured(
                "entity-unknown", f"{self.name} serves no {name}.", system=self.name, value=name
            )
        resource = self._settings.resources[name]
        filtered = self._filtered(name)
        creates, updates, opens = verbs(name, self._settings)
        fields = self._fields(name, entity.shown)
        return EntityDescription(
            name,
            entity.key,
            fields,
            Strength.WHOLE,
            feed=Feed.MODIFIED if filtered else Feed.NONE,
            feed_granularity_s=DAY_S if filtered else 0.0,
            reference_field=entity.reference,
            renamable=name in ("customer", "customer_address"),
            all_or_nothing=True,
            creates=creates,
            updates=updates,
            longest_reply_s=self._longest_reply_s,
            channel="rest",
            assumed=(
                *entity.assumed,
                *(("path, keys and verbs of the resource",) if resource.assumed else ()),
            ),
            aside=WAY,
            retired={word: True for word in RETIRED if name == "customer" and word in fields},
            opens_writing=opens,
        )

    def begin_run(self) -> None:
        """Forget the lists of the last run."""
        if self._open.made is not None:
            self._open.made.reading.begin_run()

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give everything, or what was modified where a site has proved a filter; see Connector.changes."""
        return self._open().reading.changes(self._served(entity), fields, cursor)

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Give every record, in pages, ordered by key."""
        return self._open().reading.scan(self._served(entity), fields)

    def census(self, entity: str) -> Iterator[Sequence[tuple[Key, str]]]:
        """Give every key with its birth mark, in pages."""
        for page in self.scan(entity, ()):
            yield [(record.key, record.birth) for record in page]

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        """Read records by key, from the run's list where it was read."""
        return self._open().reading.get(self._served(entity), keys, fields, fresh=fresh)

    def read_aside(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> Mapping[Key, Record]:
        """Read records by key from a list that is read anew, or one by one where it is long; see `rest.aside`."""
        made = self._open()
        return read_aside(
            made.service, made.lanes, made.lists, made.reading, self._served(entity), keys, fields
        )

    def find(
        self, entity: str, field: str, values: Sequence[Value], fields: Sequence[str]
    ) -> Sequence[Record]:
        """Read the records whose field has one of the values; the list is read for it once per run."""
        return self._open().reading.find(self._served(entity), field, values, fields)

    def write(self, entity: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Do the writes over the lanes; see Connector.write and `rest.creating` for DONE with an error."""
        return self._open().writing.write(self._served(entity), writes)

    def doubt(self, entity: str, keys: Sequence[Key]) -> None:
        """Read these records again where the run's lists are asked for them; an address moves its customer's card."""
        if self._open.made is not None:
            for key in keys:
                self._open.made.reading.doubt(key)
                self._open.made.reading.doubt(key[:1])

    def estimate(self, entity: str, *, reads: int, creates: int, updates: int, aside: int = 0) -> Estimate:
        """Say what so many records will cost: more than `single_limit` reads are one list per resource."""
        lists = 2 if entity == "customer" else 1
        each = _READ if entity == "customer" else 1
        read = reads * each if reads <= self._settings.single_limit else lists
        update = _UPDATE + (_READ_BACK if self._settings.read_back else 0)
        requests = read + creates * _CREATE + updates * update + self._aside(entity, aside, lists, each)
        seconds = requests * (self._settings.spacing_ms / 1000 + _ANSWER_S) / self._settings.lanes
        return Estimate(requests, seconds)

    def _aside(self, entity: str, wanted: int, lists: int, each: int) -> int:
        """Say what reading so many records back will cost: lists, or single objects where those are cheaper."""
        held = None if self._open.made is None else self._open.made.lists.length(entity)
        return wanted * each if dear(self._settings, held, wanted) else lists if wanted else 0

    def epoch(self) -> str:
        """Give company and lowest note index, then the highest note index, of the customers in the run's list.

        Note indexes are drawn upwards for the whole company (practice, assumed): after a restore the highest falls, and
        another company's database in place of this one has another oldest customer. Both also change when the newest
        or the oldest customer is deleted or hidden: hints (~), no proofs. "" before the list was read.
        """
        lowest, highest = self._open.made.reading.notes() if self._open.made is not None else (0, 0)
        return f"{self._settings.interid or self._settings.company}/~{lowest}:~{highest}" if highest else ""

    def tally(self) -> Tally:
        """Give the counts since the connector was made; the legs of handshakes are not requests."""
        made = self._open.made
        if made is None:
            return Tally(0, 0, {})
        methods = made.lanes.tally.by_method
        writes = sum(count for method, count in methods.items() if method in ("POST", "PATCH"))
        return Tally(made.lanes.tally.total, writes, made.writing.acknowledged.counts())

    @property
    def handshakes(self) -> int:
        """Return how many logins there have been: one per lane, unless the server hung up."""
        return 0 if self._open.made is None else self._open.made.lanes.report().handshakes

    def close(self) -> None:
        """Close every connection."""
        if self._open.made is not None:
            self._open.made.lanes.close()

    @property
    def _longest_reply_s(self) -> float:
        """Bound how late a call can land: the wire may try one again that the service has turned away unprocessed."""
        return max(self._settings.timeout_s, self._settings.first_timeout_s) + self._retries.seconds

    def _served(self, entity: str) -> str:
        self.entity(entity)
        return entity

    def _filtered(self, name: str) -> bool:
        lists = ("customer", "customer_address") if name == "customer" else (name,)
        resources = [self._settings.resources.get(each) for each in lists]
        return all(each is not None and each.modified_filter for each in resources)

    def _fields(self, name: str, shown: Mapping[str, FieldDescription]) -> dict[str, FieldDescription]:
        """Describe the fields as this site serves them; one that it does not serve can be neither read nor written."""
        missing = {ours for ours, theirs in self._settings.names.get(name, {}).items() if not theirs}
        return {
            field: replace(each, readable=False, writable="never") if field in missing else each
            for field, each in shown.items()
        }

    def _make(self) -> _Open:
        settings = self._settings
        lanes = lanes_of(
            settings, settings.url, turn=self._turn, retries=self._retries, log=self._log, clock=self._clock
        )
        service = Service(settings)
        lists = Lists(service, lanes, self._scratch)
        reading = Reading(service, lanes, lists)
        return _Open(lanes, service, lists, reading, Writing(service, lanes, reading, lists, self._clock))
