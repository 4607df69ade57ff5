"""The fields of a flow as a reconciliation compares them: by value on both sides, whatever fingerprints say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gp365.model.entity import FieldType
from gp365.model.record import Record
from gp365.model.values import show
from gp365.sync.plan import CompiledFlow, Facts
from gp365.sync.plan.currency import CURRENCIES
from gp365.sync.plan.rows import CompiledRow, Seen, see
from gp365.sync.reconcile.found import Amount

Look = Callable[[Record, Facts], Seen | None]
_MONEY = (FieldType.MONEY, FieldType.DECIMAL)


@dataclass(frozen=True, slots=True)
class Column:
    """One field of both sides. `kept`: the flow keeps it in step at all times, so that it takes part in the hash totals.

    `plain` are the wire fields of a text that both sides hold as it is: two empty ones are alike without a further look.
    `masked`: a side has it in a secured column, so that its values are told nowhere. `summed`: it has control totals.
    `in_currency`: equal figures in two currencies are not alike.
    """

    name: str
    row: CompiledRow
    left: Look
    right: Look
    kept: bool
    masked: bool
    summed: bool
    in_currency: bool
    plain: tuple[str, str] | None = None


def columns_of(compiled: CompiledFlow) -> list[Column]:
    """Give the fields that can be compared: of both sides, and readable on both as far as the systems say."""
    found: list[Column] = []
    for row in compiled.rows:
        fields = [one for several in row.described.values() for one in several]
        if not row.row.two_sided or not all(one.readable for one in fields):
            continue
        masked = any(one.secured for one in fields)
        left, right = (_look(compiled, row, side.name) for side in compiled.flow.sides)
        kept = row.row.compared and not (row.row.create_only or row.row.along)
        found.append(
            Column(
                row.row.name,
                row,
                left,
                right,
                kept,
                masked,
                _is_sum(row) and not masked,
                bool(row.row.in_currency),
                _plain(row, [side.name for side in compiled.flow.sides]),
            )
        )
    return found


def _plain(row: CompiledRow, sides: Sequence[str]) -> tuple[str, str] | None:
    if not all(side in row.easy and side in row.single for side in sides):
        return None
    return row.single[sides[0]], row.single[sides[1]]


def _is_sum(row: CompiledRow) -> bool:
    """Tell whether every side holds an amount or a quantity; a day that is read off amounts is neither."""
    return all(any(one.type in _MONEY for one in several) for several in row.described.values())


def _is_quantity(row: CompiledRow) -> bool:
    """Tell whether a figure is no money: no side says so, and the flow names no currency for it."""
    fields = [one for several in row.described.values() for one in several]
    return not row.row.in_currency and not any(one.type is FieldType.MONEY for one in fields)


def currency_at_first(compiled: CompiledFlow, row: CompiledRow) -> str:
    """Give the currency under which a field is shown before a record holds a figure there; "" for quantities."""
    return "" if _is_quantity(row) else compiled.context.currency


def _look(compiled: CompiledFlow, row: CompiledRow, side: str) -> Look:
    if row.row.ref:
        return lambda record, facts: _present(see(compiled, row, side, record, facts))
    read = compiled.reader(side, row.row.name)
    return lambda record, facts: read(record.values)


def _present(seen: Seen) -> Seen | None:
    return None if seen.raw is None else seen


def one_sided_sums(compiled: CompiledFlow) -> list[tuple[str, CompiledRow]]:
    """Give the money fields that one side alone has, as (side, row)."""
    return [
        (side, row)
        for row in compiled.rows
        if not row.row.two_sided and _is_sum(row)
        for side, fields in row.described.items()
        if all(one.readable and not one.secured for one in fields)
    ]


def amount_of(
    compiled: CompiledFlow, row: CompiledRow, side: str, record: Record, seen: Seen
) -> Amount | None:
    """Give what a record adds to a control total; None where it holds no figure."""
    if not isinstance(seen.canonical, Decimal):
        return None
    return Amount(seen.canonical, currency_of(compiled, row, side, record))


def currency_of(compiled: CompiledFlow, row: CompiledRow, side: str, record: Record) -> str:
    """Give the currency of a record's amount: its own where the flow names its field, else the company's."""
    if _is_quantity(row):
        return ""
    held = compiled.by_name.get(row.row.in_currency)
    if held is None or side not in held.row.wires:
        return compiled.context.currency
    seen = compiled.reader(side, held.row.name)(record.values)
    text = show(seen.canonical).strip() if seen is not None and seen.canonical is not None else ""
    table = compiled.context.lookups.get(CURRENCIES)
    if not text or table is None or len(table.columns) < 2:
        return text
    iso, key = table.columns[:2]
    return table.to(key, iso, text) or text
