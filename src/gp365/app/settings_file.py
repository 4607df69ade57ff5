"""Reading gp365.toml: every fault is said with file, line, setting, value and fix; no secret stands in it."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError

from gp365.app.settings import KINDS, SECRETS, Settings, System
from gp365.app.settings_checks import trigger_faults
from gp365.app.settings_doors import DOOR_NAME
from gp365.model.errors import Misconfigured

FILE = "gp365.toml"
Where = tuple[str | int, ...]

_HEADER = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*(?:#.*)?$")
_PAIR = re.compile(r"\s*([\w.\"'-]+(?:\s*\.\s*[\w.\"'-]+)*)\s*=")
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")


def read_settings(path: Path) -> Settings:
    """Read the settings; Misconfigured settings-missing, settings-invalid, secret-plain, system-unknown."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise Misconfigured("settings-missing", f"There is no {path.name} in {path.parent}.") from None
    except UnicodeDecodeError:
        raise Misconfigured(
            "settings-invalid", f"{path.name} is not UTF-8.", fix="Save it as UTF-8."
        ) from None
    return parse_settings(text, path.name)


def parse_settings(text: str, name: str = FILE) -> Settings:
    """Read settings from their text."""
    lines = _lines(text)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # A line of a damaged file may hold a secret, so that the line is named and not shown.
        raise Misconfigured("settings-invalid", f"{name}: {error}.", field=name) from None
    _refuse_plain_secrets(raw, lines, name)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise _first_fault(error, raw, lines, name) from None
    _check_pairs(settings, lines, name)
    _check_doors(settings, lines, name)
    _check_alerts(settings, lines, name)
    for fault in trigger_faults(settings):
        line = _line_of(lines, fault.path)
        raise _fault("settings-invalid", name, line, fault.path, fault.why, fault.value, fault.fix)
    return settings


# where a setting stands


def line_of(path: Path, *places: Where) -> int:
    """Return the line on which the first of these settings stands that stands in the file at all; 1 if none does."""
    try:
        lines = _lines(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return 1
    return next((lines[place] for place in places if place in lines), 1)


def _lines(text: str) -> dict[Where, int]:
    """Map each setting's path to its line, as far as lines can be told without a whole parser."""
    found: dict[Where, int] = {}
    table: Where = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        pair = _PAIR.match(line)
        if header:
            table = _parts(header[1])
            _note(found, table, number)
        elif pair:
            _note(found, table + _parts(pair[1]), number)
    return found


def _parts(dotted: str) -> Where:
    return tuple(
        next(part for part in found if part) if any(found) else "" for found in _PART.findall(dotted)
    )


def _note(found: dict[Where, int], path: Where, number: int) -> None:
    for length in range(1, len(path) + 1):
        found.setdefault(path[:length], number)


def _line_of(lines: Mapping[Where, int], path: Sequence[str | int]) -> int:
    for length in range(len(path), 0, -1):
        if tuple(path[:length]) in lines:
            return lines[tuple(path[:length])]
    return 1


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in path)


def _fault(
    code: str, name: str, line: int, path: Sequence[str | int], why: str, value: object = "", fix: str = ""
) -> Misconfigured:
    shown = "" if value == "" or isinstance(value, dict | list) else str(value)
    message = f"{name}, line {line}: {_dotted(path)} {why}"
    return Misconfigured(code, message.rstrip(".") + ".", field=_dotted(path), value=shown, fix=fix)


# secrets


def _refuse_plain_secrets(raw: Mapping[str, Any], lines: Mapping[Where, int], name: str) -> None:
    for path in _plain_secrets(raw, ()):
        raise _fault("secret-plain", name, _line_of(lines, path), path, "is a secret in plain text")


def _plain_secrets(raw: Mapping[str, Any], path: Where) -> Iterator[Where]:
    for key, value in raw.items():
        here = (*path, key)
        if isinstance(value, dict):
            yield from _plain_secrets(cast("dict[str, Any]", value), here)
        elif key in SECRETS:
            yield here


# what the model refuses


def _first_fault(
    error: ValidationError, raw: Mapping[str, Any], lines: Mapping[Where, int], name: str
) -> Misconfigured:
    first = error.errors(include_url=False)[0]
    path = _without_tag(first["loc"], raw)
    kind, value = first["type"], first.get("input", "")
    if path and str(path[-1]) in SECRETS:
        value = ""
    line = _line_of(lines, path)
    if kind == "extra_forbidden":
        return _unknown(path, raw, line, name)
    if kind == "missing":
        return _fault("settings-invalid", name, line, path, "is missing", fix=f"Add {path[-1]} = … there.")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_kind(path, value, line, name)
    why = str(first["msg"]).removeprefix("Value error, ")
    why = why if kind == "value_error" else f"is wrong: {why}"
    return _fault("settings-invalid", name, line, path, why, value)


