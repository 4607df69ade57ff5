"""Doctor on a GP system: the matrix of entities and channels, the version, add-ons, and what would fill the gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from gp365.app.actions.doctor_needs import lacking, users
from gp365.app.actions.doctor_outputs import (
    AddOnLine,
    ChannelLine,
    Lacking,
    MatrixLine,
    VersionLine,
    WayLine,
)
from gp365.app.assembly import Assembly
from gp365.app.settings import GpSystem
from gp365.connectors.gp import GpConnector
from gp365.connectors.gp.classes import CLASSES
from gp365.connectors.gp.matrix import Cell, Line, Reads, Why, by_way, matrix
from gp365.connectors.gp.matrix_offers import AddOn, add_ons, offers
from gp365.connectors.gp.versions import Pack, Seen, pack_of, packs, seen
from gp365.model.contract import Finding, Level
from gp365.model.errors import Gp365Error


@dataclass(frozen=True, slots=True)
class GpReport:
    """All that doctor says of one GP system beside its channels' own findings."""

    matrix: tuple[MatrixLine, ...]
    channels: tuple[ChannelLine, ...]
    version: VersionLine
    add_ons: tuple[AddOnLine, ...]
    lacking: tuple[Lacking, ...]
    findings: tuple[Finding, ...]


def report(
    assembly: Assembly, name: str, given: GpSystem, connector: GpConnector, found: Sequence[Finding]
) -> GpReport:
    """Make the report of a system whose connector has just been checked; nothing is written."""
    lines = matrix(connector, found)
    by_entity = users(assembly, name)
    version = _version(name, given, seen(found), assembly.project.clock().date())
    extras = tuple(_add_on(name, one, by_entity) for one in add_ons(by_way(connector, found)))
    down = all(cell.reads is Reads.DOWN for line in lines for cell in line.cells)
    return GpReport(
        () if down else tuple(_matrix_line(name, line, by_entity.get(line.entity, ())) for line in lines),
        tuple(_channels(name, connector, version)),
        version,
        extras,
        tuple(lacking(assembly, name, connector)),
        (
            *_of_version(given, version, seen(found)),
            *_of_choice(name, lines),
            *_of_add_ons(extras),
            *_of_classes(assembly, found),
        ),
    )


def _matrix_line(system: str, line: Line, flows: tuple[str, ...]) -> MatrixLine:
    return MatrixLine(
        system,
        line.entity,
        line.reader,
        line.reader_why if line.reader else "",
        line.writer,
        line.writer_why if line.writer else "",
        flows,
        tuple(_way(line, cell) for cell in line.cells),
    )


def _way(line: Line, cell: Cell) -> WayLine:
    described = cell.described
    chosen = [word for word, way in (("read", line.reader), ("write", line.writer)) if way == cell.way]
    return WayLine(
        cell.way,
        cell.reads,
        cell.said,
        described.strength if cell.writes else "",
        described.creates,
        described.updates,
        described.feed,
        described.feed_granularity_s,
        cell.deletions,
        tuple(chosen),
        described.assumed,
        tuple(each.name for each in described.fields.values() if not each.readable),
    )


def _channels(system: str, connector: GpConnector, version: VersionLine) -> Iterator[ChannelLine]:
    pack = packs().get(version.version)
    present = {channel.way: channel for channel in connector.channels}
    read = set(connector.entities())
    written = {
        name
        for channel in present.values()
        for name in channel.entities()
        if channel.entity(name).creates or channel.entity(name).updates
    }
    for way, offer in offers().items():
        if way in present:
            yield ChannelLine(system, way, offer.title, set_up=True)
            continue
        if way == "rest" and pack is not None and not pack.rest:
            yield ChannelLine(
                system, way, offer.title, False, fix=f"{pack.title} has none: it needs GP 2015."
            )
            continue
        more = tuple(name for name in offer.entities if name not in read)
        writes = (name for name, each in offer.entities.items() if each.creates or each.updates)
        new = tuple(name for name in writes if name not in written)
        yield ChannelLine(system, way, offer.title, False, more, new, offer.enable(system))


def _version(system: str, given: GpSystem, told: Seen, today: date) -> VersionLine:
    pack = pack_of(told.major, told.minor) if told.major else packs().get(given.version)
    by = "sql" if told.major else "settings" if pack is not None else "nobody"
    if pack is None:
        title = f"a version that gp365 does not know ({told.text})" if told.major else "not told"
        assumed = ("everything is taken to be as in GP 2015",)
        return VersionLine(system, "", title, told.text, by, None, None, None, told.columns, (), assumed)
    last = pack.fixes_until or pack.ends
    return VersionLine(
        system,
        pack.name,
        pack.title,
        told.text,
        by,
        pack.ends,
        pack.fixes_until,
        None if last is None else today <= last,
        told.columns,
        pack.states,
        pack.assumed,
    )


