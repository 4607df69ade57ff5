"""Application of credits and receipts to what a customer owes (RM20201), and the application taken back.

One row per pair of documents; terms discount and write-off are part of it. A receipt in Work may be applied: the invoice's
CURTRXAM goes down at once, the customer's balance when the receipt is posted (from practice, assumed).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from gp365_sim.gp.amounts import ZERO, amount, day, text, whole
from gp365_sim.gp.company import Company
from gp365_sim.gp.distributions import DISCOUNT, RECEIVABLE, WRITE_OFF, account_of
from gp365_sim.gp.ledger import Entry, Line, book
from gp365_sim.gp.periods import SALES
from gp365_sim.gp.refusals import Refusal, broken_rule
from gp365_sim.gp.rmtypes import CREDITS, PAYMENT
from gp365_sim.gp.sqltypes import EMPTY_DATE, Value
from gp365_sim.gp.summary import add_balance, raise_amounts


@dataclass(frozen=True, slots=True)
class Pair:
    """Which credit is applied to which debit."""

    from_type: int
    from_number: str
    to_type: int
    to_number: str

    @property
    def key(self) -> tuple[int, str, int, str]:
        """Give the key of RM20201."""
        return self.from_type, self.from_number, self.to_type, self.to_number


@dataclass(frozen=True, slots=True)
class Applied:
    """What an application settles: money, terms discount, write-off."""

    money: Decimal
    discount: Decimal = ZERO
    write_off: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Give what the debit goes down by."""
        return self.money + self.discount + self.write_off

    def __neg__(self) -> "Applied":
        return Applied(-self.money, -self.discount, -self.write_off)


def open_document(company: Company, kind: int, number: str) -> dict[str, Value] | None:
    """Find a document in Open by type and number alone (unique over customers)."""
    holder = company.find("RM00401", kind, number)
    return None if holder is None else company.find("RM20101", holder["CUSTNMBR"], kind, number)


def apply(company: Company, pair: Pair, applied: Applied, at: date) -> dict[str, Value]:
    """Apply a credit to a debit and give the row of RM20201; raises `Refusal`."""
    credit, debit = _credit(company, pair), open_document(company, pair.to_type, pair.to_number)
    if debit is None or pair.to_type in CREDITS:
        raise Refusal(
            "RecordNotFound", f"there is no open document {pair.to_number} to apply to.", "APTODCNM"
        )
    _check(company, credit, debit, applied)
    waiting = company.find("RM10201", pair.from_type, pair.from_number) is not None
    with company.transaction():
        _lower(company, credit, debit, pair, applied, at)
        row = _write_row(company, credit, debit, pair, applied, at, posted=not waiting)
        if not waiting:
            _settle(company, debit, credit, applied, at)
    return row


def unapply(company: Company, pair: Pair, at: date) -> None:
    """Take an application back; raises `Refusal` when there is none in Open."""
    row = company.find("RM20201", *pair.key)
    debit = open_document(company, pair.to_type, pair.to_number)
    if row is None or debit is None:
        raise Refusal("RecordNotFound", f"{pair.from_number} is not applied to {pair.to_number}.", "APFRDCNM")
    credit, applied = _credit(company, pair), read(row)
    with company.transaction():
        _lower(company, credit, debit, pair, -applied, at)
        company.drop("RM20201", *pair.key)
        if row["POSTED"]:
            _settle(company, debit, credit, -applied, at)


def post_applications(company: Company, number: str, at: date) -> None:
    """Let the applications of a receipt count that has just been posted."""
    for row in applications(company, PAYMENT, number):
        credit = open_document(company, PAYMENT, number)
        debit = open_document(company, whole(row, "APTODCTY"), text(row, "APTODCNM"))
        assert credit is not None and debit is not None
        pair = pair_of(row)
        company.change("RM20201", pair.key, {"POSTED": 1, "GLPOSTDT": at})
        _settle(company, debit, credit, read(row), at)


def applications(company: Company, kind: int, number: str, table: str = "RM20201") -> list[dict[str, Value]]:
    """Give the applications of a document, as credit or as debit."""
    heap = company[table]
    ends = (("APFRDCTY", "APFRDCNM"), ("APTODCTY", "APTODCNM"))
    return [
        heap.table.as_dict(row)
        for row in heap.scan()
        if any(heap.table.get(row, a) == kind and heap.table.text(row, b) == number for a, b in ends)
    ]


def pair_of(row: Mapping[str, Value]) -> Pair:
    """Give the pair of an application."""
    return Pair(whole(row, "APFRDCTY"), text(row, "APFRDCNM"), whole(row, "APTODCTY"), text(row, "APTODCNM"))


def read(row: Mapping[str, Value]) -> Applied:
    """Give what an application settled."""
    return Applied(amount(row, "APPTOAMT"), amount(row, "DISTKNAM"), amount(row, "WROFAMNT"))


def _credit(company: Company, pair: Pair) -> dict[str, Value]:
    found = open_document(company, pair.from_type, pair.from_number)
    if found is None and pair.from_type == PAYMENT:
        found = company.find("RM10201", PAYMENT, pair.from_number)
    if found is None or pair.from_type not in CREDITS:
        raise Refusal("RecordNotFound", f"there is no open credit {pair.from_number}.", "APFRDCNM")
    return found


