"""Amounts that mean something in one currency only: where the target record has another, they are nothing there.

GP keeps credit limits in the company's functional currency (RM00101), while a money column of Dataverse is read in the
currency of its own record: 50,000 US dollars would stand on a Canadian account as 50,000 Canadian dollars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gp365.model.fit import Unfit
from gp365.model.plan import FieldPlan, Verdict
from gp365.model.record import Record
from gp365.model.values import Value, show
from gp365.sync.plan.facts import Facts
from gp365.sync.plan.rows import CompiledFlow, CompiledRow, Sight, see

CURRENCIES = "currencies"
"""The lookup between ISO codes and the ids of currency records; its columns are currency and sales."""


def foreign(compiled: CompiledFlow, row: CompiledRow, records: Mapping[str, Record], facts: Facts) -> str:
    """Say why a row's amount cannot stand on the record whose currency the row names; "" where it can.

    `records` are by side; of a record that is to be created, its planned values. The currency must be the source
    record's own where `in_currency` names a row of both sides, else the company's functional one.
    """
    held = compiled.by_name.get(row.row.in_currency)
    if held is None:
        return ""
    side = currency_side(compiled, row)
    source = compiled.flow.other(side).name
    wanted = compiled.context.currency
    if held.row.two_sided:
        wanted = _currency(compiled, held, source, records.get(source), facts)
    return _reason(compiled, side, _currency(compiled, held, side, records.get(side), facts), wanted, row)


def currency_side(compiled: CompiledFlow, row: CompiledRow) -> str:
    """Name the side whose record has the currency that a row asks for: the right one, unless only the left has it."""
    wires = compiled.row(row.row.in_currency).row.wires
    left, right = compiled.flow.left.name, compiled.flow.right.name
    return right if right in wires else left


def _reason(compiled: CompiledFlow, side: str, there: str, wanted: str, row: CompiledRow) -> str:
    if there and there.casefold() == wanted.casefold():
        return ""
    name = compiled.entity(side).name
    needed = f"{row.row.name} in {wanted}" if wanted else f"nobody says in which currency {row.row.name} is"
    return f"the {name} is in {there}, {needed}" if there else f"the {name} has no currency, {needed}"


def _currency(
    compiled: CompiledFlow, row: CompiledRow, side: str, record: Record | None, facts: Facts
) -> str:
    try:
        seen = see(compiled, row, side, record, facts)
    except Unfit:
        return ""
    return _iso(compiled, seen.canonical)


def _iso(compiled: CompiledFlow, value: Value) -> str:
    """Give a currency's ISO code: as it is, or of the record whose id this is."""
    text = show(value).strip() if value is not None else ""
    table = compiled.context.lookups.get(CURRENCIES)
    if not text or table is None or len(table.columns) < 2:
        return text
    iso, key = table.columns[:2]
    return table.to(key, iso, text) or text


def emptied(sights: Sequence[Sight], compiled: CompiledFlow, source: str) -> list[Sight]:
    """See the amounts of a mirror as empty, and as never agreed: in the other currency, their owner says nothing."""
    on_left = source == compiled.flow.left.name
    changed: list[Sight] = []
    for sight in sights:
        if sight.row.row.in_currency:
            seen = sight.left if on_left else sight.right
            nothing = seen._replace(canonical=None, fitted=None, cut=False)
            sight = (
                sight._replace(left=nothing, pair=None)
                if on_left
                else sight._replace(right=nothing, pair=None)
            )
        changed.append(sight)
    return changed


def mirrored(sight: Sight, compiled: CompiledFlow, target: str) -> bool:
    """Tell whether nothing is lost by taking an amount away: there is none, or the one that we wrote.

    A figure that somebody else wrote, in that record's own currency, is theirs: a person, or another company.
    """
    at = 0 if target == compiled.flow.left.name else 1
    seen = (sight.left, sight.right)[at]
    ours = sight.pair is not None and sight.pair[at] == seen.raw
    return ours or seen.empty or not sight.row.row.in_currency


def told(plans: Sequence[FieldPlan], sights: Sequence[Sight], why: str) -> list[FieldPlan]:
    """Say of every amount why it is not there; no pair is agreed, so that a later change of currency is noticed."""
    amounts = {sight.row.row.name for sight in sights if sight.row.row.in_currency}
    found: list[FieldPlan] = []
    for plan in plans:
        if plan.name in amounts and plan.verdict is Verdict.AGREE:
            plan = replace(plan, verdict=Verdict.READ_ONLY, rule=why)
        elif plan.name in amounts and plan.verdict is Verdict.WRITE:
            plan = replace(plan, rule=why, agrees=False, overruled=False)
        found.append(plan)
    return found
