"""What the procedures of sales documents share: where a document lies, its currency, customer and addresses."""

from dataclasses import dataclass
from decimal import Decimal

from gp365_sim.gp.company import Company
from gp365_sim.gp.econnect.batches import check_batch, check_document
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.rows import Fields, find, where
from gp365_sim.gp.econnect.stock import number
from gp365_sim.gp.summary import raise_amounts

QUOTE, ORDER, INVOICE, RETURN, BACK_ORDER, FULFILLMENT = 1, 2, 3, 4, 5, 6
KINDS = (QUOTE, ORDER, INVOICE, RETURN, BACK_ORDER, FULFILLMENT)
POSTING = (INVOICE, RETURN)
SOURCE = "Sales Entry"


@dataclass(frozen=True)
class Money:
    """The currency of a document: its id and index, and the rate that turns amounts into functional ones."""

    currency: str
    index: int
    rate: Decimal = Decimal(1)
    foreign: bool = False


def named(call: Call) -> tuple[int, str]:
    """Give type and number of the document that a call names; notes errors for a wrong type and a blank number."""
    kind, document = call.integer("SOPTYPE"), call.text("SOPNUMBE")
    call.need(kind in KINDS, "sop-type")
    call.need(document, "sop-blank")
    return kind, document


def in_work(call: Call, kind: int, document: str) -> Fields | None:
    """Find the header of an unposted document."""
    return find(call.company, "SOP10100", SOPNUMBE=document, SOPTYPE=kind)


def in_history(call: Call, kind: int, document: str) -> Fields | None:
    """Find the header of a posted, transferred or voided document."""
    return find(call.company, "SOP30200", SOPNUMBE=document, SOPTYPE=kind)


def check_free(call: Call, kind: int, document: str) -> None:
    """Note errors for a document that somebody has open, or whose batch is in use."""
    check_document(call, document)
    header = in_work(call, kind, document)
    if header is not None:
        check_batch(call, str(header["BCHSOURC"]), str(header["BACHNUMB"]))


def active_customer(call: Call) -> Fields | None:
    """Find the customer of a call; notes errors for one that is not there or inactive."""
    customer = find(call.company, "RM00101", CUSTNMBR=call.text("CUSTNMBR"))
    call.need(customer, "customer-unknown")
    call.need(customer is None or not customer["INACTIVE"], "customer-inactive")
    return customer


def expose(company: Company, header: Fields, turn: int = 1) -> None:
    """Count a document into what its customer has on order or unposted, or with -1 out of it."""
    column, of = {ORDER: ("ONORDAMT", "REMSUBTO"), INVOICE: ("UNPSTOSA", "DOCAMNT")}.get(
        int(str(header["SOPTYPE"])), ("", "")
    )
    if column:
        raise_amounts(company, str(header["CUSTNMBR"]), {column: number(header[of]) * turn})


def lines(call: Call, kind: int, document: str) -> list[Fields]:
    """Give the lines of an unposted document."""
    return list(where(call.company, "SOP10200", SOPNUMBE=document, SOPTYPE=kind))


def money(call: Call) -> Money:
    """Read the currency of a call; blank is the functional one, a foreign one needs XCHGRATE (assumed)."""
    functional = functional_money(call)
    currency = call.text("CURNCYID")
    if not currency or currency.casefold() == functional.currency.casefold():
        return functional
    row = find(call.system, "MC40200", CURNCYID=currency)
    call.need(row, "currency-unknown")
    rate = call.amount("XCHGRATE") if "XCHGRATE" in call.values else Decimal(1)
    call.need(rate > 0, "rate-missing")
    index = row["CURRNIDX"] if row else 0
    assert isinstance(index, int)
    return Money(currency, index, rate, foreign=True)


def functional_money(call: Call) -> Money:
    """Give the functional currency of the company (MC40000)."""
    setup = next(where(call.company, "MC40000"), None)
    if setup is None:
        return Money(call.company.identity.currency, 0)
    index = setup["FUNCRIDX"]
    assert isinstance(index, int)
    return Money(str(setup["FUNLCURR"]), index)
