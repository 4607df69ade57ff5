"""What GP's users do beside the cards, as the control door orders it: post, close, age, apply, void, write late.

Every task takes an order (plain JSON) and gives what it did; it raises `Refusal` where GP would say no, ValueError or
KeyError for an order that cannot be read.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal

from gp365_sim.gp import aging, batches, periods, posting, removal, salesposting, summary, voiding, yearend
from gp365_sim.gp.applying import Applied, Pair, apply, unapply
from gp365_sim.gp.company import Company
from gp365_sim.gp.numbers import next_receivable
from gp365_sim.gp.plain import typed
from gp365_sim.gp.receivables import discard, enter, enter_receipt
from gp365_sim.gp.refusals import not_found
from gp365_sim.gp.rmtypes import PAYMENT

Order = Mapping[str, object]
Task = Callable[[Company, Order], object]

RECEIVABLE_SOURCES = {PAYMENT: "RM_Cash"}


def post(company: Company, order: Order) -> object:
    """Post `{"batch": {"source", "number"}}` or `{"document": {"type", "number", "source"}}`; gives what moved.

    Without a source a document is one of receivables.
    """
    if "batch" in order:
        batch = _part(order, "batch")
        moved = posting.post_batch(company, _text(batch, "source"), _text(batch, "number"))
    else:
        document = _part(order, "document")
        kind = _whole(document, "type")
        source = (
            _text(document, "source") if "source" in document else RECEIVABLE_SOURCES.get(kind, "RM_Sales")
        )
        moved = [posting.post_document(company, source, kind, _text(document, "number"))]
    return {"moved": [asdict(each) for each in moved]}


def document(company: Company, order: Order) -> object:
    """Enter a receivables document or receipt, values by column: `{"values": {"RMDTYPAL", "CUSTNMBR", …}, "post"?}`.

    Without DOCNUMBR it takes the next number of its type, without BACHNUMB a batch of its own kind.
    """
    values = _part(order, "values")
    kind = _whole(values, "RMDTYPAL")
    table = company["RM10201" if kind == PAYMENT else "RM10301"].table
    given = {"BACHNUMB": "DOOR", "DOCDATE": company.today()}
    given |= {name: typed(table.column(name), value) for name, value in values.items()}
    if "DOCNUMBR" not in given:
        given["DOCNUMBR"] = next_receivable(company, kind)
    row = enter_receipt(company, given) if kind == PAYMENT else enter(company, given)
    if order.get("post"):
        posting.post_document(company, RECEIVABLE_SOURCES.get(kind, "RM_Sales"), kind, str(row["DOCNUMBR"]))
    return {"rows": [row]}


def discard_document(company: Company, order: Order) -> object:
    """Delete an unposted receivables document or receipt, as a clerk does: `{"type", "number"}`."""
    kind, number = _whole(order, "type"), _text(order, "number")
    discard(company, kind, number)
    return {"discarded": {"type": kind, "number": number}}


def period(company: Company, order: Order) -> object:
    """Close or open a period: `{"year", "period", "series", "closed", "origin"?}`; series by name or number."""
    given = order["series"]
    series = periods.SERIES[given] if isinstance(given, str) else _whole(order, "series")
    origin = _text(order, "origin") if "origin" in order else ""
    closed = bool(order.get("closed", True))
    year, number = _whole(order, "year"), _whole(order, "period")
    periods.set_closed(company, year, number, series, closed=closed, origin=origin)
    return {"year": year, "period": number, "series": series, "origin": origin, "closed": closed}


def age(company: Company, order: Order) -> object:
    """Age receivables `{"as_of"}`, today unless named; gives how many customers."""
    as_of = _day(order, "as_of", company)
    return {"as_of": as_of, "customers": aging.age(company, as_of)}


def year_end(company: Company, order: Order) -> object:
    """Close the year of `{"series": "financial" | "sales"}`; `"reverse": true` takes a financial close back."""
    series = _text(order, "series")
    if series == "financial":
        act = yearend.reopen_year if order.get("reverse") else yearend.close_year
        return {"series": series, "year": act(company)}
    if series == "sales" and not order.get("reverse"):
        at = _day(order, "as_of", company)
        return {
            "series": series,
            "customers": summary.roll_year(company, at, fiscal=bool(order.get("fiscal"))),
        }
    raise ValueError('series is "financial" or "sales", and a close of sales is not taken back')


def late(company: Company, order: Order) -> object:
    """Commit now what a statement wrote `by_s` seconds ago: `{"table", "key", "values", "by_s"}`, any table.

    DEX_ROW_TS is the moment of the statement, not of the commit, so the row appears with a stamp that lies back.
    """
    table = _text(order, "table")
    if table not in company:
        raise not_found("Table", table)
    heap = company[table]
    parts = _text(order, "key").rsplit(";", len(heap.table.key) - 1)
    given = {name: typed(heap.table.column(name), value) for name, value in _part(order, "values").items()}
    at = company.statement() - timedelta(seconds=float(str(order["by_s"])))
    key, values = heap.table.fold(*parts), heap.table.accepted(given)
    if key in heap:
        return {"rows": [heap.table.as_dict(company.update(table, key, values, at))]}
    names = {
        name: typed(heap.table.column(name), part) for name, part in zip(heap.table.key, parts, strict=True)
    }
    row = company.insert(table, {**heap.table.accepted(names), **values}, at)
    return {"rows": [heap.table.as_dict(row)]}


def fill(company: Company, order: Order) -> object:
    """Write many rows of any table as they are, nothing checked and nothing else moved: `{"table", "rows": [{…}]}`."""
    table = _text(order, "table")
    if table not in company:
        raise not_found("Table", table)
    rows = order["rows"]
    if not isinstance(rows, list):
        raise ValueError("rows is a list")
    heap, at = company[table].table, company.statement()
    for row in rows:  # pyright: ignore[reportUnknownVariableType]
        given = _part({"row": row}, "row")  # pyright: ignore[reportUnknownArgumentType]
        values = {name: typed(heap.column(name), value) for name, value in given.items()}
        company.insert(table, heap.accepted(values), at)
    return {"rows": len(rows)}  # pyright: ignore[reportUnknownArgumentType]


def apply_credit(company: Company, order: Order) -> object:
    """Apply `{"from": {"type", "number"}, "to": {…}, "amount", "discount"?, "write_off"?, "date"?}`.

    `"undo": true` takes the application of the two documents back.
    """
    pair, at = _pair(order), _day(order, "date", company)
    if order.get("undo"):
        unapply(company, pair, at)
        return {"rows": []}
    money, discount, write_off = (_money(order, name) for name in ("amount", "discount", "write_off"))
    return {"rows": [apply(company, pair, Applied(money, discount, write_off), at)]}


def void(company: Company, order: Order) -> object:
    """Void `{"type", "number", "date"?}`: a posted receivables document; `"nsf": true` for a receipt not paid.

    With `"source": "Sales Entry"` an unposted sales document, type its SOPTYPE.
    """
    kind, number = _whole(order, "type"), _text(order, "number")
    if order.get("source") == "Sales Entry":
        return {"rows": [salesposting.void(company, kind, number)]}
    at = _day(order, "date", company)
    if order.get("nsf"):
        return {"rows": [voiding.return_unpaid(company, number, at)]}
    return {"rows": [voiding.void(company, kind, number, at)]}


def remove_paid(company: Company, order: Order) -> object:
    """Move settled receivables documents to history: `{"until"?, "customer"?}`; gives types and numbers."""
    customer = _text(order, "customer") if "customer" in order else ""
    moved = removal.remove_paid(company, _day(order, "until", company), customer)
    return {"moved": [{"type": kind, "number": number} for kind, number in moved]}


def transfer(company: Company, order: Order) -> object:
    """Turn a sales order into an invoice: `{"order", "batch", "document_id"?, "quantities"?: {LNITMSEQ: quantity}}`."""
    part = _part(order, "quantities") if "quantities" in order else None
    taken = None if part is None else {int(line): Decimal(str(quantity)) for line, quantity in part.items()}
    document_id = _text(order, "document_id") if "document_id" in order else "STDINV"
    head = salesposting.transfer(company, _text(order, "order"), _text(order, "batch"), document_id, taken)
    return {"rows": [head]}


def batch_lock(company: Company, order: Order) -> object:
    """Let a user work on a batch, or leave it: `{"source", "number", "locked"?}`."""
    source, number = _text(order, "source"), _text(order, "number")
    if order.get("locked", True):
        batches.lock(company, source, number)
    else:
        batches.unlock(company, source, number)
    return {"locks": batches.locks(company, source, number)}


TASKS: Mapping[str, Task] = {
    "post": post,
    "document": document,
    "discard": discard_document,
    "period": period,
    "age": age,
    "year_end": year_end,
    "late": late,
    "fill": fill,
    "apply": apply_credit,
    "void": void,
    "remove_paid": remove_paid,
    "transfer": transfer,
    "lock": batch_lock,
}
"""The tasks by the name of their route."""


def _pair(order: Order) -> Pair:
    credit, debit = _part(order, "from"), _part(order, "to")
    return Pair(
        _whole(credit, "type"), _text(credit, "number"), _whole(debit, "type"), _text(debit, "number")
    )


def _part(order: Order, name: str) -> Mapping[str, object]:
    value = order[name]
    if not isinstance(value, dict):
        raise ValueError(f"{name} is an object")
    return {str(key): each for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _text(order: Order, name: str) -> str:
    value = order[name]
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise ValueError(f"{name} is a text")
    return str(value)


def _whole(order: Order, name: str) -> int:
    value = order[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} is a whole number")
    return value


def _money(order: Order, name: str) -> Decimal:
    return Decimal(str(order.get(name, 0))).quantize(Decimal("0.00001"))


def _day(order: Order, name: str, company: Company) -> date:
    value = order.get(name)
    return company.today() if value is None else date.fromisoformat(str(value))
