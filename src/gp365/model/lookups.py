"""Lookup tables: a site's own small CSV files, read as text and nothing but text (NO is Norway, 007 keeps its zeros)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gp365.model.errors import Misconfigured
from gp365.model.values import digest, pack


def folded(value: str) -> str:
    """Return a value as lookups compare it: without outer blanks and case."""
    return value.strip().casefold()


@dataclass(frozen=True, slots=True)
class Lookup:
    """One table: a column per side (gp, sales) or per meaning (country, class). The first column is the key.

    Where another column says the same for several keys, those lines are one thing seen from that side; `canonical`
    gives all of them the same text, and a way back leads to the first line.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    _first: Mapping[str, Mapping[str, int]] = field(
        default_factory=dict[str, Mapping[str, int]], repr=False, compare=False
    )

    def row(self, column: str, value: str) -> int | None:
        """Return the number of the first line whose column has the value; Misconfigured for an unknown column."""
        if column not in self._first:
            raise Misconfigured(
                "lookup-invalid",
                f"The lookup {self.name} has no column {column}.",
                value=column,
                fix=f"Its columns are {', '.join(self.columns)}.",
            )
        return self._first[column].get(folded(value))

    def to(self, column_from: str, column_to: str, value: str) -> str | None:
        """Return what stands in another column of the value's line ("" for nothing); None if there is no such line."""
        at = self.row(column_from, value)
        self.row(column_to, "")
        return None if at is None else self.rows[at][self.columns.index(column_to)]

    def canonical(self, columns: Sequence[str], column: str, value: str) -> str | None:
        """Return the key of the value's thing, the same from each of the columns; None if there is no such line."""
        at = self.row(column, value)
        if at is None:
            return None
        while (first := min(self._first[name][folded(self._cell(at, name))] for name in columns)) < at:
            at = first
        return self.rows[at][0]

    def digest(self) -> str:
        """Return the content hash of the table."""
        return digest(pack({"columns": list(self.columns), "rows": [list(row) for row in self.rows]}))

    def _cell(self, row: int, column: str) -> str:
        return self.rows[row][self.columns.index(column)]


def lookup(name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Lookup:
    """Make a table of lines that are known to be sound."""
    first: dict[str, dict[str, int]] = {column: {} for column in columns}
    kept = tuple(tuple(cell.strip() for cell in row) for row in rows)
    for number, row in enumerate(kept):
        for column, cell in zip(columns, row, strict=True):
            first[column].setdefault(folded(cell), number)
    return Lookup(name, tuple(columns), kept, first)


def read_lookups(folder: Path) -> dict[str, Lookup]:
    """Read every .csv file of a folder, each under its name; nothing if there is no such folder."""
    files = sorted(folder.glob("*.csv")) if folder.is_dir() else []
    return {file.stem: read_lookup(file) for file in files}


def read_lookup(file: Path) -> Lookup:
    """Read one table: UTF-8 with or without a byte order mark, commas, a header; Misconfigured("lookup-invalid")."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong(file, 0, "The file is not UTF-8.", "", "Save it as CSV UTF-8.") from None
    lines = list(_lines(file, text))
    if not lines:
        raise _wrong(file, 1, "There is no header.", "", "Write the column names into the first line.")
    (number, header), *body = lines
    columns = _columns(file, number, header)
    _check_lines(file, columns, body)
    return lookup(file.stem, columns, [row for _, row in body])


def _lines(file: Path, text: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                lines.append((start, row))
            start = reader.line_num + 1
    except csv.Error as error:
        raise _wrong(file, reader.line_num, f"{error}.", "", "Correct the quotes.") from None
    return lines


def _columns(file: Path, line: int, header: list[str]) -> tuple[str, ...]:
    columns = tuple(cell.strip() for cell in header)
    if len(columns) < 2:
        fix = "Separate the columns with commas; a table needs at least two."
        raise _wrong(file, line, "The header has only one column.", ",".join(header), fix)
    for number, column in enumerate(columns):
        if not column or column in columns[:number]:
            raise _wrong(file, line, "A column has no name, or its name twice.", column, "Name each column.")
    return columns


def _check_lines(file: Path, columns: tuple[str, ...], body: Sequence[tuple[int, list[str]]]) -> None:
    first: dict[str, int] = {}
    for line, row in body:
        if len(row) != len(columns):
            fix = f"Give it {len(columns)} values ({', '.join(columns)}); put a value with a comma in quotes."
            raise _wrong(file, line, f"The line has {len(row)} values.", ",".join(row), fix)
        key = folded(row[0])
        if key in first:
            fix = f"Keep one of the lines; the first column ({columns[0]}) is the key."
            raise _wrong(file, line, f"The key stands in line {first[key]} too.", row[0].strip(), fix)
        first[key] = line


def _wrong(file: Path, line: int, message: str, value: str, fix: str) -> Misconfigured:
    place = f"{file.name}, line {line}" if line else file.name
    return Misconfigured("lookup-invalid", f"{place}: {message}", field=place, value=value, fix=fix)
