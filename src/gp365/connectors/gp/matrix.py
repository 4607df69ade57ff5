"""What each channel of a company can do for each entity, what of it this run has proved, and which channel is chosen why.

Doctor's table is made of it. Nothing is decided here: the connector has chosen, this says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gp365.connectors.gp.channel import Channel
from gp365.connectors.gp.connector import GpConnector
from gp365.model.contract import Finding, Level
from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType
from gp365.model.errors import Gp365Error

NOTHING = "~~~~~~~~"
"""A key that no record has: asking for it is the smallest question that names every column."""


class Reads(StrEnum):
    """What is known of reading an entity over a channel."""

    PROVED = "proved"  # asked in this run: rows came, or a clean empty answer
    ASSUMED = "assumed"  # not asked
    REFUSED = "refused"  # asked, and refused
    DOWN = "down"  # the channel does not answer at all


class Why(StrEnum):
    """Why a channel is chosen."""

    SETTINGS = "settings"  # [systems.NAME.channels.ENTITY] names it
    ORDER = "order"  # several serve the entity: sql before rest before soap
    ONLY = "only"  # no other serves it
    READING = "reading"  # it is written where it is read


@dataclass(frozen=True, slots=True)
class Cell:
    """What one channel does for one entity: `said` is why reading is not proved, in the finding's words."""

    way: str
    reads: Reads
    described: EntityDescription
    deletions: str
    said: str = ""

    @property
    def writes(self) -> bool:
        """Say whether anything can be written."""
        return self.described.creates or self.described.updates


@dataclass(frozen=True, slots=True)
class Line:
    """One entity: its cells in the order of choosing, and the chosen ways with their reasons."""

    entity: str
    cells: tuple[Cell, ...]
    reader: str
    reader_why: Why
    writer: str
    writer_why: Why

    def cell(self, way: str) -> Cell:
        """Return the cell of a way that serves the entity."""
        return next(cell for cell in self.cells if cell.way == way)


def by_way(connector: GpConnector, findings: Sequence[Finding]) -> dict[str, list[tuple[str, Finding]]]:
    """Sort a connector's findings by channel, with their subjects as the channel gave them."""
    ways = [channel.way for channel in connector.channels]
    if len(ways) == 1:
        return {ways[0]: [(finding.subject, finding) for finding in findings]}
    found: dict[str, list[tuple[str, Finding]]] = {way: [] for way in ways}
    for finding in findings:
        way, _, subject = finding.subject.partition(": ")
        if way in found:
            found[way].append((subject, finding))
    return found


def matrix(connector: GpConnector, findings: Sequence[Finding]) -> tuple[Line, ...]:
    """Return a line per entity; `findings` are what `check` of the same connector has just found.

    Channels whose check asks for rights only are asked here for a record that does not exist, one question an entity.
    """
    told = by_way(connector, findings)
    cells = {
        channel.way: {cell.described.name: cell for cell in _cells(channel, told[channel.way])}
        for channel in connector.channels
    }
    return tuple(_line(connector, entity, cells) for entity in connector.entities())


def _line(connector: GpConnector, entity: str, cells: Mapping[str, Mapping[str, Cell]]) -> Line:
    held = tuple(each[entity] for each in cells.values() if entity in each)
    wanted = connector.wanted(entity)
    try:
        reader, writer = (channel.way for channel in connector.chosen(entity))
    except Gp365Error:
        return Line(entity, held, "", Why.SETTINGS, "", Why.SETTINGS)
    by_order = Why.ORDER if len(held) > 1 else Why.ONLY
    reader_why = Why.SETTINGS if wanted.read else by_order
    writer_why = Why.SETTINGS if wanted.write else Why.READING
    if not any(cell.writes for cell in held if cell.way == writer):
        writer = ""
    return Line(entity, held, reader, reader_why, writer, writer_why)


def _cells(channel: Channel, told: Sequence[tuple[str, Finding]]) -> Iterator[Cell]:
    first = _by_subject(channel.way, told)
    down = not any(subject in first for subject in channel.entities())
    fault = next((finding.text for _, finding in told if finding.level is Level.ERROR), "")
    for name in channel.entities():
        try:
            described = channel.entity(name)
        except Gp365Error as error:
            fault = fault or error.message
            continue
        finding = first.get(name)
        if down:
            yield Cell(channel.way, Reads.DOWN, described, "", fault)
            continue
        reads, said = _reads(channel, described, finding)
        yield Cell(channel.way, reads, described, _deletions(described, finding), said)


def _by_subject(way: str, told: Sequence[tuple[str, Finding]]) -> dict[str, Finding]:
    """Take the finding of each subject that is of the entity: a note on the currency comes before that of currencies."""
    found: dict[str, Finding] = {}
    for subject, finding in told:
        held = found.get(subject)
        if held is None or (held.level is Level.NOTE and held.facts.get("channel") != way):
            found[subject] = finding
    return found


def _reads(channel: Channel, described: EntityDescription, finding: Finding | None) -> tuple[Reads, str]:
    if finding is not None and finding.level is Level.ERROR:
        return Reads.REFUSED, finding.text
    if finding is None:
        return Reads.ASSUMED, "not asked"
    if _asked(channel, described.name, finding):
        return Reads.PROVED, ""
    if finding.code in ("right-missing", "not-served") and "cannot be read" in finding.text:
        return Reads.REFUSED, finding.text
    if channel.way != "sql":  # the checks of the others ask for rows themselves: this one could not
        return (Reads.REFUSED if finding.code else Reads.ASSUMED), finding.text
    return _ask(channel, described)


def _asked(channel: Channel, name: str, finding: Finding) -> bool:
    """Say whether the check itself has had rows, or a clean empty answer, of the entity."""
    if name == "company":
        return finding.level is Level.OK and bool(
            finding.facts.get("companies") or finding.facts.get("databases")
        )
    return channel.way != "sql" and finding.facts.get("channel") == channel.way


def _ask(channel: Channel, described: EntityDescription) -> tuple[Reads, str]:
    """Ask for a record that does not exist, with every field: a clean empty answer proves reading."""
    key = tuple(_nothing(described.fields[name]) for name in described.key)
    fields = [name for name, each in described.fields.items() if each.readable]
    before = channel.tally().requests
    try:
        channel.get(described.name, [key], fields, fresh=True)
    except Gp365Error as error:
        return Reads.REFUSED, error.message
    if channel.tally().requests == before:
        return Reads.ASSUMED, "not asked"
    return Reads.PROVED, ""


def _nothing(field: FieldDescription) -> str:
    if field.type is FieldType.TEXT:
        return NOTHING[: field.length or len(NOTHING)]
    return "1753-01-02" if field.type is FieldType.DATE else "0"


def _deletions(described: EntityDescription, finding: Finding | None) -> str:
    """Say how deletions are seen: by the feed, by comparing all keys, or not until everything is read."""
    if described.feed_sees_deletions:
        return "seen"
    whole = described.feed is Feed.NONE or (finding is not None and bool(finding.facts.get("compared")))
    return "compared" if whole else "unseen"
