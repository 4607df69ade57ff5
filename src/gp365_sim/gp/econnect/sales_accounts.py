"""Distributions and commissions of sales documents: taSopDistribution, and what the header's procedure makes itself."""

from decimal import Decimal

from gp365_sim.gp.distributions import RECEIVABLE, SALES, account_of
from gp365_sim.gp.econnect import documents, prices
from gp365_sim.gp.econnect.accounts import account_index
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.rows import Fields, add, drop_where, find, where
from gp365_sim.gp.econnect.stock import NOTHING, number
from gp365_sim.gp.econnect.taxes import Tax
from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.sqltypes import Value

STEP = 16384
OF_SALES, OF_RECEIVABLE, OF_DISCOUNT, OF_FREIGHT, OF_MISC, OF_TAX = 1, 2, 6, 7, 8, 9
"""DISTTYPE of sales distributions (from practice, assumed)."""


def insert_distribution(call: Call) -> None:
    """Write a distribution of a document, of lines that may have no header yet."""
    kind, document = documents.named(call)
    documents.active_customer(call)
    documents.check_free(call, kind, document)
    known = documents.in_work(call, kind, document) or documents.lines(call, kind, document)
    call.need(known, "sop-unknown")
    index = call.integer("ACTINDX") or account_index(call, call.text("ACTNUMST"))
    call.need(find(call.company, "GL00100", ACTINDX=index), "account-unknown")
    one = (call.amount("DEBITAMT") == 0) != (call.amount("CRDTAMNT") == 0)
    call.need(one, "debit-or-credit")
    call.settle()
    amounts = (call.amount("DEBITAMT"), call.amount("CRDTAMNT"))
    _write(
        call,
        (kind, document),
        call.integer("DISTTYPE"),
        index,
        amounts,
        call.integer("SEQNUMBR"),
        call.text("DistRef"),
    )


def write_distributions(call: Call, header: Fields, taxes: list[Tax]) -> None:
    """Make the distributions of an invoice or return (CREATEDIST 1, its default): receivable against sales and the rest.

    Accounts are those of customer and lines, else of posting setup; an account that is set up nowhere is 0 (assumed).
    """
    key = (int(str(header["SOPTYPE"])), str(header["SOPNUMBE"]))
    drop_where(call.company, "SOP10102", SOPTYPE=key[0], SOPNUMBE=key[1])
    sales = _account(call, header, SALES)
    lines = [(OF_RECEIVABLE, _account(call, header, RECEIVABLE), number(header["DOCAMNT"]))]
    by_account: dict[int, Decimal] = {}
    for line in documents.lines(call, *key):
        index = int(str(line["SLSINDX"])) or sales
        by_account[index] = by_account.get(index, NOTHING) + number(line["XTNDPRCE"])
    lines += [(OF_SALES, index, -value) for index, value in by_account.items()]
    lines += [(OF_DISCOUNT, sales, number(header["TRDISAMT"]))]
    lines += [(OF_FREIGHT, sales, -number(header["FRTAMNT"])), (OF_MISC, sales, -number(header["MISCAMNT"]))]
    lines += [(OF_TAX, each.account or sales, -each.amount) for each in taxes]
    untaxed = number(header["TAXAMNT"]) - sum((each.amount for each in taxes), NOTHING)
    lines += [(OF_TAX, sales, -untaxed)]
    turn = -1 if key[0] == documents.RETURN else 1
    for each, index, value in lines:
        if value:
            signed = value * turn
            _write(call, key, each, index, (max(signed, NOTHING), max(-signed, NOTHING)))


def write_commission(call: Call, header: Fields) -> None:
    """Write the commission of the document's salesperson (CREATECOMM 1; its default 0 makes none)."""
    company, person = call.company, header["SLPRSNID"]
    card = find(company, "RM00301", SLPRSNID=person) if person else None
    if card is None:
        return
    percent = int(str(card["COMPRCNT"]))
    base = number(header["SUBTOTAL"])
    amount = prices.cents(base * percent / 10000)
    own: dict[str, Value] = {"SOPTYPE": header["SOPTYPE"], "SOPNUMBE": header["SOPNUMBE"]}
    drop_where(company, "SOP10101", **own)
    values: dict[str, Value] = {
        "SEQNUMBR": STEP,
        "SLPRSNID": person,
        "SALSTERR": header["SALSTERR"],
        "COMPRCNT": percent,
        "COMMAMNT": amount,
        "OCOMMAMT": amount,
        "PRCTOSAL": 10000,
        "ACTSLAMT": base,
        "CMMSLAMT": base,
    }
    add(company, "SOP10101", {**own, **values})


def _account(call: Call, header: Fields, kind: int) -> int:
    try:
        return account_of(call.company, str(header["CUSTNMBR"]), kind)
    except Refusal:
        return 0


def _write(
    call: Call,
    key: tuple[int, str],
    kind: int,
    index: int,
    amounts: tuple[Decimal, Decimal],
    place: int = 0,
    words: str = "",
) -> None:
    held = where(call.company, "SOP10102", SOPTYPE=key[0], SOPNUMBE=key[1])
    last = max((int(str(row["SEQNUMBR"])) for row in held), default=0)
    row: dict[str, Value] = {
        "SOPTYPE": key[0],
        "SOPNUMBE": key[1],
        "SEQNUMBR": place or last + STEP,
        "DISTTYPE": kind,
    }
    sums: dict[str, Value] = {"DEBITAMT": amounts[0], "ORDBTAMT": amounts[0], "CRDTAMNT": amounts[1]}
    add(call.company, "SOP10102", {**row, **sums, "ORCRDAMT": amounts[1], "ACTINDX": index, "DistRef": words})
