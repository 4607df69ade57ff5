"""YAML 1.2 as plain data with the line of every entry. NO stays text, doubled keys are refused, no tag makes an object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from gp365.model.errors import Misconfigured

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


@dataclass(slots=True)
class Document:
    """A YAML file: its data, and where each entry stands by its path."""

    file: str
    data: dict[str, Any]
    lines: dict[Path, Where] = field(default_factory=dict[Path, Where])


def where(lines: Mapping[Path, Where], path: Path, file: str) -> Where:
    """Return where an entry stands, or the nearest thing around it that stands somewhere."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return lines.get((), Where(file, 1))


def parse(text: str, file: str) -> Document:
    """Read a file whose top is a mapping; Misconfigured("flow-invalid") names file and line."""
    try:
        loaded: Any = _reader().load(text)
    except DuplicateKeyError as error:
        raise _doubled(error, file) from None
    except MarkedYAMLError as error:
        raise _damaged(error, file) from None
    except YAMLError as error:
        raise _wrong(f"{str(error).splitlines()[0]}.", file, 1) from None
    if not isinstance(loaded, CommentedMap):
        raise _wrong("The file must begin with names and values, such as `format: 1`.", file, 1)
    document = Document(file, {})
    document.data = cast("dict[str, Any]", _plain(loaded, (), document))
    return document


def _reader() -> Any:
    # Round trip, because only its mappings know their lines; one for each file, because readers keep state.
    return YAML(typ="rt", pure=True)


def _wrong(message: str, file: str, line: int) -> Misconfigured:
    return Misconfigured("flow-invalid", f"{file}, line {line}: {message}", field=file)


def _damaged(error: Any, file: str) -> Misconfigured:
    mark = error.problem_mark or error.context_mark
    return _wrong(f"{error.problem or error.context}.", file, mark.line + 1 if mark else 1)


def _doubled(error: Any, file: str) -> Misconfigured:
    line = error.problem_mark.line + 1
    key = str(error.problem).partition('"')[2].partition('"')[0]
    return Misconfigured(
        "flow-invalid",
        f"{file}, line {line}: the name {key} stands twice in the same place.",
        field=key,
        fix="Keep one of the two.",
    )


def _plain(value: Any, path: Path, document: Document) -> Any:
    if isinstance(value, CommentedMap):
        return _mapping(value, path, document)
    if isinstance(value, CommentedSeq):
        items: list[Any] = []
        for at, item in enumerate(cast("list[Any]", value)):
            document.lines[(*path, at)] = Where(document.file, _line(value, at))
            items.append(_plain(item, (*path, at), document))
        return items
    return _scalar(value)


def _mapping(value: Any, path: Path, document: Document) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for key, item in value.items():
        here = (*path, str(key))
        document.lines[here] = Where(document.file, value.lc.key(key)[0] + 1)
        held[str(key)] = _plain(item, here, document)
    return held


def _line(value: Any, at: int) -> int:
    return int(value.lc.item(at)[0]) + 1


def _scalar(value: Any) -> Any:
    """Return a scalar without its spelling; a date stays the text that it is in flows."""
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