def _add_on(system: str, one: AddOn, by_entity: Mapping[str, tuple[str, ...]]) -> AddOnLine:
    state = "unknown" if one.found is None else "in use" if one.found else "not found"
    flows = dict.fromkeys(flow for entity in one.touches for flow in by_entity.get(entity, ()))
    return AddOnLine(
        system, one.name, state, one.means, one.touches, tuple(flows), one.refuses, one.table, one.assumed
    )


def _of_version(given: GpSystem, version: VersionLine, told: Seen) -> Iterator[Finding]:
    """Say what follows from the version: REST that cannot be, support that has ended, settings that say otherwise."""
    pack: Pack | None = packs().get(version.version)
    if pack is not None and not pack.rest and given.url:
        text = f"{pack.title} has no Service Based Architecture: url cannot be right."
        fix = "Use SQL Server or the Web Services, and take url out of the settings; or correct `version`."
        yield Finding("version", Level.ERROR, text, fix, "not-served")
    if version.supported is False and version.ends is not None:
        text = f"Support of {version.title} ended on {version.fixes_until or version.ends}."
        yield Finding("version", Level.NOTE, text, "Plan the upgrade; gp365 goes on as it is.")
    if told.major and given.version and given.version != version.version:
        text = f"The settings say version {given.version}, SQL Server says {told.text}."
        yield Finding("version", Level.WARNING, text, "Correct or remove `version`.", "settings-invalid")


def _of_choice(system: str, lines: Sequence[Line]) -> Iterator[Finding]:
    """Name chosen channels that refuse what another one does."""
    for line in lines:
        yield from _better_reader(system, line)
        yield from _better_writer(system, line)


def _better_reader(system: str, line: Line) -> Iterator[Finding]:
    if not line.reader or line.cell(line.reader).reads is not Reads.REFUSED:
        return
    better = next((cell.way for cell in line.cells if cell.reads is Reads.PROVED), "")
    if better:
        why = "by the settings" if line.reader_why is Why.SETTINGS else "because it comes first"
        text = f"{line.entity} is read over {line.reader} {why}, which refuses it; {better} has answered."
        fix = f'Write read = "{better}" in [systems.{system}.channels.{line.entity}].'
        yield Finding(line.entity, Level.WARNING, text, fix, "not-served")


def _better_writer(system: str, line: Line) -> Iterator[Finding]:
    if line.writer:
        return
    better = next((cell.way for cell in line.cells if cell.writes and cell.reads is not Reads.REFUSED), "")
    if better:
        text = f"{line.entity} is not written over {line.reader}, where it is read; {better} would write it."
        fix = f'To let it be written, write write = "{better}" in [systems.{system}.channels.{line.entity}].'
        yield Finding(line.entity, Level.NOTE, text, fix)


def _of_classes(assembly: Assembly, found: Sequence[Finding]) -> Iterator[Finding]:
    """Name the classes that the lookups can give to new customers, and that the classes file does not cover."""
    told = next((each for each in found if each.subject.endswith(CLASSES)), None)
    if told is None or "approved" not in told.facts:
        return
    try:
        tables = assembly.project.lookups.values()
    except Gp365Error:
        return  # doctor says it of the lookups
    at = [(table, table.columns.index("class")) for table in tables if "class" in table.columns]
    wanted = {str(row[place]).strip() for table, place in at for row in table.rows} - {"", "*"}
    approved = cast("list[str]", told.facts["approved"])
    missing = sorted(wanted - set(approved))
    if missing:
        text = (
            f"{len(missing)} of the {len(wanted)} classes that the lookups give to new customers have no approved entry: "
            f"{', '.join(missing[:5])}. Such customers are parked."
        )
        yield Finding(told.subject, Level.WARNING, text, told.fix, "lookup-missing")


def _of_add_ons(extras: Sequence[AddOnLine]) -> Iterator[Finding]:
    for one in extras:
        if one.state == "in use" and one.refuses and one.flows:
            text = f"{one.name} is in use, so that {', '.join(one.flows)} must not run: {one.means}."
            fix = "Take these flows out of the pair."
            yield Finding(one.name, Level.ERROR, text, fix, "not-served")
