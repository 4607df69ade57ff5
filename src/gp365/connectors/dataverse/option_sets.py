"""Choices that follow a list of GP: payment terms, shipping methods. Every column has its own options, of equal values.

Accounts, quotes, orders and invoices each hold their own choice: an option that one of them lacks is lost on the way from
a quote to an order. The first column decides which option an entry is; the others are given the same value and label.
Options of ours whose entry is gone from GP are kept and labelled, because records carry them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from gp365.connectors.dataverse import blueprint as ours
from gp365.connectors.dataverse.site import Site
from gp365.connectors.dataverse.terms import (
    NOT_IN_USE,
    PaymentTerm,
    TermOption,
    in_use,
    is_ours,
    propose,
    words_of,
)
from gp365.connectors.dataverse.work import MAKE, PRESENT, Looked, Work
from gp365.model.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Choice:
    """A column of a table that holds options of its own."""

    table: str
    column: str

    @property
    def name(self) -> str:
        """Return table and column."""
        return f"{self.table}.{self.column}"

    def options(self, site: Site) -> Mapping[int, str] | None:
        """Return the options with their labels, None where the organisation has no such column."""
        table = site.table(self.table)
        column = table.columns.get(self.column) if table is not None else None
        return None if column is None else column.options


@dataclass(frozen=True, slots=True)
class OptionSet:
    """A list of GP and the choices that follow it: the first one always, all of them where the flow is run."""

    flow: str
    choices: tuple[Choice, ...]


TERMS = OptionSet(
    "payment_terms",
    tuple(Choice(table, ours.TERMS_COLUMN) for table in ("account", "quote", "salesorder", "invoice")),
)
METHODS = OptionSet(
    "shipping_methods",
    (
        Choice("account", "address1_shippingmethodcode"),
        Choice("account", "address2_shippingmethodcode"),
        *(Choice(table, "shippingmethodcode") for table in ("account", "quote", "salesorder", "invoice")),
    ),
)
OPTION_SETS: Mapping[str, OptionSet] = {one.flow: one for one in (TERMS, METHODS)}


@dataclass(frozen=True, slots=True)
class Settled:
    """The option of each entry, the steps that are still to be done, and the tables that hold the choices."""

    options: tuple[TermOption, ...] = ()
    work: tuple[Work, ...] = ()
    tables: tuple[str, ...] = ()


def settle(site: Site, chosen: OptionSet, entries: Sequence[PaymentTerm], *, wide: bool) -> Settled:
    """Find the option of each entry and what the choices lack; nothing without entries.

    `wide`: all choices, else the first one. Columns that an organisation does not have are passed by, but for the first.
    """
    if not entries:
        return Settled()
    first, *others = chosen.choices
    held = first.options(site)
    if held is None:
        raise Misconfigured("entity-unknown", f"Dataverse has no {first.name}")
    present = [one for one in others if wide and one.options(site) is not None]
    taken = {value for one in present for value in one.options(site) or () if is_ours(value)}
    fixed = tuple(
        _fixed(one, one.value, held) for one in entries if one.value is not None and one.value in held
    )
    open_ = [one for one in entries if one.value is None]
    options = propose(open_, held, taken, {option.value for option in fixed})
    every = {option.value: option for option in (*options, *fixed)}
    steps = [step for one in (first, *present) for step in _steps(site, one, list(every.values()))]
    work = tuple(step for step in steps if step.look(site) != PRESENT)
    return Settled(options, work, tuple(dict.fromkeys(one.table for one in (first, *present))))


def _fixed(entry: PaymentTerm, value: int, held: Mapping[int, str]) -> TermOption:
    return TermOption(entry.id, value, held[value], new=False)


def _steps(site: Site, choice: Choice, options: Sequence[TermOption]) -> Iterator[Work]:
    wanted = {option.value for option in options}
    for option in options:
        title = f"Option {option.value} '{option.label}' of {choice.name} (assumed)"
        look, make = partial(_look, choice, option), partial(_make, choice, option)
        yield Work(option_id("option", choice, option.value), title, look, make)
    for value, label in (choice.options(site) or {}).items():
        if is_ours(value) and value not in wanted:
            title = f"Option {value} '{in_use(label)}' of {choice.name}: not in use in Dynamics GP any more"
            look, make = partial(_look_retired, choice, value), partial(_retire, choice, value)
            yield Work(option_id("retired", choice, value), title, look, make)


def option_id(what: str, choice: Choice, value: int) -> str:
    """Name a step about an option; those of the first choice of payment terms by the value alone."""
    return f"{what}:{value}" if choice == TERMS.choices[0] else f"{what}:{choice.name}:{value}"


def _look(choice: Choice, option: TermOption, site: Site) -> Looked:
    held = (choice.options(site) or {}).get(option.value)
    if held is None or (is_ours(option.value) and held == option.label + NOT_IN_USE):
        return MAKE
    if held == option.label or words_of(held) == words_of(option.label):
        return PRESENT
    return "differs", f"it is called {held}"


def _make(choice: Choice, option: TermOption, site: Site) -> None:
    """Insert the option, or give one that is back in GP its label back."""
    there = option.value in (choice.options(site) or {})
    _write(choice, "UpdateOptionValue" if there else "InsertOptionValue", option.value, option.label, site)


def _look_retired(choice: Choice, value: int, site: Site) -> Looked:
    label = (choice.options(site) or {}).get(value, NOT_IN_USE)
    return PRESENT if label.endswith(NOT_IN_USE) else MAKE


def _retire(choice: Choice, value: int, site: Site) -> None:
    label = (choice.options(site) or {}).get(value, "")
    _write(choice, "UpdateOptionValue", value, label + NOT_IN_USE, site)


def _write(choice: Choice, action: str, value: int, label: str, site: Site) -> None:
    body = {
        "EntityLogicalName": choice.table,
        "AttributeLogicalName": choice.column,
        "Value": value,
        "Label": ours.label(label, site.language()),
        "SolutionUniqueName": ours.SOLUTION,
        **({"MergeLabels": True} if action == "UpdateOptionValue" else {}),
    }
    site.write(
        lambda: site.api.post(action, body),
        lambda: (choice.options(site) or {}).get(value) == label,
        choice.table,
    )
