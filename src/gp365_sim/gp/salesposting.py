"""What becomes of sales documents: an order turned into an invoice, an invoice or return posted, a document voided.

A posted invoice stands in SOP30200 and SOP30300, and in receivables as type 1 under the same number; a return as type 8.
"""

from collections.abc import Mapping
from decimal import Decimal

from gp365_sim.gp.amounts import ZERO, amount, day, text, whole
from gp365_sim.gp.batches import batch_date, count_batch
from gp365_sim.gp.company import Company
from gp365_sim.gp.distributions import rows_of
from gp365_sim.gp.ledger import Line
from gp365_sim.gp.periods import check_open, posting_date
from gp365_sim.gp.receivables import check_new, note_entered
from gp365_sim.gp.refusals import broken_rule
from gp365_sim.gp.rmposting import book_document, book_lines, open_document
from gp365_sim.gp.rmtypes import INVOICE as RM_INVOICE
from gp365_sim.gp.rmtypes import RETURN as RM_RETURN
from gp365_sim.gp.salesdocs import (
    ALLOCATING,
    INVOICE,
    ORDER,
    RETURN,
    SOURCE,
    enter,
    find_work,
    line_key,
    lines_of,
    to_history,
)
from gp365_sim.gp.salesmoney import take_payments, write_distributions
from gp365_sim.gp.sqltypes import Value
from gp365_sim.gp.stock import allocate, issue, take_back
from gp365_sim.gp.summary import raise_amounts

POSTED_AS = {INVOICE: RM_INVOICE, RETURN: RM_RETURN}
VOID = 1


def post(company: Company, kind: int, number: str) -> dict[str, Value]:
    """Post an invoice or return and give its row of RM20101; raises `Refusal`, leaving it in Work."""
    head = find_work(company, number, kind)
    if kind not in POSTED_AS:
        raise broken_rule("only invoices and returns are posted.", "SOPTYPE")
    at = posting_date(company, SOURCE, batch_date(company, head), day(head, "GLPOSTDT"))
    check_open(company, at, SOURCE)
    check_new(company, POSTED_AS[kind], number)
    lines = lines_of(company, number, kind)
    with company.transaction():
        trail = company.draw_trail("SLSTE")
        posted = _to_receivables(company, head, POSTED_AS[kind], trail, at=head["DOCDATE"])
        posted = open_document(company, posted, at, trail)
        book_document(company, posted, rows_of(company, POSTED_AS[kind], number))
        book_lines(company, posted, _cost_lines(company, kind, lines), words="Cost of goods sold")
        if kind == INVOICE:
            take_payments(company, head, posted)
        _move_stock(company, kind, lines)
        values = {
            "TRXSORCE": trail,
            "PSTGSTUS": 2,
            "POSTEDDT": company.today(),
            "PTDUSRID": "sa",
            "GLPOSTDT": at,
        }
        to_history(company, number, kind, values)
        if kind == INVOICE:
            raise_amounts(company, text(head, "CUSTNMBR"), {"UNPSTOSA": -amount(head, "DOCAMNT")})
    return posted


def _to_receivables(
    company: Company, head: Mapping[str, Value], kind: int, trail: str, at: Value
) -> dict[str, Value]:
    customer, number, total = text(head, "CUSTNMBR"), text(head, "SOPNUMBE"), amount(head, "DOCAMNT")
    note_entered(company, kind, number, customer, SOURCE, day(head, "DOCDATE"))
    write_distributions(company, head, kind, trail)
    renamed: dict[str, Value] = {
        "RMDTYPAL": kind,
        "DOCNUMBR": number,
        "DOCDATE": at,
        "ORTRXAMT": total,
        "CURTRXAM": total,
        "SLSAMNT": head["SUBTOTAL"],
        "COSTAMNT": head["EXTDCOST"],
        "TRXDSCRN": "Sales Transaction Entry",
        "CSPORNBR": head["CSTPONBR"],
        "SLSTERCD": head["SALSTERR"],
        "ADRSCODE": head["PRBTADCD"],
        "TRXSORCE": trail,
    }
    return {**{name: value for name, value in head.items() if name not in ("VOIDSTTS",)}, **renamed}


def _cost_lines(company: Company, kind: int, lines: list[dict[str, Value]]) -> list[Line]:
    """Give cost of goods sold against inventory, by the accounts of the items."""
    found: list[Line] = []
    for line in lines:
        item, cost = company.find("IV00101", line["ITEMNMBR"]), amount(line, "EXTDCOST")
        if item is None or not cost or not (item["IVCOGSIX"] and item["IVIVINDX"]):
            continue
        sold, stock = whole(item, "IVCOGSIX"), whole(item, "IVIVINDX")
        pair = [Line(sold, debit=cost), Line(stock, credit=cost)]
        found += pair if kind == INVOICE else [Line(sold, credit=cost), Line(stock, debit=cost)]
    return found


def _move_stock(company: Company, kind: int, lines: list[dict[str, Value]]) -> None:
    for line in lines:
        move = issue if kind == INVOICE else take_back
        quantity = amount(line, "QUANTITY") * amount(line, "QTYBSUOM")
        move(company, text(line, "ITEMNMBR"), text(line, "LOCNCODE"), quantity)


