"""Amounts of a document that gp365 works out because GP wants them said: extended prices, subtotal, total, payments.

What a flow gives stands as it is and is compared by GP itself (errors 67, 235 and 722 of eConnect); only what it leaves out
is worked out here. Cents are rounded half up (assumed: currencies with two decimals).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from gp365.connectors.gp.documents import STEP, Rows
from gp365.model.values import Value

_CENT = Decimal("0.01")
_NOTHING = Decimal(0)
_ORDER = 2
Own = dict[str, Value]
Lists = dict[str, Rows]


def complete(entity: str, own: Own, lists: Lists) -> None:
    """Fill in what was left out of a document that is to be created."""
    _WAYS.get(entity, lambda _own, _lists: None)(own, lists)


def total(own: Mapping[str, Value]) -> Decimal:
    """Return the total of a sales document: subtotal, freight, miscellaneous and tax less trade discount."""
    parts = ("Subtotal", "FreightAmount", "MiscellaneousAmount", "TaxAmount")
    found = sum((number(own.get(f"Originating{name}")) for name in parts), _NOTHING)
    return found - number(own.get("OriginatingTradeDiscountAmount"))


def number(value: Value) -> Decimal:
    """Return an amount, 0 for none."""
    return Decimal(value) if isinstance(value, int | Decimal) else _NOTHING


def cents(value: Decimal) -> Decimal:
    """Round to cents."""
    return value.quantize(_CENT, ROUND_HALF_UP)


def _sales(own: Own, lists: Lists) -> None:
    lines = lists.get("Lines", [])
    _number_rows(lines, "LineSequence")
    priced_by_gp = own.get("DefaultPricing") is True
    for line in lines:
        if own.get("DocumentType") == _ORDER and line.get("QuantityFulfilled") is None:
            # The warehouse fulfils an order, not the one who enters it.
            line["QuantityFulfilled"] = _NOTHING
        if not priced_by_gp and line.get("OriginatingExtendedPrice") is None:
            unit = number(line.get("OriginatingUnitPrice")) - number(line.get("OriginatingMarkdownAmount"))
            line["OriginatingExtendedPrice"] = cents(unit * number(line.get("Quantity")))
    if own.get("OriginatingTaxAmount") is not None:
        # A tax that comes from outside is not to be computed once more by GP.
        own.setdefault("CreateTaxes", False)
        own.setdefault("DefaultTaxSchedules", False)
    if not priced_by_gp:
        if own.get("OriginatingSubtotal") is None:
            prices = (number(line.get("OriginatingExtendedPrice")) for line in lines)
            own["OriginatingSubtotal"] = sum(prices, _NOTHING)
        if own.get("OriginatingDocumentAmount") is None:
            own["OriginatingDocumentAmount"] = total(own)
    payments = lists.get("Payments", [])
    _number_rows(payments, "Sequence")
    if payments and own.get("OriginatingPaymentReceived") is None:
        paid = (number(row.get("OriginatingAmount")) for row in payments)
        own["OriginatingPaymentReceived"] = sum(paid, _NOTHING)
    _number_rows(lists.get("Distributions", []), "Sequence")


def _receivable(own: Own, lists: Lists) -> None:
    if own.get("OriginalAmount") is None:
        parts = ("SalesAmount", "FreightAmount", "MiscellaneousAmount", "TaxAmount")
        found = sum((number(own.get(name)) for name in parts), _NOTHING)
        own["OriginalAmount"] = found - number(own.get("TradeDiscountAmount"))
    _number_rows(lists.get("Distributions", []), "Sequence")


def _receipt(own: Own, lists: Lists) -> None:
    if own.get("GLPostingDate") is None:
        own["GLPostingDate"] = own.get("DocumentDate")
    _number_rows(lists.get("Distributions", []), "Sequence")


def _application(own: Own, lists: Lists) -> None:
    if own.get("GLPostingDate") is None:
        own["GLPostingDate"] = own.get("ApplyDate")


def _order(own: Own, lists: Lists) -> None:
    lines = lists.get("Lines", [])
    _number_rows(lines, "LineSequence")
    if own.get("Type") is None:
        own["Type"] = 1
    for at, line in enumerate(lines):
        line.setdefault("LineNumber", at + 1)


def _vendor(own: Own, _: Lists) -> None:
    # UseVendorClass is 0 by default: the class would be stamped, and nothing of it given.
    own.setdefault("TakeClassDefaults", own.get("VendorClass") is not None)


def _number_rows(rows: Rows, name: str) -> None:
    """Number rows that have no sequence after the highest that is given, so that they keep the order in which they came."""
    last = max((int(number(row.get(name))) for row in rows), default=0) // STEP
    for row in rows:
        if row.get(name) is None:
            last += 1
            row[name] = last * STEP


_WAYS: Mapping[str, Callable[[Own, Lists], None]] = {
    "sales_document": _sales,
    "receivables_document": _receivable,
    "cash_receipt": _receipt,
    "apply": _application,
    "purchase_order": _order,
    "vendor": _vendor,
}
