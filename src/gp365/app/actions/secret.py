"""Secrets of the vault: set, list, rotate. No secret is ever shown, neither here nor in a command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from gp365.app.project import Project
from gp365.app.settings import SECRETS, SecretReference
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.store import vault
from gp365.wire.redact import register_secret


@dataclass(frozen=True, slots=True)
class SecretLine:
    """One secret: its name in the vault, variable or file; the settings that use it; whether it is there."""

    place: str
    name: str
    used_by: tuple[str, ...]
    present: bool
    fix: str = ""


@dataclass(frozen=True, slots=True)
class SecretSet:
    """A secret was set; `replaced` tells that there was one of this name."""

    name: str
    replaced: bool


@dataclass(frozen=True, slots=True)
class Rotated:
    """So many secrets were sealed under a new master key."""

    secrets: int


def secret_set(project: Project, name: str, secret: str) -> SecretSet:
    """Seal a secret in the vault; an empty one is refused, line ends at its end do not count."""
    text = secret.rstrip("\r\n")
    if not text or not name.strip():
        what = "name" if not name.strip() else "secret"
        raise Misconfigured("usage", f"The {what} is empty.", field=what, fix="Give it on standard input.")
    register_secret(text)
    with project.locked(beside_service=True):
        key = vault.open_key(project.store, project.ring)
        with project.store.write() as conn:
            replaced = name in vault.list_secrets(conn)
            vault.set_secret(conn, key, name, text)
    return SecretSet(name, replaced)


def secret_list(project: Project) -> tuple[SecretLine, ...]:
    """List the secrets that the settings refer to, and those of the vault that nothing uses."""
    used: dict[tuple[str, str], list[str]] = {}
    for setting, place, name in _references(project):
        used.setdefault((place, name), []).append(setting)
    with project.store.read() as conn:
        held = vault.list_secrets(conn)
    for name in held:
        used.setdefault(("vault", name), [])
    return tuple(_line(project, place, name, settings) for (place, name), settings in used.items())


def _line(project: Project, place: str, name: str, settings: list[str]) -> SecretLine:
    reference = SecretReference.model_validate({place: name})
    try:
        project.secret(reference, settings[0] if settings else name).reveal()
    except Gp365Error as missing:
        return SecretLine(place, name, tuple(settings), present=False, fix=missing.fix)
    return SecretLine(place, name, tuple(settings), present=True)


def secret_rotate(project: Project) -> Rotated:
    """Seal every secret of the vault under a new master key."""
    with project.locked():
        return Rotated(vault.rotate(project.store, project.ring))


def _references(project: Project) -> Iterator[tuple[str, str, str]]:
    """Give setting, place and name of every secret that the settings refer to."""
    settings: Mapping[str, Any] = project.settings.model_dump(exclude_defaults=True)
    yield from _walk(settings, ())


def _walk(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for name, value in table.items():
        if name in SECRETS and isinstance(value, dict):
            for place, held in cast("dict[str, str]", value).items():
                yield ".".join((*path, name)), place, held
        elif isinstance(value, dict):
            yield from _walk(cast("dict[str, Any]", value), (*path, name))