def transfer(
    company: Company, number: str, batch: str, document_id: str, part: Mapping[int, Decimal] | None = None
) -> dict[str, Value]:
    """Turn an order into an invoice and give its header; `part` names quantities by LNITMSEQ, else all that remain.

    Raises `Refusal`. What is not invoiced stays on the order; an order with nothing left goes to history.
    """
    head = find_work(company, number, ORDER)
    lines = lines_of(company, number, ORDER)
    taken = {whole(row, "LNITMSEQ"): _taken(row, part) for row in lines}
    if not any(taken.values()):
        raise broken_rule("nothing is left to invoice.", "QTYTOINV")
    with company.transaction():
        for row in lines:
            _take(company, row, taken[whole(row, "LNITMSEQ")])
        invoice = enter(
            company,
            {
                "SOPTYPE": INVOICE,
                "DOCID": document_id,
                "CUSTNMBR": head["CUSTNMBR"],
                "BACHNUMB": batch,
                "DOCDATE": company.today() if company.today() > day(head, "DOCDATE") else head["DOCDATE"],
                "ORIGTYPE": ORDER,
                "ORIGNUMB": number,
                "MSTRNUMB": head["MSTRNUMB"],
                "CSTPONBR": head["CSTPONBR"],
            },
            [_copied(row, taken[whole(row, "LNITMSEQ")]) for row in lines if taken[whole(row, "LNITMSEQ")]],
        )
        _leave(company, number)
    return invoice


def _taken(row: Mapping[str, Value], part: Mapping[int, Decimal] | None) -> Decimal:
    left = amount(row, "QTYREMAI")
    wanted = left if part is None else part.get(whole(row, "LNITMSEQ"), ZERO)
    if wanted < 0 or wanted > left:
        raise broken_rule(f"only {left} are left on the order.", "QTYTOINV")
    return wanted


def _take(company: Company, row: Mapping[str, Value], quantity: Decimal) -> None:
    """Take a quantity off an order line; its allocation goes over to the invoice."""
    left = amount(row, "QTYREMAI") - quantity
    price = amount(row, "UNITPRCE") - amount(row, "MRKDNAMT")
    reserved = min(quantity, amount(row, "ATYALLOC"))
    values = {
        "QTYREMAI": left,
        "QTYTOINV": left,
        "ATYALLOC": amount(row, "ATYALLOC") - reserved,
        "QTYPRINV": amount(row, "QTYPRINV") + quantity,
        "REMPRICE": (left * price).quantize(Decimal("0.00001")),
    }
    company.change("SOP10200", line_key(row), values)
    allocate(company, text(row, "ITEMNMBR"), text(row, "LOCNCODE"), -reserved * amount(row, "QTYBSUOM"))


def _copied(row: Mapping[str, Value], quantity: Decimal) -> dict[str, object]:
    same = ("ITEMNMBR", "ITEMDESC", "UOFM", "LOCNCODE", "UNITPRCE", "MRKDNAMT", "NONINVEN", "QTYBSUOM")
    return {**{name: row[name] for name in same}, "QUANTITY": quantity, "ORGSEQNM": row["LNITMSEQ"]}


def _leave(company: Company, number: str) -> None:
    """Bring an order's remaining subtotal up to date; with nothing left it goes to history, unposted."""
    head = find_work(company, number, ORDER)
    left = sum((amount(row, "REMPRICE") for row in lines_of(company, number, ORDER)), ZERO)
    change = left - amount(head, "REMSUBTO")
    raise_amounts(company, text(head, "CUSTNMBR"), {"ONORDAMT": change})
    company.change(
        "SOP10100", (number, ORDER), {"REMSUBTO": left, "OREMSUBT": left, "MODIFDT": company.today()}
    )
    if not any(amount(row, "QTYREMAI") for row in lines_of(company, number, ORDER)):
        to_history(company, number, ORDER, {"PSTGSTUS": 0})


def void(company: Company, kind: int, number: str) -> dict[str, Value]:
    """Void an unposted document and give its row of SOP30200; raises `Refusal`."""
    head = find_work(company, number, kind)
    with company.transaction():
        _give_back(company, head)
        return to_history(company, number, kind, {"VOIDSTTS": VOID})


def discard(company: Company, kind: int, number: str) -> None:
    """Delete an unposted document, as a user may: nothing of it is left; raises `Refusal`."""
    head = find_work(company, number, kind)
    with company.transaction():
        _give_back(company, head)
        for row in lines_of(company, number, kind):
            company.drop("SOP10200", *line_key(row))
        company.drop("SOP10100", number, kind)
        count_batch(company, SOURCE, text(head, "BACHNUMB"))


def _give_back(company: Company, head: Mapping[str, Value]) -> None:
    kind, customer = whole(head, "SOPTYPE"), text(head, "CUSTNMBR")
    if kind in ALLOCATING:
        for row in lines_of(company, text(head, "SOPNUMBE"), kind):
            reserved = amount(row, "ATYALLOC") * amount(row, "QTYBSUOM")
            allocate(company, text(row, "ITEMNMBR"), text(row, "LOCNCODE"), -reserved)
    if kind == ORDER:
        raise_amounts(company, customer, {"ONORDAMT": -amount(head, "REMSUBTO")})
    if kind == INVOICE:
        raise_amounts(company, customer, {"UNPSTOSA": -amount(head, "DOCAMNT")})