def _check(
    company: Company, credit: Mapping[str, Value], debit: Mapping[str, Value], applied: Applied
) -> None:
    if min(applied.money, applied.discount, applied.write_off) < 0 or applied.total <= 0:
        raise broken_rule("must be more than nothing.", "APPTOAMT")
    if applied.money > amount(credit, "CURTRXAM"):
        raise broken_rule(f"only {amount(credit, 'CURTRXAM')} are left to apply.", "APPTOAMT")
    if applied.total > amount(debit, "CURTRXAM"):
        raise broken_rule(f"only {amount(debit, 'CURTRXAM')} are owed.", "APPTOAMT")
    if credit["CUSTNMBR"] != debit["CUSTNMBR"] and not _same_family(company, credit, debit):
        raise broken_rule("credit and debit belong to different customers.", "CUSTNMBR")


def _same_family(company: Company, credit: Mapping[str, Value], debit: Mapping[str, Value]) -> bool:
    """Let a parent pay for its children (national accounts)."""
    card = company.find("RM00101", debit["CUSTNMBR"])
    return card is not None and card["CPRCSTNM"] == credit["CUSTNMBR"]


def _lower(
    company: Company,
    credit: Mapping[str, Value],
    debit: Mapping[str, Value],
    pair: Pair,
    applied: Applied,
    at: date,
) -> None:
    left = amount(credit, "CURTRXAM") - applied.money
    if "POSTED" in credit:
        company.change("RM10201", (PAYMENT, pair.from_number), {"CURTRXAM": left})
    else:
        company.change("RM20101", (credit["CUSTNMBR"], pair.from_type, pair.from_number), {"CURTRXAM": left})
    owed = amount(debit, "CURTRXAM") - applied.total
    values = {
        "CURTRXAM": owed,
        "DISTKNAM": amount(debit, "DISTKNAM") + applied.discount,
        "WROFAMNT": amount(debit, "WROFAMNT") + applied.write_off,
        "DINVPDOF": EMPTY_DATE if owed else at,
    }
    company.change("RM20101", (debit["CUSTNMBR"], pair.to_type, pair.to_number), values)


def _write_row(
    company: Company,
    credit: Mapping[str, Value],
    debit: Mapping[str, Value],
    pair: Pair,
    applied: Applied,
    at: date,
    *,
    posted: bool,
) -> dict[str, Value]:
    """Write the application, or add to the one that these two documents have already."""
    known = company.find("RM20201", *pair.key)
    before = read(known) if known is not None else Applied(ZERO)
    money, discount = before.money + applied.money, before.discount + applied.discount
    write_off = before.write_off + applied.write_off
    values: dict[str, object] = {
        **dict.fromkeys(("APPTOAMT", "ORAPTOAM", "APFRMAPLYAMT", "ActualApplyToAmount"), money),
        **dict.fromkeys(("DISTKNAM", "ORDISTKN", "APFRMDISCTAKEN", "ActualDiscTakenAmount"), discount),
        **dict.fromkeys(("WROFAMNT", "ORWROFAM", "APFRMWROFAMT", "ActualWriteOffAmount"), write_off),
        "DATE1": at,
        "GLPOSTDT": at,
        "POSTED": int(posted),
    }
    if known is not None:
        company.change("RM20201", pair.key, values)
    else:
        company.add(
            "RM20201", {**values, **_ends(company, credit, debit, pair), "TIME1": company.time_of_day()}
        )
    row = company.find("RM20201", *pair.key)
    assert row is not None
    return row


def _ends(
    company: Company, credit: Mapping[str, Value], debit: Mapping[str, Value], pair: Pair
) -> dict[str, Value]:
    return {
        "CUSTNMBR": debit["CUSTNMBR"],
        "CPRCSTNM": debit["CPRCSTNM"],
        "TRXSORCE": company.draw_trail("RMAPY"),
        "APFRDCTY": pair.from_type,
        "APFRDCNM": pair.from_number,
        "APFRDCDT": day(credit, "DOCDATE"),
        "ApplyFromGLPostDate": day(credit, "GLPOSTDT"),
        "APTODCTY": pair.to_type,
        "APTODCNM": pair.to_number,
        "APTODCDT": day(debit, "DOCDATE"),
        "ApplyToGLPostDate": day(debit, "GLPOSTDT"),
        "CURNCYID": debit["CURNCYID"],
        "FROMCURR": credit["CURNCYID"],
    }


def _settle(
    company: Company, debit: Mapping[str, Value], credit: Mapping[str, Value], applied: Applied, at: date
) -> None:
    """Move an application through buckets, balance and ledger; discount and write-off lower what is owed."""
    customer, given = text(debit, "CUSTNMBR"), applied.discount + applied.write_off
    add_balance(company, customer, -applied.total, _bucket(debit))
    add_balance(company, text(credit, "CUSTNMBR"), applied.money, _bucket(credit))
    raise_amounts(company, customer, {"TDTKNYTD": applied.discount, "TDTKNLTD": applied.discount})
    raise_amounts(company, customer, {"TWROFYTD": applied.write_off, "TWROFLTD": applied.write_off})
    if not given:
        return
    lines = [
        _side(company, customer, DISCOUNT, applied.discount),
        _side(company, customer, WRITE_OFF, applied.write_off),
    ]
    lines.append(_side(company, customer, RECEIVABLE, -given))
    document = text(debit, "DOCNUMBR")
    book(
        company,
        Entry(
            at,
            [line for line in lines if line.debit or line.credit],
            "RM_Apply",
            "RMJ",
            "Apply",
            "",
            SALES,
            document,
        ),
    )


def _bucket(document: Mapping[str, Value]) -> int:
    return whole(document, "AGNGBUKT") or 1 if "AGNGBUKT" in document else 1


def _side(company: Company, customer: str, kind: int, value: Decimal) -> Line:
    account = account_of(company, customer, kind)
    return Line(account, debit=value) if value > 0 else Line(account, credit=-value)
