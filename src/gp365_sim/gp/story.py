"""What happened in the sample company: documents entered, posted, paid, voided and closed by the rules of the simulator.

Everything is dated 2025 and 2026, 2025 is closed in the ledger. The same company and the same customers always give the
same documents; the firms are those that are named, else the first customers, so that generated ones have documents too.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice

from gp365_sim.gp import purchasing, salesdocs, salesposting
from gp365_sim.gp.aging import age
from gp365_sim.gp.applying import Applied, Pair, apply
from gp365_sim.gp.company import Company
from gp365_sim.gp.ledger import Entry, Line, enter_journal, post_journal
from gp365_sim.gp.notes import write_note
from gp365_sim.gp.numbers import next_receivable
from gp365_sim.gp.receivables import enter, enter_receipt
from gp365_sim.gp.removal import remove_paid
from gp365_sim.gp.rmposting import post
from gp365_sim.gp.rmtypes import (
    CREDIT_MEMO,
    DEBIT_MEMO,
    FINANCE_CHARGE,
    INVOICE,
    PAYMENT,
    RETURN,
    SERVICE,
    WARRANTY,
)
from gp365_sim.gp.voiding import return_unpaid, void
from gp365_sim.gp.yearend import close_year

NAMED = (
    *("AARONFIT0001", "CONTOSOL0001", "BLUEYOND0001", "CENTRALC0001", "MAGNIFIC0001", "BREAKTHR0001"),
    *("VANCOUVE0001", "MAHLERST0001", "CELLULAR0001", "FRANCHIS0001", "GREENWAY0001", "UNIFIEDW0001"),
)
"""Who has documents in the sample company; the first has posted and settled ones only."""
CASH, RECEIVABLE, PAYABLE, STOCK, PAYROLL, SUPPLIES, CAPITAL = 1, 5, 10, 8, 23, 19, 22


def play(company: Company) -> None:
    """Let it all happen; a company without customers has journals and purchase orders only."""
    cast = cast_of(company)
    _opening(company)
    if cast:
        _last_year(company, cast)
    close_year(company)
    _journals(company, 2026)
    if cast:
        _this_year(company, cast)
        _at_work(company, cast)
    _orders_to_vendors(company)


def cast_of(company: Company) -> list[str]:
    """Choose as many customers as there are parts, active ones; a small company plays several parts with one."""
    named = [name for name in NAMED if company.find("RM00101", name)]
    table = company["RM00101"].table
    rows = (row for row in company["RM00101"].unordered() if not table.get(row, "INACTIVE"))
    others = (table.text(row, "CUSTNMBR") for row in rows)
    found = named or list(islice(others, len(NAMED)))
    return [found[place % len(found)] for place in range(len(NAMED))] if found else []


def _opening(company: Company) -> None:
    lines = [
        Line(CASH, debit=Decimal("250000")),
        Line(STOCK, debit=Decimal("150000")),
        Line(PAYABLE, credit=Decimal("60000")),
        Line(CAPITAL, credit=Decimal("340000")),
    ]
    number = enter_journal(company, "OPENING", Entry(date(2025, 1, 1), lines, reference="Opening balances"))
    post_journal(company, number)
    _journals(company, 2025)


def _journals(company: Company, year: int) -> None:
    """Post salaries and supplies of each month, until October of the second year."""
    for month in range(1, 13 if year == 2025 else 11):
        pay, goods = Decimal(4000 + 25 * month), Decimal(300 + 10 * month)
        lines = [Line(PAYROLL, debit=pay), Line(SUPPLIES, debit=goods), Line(CASH, credit=pay + goods)]
        entry = Entry(date(year, month, 28), lines, reference="Salaries and supplies")
        post_journal(company, enter_journal(company, f"MONTH {month}", entry))


def _document(company: Company, who: str, kind: int, at: date, value: str, *, batch: str = "") -> str:
    """Enter a receivables document, and post it unless it is to stay in a batch."""
    number = next_receivable(company, kind)
    row = {"RMDTYPAL": kind, "DOCNUMBR": number, "CUSTNMBR": who, "DOCDATE": at, "SLSAMNT": Decimal(value)}
    enter(company, {**row, "BACHNUMB": batch or "DAILY"})
    if not batch:
        post(company, kind, number)
    return number


def _receipt(company: Company, who: str, at: date, value: str, *, batch: str = "") -> str:
    number = next_receivable(company, PAYMENT)
    row = {"DOCNUMBR": number, "CUSTNMBR": who, "DOCDATE": at, "ORTRXAMT": Decimal(value)}
    more = {"CHEKNMBR": f"{8000 + int(number[-3:])}", "CHEKBKID": "UPTOWN TRUST"}
    enter_receipt(company, {**row, **more, "BACHNUMB": batch or "CASH"})
    if not batch:
        post(company, PAYMENT, number)
    return number


def _pay(company: Company, who: str, invoice: str, at: date, value: str, discount: str = "0") -> str:
    """Post a receipt and apply all of it to an invoice."""
    number = _receipt(company, who, at, value)
    apply(company, Pair(PAYMENT, number, INVOICE, invoice), Applied(Decimal(value), Decimal(discount)), at)
    return number


def _last_year(company: Company, cast: list[str]) -> None:
    """Post, pay and put away the documents of 2025."""
    for place, who in enumerate(cast[:6]):
        at = date(2025, 2 + place, 10)
        value = f"{1200 + 350 * place}.50"
        _pay(company, who, _document(company, who, INVOICE, at, value), date(2025, 3 + place, 12), value)
    gone = _document(company, cast[0], INVOICE, date(2025, 9, 3), "77.25")
    void(company, INVOICE, gone, date(2025, 9, 4))
    who, value = cast[0], "109.50"
    line = {"ITEMNMBR": "ACCS-CRD-12WH", "QUANTITY": Decimal(10), "UNITPRCE": Decimal("10.95")}
    sold = _sale(company, who, 3, "STDINV", date(2025, 10, 6), [line], "SALES 25")
    salesposting.post(company, 3, sold)
    _pay(company, who, sold, date(2025, 11, 3), value)
    remove_paid(company, date(2025, 12, 31))


def _this_year(company: Company, cast: list[str]) -> None:
    """Post what is open in 2026: every type, paid in part, unapplied, taken back."""
    _several(company, cast)
    _credits(company, cast)
    bad = _document(company, cast[4], INVOICE, date(2026, 5, 4), "640.00")
    return_unpaid(company, _pay(company, cast[4], bad, date(2026, 6, 1), "640.00"), date(2026, 6, 9))
    settled = _document(company, cast[0], INVOICE, date(2026, 7, 6), "890.10")
    _pay(company, cast[0], settled, date(2026, 8, 3), "890.10")
    age(company, date(2026, 10, 31))


def _several(company: Company, cast: list[str]) -> None:
    kinds = (DEBIT_MEMO, FINANCE_CHARGE, SERVICE, WARRANTY)
    for place, who in enumerate(cast[1:], 1):
        for month in (3 + place % 4, 9):
            _document(company, who, INVOICE, date(2026, month, 2 + place), f"{400 * place + 17 * month}.25")
        kind = kinds[place % len(kinds)]
        _document(company, who, kind, date(2026, 9, 3 + place), f"{15 + place}.00")


def _credits(company: Company, cast: list[str]) -> None:
    part = _document(company, cast[1], INVOICE, date(2026, 8, 12), "2450.00")
    _pay(company, cast[1], part, date(2026, 9, 14), "1000.00")
    early = _document(company, cast[2], INVOICE, date(2026, 10, 1), "1000.00")
    _pay(company, cast[2], early, date(2026, 10, 8), "980.00", "20.00")
    _receipt(company, cast[3], date(2026, 10, 5), "333.33")
    memo = _document(company, cast[5], CREDIT_MEMO, date(2026, 9, 21), "120.00")
    owed = _document(company, cast[5], INVOICE, date(2026, 9, 1), "500.00")
    pair = Pair(CREDIT_MEMO, memo, INVOICE, owed)
    apply(company, pair, Applied(Decimal("70.00")), date(2026, 9, 22))
    _document(company, cast[6], RETURN, date(2026, 9, 28), "45.00")


def _sale(
    company: Company,
    who: str,
    kind: int,
    document_id: str,
    at: date,
    lines: Sequence[Mapping[str, object]],
    batch: str,
) -> str:
    row = {"SOPTYPE": kind, "DOCID": document_id, "CUSTNMBR": who, "BACHNUMB": batch, "DOCDATE": at}
    return str(salesdocs.enter(company, row, lines)["SOPNUMBE"])


def _at_work(company: Company, cast: list[str]) -> None:
    """Leave documents of every kind in Work, in batches of their own, and some in sales history."""

    def sell(who: str, kind: int, document_id: str, day: int, *lines: tuple[str, int, str]) -> str:
        rows: list[dict[str, object]] = [
            {"ITEMNMBR": item, "QUANTITY": Decimal(count), "UNITPRCE": Decimal(price)}
            for item, count, price in lines
        ]
        return _sale(company, who, kind, document_id, date(2026, 10, day), rows, "SALES ORDERS")

    sell(cast[1], 1, "STDQTE", 12, ("100XLG", 5, "59.95"), ("CORDG", 5, "4.95"))
    noted = sell(cast[1], 2, "STDORD", 13, ("PHON-ATT-0712", 12, "49.95"), ("SOFT-PHM-0001", 1, "99.95"))
    sell(cast[2], 2, "STDORD", 14, ("1-A3261A", 1, "21995.00"))
    whole = sell(cast[3], 2, "STDORD", 5, ("128 SDRAM", 8, "45.00"))
    split = sell(cast[7], 2, "STDORD", 6, ("24X IDE", 10, "40.00"), ("CBA100", 20, "7.50"))
    _invoices(company, sell, whole, split)
    salesposting.void(company, 1, sell(cast[8], 1, "STDQTE", 7, ("HA100G", 1, "119.95")))
    order = company.row("SOP10100", (noted.upper(), "2"))
    write_note(company, Decimal(str(order["NOTEINDX"])), "Deliver to the back door.\r\nCall before.")
    _document(company, cast[9], INVOICE, date(2026, 10, 20), "710.00", batch="RMWORK")
    _receipt(company, cast[9], date(2026, 10, 21), "150.00", batch="CASHWORK")
    lines = [Line(SUPPLIES, debit=Decimal("42.00")), Line(CASH, credit=Decimal("42.00"))]
    enter_journal(company, "GLWORK", Entry(date(2026, 10, 30), lines, reference="Office supplies"))


def _invoices(company: Company, sell: Callable[..., str], whole: str, split: str) -> None:
    """Invoice one order as a whole and post it, another in part and leave both in Work."""
    invoice = salesposting.transfer(company, whole, "INVOICES", "STDINV")
    salesposting.post(company, 3, str(invoice["SOPNUMBE"]))
    salesposting.transfer(company, split, "INVOICES", "STDINV", {16384: Decimal(4)})


def _orders_to_vendors(company: Company) -> None:
    """Leave purchase orders in every status, one of them in history."""
    plans = (
        ("ACETRAVE0001", 1),
        ("ADVANCED0001", 2),
        ("BEAUMONT0001", 4),
        ("ADVANCED0001", 5),
        ("%#$!<>", 6),
    )
    for place, (vendor, status) in enumerate(plans):
        row = {"VENDORID": vendor, "DOCDATE": date(2026, 9, 7 + place), "REQDATE": date(2026, 11, 2)}
        lines: list[dict[str, object]] = [
            {"ITEMNMBR": "128 SDRAM", "QTYORDER": Decimal(20 + place), "UNITCOST": Decimal("30.00")},
            {"ITEMNMBR": "CORDG", "QTYORDER": Decimal(100), "UNITCOST": Decimal("1.10")},
        ]
        number = str(purchasing.enter(company, row, lines)["PONUMBER"])
        if status > purchasing.NEW:
            purchasing.set_status(company, number, status)
    purchasing.remove_done(company)
