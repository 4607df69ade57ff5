"""Invoices and their lines: totals that the platform computes, and closed invoices that take no more changes.

Sources: the reference pages of the tables invoice and invoicedetail (totals and amounts "show" what is computed of
lines, discount, freight and tax; a line is write-in or of a product), and the connector of Microsoft between Business
Central and Sales (microsoft/BCApps, MIT), which makes an invoice Active before it changes a Paid or Canceled one.

Assumed: a closed invoice refuses every change but that of its state, and its lines refuse all (code and words of the
refusal are unknown, too); a state may follow any other; amounts are rounded half to even to two decimals; prices need no
price list, since the lines are write-in products. Lines of products are not modelled.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from gp365_sim.identity.tokens import Caller

from . import refusal
from .hooks_events import note
from .organisation import Organisation
from .schema import Table
from .store import Row

INVOICE, LINE = "invoice", "invoicedetail"
HEAD = "_invoiceid_value"
CURRENCY = "_transactioncurrencyid_value"
ACTIVE = 0
CENT = Decimal("0.01")
_STATE = frozenset({"statecode", "statuscode"})
_TOTALS = frozenset(
    {
        "totallineitemamount",
        "totallineitemdiscountamount",
        "totaldiscountamount",
        "totalamountlessfreight",
        "totaltax",
        "totalamount",
    }
)


def check(org: Organisation, table: Table, old: Row | None, new: Row | None, given: Iterable[str]) -> None:
    """Refuse what a closed invoice does not take, and lines that are not modelled; `given` are the wire names sent."""
    if table.name == INVOICE and old is not None and new is not None:
        if _closed(old) and set(given) - _STATE - {table.id_column}:
            raise refusal.closed_invoice(old[table.id_column])
    elif table.name == LINE:
        for row in (old, new):
            head = org.store.find(INVOICE, row[HEAD]) if row is not None and row.get(HEAD) else None
            if head is not None and _closed(head):
                raise refusal.closed_invoice(head["invoiceid"])
        if new is not None and (not new.get("isproductoverridden") or new.get("_productid_value")):
            raise refusal.not_modelled("an invoice line of a product; write-in products are")


def compute(org: Organisation, table: Table, row: Row) -> dict[str, Any]:
    """Work out the amounts of an invoice or line, put them into the row and return them."""
    if table.name == INVOICE:
        found = _totals(row, _lines(org, row[table.id_column]))
    elif table.name == LINE:
        found = _amounts(row)
        head = org.store.find(INVOICE, row.get(HEAD, ""))
        if head is not None and head.get(CURRENCY):
            row[CURRENCY] = head[CURRENCY]
    else:
        return {}
    row.update(found)
    return found


def raised(org: Organisation, caller: Caller, table: Table, *rows: Row | None) -> None:
    """Bring the totals of the invoices up to date to which lines belong or belonged."""
    if table.name != LINE:
        return
    invoice = org.schema.tables[INVOICE]
    for head_id in dict.fromkeys(row[HEAD] for row in rows if row is not None and row.get(HEAD)):
        old = org.store.find(INVOICE, head_id)
        if old is None:
            continue
        new = {**old, **_totals(old, _lines(org, head_id))}
        if new == old:
            continue
        rate = new.get("exchangerate") or Decimal(1)
        for name in _TOTALS:
            new[f"{name}_base"] = (new[name] / rate).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)
        new["modifiedon"], new["_modifiedby_value"] = org.stamp(), caller.user_id
        org.store.replace(invoice, new)
        note(org, caller, "Update", invoice, old, new, _TOTALS)


def _closed(row: Row) -> bool:
    return row.get("statecode", ACTIVE) != ACTIVE


def _lines(org: Organisation, head_id: str) -> list[Row]:
    return [
        org.store.get(LINE, row_id)
        for table, row_id, wire in org.store.pointing_at(head_id)
        if (table, wire) == (LINE, HEAD)
    ]


def _amounts(row: Row) -> dict[str, Any]:
    base = _cents(_amount(row, "quantity") * _amount(row, "priceperunit"))
    extended = base - _amount(row, "manualdiscountamount") + _amount(row, "tax")
    return {"baseamount": base, "extendedamount": extended}


def _totals(head: Row, lines: list[Row]) -> dict[str, Any]:
    if head.get("discountpercentage"):
        raise refusal.not_modelled("an invoice with a discount in per cent")
    discounts = sum((_amount(line, "manualdiscountamount") for line in lines), Decimal(0))
    goods = sum((_amount(line, "baseamount") for line in lines), Decimal(0)) - discounts
    tax = sum((_amount(line, "tax") for line in lines), Decimal(0))
    less_freight = goods - _amount(head, "discountamount")
    return {
        "totallineitemamount": goods,
        "totallineitemdiscountamount": discounts,
        "totaldiscountamount": discounts + _amount(head, "discountamount"),
        "totalamountlessfreight": less_freight,
        "totaltax": tax,
        "totalamount": less_freight + _amount(head, "freightamount") + tax,
    }


def _amount(row: Row, name: str) -> Decimal:
    return Decimal(row.get(name) or 0)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_EVEN)
