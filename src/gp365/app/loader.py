"""Loading flows: the shipped ones, a site's changes and own flows over them, groups of flows, and their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, cast

from gp365.app.flow_files import merged, validated
from gp365.app.yaml_lines import Document, Where, parse, where
from gp365.app.yaml_lines import Path as Place
from gp365.model.errors import Misconfigured
from gp365.model.flow_file import FlowFile
from gp365.model.lookups import Lookup, lookup, read_lookup, read_lookups

SHIPPED = "shipped"
GROUPS = "groups.yaml"


@dataclass(frozen=True, slots=True)
class LoadedFlow:
    """A flow as it holds here: the effective file, the files that it comes from, and where each entry stands."""

    file: FlowFile
    sources: tuple[str, ...]
    lines: Mapping[Place, Where] = field(repr=False)

    @property
    def name(self) -> str:
        """The flow's name."""
        return self.file.flow

    @property
    def shipped(self) -> bool:
        """Say whether the flow comes with gp365, if with changes of the site's."""
        return self.sources[0].startswith(SHIPPED)

    def where(self, *path: str | int) -> Where:
        """Return where an entry stands, as near as can be told."""
        return where(self.lines, path, self.sources[-1])


@dataclass(frozen=True, slots=True)
class FlowSet:
    """All flows of a project by name, and the groups of flows."""

    flows: Mapping[str, LoadedFlow]
    groups: Mapping[str, tuple[str, ...]]

    def get(self, name: str) -> LoadedFlow:
        """Return a flow; Misconfigured("flow-unknown") if there is none."""
        if name not in self.flows:
            raise _unknown(name, self)
        return self.flows[name]

    def chosen(self, names: Sequence[str]) -> tuple[LoadedFlow, ...]:
        """Return the flows that these names mean, with what they need, in the order in which they run."""
        found: dict[str, LoadedFlow] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name in self.groups:
                waiting = [*self.groups[name], *waiting]
            elif name not in found:
                found[name] = self.get(name)
                waiting += found[name].file.needs
        return tuple(_ordered(found))


def _unknown(name: str, flows: FlowSet) -> Misconfigured:
    known = ", ".join([*flows.flows, *flows.groups])
    return Misconfigured(
        "flow-unknown", f"There is no flow {name}.", field="flows", value=name, fix=f"There are {known}."
    )


def _ordered(flows: Mapping[str, LoadedFlow]) -> Iterator[LoadedFlow]:
    """Give flows so that each runs after those that it names in `after`; a ring is refused."""
    left = dict(flows)
    while left:
        ready = [
            name
            for name, flow in left.items()
            if not any(other in left and other != name for other in flow.file.after)
        ]
        if not ready:
            flow = next(iter(left.values()))
            ring = ", ".join(left)
            message = f"{flow.where('after')}: these flows run after each other in a ring: {ring}."
            raise Misconfigured("flow-invalid", message, field="after", value=flow.name)
        yield left.pop(ready[0])


def load_flows(folder: Path) -> FlowSet:
    """Load the shipped flows and those of a site's folder `flows`; Misconfigured("flow-invalid") with file and line.

    Files that say the same as before in this process give the same flows, which nobody changes.
    """
    own = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]) if folder.is_dir() else []
    named = [(f"{folder.name}/{path.name}", path) for path in own]
    return _loaded((*_shipped(".yaml"), *((shown, _text(path, shown)) for shown, path in named)))


@lru_cache(maxsize=16)
def _loaded(files: tuple[tuple[str, str], ...]) -> FlowSet:
    """Make flows of files by name and text, the shipped ones first: reading YAML takes longer than most commands."""
    documents: dict[str, Document] = {}
    sources: dict[str, list[str]] = {}
    groups: dict[str, tuple[str, ...]] = {}
    for shown, text in files:
        _add(_parsed(text, shown), documents, sources, groups)
    flows = {
        name: LoadedFlow(validated(document), tuple(sources[name]), document.lines)
        for name, document in documents.items()
    }
    found = FlowSet(flows, groups)
    _check_names(found)
    return found


@lru_cache(maxsize=64)
def _parsed(text: str, shown: str) -> Document:
    return parse(text, shown)


def _text(path: Path, shown: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Misconfigured("flow-invalid", f"{shown} is not UTF-8.", field=shown) from None


def _shipped(ending: str) -> Iterator[tuple[str, str]]:
    folder = resources.files("gp365.flows")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(ending):
            yield f"{SHIPPED} {entry.name}", entry.read_text("utf-8")


def _add(
    document: Document,
    documents: dict[str, Document],
    sources: dict[str, list[str]],
    groups: dict[str, tuple[str, ...]],
) -> None:
    if "groups" in document.data and "flow" not in document.data:
        groups.update(_groups(document))
        return
    name = document.data.get("flow")
    if not isinstance(name, str) or not name:
        at = where(document.lines, ("flow",), document.file)
        message = f"{at}: the file does not say which flow it is or changes."
        raise Misconfigured("flow-invalid", message, field="flow", fix="Begin it with `flow: NAME`.")
    if document.data.get("format", 1) != 1:
        at = where(document.lines, ("format",), document.file)
        value = str(document.data["format"])
        message = f"{at}: the format of this file is not known."
        raise Misconfigured("flow-invalid", message, field="format", value=value, fix="Write `format: 1`.")
    documents[name] = merged(documents[name], document) if name in documents else document
    sources.setdefault(name, []).append(document.file)


def _groups(document: Document) -> dict[str, tuple[str, ...]]:
    held = document.data["groups"]
    named: dict[str, Any] = cast("dict[str, Any]", held) if isinstance(held, dict) else {}
    groups: dict[str, tuple[str, ...]] = {}
    for name, flows in named.items():
        if not isinstance(flows, list):
            at = where(document.lines, ("groups", name), document.file)
            raise Misconfigured("flow-invalid", f"{at}: a group is a list of flows.", field=name)
        groups[name] = tuple(str(flow) for flow in cast("list[Any]", flows))
    return groups


def _check_names(found: FlowSet) -> None:
    for flow in found.flows.values():
        for part in ("needs", "after"):
            for at, name in enumerate(getattr(flow.file, part)):
                if name not in found.flows:
                    message = f"{flow.where(part, at)}: {flow.name} names a flow that does not exist, {name}."
                    raise Misconfigured("flow-invalid", message, field=part, value=name)
    for group in found.groups:
        _check_ring(found, group, ())
    for group, names in found.groups.items():
        for name in names:
            if name not in found.flows and name not in found.groups:
                raise Misconfigured(
                    "flow-invalid", f"The group {group} names no flow: {name}.", field=group, value=name
                )


def _check_ring(found: FlowSet, group: str, above: tuple[str, ...]) -> None:
    if group in above:
        raise Misconfigured("flow-invalid", f"The group {group} names itself.", field="groups", value=group)
    for name in found.groups[group]:
        if name in found.groups:
            _check_ring(found, name, (*above, group))


def load_lookups(folder: Path) -> dict[str, Lookup]:
    """Load a site's lookups; where it has none of a name, the shipped one stands in."""
    return {**shipped_lookups(), **read_lookups(folder)}


def shipped_lookups() -> dict[str, Lookup]:
    """Load the default lookups that come with gp365."""
    entry = resources.files("gp365.flows").joinpath("lookups")
    with resources.as_file(entry) as folder:
        tables = [read_lookup(path) for path in sorted(folder.glob("*.csv"))]
    return {table.name: lookup(table.name, table.columns, table.rows) for table in tables}
