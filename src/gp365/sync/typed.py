"""What a person types for a field, read as the value of its row: as either side would write it, and fitting both."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from gp365.model import convert_values
from gp365.model.entity import FieldDescription, FieldType
from gp365.model.fit import PARK, Unfit, fit
from gp365.model.values import Value, decimal_text
from gp365.sync.plan import CompiledFlow, CompiledRow
from gp365.sync.plan.facts import Facts
from gp365.sync.plan.rows import write_half

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)
_NUMBERS = (FieldType.DECIMAL, FieldType.MONEY)


def canonical_of(compiled: CompiledFlow, row: CompiledRow, text: str) -> Value:
    """Read a typed text as the row's canonical value; empty text is the empty value.

    It is tried as the left side would hold it, then as the right one would. Unfit: bad-value, too-long,
    not-in-code-page, out-of-range, option-unknown, lookup-missing, required-missing; nothing is cut or rounded.
    """
    if row.row.ref:
        raise Unfit("bad-value", f"{row.row.name} names another record: take the value of one side.")
    if not text.strip():
        _refuse_empty(row)
        return None
    first: Unfit | None = None
    for side in (compiled.flow.left.name, compiled.flow.right.name):
        try:
            return _as_on(compiled, row, side, text)
        except Unfit as unfit:
            first = unfit if first is None or first.code == "bad-value" else first
    assert first is not None
    raise first


def _refuse_empty(row: CompiledRow) -> None:
    for side, fields in row.described.items():
        if any(one.required for one in fields):
            raise Unfit("required-missing", f"{side} requires {row.row.name}: it cannot be empty.")


def _as_on(compiled: CompiledFlow, row: CompiledRow, side: str, text: str) -> Value:
    described = row.described.get(side, ())
    if len(described) != 1:
        raise Unfit("bad-value", f"{row.row.name} has several columns on {side}: take the value of one side.")
    raw = raw_of(described[0], text)
    canonical = row.codecs[side].read((raw,), compiled.context_of(row))
    _fits(compiled, row, canonical)
    return canonical


def _fits(compiled: CompiledFlow, row: CompiledRow, canonical: Value) -> None:
    """Refuse what one of the sides cannot hold as it is."""
    fitted = fit(canonical, replace(row.limits, long=PARK)).value
    if isinstance(canonical, Decimal) and fitted != canonical:
        raise Unfit("out-of-range", f"{decimal_text(canonical)} has more decimals than both sides hold.")
    for name in row.row.wires:
        write_half(compiled, row, name, fitted, Facts())


def raw_of(described: FieldDescription, text: str) -> Value:
    """Read a text as a raw value of a field: a point before the decimals, ISO dates, an option's number or label."""
    kind, text = described.type, text.strip()
    if kind in (FieldType.TEXT, FieldType.REFERENCE):
        return text
    if kind is FieldType.OPTION:
        return _option(described, text)
    if kind is FieldType.BOOLEAN:
        return convert_values.read_flag(text)
    if kind is FieldType.DATE:
        return _date(text)
    if kind is FieldType.DATETIME:
        return _moment(text, described.zoned)
    return _number(text, whole=kind not in _NUMBERS)


def _number(text: str, *, whole: bool) -> Value:
    if not _NUMBER.fullmatch(text):
        raise Unfit(
            "bad-value",
            f"{text!r} is not a number: write it with a point and without separators of thousands.",
        )
    if whole and "." in text:
        raise Unfit("bad-value", f"{text!r} is not a whole number.")
    return int(text) if whole else Decimal(text)


def _option(described: FieldDescription, text: str) -> Value:
    if re.fullmatch(r"-?\d{1,10}", text, re.ASCII):
        code = int(text)
        if described.options and code not in described.options:
            raise _no_option(described, text)
        return code
    labels = {convert_values.label(label): code for code, label in described.options.items()}
    found = labels.get(convert_values.label(text))
    if found is None:
        raise _no_option(described, text)
    return found


def _no_option(described: FieldDescription, text: str) -> Unfit:
    known = ", ".join(f"{code} {label}" for code, label in list(described.options.items())[:10])
    return Unfit("option-unknown", f"{described.name} has no option {text!r}. There are {known or 'none'}.")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unfit("bad-value", f"{text!r} is no date: write it as 2026-10-31.") from None


def _moment(text: str, zoned: bool) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unfit("bad-value", f"{text!r} is no moment: write it as 2026-10-31T18:00:00Z.") from None
    if moment.tzinfo is None and zoned:
        raise Unfit("bad-value", f"{text!r} names no time zone: write it as 2026-10-31T18:00:00Z.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
