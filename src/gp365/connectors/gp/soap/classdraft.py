"""A draft of a site's classes file, from the customers that stand in Dynamics GP: for a person to look at and approve.

A line counts where all customers of a class hold the value, or most of many do; anything else is a comment with counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gp365.connectors.gp.classes import HISTORY
from gp365.connectors.gp.soap.classfile import APPROVED, accounts, fields, names_of
from gp365.connectors.gp.soap.values import account_named
from gp365.model.values import Value, Values, decimal_text

MANY, MOST = 5, Decimal("0.8")
"""From so many customers on, this share of them is most."""
_SHOWN = 3
HEADER = """\
# What each customer class gives to a new customer of {company}
# GP Web Services have no classes: gp365 read this from the customers that stand there. Compare each class with its
# window (Customer Class Setup), correct and add what differs, and set approved = true. Until then no customer of the
# class is made. A field without a line gives nothing; lines that begin with # are only for you.
"""

Member = tuple[str, Values, Mapping[str, str]]
"""A customer: its class, its values under our names, its accounts by the field of their index."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A field of a class: the value that most hold, as TOML; how many do; the others. `counts`: it is no comment."""

    name: str
    value: str
    holders: int
    others: tuple[tuple[str, int], ...]
    counts: bool


@dataclass(frozen=True, slots=True)
class ClassDraft:
    """What the customers of a class have in common."""

    class_id: str
    customers: int
    lines: tuple[DraftLine, ...]


def draft(members: Iterable[Member]) -> list[ClassDraft]:
    """Count the values of customers by class, those without a class left out; in the order of the classes."""
    numbers: Counter[str] = Counter()
    tallies: dict[str, dict[str, Counter[str]]] = {}
    names = (*fields(), *accounts())
    for class_id, values, numbered in members:
        if not class_id:
            continue
        numbers[class_id] += 1
        own = tallies.setdefault(class_id, {name: Counter() for name in names})
        given = {account_named(name): number for name, number in numbered.items()}
        for name in fields():
            own[name][_literal(name, values.get(name))] += 1
        for name in accounts():
            own[name][json.dumps(given[name], ensure_ascii=False) if name in given else ""] += 1
    return [ClassDraft(each, numbers[each], tuple(_lines(tallies[each]))) for each in sorted(numbers)]


def _literal(name: str, value: Value) -> str:
    """Return a value as TOML, "" for an empty one; history that is not kept is no emptiness, if the service told it."""
    if name in HISTORY and value is not None:
        return json.dumps(bool(value))
    if not value:
        return ""
    if isinstance(value, bool):
        return "true"
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, int):
        label = next((label for label, code in names_of(name).items() if code == value), None)
        return str(value) if label is None else json.dumps(label, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else json.dumps(str(value))


def _lines(tally: Mapping[str, Counter[str]]) -> Iterator[DraftLine]:
    for name, counter in tally.items():
        [(value, holders), *others] = counter.most_common()
        if not value and not others:
            continue
        customers = counter.total()
        most = not others or (customers >= MANY and holders >= MOST * customers)
        yield DraftLine(name, value, holders, tuple(others), most and bool(value))


def text_of(company: str, drafts: Sequence[ClassDraft], *, headed: bool = True) -> str:
    """Write drafts as a file, or as an addition to one."""
    parts = [HEADER.format(company=company)] if headed else []
    return "\n".join([*parts, *(_class_text(each) for each in drafts)])


def _class_text(one: ClassDraft) -> str:
    lines = [f"[{json.dumps(one.class_id, ensure_ascii=False)}]  # {_customers(one.customers)}"]
    lines.append(f"{APPROVED} = false")
    lines += [_line(each, one.customers) for each in one.lines]
    return "\n".join(lines) + "\n"


def _line(line: DraftLine, customers: int) -> str:
    told = "all" if line.holders == customers else f"{line.holders} of {customers}"
    others = ", ".join(f"{value or 'empty'} {number}" for value, number in line.others[:_SHOWN])
    more = len(line.others) - _SHOWN
    told += f"; {others}" if others else ""
    told += f" and {more} more" if more > 0 else ""
    if not line.value:
        return f"# {line.name}: empty in {told}"
    return f"{'' if line.counts else '# '}{line.name} = {line.value}  # {told}"


def _customers(number: int) -> str:
    return "1 customer" if number == 1 else f"{number} customers"
