"""Flow files as they are merged: the shipped one, and over it, row by row, the site's own."""

from __future__ import annotations

import difflib
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gp365.app.yaml_lines import Document, Path, Where, where
from gp365.model.errors import Misconfigured
from gp365.model.flow_file import FlowFile

_BY_NAME = ("sides", "options", "children")
"""Parts whose entries are merged attribute by attribute; `fields` are merged row by row, all else is replaced."""


def merged(below: Document, above: Document) -> Document:
    """Lay a site's file over a shipped one.

    Sides and options: value by value. Fields: a row takes the place of the row of its name, null removes it; of a
    group, the rows inside are merged so. Everything else (match, first_contact, …) is replaced whole.
    """
    result = Document(above.file, dict(below.data), {**below.lines})
    for name, value in above.data.items():
        if name == "fields" and isinstance(value, dict):
            held = result.data.get("fields")
            result.data["fields"] = _rows(result, above, ("fields",), _map(held), _map(value))
        elif name in _BY_NAME and isinstance(value, dict):
            result.data[name] = _values(result, above, (name,), _map(result.data.get(name)), _map(value))
        elif name not in ("format", "flow"):
            _take(result, above, (name,))
            result.data[name] = value
    return result


def _map(value: Any) -> dict[str, Any]:
    return dict(cast("dict[str, Any]", value)) if isinstance(value, dict) else {}


def _rows(
    result: Document, above: Document, path: Path, below: dict[str, Any], rows: dict[str, Any]
) -> dict[str, Any]:
    for name, row in rows.items():
        here = (*path, name)
        if row is None:
            below.pop(name, None)
        elif isinstance(row, dict) and "fields" in row and isinstance(below.get(name), dict):
            below[name] = _group(result, above, here, _map(below[name]), _map(row))
        else:
            _take(result, above, here)
            below[name] = row
    return below


def _group(
    result: Document, above: Document, path: Path, below: dict[str, Any], row: dict[str, Any]
) -> dict[str, Any]:
    inner = _rows(result, above, (*path, "fields"), _map(below.get("fields")), _map(row.pop("fields")))
    return {**_values(result, above, path, below, row), "fields": inner}


def _values(
    result: Document, above: Document, path: Path, below: dict[str, Any], values: dict[str, Any]
) -> dict[str, Any]:
    for name, value in values.items():
        here = (*path, name)
        if value is None:
            below.pop(name, None)
        elif isinstance(value, dict) and isinstance(below.get(name), dict):
            below[name] = _values(result, above, here, _map(below[name]), _map(value))
        else:
            _take(result, above, here)
            below[name] = value
    return below


def _take(result: Document, above: Document, path: Path) -> None:
    """Let everything at and below a path stand where the site's file says it."""
    length = len(path)
    for old in [held for held in result.lines if held[:length] == path]:
        del result.lines[old]
    result.lines.update({held: at for held, at in above.lines.items() if held[:length] == path})


def validated(document: Document) -> FlowFile:
    """Return the flow that a document says; Misconfigured("flow-invalid") with file, line, name, value and fix."""
    try:
        return FlowFile.model_validate(document.data)
    except ValidationError as error:
        raise _first_fault(error, document) from None


def _first_fault(error: ValidationError, document: Document) -> Misconfigured:
    first = error.errors(include_url=False)[0]
    path = _real(first["loc"], document.data)
    at = where(document.lines, path, document.file)
    name, value, kind = ".".join(map(str, path)), first.get("input"), first["type"]
    if kind == "extra_forbidden":
        return _unknown(path, at, name)
    shown = "" if isinstance(value, dict | list) or value is None else str(value)
    if kind == "missing":
        return _wrong(at, f"{name} is missing.", name, "", f"Add {path[-1]}: … there.")
    if kind == "string_type" and isinstance(value, bool | int | float):
        return _wrong(at, f"{name} must be text.", name, shown, f'Put it in quotes: "{shown}".')
    return _wrong(at, f"{name} is wrong: {first['msg']}.", name, shown, "")


def _wrong(at: Where, message: str, name: str, value: str, fix: str) -> Misconfigured:
    return Misconfigured("flow-invalid", f"{at}: {message}", field=name, value=value, fix=fix)


def _real(loc: tuple[str | int, ...], data: Any) -> Path:
    """Keep the parts of a location that are in the data: pydantic adds the names of types."""
    path: list[str | int] = []
    held: Any = data
    for at, part in enumerate(loc):
        inside = isinstance(held, dict) and part in held
        inside = inside or (isinstance(held, list) and isinstance(part, int))
        if inside or (at == len(loc) - 1 and not str(part).startswith(("list[", "str", "literal"))):
            path.append(part)
            held = cast("Any", held)[part] if inside else None
    return tuple(path)


def _unknown(path: Path, at: Where, name: str) -> Misconfigured:
    known = _known_at(path[:-1])
    near = difflib.get_close_matches(str(path[-1]), known, 1, 0.6)
    fix = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
    return _wrong(at, f"{name} is no word of flows.", name, str(path[-1]), fix)


def _known_at(path: Path) -> list[str]:
    annotation: Any = FlowFile
    for part in path:
        model = _model_in(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(str(part))
            annotation = field.annotation if field else None
        else:
            annotation = model
    model = _model_in(annotation)
    return list(model.model_fields) if model else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) is Literal:
        return None
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
