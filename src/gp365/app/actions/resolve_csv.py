"""Parked entries as a CSV file to decide in, and back: what Excel does to such a file must not change a decision.

Excel writes the separator of its country, its own line ends, and not always UTF-8; people reorder and remove columns.
Text that a spreadsheet would take for a formula gets an apostrophe in front (the CSV injection page of OWASP), and
loses it again when the file is read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, cast

from gp365.app.actions.look_outputs import CandidateOut, ParkedOut
from gp365.model.errors import Misconfigured
from gp365.model.values import digest
from gp365.store.parked import Parked

CANDIDATES = 5
NEEDED = ("id", "print", "decision")
# Full-width signs begin a formula too.
_FORMULA = "=+\\-@＝＋－＠"
_GUARD = re.compile(rf"(^|[;\t\r\n])('*)(?=[{_FORMULA}])")
_UNGUARD = re.compile(rf"(^|[;\t\r\n])'('*)(?=[{_FORMULA}])")


def guarded(text: str) -> str:
    """Return a text as it stands in a cell: whatever could be taken for a formula has one more apostrophe before it."""
    return _GUARD.sub(r"\1'\2", text)


def unguarded(text: str) -> str:
    """Undo `guarded`; a text that nobody guarded stays as it is."""
    return _UNGUARD.sub(r"\1\2", text)


def print_of(entry: Parked) -> str:
    """Name what an entry shows, so that an older line is known; with a letter in front, so that Excel leaves it alone."""
    return "p" + digest(f"{entry.id}\x1f{entry.code}\x1f".encode() + entry.shown)[:12]


# writing


def columns(sides: Sequence[str]) -> list[str]:
    """Name the columns, in order."""
    of_side = ("key", "name", "value", "agreed", "changed by", "changed at")
    named = [f"{side} {what}" for side in sides for what in of_side]
    found = [
        f"candidate {number}{what}"
        for number in range(1, CANDIDATES + 1)
        for what in ("", " name", " evidence")
    ]
    first = ["id", "pair", "flow", "field", "cause", "message"]
    return [*first, *named, *found, "more candidates", "decision", "value", "decided by", "print"]


class CsvWriter:
    """Writes entries to a CSV file, which appears whole or not at all; without a path it does nothing."""

    def __init__(self, path: Path | None, sides: Sequence[str] = ()) -> None:
        self._path = path
        self._columns = columns(sides)
        self._file: TextIO | None = None
        self._writer: Any = None

    def __enter__(self) -> CsvWriter:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file, lineterminator="\r\n")
            self._writer.writerow(self._columns)
        return self

    def put(self, entry: Parked, told: ParkedOut) -> None:
        """Write one entry."""
        if self._writer is not None:
            cells = _cells(entry, told)
            self._writer.writerow([guarded(cells.get(name, "")) for name in self._columns])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None and self._path is not None:
            self._file.close()
            if error is None:
                self._part.replace(self._path)
            else:
                self._part.unlink(missing_ok=True)

    @property
    def _part(self) -> Path:
        assert self._path is not None
        return self._path.with_name(self._path.name + ".part")


def _cells(entry: Parked, told: ParkedOut) -> dict[str, str]:
    decision, value = _decision(told)
    cells = {
        "id": str(told.id),
        "pair": told.pair,
        "flow": told.flow,
        "field": told.field,
        "cause": told.code,
        "message": told.message,
        "decision": decision,
        "value": value,
        "decided by": told.resolved_by,
        "print": print_of(entry),
    }
    for name, by_side in (
        ("key", told.keys),
        ("name", told.names),
        ("value", told.values),
        ("agreed", told.base),
        ("changed by", told.who),
        ("changed at", told.when),
    ):
        cells |= {f"{side} {name}": cell(held) for side, held in by_side.items()}
    return cells | _candidates(told)


def _decision(told: ParkedOut) -> tuple[str, str]:
    """Give a decision that stands as the two cells in which a person would have written it."""
    verb, _, rest = told.decision.partition(" ")
    return (verb, rest.removeprefix("–")) if verb == "value" else (told.decision, "")


def _candidates(told: ParkedOut) -> dict[str, str]:
    known = {one.key: one for one in told.compared}
    cells: dict[str, str] = {}
    for number, key in enumerate(told.candidates[:CANDIDATES], 1):
        cells[f"candidate {number}"] = key
        if key in known:
            cells[f"candidate {number} name"] = known[key].name
            cells[f"candidate {number} evidence"] = evidence(known[key])
    rest = len(told.candidates) - CANDIDATES
    return cells | ({"more candidates": str(rest)} if rest > 0 else {})


def evidence(one: CandidateOut) -> str:
    """Say in one line what speaks for a candidate."""
    told = [f"{one.why} ({one.score:.2f})" if one.score < 1 else one.why]
    told += [f"{name}: {cell(mine)} / {cell(theirs)}" for name, (mine, theirs) in one.fields.items()]
    told += [f"linked with {one.linked_to}"] if one.linked_to else []
    return "; ".join(told)


def cell(shown: Any) -> str:
    """Write a value as text: several parts with bars between, an empty one as nothing."""
    if isinstance(shown, list):
        return " | ".join(cell(part) for part in cast("list[Any]", shown))
    if shown is None:
        return ""
    if isinstance(shown, bool):
        return "yes" if shown else "no"
    return str(shown)


# reading


@dataclass(frozen=True, slots=True)
class CsvLine:
    """One line of a file: where it begins, and its cells by the column's name in lower case, unguarded."""

    number: int
    cells: Mapping[str, str]

    def cell(self, name: str) -> str:
        """Return a cell without outer blanks; "" where the file has no such column."""
        return self.cells.get(name, "").strip()


def read_lines(path: Path) -> Iterator[CsvLine]:
    """Give the lines of a file that `parked list --csv` wrote and people edited; Misconfigured("resolution-invalid")."""
    text = _text(path)
    first, _, rest = text.partition("\n")
    skipped = 1 if first.strip().casefold().startswith("sep=") else 0
    text = rest if skipped else text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    names: list[str] = []
    begins = 1 + skipped
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if names:
                    held = dict(zip(names, map(unguarded, cells), strict=False))
                    yield CsvLine(begins, held)
                else:
                    names = _names(path, cells)
            begins = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise _bad(path, f"line {begins} cannot be read ({error})") from None
    if not names:
        raise _bad(path, "it is empty")


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _bad(path, f"it cannot be opened ({error.strerror})") from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")  # what Excel writes as plain CSV


def _separator(text: str) -> str:
    header = text.lstrip("\r\n").splitlines()[0] if text.strip() else ""
    return max(",;\t", key=header.count)


def _names(path: Path, cells: Sequence[str]) -> list[str]:
    names = [" ".join(name.split()).casefold() for name in cells]
    for name in NEEDED:
        if name not in names:
            raise _bad(path, f"it has no column {name}")
        if names.count(name) > 1:
            raise _bad(path, f"it has the column {name} twice")
    return names


def _bad(path: Path, why: str) -> Misconfigured:
    fix = "Write it anew with `gp365 parked list --csv FILE`, and keep the columns id, print and decision."
    return Misconfigured(
        "resolution-invalid", f"{path.name}: {why}.", field=path.name, value=str(path), fix=fix
    )