def _without_tag(loc: Sequence[str | int], raw: Mapping[str, Any]) -> Where:
    """Drop the kind that pydantic puts into a system's path."""
    del raw
    return (*loc[:2], *loc[3:]) if len(loc) > 2 and loc[0] == "systems" else tuple(loc)


def _unknown_kind(path: Where, value: object, line: int, name: str) -> Misconfigured:
    given = cast("dict[str, Any]", value).get("kind", "") if isinstance(value, dict) else ""
    known = ", ".join(sorted(_kinds()))
    return _fault(
        "settings-invalid",
        name,
        line,
        (*path, "kind"),
        "is no kind of system of this release" if given else "is missing",
        str(given),
        f"Choose one of {known}.",
    )


def _kinds() -> dict[str, type[BaseModel]]:
    union = get_args(System)[0]
    return {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(union)}


def _unknown(path: Where, raw: Mapping[str, Any], line: int, name: str) -> Misconfigured:
    known = _known_at(path[:-1], raw)
    near = difflib.get_close_matches(str(path[-1]), known, 1, 0.6)
    fix = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
    return _fault("settings-invalid", name, line, path, "is no setting", path[-1], fix)


def _known_at(path: Where, raw: Mapping[str, Any]) -> list[str]:
    """Name the settings that are known in the table at this path."""
    model: Any = Settings
    for depth, part in enumerate(path):
        if depth == 1 and path[0] == "systems":
            model = _kinds().get(str(raw["systems"][part].get("kind")), Settings)
        elif isinstance(model, type) and issubclass(model, BaseModel):
            model = _inner(model, str(part))
        else:
            model = _model_in(model)
    return _names(model)


def _names(model: Any) -> list[str]:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        model = _model_in(model)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _inner(model: type[BaseModel], name: str) -> Any:
    field = model.model_fields.get(name)
    return field.annotation if field else None


def _model_in(annotation: Any) -> Any:
    """Return the model inside an annotation such as `dict[str, Model]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


# pairs and systems together


def _check_pairs(settings: Settings, lines: Mapping[Where, int], name: str) -> None:
    for pair, given in settings.pairs.items():
        for side, system in given.sides.items():
            path = ("pairs", pair, side)
            line = _line_of(lines, path)
            if system not in settings.systems:
                known = ", ".join(settings.systems)
                raise _fault(
                    "system-unknown", name, line, path, "names no system", system, f"The systems are {known}."
                )
            kind = settings.systems[system].kind
            if kind not in KINDS[side]:
                why = f"is a system of kind {kind}, which the flows' column {side} is not made for"
                raise _fault(
                    "settings-invalid", name, line, path, why, system, f"Name a {KINDS[side][0]} system."
                )


def _check_doors(settings: Settings, lines: Mapping[Where, int], name: str) -> None:
    for door, given in settings.doors.items():
        path = ("doors", door)
        if not DOOR_NAME.fullmatch(door):
            why = "is no name for a door: small letters, digits, - and _"
            raise _fault("settings-invalid", name, _line_of(lines, path), path, why, door)
        path = (*path, "system")
        line = _line_of(lines, path)
        if given.system not in settings.systems:
            known = ", ".join(settings.systems)
            why, fix = "names no system", f"The systems are {known}."
            raise _fault("system-unknown", name, line, path, why, given.system, fix)
        if given.kind == "dataverse" and settings.systems[given.system].kind != "dataverse":
            why, fix = "is no Dataverse organisation", 'Name one, or choose kind = "signed".'
            raise _fault("settings-invalid", name, line, path, why, given.system, fix)


def _check_alerts(settings: Settings, lines: Mapping[Where, int], name: str) -> None:
    """Refuse a channel or allowance of a pair or system that there is not: nobody would ever be told."""
    for channel, given in settings.alerts.channels.items():
        path = ("alerts", "channels", channel, "pairs")
        for pair in given.pairs:
            if pair not in settings.pairs:
                known = f"The pairs are {', '.join(settings.pairs)}."
                raise _fault(
                    "settings-invalid", name, _line_of(lines, path), path, "names no pair", pair, known
                )
    for system in settings.alerts.allowances:
        if system not in settings.systems:
            path = ("alerts", "allowances", system)
            known = f"The systems are {', '.join(settings.systems)}."
            raise _fault(
                "system-unknown", name, _line_of(lines, path), path, "names no system", system, known
            )
