"""Draft-classes: what customer classes give, read from the customers of a GP system whose Web Services have no classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gp365.app.actions.gp_help import gp_system
from gp365.app.assembly import Assembly
from gp365.connectors.gp import GpConnector
from gp365.connectors.gp.soap import SoapChannel
from gp365.connectors.gp.soap.classdraft import ClassDraft, Member, draft, text_of
from gp365.connectors.gp.soap.classfile import ClassSaid
from gp365.model.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class ClassFound:
    """A class that customers have: how many, which fields they agree in, which they do not, and what the file says.

    `state` is new (the file has no such class), waiting (nobody has approved it) or approved.
    """

    class_id: str
    customers: int
    given: tuple[str, ...]
    open: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class ClassesDrafted:
    """What was read: customers, those without a class, the classes, and the text of those that the file lacks."""

    system: str
    file: str
    customers: int
    without_class: int
    classes: tuple[ClassFound, ...]
    text: str
    written: bool


def draft_classes(assembly: Assembly, system: str = "", *, write: bool = False) -> ClassesDrafted:
    """Read all customers over the Web Services and draft the classes that the site's file lacks; `write` adds them.

    What stands in the file stays as it is. Misconfigured("system-unknown", "usage") where there is no such channel or
    no need, "settings-invalid" for a file with a fault.
    """
    name, given = gp_system(assembly.project, system)
    channel = _channel(assembly, name)
    file, held = channel.classes.path, channel.classes.file()
    count = _Count()
    drafts = draft(count.counted(channel.members()))
    new = [each for each in drafts if each.class_id not in held]
    text = text_of(given.company, new, headed=not held) if new else ""
    if write and new:
        _add(file, text)
    return ClassesDrafted(
        name,
        file.name,
        count.customers,
        count.without,
        tuple(_found(each, held.get(each.class_id)) for each in drafts),
        text,
        write and bool(new),
    )


@dataclass(slots=True)
class _Count:
    customers: int = 0
    without: int = 0

    def counted(self, members: Iterable[Member]) -> Iterator[Member]:
        for member in members:
            self.customers += 1
            self.without += not member[0]
            yield member


def _channel(assembly: Assembly, name: str) -> SoapChannel:
    connector = assembly.connector(name)
    channels = connector.channels if isinstance(connector, GpConnector) else ()
    soap = next((channel for channel in channels if isinstance(channel, SoapChannel)), None)
    if soap is None:
        raise Misconfigured(
            "usage",
            f"{name} is not reached over GP Web Services; the other channels have customer classes of their own.",
            system=name,
            fix=f"The Web Services are set up in [systems.{name}.soap].",
        )
    if soap.classes.source is not None:
        way = soap.classes.source.way.upper()
        raise Misconfigured(
            "usage", f"The customer classes of {name} are read over {way}: no file is needed.", system=name
        )
    return soap


def _found(one: ClassDraft, said: ClassSaid | None) -> ClassFound:
    state = "new" if said is None else "approved" if said.approved else "waiting"
    given = tuple(line.name for line in one.lines if line.counts)
    return ClassFound(
        one.class_id,
        one.customers,
        given,
        tuple(line.name for line in one.lines if not line.counts),
        state,
    )


def _add(file: Path, text: str) -> None:
    """Add to the file, whole or not at all."""
    before = file.read_bytes().decode("utf-8-sig").rstrip("\n") + "\n\n" if file.exists() else ""
    new = file.with_name(f"{file.name}.new")
    new.write_bytes((before.lstrip("\n") + text).encode())
    new.replace(file)
