"""Sums of a roll-up: one amount per currency, never across currencies, and only where every contribution is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from gp365.model.currencies import amount_text
from gp365.store import contributions
from gp365.store.contributions import Given, Rolled, Source

UNLIMITED = "unlimited"
"""A contribution without a bound; what it is added to has none either."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What a shared record shows: the text, and, where all of it is in one currency and has a bound, that amount."""

    text: str | None
    currency: str | None = None
    amount: Decimal | None = None


def sums(
    conn: Connection, rolled: Rolled, keys: Sequence[str], sharing: Mapping[str, set[Source]] | None = None
) -> dict[str, Sum]:
    """Work out the sums of shared records; those that are not known yet are left out.

    Known: every pair has completed a run, and every record that is linked with the shared one has contributed.
    `sharing` spares reading the links that share a record once more.
    """
    if not contributions.complete(conn, rolled):
        return {}
    given = contributions.given_to(conn, rolled, keys)
    linked = contributions.linked_to(conn, rolled, keys)
    further = contributions.sharing(conn, rolled) if sharing is None else sharing
    found: dict[str, Sum] = {}
    for key in keys:
        held = given.get(key, {})
        awaited = linked.get(key, set()) | further.get(key, set())
        if awaited <= held.keys() and all(one.amount is not None for one in held.values()):
            found[key] = sum_of(held.values())
    return found


def sum_of(given: Iterable[Given]) -> Sum:
    """Add up what was contributed, each currency for itself."""
    held = list(given)
    currencies = {one.currency for one in held}
    if len(currencies) != 1 or any(one.amount == UNLIMITED for one in held):
        return Sum(text_of(held))
    amounts = (Decimal(str(one.amount)) for one in held)
    return Sum(text_of(held), currencies.pop(), sum(amounts, Decimal(0)))


def text_of(given: Iterable[Given]) -> str | None:
    """Write what was contributed, one amount per currency in the order of their codes; None for nothing."""
    amounts: dict[str, list[str]] = {}
    for one in given:
        amounts.setdefault(one.currency, []).append(str(one.amount))
    return "; ".join(_one(iso, texts) for iso, texts in sorted(amounts.items())) or None


def _one(iso: str, texts: Sequence[str]) -> str:
    if UNLIMITED in texts:
        return f"{iso} {UNLIMITED}"
    return amount_text(iso, sum((Decimal(text) for text in texts), Decimal(0)))
