"""Fields that are worked out of a record after it was read, as the data files of entities write them.

    {"differ": ["A", "B"]}      whether two fields differ
    {"set": ["A", "B"]}         whether any of these is something else than nothing and zero
    {"setting": "database"}     what the settings of the company say
    {"total": ["A", "-List.B"]} a sum of amounts with signs; of a list, over all of its rows
    {"cases": [[{"A": [1]}, 2]]}    the value behind the first condition that holds: fields, each with the values it may have
    {"priced": ["price", "A", "B", "C"]}    how a quantity, a unit price and their extended price are shown; see `priced`
    {"says": [pieces]}          a sentence

A piece is a text with `{Field}` in it (`{Field#}`: a code instead of what it is called), or one of these, each with pieces
of its own:

    {"filled": "Field", "say": [...]}                         said where the field is something else than nothing and zero
    {"where": {"Field": [1, 2]}, "say": [...]}                said where the field has one of the values
    {"each": "List", "say": [...], "before": "", "between": ", "}   said of every row of a list of the record
    {"parts": [...], "before": ": ", "between": ", "}         those of the parts that say anything, joined
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

from gp365.connectors.gp.documents import Rows, rows_of
from gp365.model.entity import FieldDescription
from gp365.model.record import Record
from gp365.model.values import Value, Values, show

Described = Mapping[str, FieldDescription]
_NAMED = re.compile(r"\{(\w+)(#?)\}")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field is worked out: its form and what that is given."""

    form: str
    given: Sequence[Any]


FORMS = ("differ", "set", "setting", "total", "cases", "priced", "says")


def rules_of(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Rule]:
    """Read the rules of the fields that have one."""
    return {
        name: Rule(form, given[form] if isinstance(given[form], list) else [given[form]])
        for name, given in fields.items()
        for form in FORMS
        if form in given
    }


def inputs(rules: Mapping[str, Rule], fields: Sequence[str]) -> list[str]:
    """Name the fields and lists that must be read so that these can be worked out, themselves among them."""
    wanted = dict.fromkeys(fields)
    for name in fields:
        rule = rules.get(name)
        if rule is None or rule.form == "setting":
            continue
        wanted |= dict.fromkeys(_inputs(rules, rule))
    return list(wanted)


def _inputs(rules: Mapping[str, Rule], rule: Rule) -> list[str]:
    if rule.form == "says":
        return inputs(rules, list(_named(rule.given)))
    if rule.form == "total":
        return [name.removeprefix("-").partition(".")[0] for name in rule.given]
    if rule.form == "cases":
        return [name for condition, _ in rule.given for name in condition]
    return list(rule.given[1:] if rule.form == "priced" else rule.given)


def with_worked(
    rules: Mapping[str, Rule],
    described: Described,
    lists: Mapping[str, Described],
    settings: Mapping[str, str],
    records: Sequence[Record],
    fields: Sequence[str],
) -> list[Record]:
    """Return records with those of `fields` that are worked out, and without what was read for that alone."""
    wanted = [name for name in inputs(rules, fields) if name in rules]
    # What a sentence says may be worked out, too: sentences come last.
    wanted.sort(key=lambda name: rules[name].form == "says")
    if not wanted:
        return list(records)
    return [_with(rules, wanted, described, lists, settings, record, fields) for record in records]


def _with(
    rules: Mapping[str, Rule],
    wanted: Sequence[str],
    described: Described,
    lists: Mapping[str, Described],
    settings: Mapping[str, str],
    record: Record,
    fields: Sequence[str],
) -> Record:
    values = dict(record.values)
    for name in wanted:
        rule = rules[name]
        if rule.form == "differ":
            first, second = (values.get(each) for each in rule.given)
            if first is not None and second is not None:
                values[name] = show(first) != show(second)
        elif rule.form == "set":
            values[name] = any(_filled(values.get(each)) for each in rule.given)
        elif rule.form == "setting":
            values[name] = settings.get(rule.given[0]) or None
        elif rule.form == "total":
            values[name] = _total(rule.given, values)
        elif rule.form == "cases":
            values[name] = next(value for condition, value in rule.given if _holds(condition, values))
        elif rule.form == "priced":
            values[name] = priced(rule.given, values)
        else:
            values[name] = _Speaker(described, lists).say(rule.given, values).strip() or None
    return record._replace(values={name: value for name, value in values.items() if name in fields})


