"""The report as an Excel workbook: texts as texts, whatever they begin with, and decimals as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from gp365.app.reports.head import BooksHead, Head
from gp365.app.reports.lines import Lines
from gp365.app.reports.page import VERDICTS, books_rows, books_text, value
from gp365.model.plan import Half
from gp365.sync.reconcile.found import FieldDifference

_MOST_ROWS = 1_048_576
_MOST_CHARS = 32_767
_DIGITS = 15  # what Excel keeps of a number
_OPTIONS: Mapping[str, Any] = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def write_workbook(path: Path, head: Head, lines: Lines) -> None:
    """Write the report as XLSX; what goes beyond a sheet's rows stands in the JSON document alone."""
    book: Any = xlsxwriter.Workbook(str(path), {**_OPTIONS, "tmpdir": str(path.parent)})
    try:
        bold = book.add_format({"bold": True})
        _sheet(book, bold, "Summary", ("", ""), _summary(head), (28, 110))
        if head.books is not None:
            _sheet(book, bold, "GP itself", ("", "amount"), _books(head.books), (60, 22))
        _sheet(book, bold, "Totals", _total_columns(lines), _totals(head, lines), (22, 10))
        _sheet(book, bold, "Differences", _difference_columns(lines), _differences(lines), (14, 18))
        _sheet(book, bold, "Missing", _MISSING, _missing(lines), (12, 12))
        _sheet(book, bold, "Singles", _SINGLES, _singles(lines), (12, 26))
    finally:
        book.close()


Cell = str | Decimal | int | None


def _sheet(
    book: Any,
    bold: Any,
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    widths: Sequence[int],
) -> None:
    sheet = book.add_worksheet(name)
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width)
    if len(columns) > len(widths):
        sheet.set_column(len(widths), len(columns) - 1, 22)
    first = 0
    if any(columns):
        for at, title in enumerate(columns):
            sheet.write_string(0, at, title, bold)
        sheet.freeze_panes(1, 0)
        first = 1
    for number, row in enumerate(rows, first):
        if number == _MOST_ROWS:
            return
        for at, cell in enumerate(row):
            _write(sheet, number, at, cell)


def _write(sheet: Any, row: int, column: int, cell: Cell) -> None:
    """Write a cell as what it is. A number with more digits than Excel keeps is written as text."""
    if cell is None or cell == "":
        return
    if isinstance(cell, Decimal | int):
        digits = len(Decimal(cell).normalize().as_tuple().digits)
        if digits <= _DIGITS:
            sheet.write_number(row, column, float(cell))
            return
    sheet.write_string(row, column, str(cell)[:_MOST_CHARS])


def _summary(head: Head) -> Iterable[Sequence[Cell]]:
    yield ("verdict", VERDICTS[head.verdict])
    yield ("pair", head.pair)
    yield ("flow", head.flow)
    yield ("flow version", head.flow_digest)
    yield ("company", head.company)
    yield ("made (UTC)", f"{head.ended:%Y-%m-%d %H:%M:%S}")
    yield ("by", head.actor)
    yield ("gp365", head.version)
    for one in head.sides:
        yield (one.side, f"{one.name} ({one.system}, {one.entity})")
        yield (f"{one.side} recognised by", one.organisation)
        yield (f"{one.side} read", one.read)
        yield (f"{one.side} read from, to (UTC)", f"{one.began:%Y-%m-%d %H:%M:%S} – {one.ended:%H:%M:%S}")
    for title, run in (("last run", head.last_run), ("last clean run", head.last_clean_run)):
        yield (title, f"{run.run}, {run.state}" if run is not None else "none")
    counts = head.counts
    yield ("linked pairs", counts.linked)
    yield ("alike", counts.equal)
    yield ("with differences", counts.differing)
    yield ("a record is not there", counts.incomplete)
    yield ("not explained (drift)", counts.drift)
    yield ("hash totals", "equal" if head.hashes.equal else "unequal")
    for side, total in head.hashes.total.items():
        yield (f"hash total {side}", total)
    yield ("fields", ", ".join(head.compared))
    yield ("public key", head.public_key)
    yield ("fingerprint", head.key_fingerprint)


def _books(held: BooksHead) -> Iterable[Sequence[Cell]]:
    yield (books_text(held), None)
    if held.left_out:
        return
    for name, amount in books_rows(held):
        yield (name, Decimal(amount))
    if held.listed:
        yield ("customer", "documents", "applied, not posted", "balance", "difference")
    for one in held.listed:
        amounts = (one.documents, one.waiting, one.balance, one.difference)
        yield (one.customer, *(Decimal(each) for each in amounts))


def _total_columns(lines: Lines) -> Sequence[str]:
    left, right = lines.sides
    names = ("field", "currency", f"{left}, linked", f"{right}, linked", "difference", "explained")
    return (*names, "reasons", f"{left}, all", f"{right}, all")


def _totals(head: Head, lines: Lines) -> Iterable[Sequence[Cell]]:
    left, right = lines.sides
    for one in head.totals:
        parts = {why: Decimal(text) for why, text in one.explained.items()}
        yield (
            one.field,
            one.currency,
            Decimal(one.linked[left]),
            Decimal(one.linked[right]),
            Decimal(one.difference),
            sum(parts.values(), Decimal(0)),
            "; ".join(f"{text} {why}" for why, text in one.explained.items()),
            Decimal(one.all[left]),
            Decimal(one.all[right]),
        )


def _difference_columns(lines: Lines) -> Sequence[str]:
    left, right = lines.sides
    keys = ("subject", f"{left} key", f"{right} key", "name", "field")
    values = (left, right, f"{left} compared", f"{right} compared")
    return (*keys, *values, "why", "explanation", "code", "entry", "ledger row")


def _differences(lines: Lines) -> Iterable[Sequence[Cell]]:
    left, right = lines.sides
    for one, held in zip(lines.differences(), lines.found.differences, strict=True):
        for field, raw in zip(one.fields, held.fields, strict=True):
            why = field.reason
            yield (
                one.subject,
                one.keys.get(left, ""),
                one.keys.get(right, ""),
                one.name,
                field.field,
                _raw(raw, raw.left, field.raw[left]),
                _raw(raw, raw.right, field.raw[right]),
                value(field.fitted.get(left)),
                value(field.fitted.get(right)),
                why.why,
                why.text,
                why.code,
                why.entry,
                why.ledger,
            )


def _raw(one: FieldDifference, half: Half, shown: Any) -> Cell:
    """Give a raw value as a cell: a single number as a number."""
    alone = half[0] if len(half) == 1 and not one.masked else None
    if isinstance(alone, Decimal) or (isinstance(alone, int) and not isinstance(alone, bool)):
        return alone
    return value(shown)


_MISSING = ("what", "side", "records", "name", "why", "explanation", "code", "entry")
_SINGLES = ("side", "key", "name", "why", "explanation", "code", "entry")


def _missing(lines: Lines) -> Iterable[Sequence[Cell]]:
    for one in lines.missing():
        keys = ", ".join(key for key in one.keys if key)
        why = one.reason
        yield (one.kind, one.side, keys, one.name, why.why, why.text, why.code, why.entry)


def _singles(lines: Lines) -> Iterable[Sequence[Cell]]:
    for one in lines.singles():
        why = one.reason
        yield (one.side, one.key, one.name, why.why, why.text, why.code, why.entry)
