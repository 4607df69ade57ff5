"""The GP connector: one company of a Dynamics GP installation behind the connector contract, over one or more channels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gp365.connectors.gp.channel import ORDER, Channel, Draws, TakesClasses
from gp365.connectors.gp.rest.channel import RestChannel
from gp365.connectors.gp.settings import GpSettings
from gp365.connectors.gp.tables import NAMES
from gp365.connectors.gp.views import Viewing, views
from gp365.model.contract import Estimate, Finding, HasHorizon, Scratch, Tally, Within
from gp365.model.entity import EntityDescription, FieldDescription
from gp365.model.errors import Misconfigured
from gp365.model.record import ChangePage, Outcome, Record, Write
from gp365.model.values import Key, Value, Values
from gp365.wire.calls import Log, silent
from gp365.wire.clock import Clock
from gp365.wire.gate import Turn
from gp365.wire.retries import Retries


@dataclass(frozen=True, slots=True)
class Ways:
    """Over which channels an entity is read and written; "" for the first that serves it."""

    read: str = ""
    write: str = ""


class GpConnector:
    """Serve a company's entities, each over the channel that the settings name or the first that has it.

    REST is a channel where `settings.url` is set, with its `turn`; `more` are the others. `log` gets a line per request,
    without secrets.
    """

    kind = "gp"

    def __init__(
        self,
        settings: GpSettings,
        *,
        scratch: Scratch,
        log: Log = silent,
        clock: Clock = Clock(),  # noqa: B008 (frozen)
        retries: Retries = Retries(),  # noqa: B008 (frozen)
        turn: Turn = Turn(),  # noqa: B008 (frozen)
        more: Sequence[Channel] = (),
        ways: Mapping[str, Ways] | None = None,
    ) -> None:
        self.name = settings.name
        self.rest = (
            RestChannel(settings, scratch=scratch, log=log, clock=clock, retries=retries, turn=turn)
            if settings.url
            else None
        )
        channels: list[Channel] = [*([self.rest] if self.rest is not None else []), *more]
        if not channels:
            raise Misconfigured(
                "settings-invalid",
                f"[systems.{settings.name}] names no way to GP.",
                system=settings.name,
                field="url",
                fix="Give url (GP Service), or a [systems.NAME.sql] or [systems.NAME.soap] table, in gp365.toml.",
            )
        self._channels = sorted(channels, key=lambda channel: ORDER.index(channel.way))
        self._ways = dict(ways or {})
        self._viewing = Viewing(self)
        self._pass_classes()

    @property
    def channels(self) -> Sequence[Channel]:
        """The channels of this company in the order in which they are chosen."""
        return self._channels

    def check(self) -> Sequence[Finding]:
        """Find out, by reading only, how GP answers over each channel; see Connector.check."""
        if len(self._channels) == 1:
            return self._channels[0].check()
        return [
            replace(finding, subject=f"{channel.way}: {finding.subject}")
            for channel in self._channels
            for finding in channel.check()
        ]

    def entities(self) -> Sequence[str]:
        """Name the entities that any channel serves."""
        served = {name for channel in self._channels for name in channel.entities()}
        return [name for name in NAMES if name in served]

    def entity(self, name: str) -> EntityDescription:
        """Describe an entity or a view; Misconfigured("entity-unknown") if no channel serves it."""
        if view := views().get(name):
            return view.described(self.entity(view.of))
        reader, writer = self._reader(name), self._writer(name)
        described = reader.entity(name)
        if writer is not reader:
            described = _joined(described, writer.entity(name))
        return self._with_aside(self._with_opening(described, writer), reader, writer)

    def begin_run(self) -> None:
        """Forget what the channels kept for the last run."""
        for channel in self._channels:
            channel.begin_run()

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give what changed; see Connector.changes."""
        if entity in views():
            return self._viewing.changes()
        return self._reader(entity).changes(entity, fields, cursor)

    def scan(self, entity: str, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Give every record, in pages; none of a view."""
        if entity in views():
            return iter(())
        return self._reader(entity).scan(entity, fields)

    def census(self, entity: str) -> Iterator[Sequence[tuple[Key, str]]]:
        """Give every key with its birth mark, in pages; none of a view."""
        if entity in views():
            return iter(())
        return self._reader(entity).census(entity)

    def get(
        self, entity: str, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        """Read records by key."""
        if view := views().get(entity):
            return self._viewing.get(view, keys, fields, fresh=fresh)
        return self._reader(entity).get(entity, keys, fields, fresh=fresh)

    def read_aside(self, entity: str, keys: Sequence[Key], fields: Sequence[str]) -> Mapping[Key, Record]:
        """Read records by key over another channel than that of writes, or by another way of that channel."""
        if view := views().get(entity):
            return self._viewing.read_aside(view, keys, fields)
        other = self._other(entity)
        if other is not None:
            return other.get(entity, keys, fields, fresh=True)
        return self._writer(entity).read_aside(entity, keys, fields)

    def find(
        self, entity: str, field: str, values: Sequence[Value], fields: Sequence[str]
    ) -> Sequence[Record]:
        """Read the records whose field has one of the values."""
        return self._reader(entity).find(entity, field, values, fields)

    def write(self, entity: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Do the writes; see Connector.write."""
        if view := views().get(entity):
            return self._viewing.write(view, writes)
        writer = self._writer(entity)
        try:
            return writer.write(entity, writes)
        finally:
            for channel in self._channels:
                if channel is not writer:
                    channel.doubt(entity, [write.key for write in writes])

    def draw(self, entity: str, values: Values) -> Key:
        """Take the next number of a document from GP, to be planned and kept before the document is written under it.

        `values` hold what the number depends on (type, document id). A number that is not used leaves a gap. Raises
        Misconfigured("not-served") where the channel that writes the entity draws none.
        """
        writer = self._writer(entity)
        if isinstance(writer, Draws):
            return writer.draw(entity, values)
        raise Misconfigured(
            "not-served",
            f"Over {writer.way.upper()} no numbers are drawn for {entity}.",
            system=self.name,
            value=entity,
            fix="Let the entity be written over sql.",
        )

    def estimate(self, entity: str, *, reads: int, creates: int, updates: int, aside: int = 0) -> Estimate:
        """Say what so many records will cost."""
        if view := views().get(entity):
            entity = view.of
        reader, writer, other = self._reader(entity), self._writer(entity), self._other(entity)
        parts = [
            reader.estimate(entity, reads=reads, creates=0, updates=0),
            writer.estimate(
                entity, reads=0, creates=creates, updates=updates, aside=aside if other is None else 0
            ),
        ]
        if other is not None:
            parts.append(other.estimate(entity, reads=aside, creates=0, updates=0))
        return Estimate(
            sum(part.requests for part in parts),
            sum(part.seconds for part in parts),
            sum(part.once for part in parts),
        )

    def within(self, entity: str) -> Within | None:
        """Count what lies within the horizon and beyond; None for an entity that is read whole."""
        if entity in views():
            return None
        reader = self._reader(entity)
        return reader.within(entity) if isinstance(reader, HasHorizon) else None

    def epoch(self) -> str:
        """Give the epoch that the first channel tells; all tell it in the same form."""
        return next((told for channel in self._channels if (told := channel.epoch())), "")

    def tally(self) -> Tally:
        """Give the counts of all channels since the connector was made."""
        return self._viewing.told(self._tally)

    def _tally(self) -> Tally:
        tallies = [channel.tally() for channel in self._channels]
        acknowledged: Counter[tuple[str, str]] = Counter()
        for tally in tallies:
            acknowledged.update(tally.acknowledged)
        return Tally(
            sum(tally.requests for tally in tallies),
            sum(tally.write_requests for tally in tallies),
            acknowledged,
        )

    @property
    def handshakes(self) -> int:
        """Return how many logins to GP Service there have been: one per lane, unless the server hung up."""
        return 0 if self.rest is None else self.rest.handshakes

    def close(self) -> None:
        """Close every connection."""
        for channel in self._channels:
            channel.close()

    # choosing

    def chosen(self, entity: str) -> tuple[Channel, Channel]:
        """Return the channels over which an entity is read and written; Misconfigured("entity-unknown") if there is none."""
        return self._reader(entity), self._writer(entity)

    def wanted(self, entity: str) -> Ways:
        """Return what the settings say of an entity's ways; empty where they say nothing."""
        return self._ways.get(entity, Ways())

    def _reader(self, entity: str) -> Channel:
        return self._chosen(entity, self._ways.get(entity, Ways()).read)

    def _writer(self, entity: str) -> Channel:
        return self._chosen(entity, self._ways.get(entity, Ways()).write or self._reader(entity).way)

    def _chosen(self, entity: str, way: str) -> Channel:
        serving = [channel for channel in self._channels if entity in channel.entities()]
        found = [channel for channel in serving if not way or channel.way == way]
        if found:
            return found[0]
        wanted = f" over {way.upper()}" if way and serving else ""
        raise Misconfigured(
            "entity-unknown", f"{self.name} serves no {entity}{wanted}.", system=self.name, value=entity
        )

    def _other(self, entity: str) -> Channel | None:
        """Find a channel that reads the entity and does not write it."""
        writer = self._writer(entity)
        return next((one for one in self._channels if one is not writer and entity in one.entities()), None)

    def _with_opening(self, described: EntityDescription, writer: Channel) -> EntityDescription:
        """Name the channels that write what the chosen one does not, with the line that chooses them."""
        if described.creates and described.updates:
            return described
        ways = [
            channel.way
            for channel in self._channels
            if channel is not writer
            and described.name in channel.entities()
            and _writes_more(channel.entity(described.name), described)
        ]
        table = f"[systems.{self.name}.channels.{described.name}]"
        more = [f'Write write = "{way}" in {table}: {way.upper()} serves it.' for way in ways]
        if not more:
            return described
        fix = " Or: ".join(filter(None, (described.opens_writing, *more)))
        return replace(described, opens_writing=fix)

    def _pass_classes(self) -> None:
        """Let channels without customer classes read them where this company's are read."""
        if any("customer_class" in channel.entities() for channel in self._channels):
            source = self._reader("customer_class")
            for channel in self._channels:
                if channel is not source and isinstance(channel, TakesClasses):
                    channel.take_classes(source)

    def _with_aside(
        self, described: EntityDescription, reader: Channel, writer: Channel
    ) -> EntityDescription:
        other = self._other(described.name)
        if other is not None:
            return replace(described, aside=f"over {other.way.upper()}")
        return described if reader is writer else replace(described, aside=f"over {reader.way.upper()}")


def _joined(read: EntityDescription, written: EntityDescription) -> EntityDescription:
    """Describe an entity that is read over one channel and written over another."""
    return replace(
        read,
        fields={name: _as_written(each, written.fields.get(name)) for name, each in read.fields.items()},
        strength=written.strength,
        chosen_keys=written.chosen_keys,
        reference_field=written.reference_field,
        creates=written.creates,
        updates=written.updates,
        longest_reply_s=written.longest_reply_s,
        lanes=written.lanes,
        opens_writing=written.opens_writing,
        channel=f"{read.channel}, written over {written.channel}",
        assumed=tuple(dict.fromkeys((*read.assumed, *written.assumed))),
    )


def _writes_more(other: EntityDescription, chosen: EntityDescription) -> bool:
    return (other.creates and not chosen.creates) or (other.updates and not chosen.updates)


def _as_written(read: FieldDescription, written: FieldDescription | None) -> FieldDescription:
    if written is None:
        return replace(read, writable="never")
    if not written.readable:
        # Known, and not served over the other channel: a row that would write it is left out, as over that channel alone.
        return replace(read, readable=False, writable="never")
    lengths = [length for length in (read.length, written.length) if length is not None]
    return replace(
        read,
        writable=written.writable,
        required=written.required,
        length=min(lengths) if lengths else None,
        assumed=read.assumed or written.assumed,
    )