def _holds(condition: Mapping[str, Sequence[Value]], values: Values) -> bool:
    return all(values.get(name) in among for name, among in condition.items())


def _total(names: Sequence[str], values: Values) -> Decimal | None:
    total = Decimal(0)
    for name in names:
        first, _, column = name.removeprefix("-").partition(".")
        amounts = [row.get(column) for row in rows_of(values, first) or ()] if column else [values.get(first)]
        for amount in amounts:
            if not isinstance(amount, Decimal):
                return None
            total += -amount if name.startswith("-") else amount
    return total


def priced(given: Sequence[str], values: Values) -> Value:
    """Show a line where numbers keep two decimals and discounts are not negative, so that its extended price is exact.

    Quantity times price, less a discount, must be the extended price to the last decimal. Where it cannot be, the line
    is shown as one piece at its extended price. `given` names what is wanted (whole, quantity, price, discount) and
    the fields with quantity, unit price and extended price.
    """
    wanted, amounts = given[0], [values.get(name) for name in given[1:]]
    if not all(isinstance(amount, Decimal) for amount in amounts):
        return None
    quantity, price, extended = cast("list[Decimal]", amounts)
    base = quantity * price
    fits = all(amount == amount.quantize(_CENT) for amount in (quantity, price, base)) and base >= extended
    shown = (quantity, price, base - extended) if fits else (Decimal(1), extended, Decimal(0))
    return not fits if wanted == "whole" else shown[("quantity", "price", "discount").index(wanted)]


class _Speaker:
    """Says sentences of one record; the fields of each of its lists are described apart."""

    def __init__(self, described: Described, lists: Mapping[str, Described]) -> None:
        self._described = described
        self._lists = lists

    def say(self, pieces: Sequence[Any], values: Values) -> str:
        """Return what the pieces say one after another."""
        return "".join(self._piece(piece, values) for piece in pieces)

    def _piece(self, piece: Any, values: Values) -> str:
        if isinstance(piece, str):
            return _NAMED.sub(lambda found: self._shown(found[1], values, code=bool(found[2])), piece)
        given = cast("dict[str, Any]", piece)
        if "filled" in given and not _filled(values.get(given["filled"])):
            return ""
        if not _holds(given.get("where", {}), values):
            return ""
        if "each" in given:
            return _joined(given, self._each(given, values))
        if "parts" in given:
            return _joined(given, [self._piece(each, values) for each in given["parts"]])
        return self.say(given["say"], values)

    def _each(self, given: Mapping[str, Any], values: Values) -> list[str]:
        name = given["each"]
        speaker = _Speaker(self._lists[name], {})
        rows: Rows = rows_of(values, name) or []
        said = [(show(row.get(given.get("order", ""))), speaker.say(given["say"], row)) for row in rows]
        return [words for _, words in sorted(said)]

    def _shown(self, name: str, values: Values, *, code: bool) -> str:
        value = values.get(name)
        described = self._described.get(name)
        if not code and described is not None and described.options and isinstance(value, int):
            return described.options.get(value, str(value))
        return shown(value)


def shown(value: Value) -> str:
    """Show a value in a sentence: amounts with thousands apart and two decimals, or more where there are more."""
    if isinstance(value, Decimal):
        cents = value.quantize(_CENT)
        return f"{cents if cents == value else value.normalize():,f}"
    return value.isoformat() if isinstance(value, date) else show(value)


def _joined(given: Mapping[str, Any], parts: Sequence[str]) -> str:
    said = [part for part in parts if part]
    return given.get("before", "") + given.get("between", "").join(said) if said else ""


def _filled(value: Value) -> bool:
    return value is not None and value != 0 and value != ""


def _named(pieces: Sequence[Any]) -> Iterator[str]:
    """Name the fields and lists that a sentence speaks of; those of the rows of a list come with it."""
    for piece in pieces:
        if isinstance(piece, str):
            yield from (name for name, _ in _NAMED.findall(piece))
            continue
        given = cast("dict[str, Any]", piece)
        if "filled" in given:
            yield given["filled"]
        yield from given.get("where", {})
        if "each" in given:
            yield given["each"]
        else:
            yield from _named(given.get("parts") or given.get("say", ()))
