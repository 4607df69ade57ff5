"""Import-help: a saved help page of GP Service against the map of resources, as lines for gp365.toml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp365.app.project import Project
from gp365.app.settings import GpSystem
from gp365.app.settings_file import FILE, parse_settings
from gp365.app.settings_tables import Place, table_text, with_tables
from gp365.connectors.gp import RESOURCES, Resource, with_overrides
from gp365.connectors.gp.helppage import Shown, resources
from gp365.connectors.gp.helppage_names import elsewhere, entity_of, published
from gp365.model.errors import Misconfigured

LIMIT_BYTES = 20_000_000
_VERBS = ("GET", "POST", "PATCH")
"""What gp365 uses; it deletes nothing."""


@dataclass(frozen=True, slots=True)
class HelpResource:
    """A resource of the map as the page shows it.

    `shown` names what the page shows of path, key and verbs; `differs` says where that is not what the map has.
    `assumed` is false where it shows all.
    """

    entity: str
    path: str
    key: tuple[str, ...]
    verbs: tuple[str, ...]
    shown: tuple[str, ...]
    differs: tuple[str, ...]
    assumed: bool


@dataclass(frozen=True, slots=True)
class OtherResource:
    """A resource that the map has no line for: its verbs, the entity that it would be, and whether it is published."""

    path: str
    verbs: tuple[str, ...]
    entity: str
    published: bool
    said: str


@dataclass(frozen=True, slots=True)
class HelpImported:
    """What the page shows: lines of the map, resources beside it, entities of the map that it does not show, the TOML."""

    file: str
    system: str
    resources: tuple[HelpResource, ...]
    others: tuple[OtherResource, ...]
    not_shown: tuple[str, ...]
    toml: str
    written: bool


def import_help(project: Project, file: Path, system: str = "", *, write: bool = False) -> HelpImported:
    """Read a saved page and compare it with the map; `write` puts the lines into gp365.toml.

    Misconfigured("usage") for a file that is not there or no help page, "system-unknown", "settings-invalid".
    """
    name, given = gp_system(project, system)
    overrides = {entity: each.model_dump(exclude_none=True) for entity, each in given.resources.items()}
    present = with_overrides(RESOURCES, overrides)
    found = resources(_text(file))
    if not found:
        raise _no_help_page(given, file)
    lines, others = _sorted(found, present)
    tables: dict[Place, Mapping[str, Any]] = {
        ("systems", name, "resources", line.entity): _values(line, overrides.get(line.entity, {}))
        for line in lines
    }
    if write and tables:
        _write(project, tables)
    return HelpImported(
        str(file),
        name,
        tuple(lines),
        tuple(others),
        tuple(entity for entity in present if entity not in {line.entity for line in lines}),
        "\n".join(table_text(place, values) for place, values in tables.items()),
        write and bool(tables),
    )


def _values(line: HelpResource, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lines of a resource; what the site has said besides stays."""
    told = {
        "path": line.path,
        "key": list(line.key),
        "verbs": list(line.verbs),
        "assumed": line.assumed,
    }
    return {**told, **{name: value for name, value in own.items() if name not in told}}


def gp_system(project: Project, wanted: str) -> tuple[str, GpSystem]:
    """Return the GP system of a name, the only one for ""; Misconfigured("system-unknown")."""
    known = {name: each for name, each in project.settings.systems.items() if isinstance(each, GpSystem)}
    if wanted in known:
        return wanted, known[wanted]
    if not wanted and len(known) == 1:
        return next(iter(known.items()))
    named = ", ".join(known) or "none"
    message = f"There is no GP system {wanted}." if wanted else "Say which GP system is meant."
    raise Misconfigured(
        "system-unknown", message, value=wanted, fix=f"Give --system NAME; the GP systems are {named}."
    )


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > LIMIT_BYTES:
            raise Misconfigured(
                "usage", f"{file.name} is too big to be a help page.", field="FILE", value=str(file)
            )
        raw = file.read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Misconfigured(
            "usage",
            f"{file.name} cannot be read: {why}.",
            field="FILE",
            value=str(file),
            fix="Name the file in which the page was saved.",
        ) from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _no_help_page(given: GpSystem, file: Path) -> Misconfigured:
    url = given.url or "https://server/GPService"
    return Misconfigured(
        "usage",
        f"{file.name} shows no address of GP Service: it is no help page.",
        field="FILE",
        value=str(file),
        fix=f"Open {url}/Tenants({given.tenant})/help in a browser as gp365's user, and save what it shows.",
    )


def _sorted(
    found: Sequence[Shown], present: Mapping[str, Resource]
) -> tuple[list[HelpResource], list[OtherResource]]:
    """Part the resources into lines of the map and others; of two for one entity, the one that the map has counts."""
    by_entity: dict[str, Shown] = {}
    others: list[OtherResource] = []
    for shown in sorted(found, key=lambda each: not _in_map(each, present)):
        entity = entity_of(shown.path, present)
        if not entity or shown.below_tenant != present[entity].below_tenant:
            others.append(_other(shown, elsewhere(shown.path), ""))
        elif entity in by_entity:
            others.append(_other(shown, entity, f"{by_entity[entity].path} is taken for {entity}"))
        else:
            by_entity[entity] = shown
    lines = [_line(entity, by_entity[entity], present[entity]) for entity in present if entity in by_entity]
    return lines, others


def _in_map(shown: Shown, present: Mapping[str, Resource]) -> bool:
    return any(each.path.casefold() == shown.path.casefold() for each in present.values())


def _other(shown: Shown, entity: str, said: str) -> OtherResource:
    known = published(shown.path)
    if not said and entity:
        said = f"{entity} is read over the other channels only"
    return OtherResource(
        shown.path, shown.verbs, entity, known, said or ("gp365 does not use it" if known else "unknown here")
    )


def _line(entity: str, shown: Shown, present: Resource) -> HelpResource:
    verbs = tuple(verb for verb in _VERBS if verb in shown.verbs)
    key = shown.key if len(shown.key) == len(present.key) else present.key
    told = ["path", *(["key"] if _key_told(shown, present) else []), *(["verbs"] if verbs else [])]
    whole = "verbs" in told and ("key" in told or present.below_tenant)
    return HelpResource(
        entity,
        shown.path,
        key,
        verbs or present.verbs,
        tuple(told),
        tuple(_differences(shown, verbs, present)),
        not whole,
    )


def _key_told(shown: Shown, present: Resource) -> bool:
    return shown.parts == len(present.key)


def _differences(shown: Shown, verbs: tuple[str, ...], present: Resource) -> Iterator[str]:
    if shown.path != present.path:
        yield f"path: the map has {present.path}"
    if shown.parts and shown.parts != len(present.key):
        yield f"key: the page has {shown.parts} parts, gp365 knows {', '.join(present.key)}; the line keeps ours"
    elif shown.key and shown.key != present.key:
        yield f"key: the map has {', '.join(present.key)}"
    if verbs and set(verbs) != set(present.verbs):
        yield f"verbs: the map has {', '.join(present.verbs)}"


def _write(project: Project, tables: Mapping[Place, Mapping[str, Any]]) -> None:
    """Put the tables into gp365.toml, whole or not at all; what comes out is read as settings first."""
    path = project.path(FILE)
    text = with_tables(path.read_bytes().decode("utf-8-sig"), tables)
    parse_settings(text)
    new = path.with_name(f"{FILE}.new")
    new.write_bytes(text.encode())
    new.replace(path)
