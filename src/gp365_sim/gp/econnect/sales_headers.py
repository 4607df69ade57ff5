"""taSopHdrIvcInsert: the header of a sales document, written after its lines, with every total checked.

Subtotal and total must agree with the lines (67, 235) unless DEFPRICING 1 lets GP compute them. Taxes are made only with
CREATETAXES 1, and from the ship-to address's schedule only with DEFTAXSCHDS 1; hold and credit limit are looked at only
with CKHOLD and CKCreditLimit 1; commissions made only with CREATECOMM 1. What does not come is blank on an update as well
(document exchange). Sources: parameter list; error numbers seen in public; Learn, node taSopHdrIvcInsert.
"""

from dataclasses import dataclass
from decimal import Decimal

from gp365_sim.gp.econnect import documents, prices
from gp365_sim.gp.econnect.batches import check_batch, count, join_batch
from gp365_sim.gp.econnect.call import Call
from gp365_sim.gp.econnect.notes import write_note
from gp365_sim.gp.econnect.rows import Fields, add, change, find, where
from gp365_sim.gp.econnect.sales_accounts import write_commission, write_distributions
from gp365_sim.gp.econnect.stock import NOTHING, number
from gp365_sim.gp.econnect.taxes import Tax, taxes, write_taxes
from gp365_sim.gp.sqltypes import EMPTY_DATE, Value
from gp365_sim.gp.terms import due_and_discount
from gp365_sim.gp.windows import AMOUNT, NO_CREDIT

_SAME = (
    *("DOCID", "ORIGNUMB", "ORIGTYPE", "LOCNCODE", "FRTSCHID", "MSCSCHID", "CSTPONBR", "MRKDNAMT", "UPSZONE"),
    *("USER2ENT", "REFRENCE", "COMMNTID", "TAXEXMT1", "TAXEXMT2", "TXRGNNUM", "GPSFOINTEGRATIONID"),
    *(
        "INTEGRATIONSOURCE",
        "INTEGRATIONID",
        "ReqShipDate",
        "QUOEXPDA",
        "QUOTEDAT",
        "INVODATE",
        "BACKDATE",
        "RETUDATE",
    ),
    *(
        "ORDRDATE",
        "PRCLEVEL",
        "REPTING",
        "TRXFREQU",
        "TIMETREP",
        "EXCHDATE",
        "FRTTXAMT",
        "MSCTXAMT",
        "DISTKNAM",
    ),
)
_ADDRESS = {
    "ADDRESS1": "ADDRESS1",
    "ADDRESS2": "ADDRESS2",
    "ADDRESS3": "ADDRESS3",
    "CNTCPRSN": "CNTCPRSN",
    "CITY": "CITY",
    "STATE": "STATE",
    "ZIPCODE": "ZIP",
    "COUNTRY": "COUNTRY",
    "PHNUMBR1": "PHONE1",
    "PHNUMBR2": "PHONE2",
    "FAXNUMBR": "FAX",
}
_COMMENTS = ("COMMENT_1", "COMMENT_2", "COMMENT_3", "COMMENT_4", "CMMTTEXT")
_DATE_OF_KIND = {1: "QUOTEDAT", 2: "ORDRDATE", 3: "INVODATE", 4: "RETUDATE", 5: "BACKDATE"}


@dataclass(frozen=True)
class Totals:
    """The amounts of a document in its own currency."""

    subtotal: Decimal
    discount: Decimal
    freight: Decimal
    misc: Decimal
    tax: Decimal
    total: Decimal
    found: list[Tax]


def insert_header(call: Call) -> None:
    """Write the header of a document whose lines are there, or rewrite it with UpdateExisting 1 (its default is 0)."""
    kind, document = documents.named(call)
    there = documents.in_work(call, kind, document)
    taken = documents.in_history(call, kind, document) or (there and not call.flag("UpdateExisting"))
    call.need(not taken, "sop-exists")
    documents.check_free(call, kind, document)
    call.need(call.text("BACHNUMB"), "batch-blank")
    check_batch(call, documents.SOURCE, call.text("BACHNUMB"))
    call.need(find(call.company, "SOP40200", SOPTYPE=kind, DOCID=call.text("DOCID")), "document-id-unknown")
    customer = documents.active_customer(call)
    if customer is None:
        call.settle()
        return
    lines = documents.lines(call, kind, document)
    call.need(lines, "sop-lines")
    parties = _parties(call, customer)
    money = _money(call, lines)
    totals = _totals(call, kind, document, lines, str(parties["TAXSCHID"]))
    _check_customer(call, customer, totals)
    call.settle()
    row = {
        **_plain(call, kind, there),
        **parties,
        **_terms(call, customer, totals),
        **_amounts(totals, money),
        **_payments(call, kind, document),
        "CURNCYID": money.currency,
        "CURRNIDX": money.index,
        "XCHGRATE": money.rate if money.foreign else NOTHING,
        "RATETPID": call.text("RATETPID"),
    }
    _write(call, kind, document, there, row)
    _after(call, kind, document, money, totals, lines)


def _parties(call: Call, customer: Fields) -> dict[str, Value]:
    """Find who and where: names, addresses, salesperson, territory, schedule, shipping method.

    The salesperson comes from the ship-to address first, then from the customer (from practice, assumed). Address texts
    that come with the call stand over those of the address.
    """
    company, number_ = call.company, customer["CUSTNMBR"]
    call.need(customer["ADRSCODE"], "customer-address")
    code = call.text("PRSTADCD") or customer["PRSTADCD"] or customer["ADRSCODE"]
    address = find(company, "RM00102", CUSTNMBR=number_, ADRSCODE=code) or {}
    bill = call.text("PRBTADCD") or customer["PRBTADCD"] or customer["ADRSCODE"]
    billed = find(company, "RM00102", CUSTNMBR=number_, ADRSCODE=bill)
    call.need(not customer["ADRSCODE"] or (address and billed), "address-unknown")
    person = call.text("SLPRSNID") or address.get("SLPRSNID") or customer["SLPRSNID"]
    found = find(company, "RM00301", SLPRSNID=person) if person else None
    call.need(not person or found, "salesperson-unknown")
    call.need(found is None or not found["INACTIVE"], "salesperson-inactive")
    schedule = call.text("TAXSCHID")
    if call.flag("DEFTAXSCHDS"):
        schedule = schedule or str(address.get("TAXSCHID") or customer["TAXSCHID"])
    texts: dict[str, Value] = {to: call.text(to) or address.get(of, "") for to, of in _ADDRESS.items()}
    return {
        **texts,
        "PHONE3": call.text("PHNUMBR3") or address.get("PHONE3", ""),
        "ShipToName": call.text("ShipToName") or address.get("ShipToName", ""),
        "CUSTNMBR": number_,
        "CUSTNAME": call.text("CUSTNAME") or customer["CUSTNAME"],
        "PRSTADCD": code,
        "PRBTADCD": bill,
        "SLPRSNID": person,
        "SALSTERR": call.text("SALSTERR") or address.get("SALSTERR") or customer["SALSTERR"],
        "SHIPMTHD": call.text("SHIPMTHD") or address.get("SHIPMTHD") or customer["SHIPMTHD"],
        "TAXSCHID": schedule,
    }


def _money(call: Call, lines: list[Fields]) -> documents.Money:
    money = documents.money(call)
    same = all(line["CURRNIDX"] == money.index for line in lines)
    call.need(not call.text("CURNCYID") or same, "line-currency")
    return money


def _totals(call: Call, kind: int, document: str, lines: list[Fields], schedule: str) -> Totals:
    """Add the lines up and compare; with DEFPRICING 1 GP's own figures are taken.

    A markdown in percent on a line gives error 67 without DEFPRICING 1 (Learn, node taSopLineIvcInsert). With CREATETAXES
    1 DOCAMNT may be the total before or after tax (assumed).
    """
    computes = call.flag("DEFPRICING")
    subtotal = sum((number(line["OXTNDPRC"]) for line in lines), NOTHING)
    percents = any(line["MRKDNPCT"] for line in lines)
    call.need(computes or (call.amount("SUBTOTAL") == subtotal and not percents), "sop-subtotal")
    discount = call.amount("TRDISAMT")
    if not call.has("TRDISAMT") and call.has("TRADEPCT"):
        discount = prices.cents(subtotal * call.amount("TRADEPCT") / prices.HUNDRED)
    freight, misc = call.amount("FREIGHT"), call.amount("MISCAMNT")
    found = taxes(call.company, schedule, lines) if call.flag("CREATETAXES") else []
    given = call.amount("TAXAMNT") + call.amount("FRTTXAMT") + call.amount("MSCTXAMT")
    tax = sum((each.amount for each in found), NOTHING) if call.flag("CREATETAXES") else given
    before = subtotal + freight + misc - discount
    accepted = {before + tax, before} if call.flag("CREATETAXES") else {before + tax}
    call.need(computes or call.amount("DOCAMNT") in accepted, "sop-total")
    return Totals(subtotal, discount, freight, misc, tax, before + tax, found)


def _check_customer(call: Call, customer: Fields, totals: Totals) -> None:
    """Look at hold and credit limit, each only when asked to."""
    call.need(not call.flag("CKHOLD") or not customer["HOLD"], "customer-hold")
    if not call.flag("CKCreditLimit") or customer["CRLMTTYP"] not in (NO_CREDIT, AMOUNT):
        return
    summary = find(call.company, "RM00103", CUSTNMBR=customer["CUSTNMBR"]) or {}
    parts = ("CUSTBLNC", "UNPSTDSA", "ONORDAMT")
    owed = sum((number(summary[name]) for name in parts if name in summary), totals.total)
    limit = number(customer["CRLMTAMT"]) if customer["CRLMTTYP"] == AMOUNT else NOTHING
    call.need(owed <= limit, "customer-credit")


def _plain(call: Call, kind: int, there: Fields | None) -> dict[str, Value]:
    given = {name: value for name in _SAME if (value := call.value(name)) is not None}
    at = call.date("DOCDATE", "SOP10100")
    if given.get(_DATE_OF_KIND.get(kind, ""), at) == EMPTY_DATE:
        given[_DATE_OF_KIND[kind]] = at
    batch = find(call.company, "SY00500", BCHSOURC=documents.SOURCE, BACHNUMB=call.text("BACHNUMB"))
    master = call.integer("MSTRNUMB") or (there["MSTRNUMB"] if there else _master_number(call))
    return {
        **given,
        "DOCDATE": at,
        "GLPOSTDT": batch["GLPOSTDT"] if batch and batch["GLPOSTDT"] != EMPTY_DATE else at,
        "BACHNUMB": call.text("BACHNUMB"),
        "BCHSOURC": documents.SOURCE,
        "MSTRNUMB": master,
        "MODIFDT": call.company.today(),
    }


def _master_number(call: Call) -> int:
    setup = next(where(call.company, "SOP40100"), None)
    if setup is None:
        return 0
    drawn = setup["NXTMSTNO"]
    assert isinstance(drawn, int)
    change(call.company, "SOP40100", setup, {"NXTMSTNO": drawn + 1})
    return drawn


def _terms(call: Call, customer: Fields, totals: Totals) -> dict[str, Value]:
    """Give due and discount dates: what came, else what the terms say."""
    terms = call.text("PYMTRMID") if call.has("PYMTRMID") else str(customer["PYMTRMID"])
    call.need(not terms or find(call.company, "SY03300", PYMTRMID=terms), "terms-unknown")
    call.settle()
    values = due_and_discount(call.company, terms, call.day("DOCDATE"), totals.subtotal)
    for name in ("DUEDATE", "DISCDATE"):
        if call.day(name) != EMPTY_DATE:
            values[name] = call.date(name, "SOP10100")
    return values


def _amounts(totals: Totals, money: documents.Money) -> dict[str, Value]:
    pairs = {
        ("SUBTOTAL", "ORSUBTOT"): totals.subtotal,
        ("REMSUBTO", "OREMSUBT"): totals.subtotal,
        ("TRDISAMT", "ORTDISAM"): totals.discount,
        ("FRTAMNT", "ORFRTAMT"): totals.freight,
        ("MISCAMNT", "ORMISCAMT"): totals.misc,
        ("TAXAMNT", "ORTAXAMT"): totals.tax,
        ("DOCAMNT", "ORDOCAMT"): totals.total,
        ("ACCTAMNT", "ORACTAMT"): totals.total,
    }
    own: dict[str, Value] = {}
    for (functional, originating), value in pairs.items():
        own[functional] = prices.cents(value * money.rate) if money.foreign else value
        own[originating] = value
    return own


def _payments(call: Call, kind: int, document: str) -> dict[str, Value]:
    """Compare PYMTRCVD with the payments that were entered before (assumed)."""
    held = where(call.company, "SOP10103", SOPTYPE=kind, SOPNUMBE=document)
    paid = sum((number(row["OAMTPAID"]) for row in held), NOTHING)
    call.need(call.amount("PYMTRCVD") in (NOTHING, paid), "payments-differ")
    call.settle()
    return {"PYMTRCVD": paid, "ORPMTRVD": paid}


def _write(call: Call, kind: int, document: str, there: Fields | None, row: dict[str, Value]) -> None:
    company, batch = call.company, call.text("BACHNUMB")
    join_batch(call, documents.SOURCE, batch, call.day("DOCDATE"))
    if there is not None:
        documents.expose(company, there, -1)
    if there is None:
        own: dict[str, Value] = {"SOPTYPE": kind, "SOPNUMBE": document, "CREATDDT": company.today()}
        there = add(company, "SOP10100", {**row, **own, "NOTEINDX": company.draw_note()})
    else:
        change(company, "SOP10100", there, row)
        count(call, documents.SOURCE, str(there["BACHNUMB"]))
    count(call, documents.SOURCE, batch)
    write_note(call, there)
    texts: dict[str, Value] = {name: call.text(name) for name in _COMMENTS}
    comment = find(company, "SOP10106", SOPTYPE=kind, SOPNUMBE=document)
    if comment is not None:
        change(company, "SOP10106", comment, texts)
    elif any(texts.values()):
        add(company, "SOP10106", {"SOPTYPE": kind, "SOPNUMBE": document, **texts})


def _after(
    call: Call, kind: int, document: str, money: documents.Money, totals: Totals, lines: list[Fields]
) -> None:
    """Write what hangs on the header: functional amounts of foreign lines, taxes, distributions, commissions."""
    if money.foreign:
        for line in lines:
            pairs = (
                ("UNITPRCE", "ORUNTPRC"),
                ("XTNDPRCE", "OXTNDPRC"),
                ("MRKDNAMT", "ORMRKDAM"),
                ("REMPRICE", "OREPRICE"),
            )
            own = {to: prices.cents(number(line[of]) * money.rate) for to, of in pairs}
            change(call.company, "SOP10200", line, dict(own))
    if call.flag("CREATETAXES"):
        write_taxes(call.company, kind, document, totals.found)
    header = documents.in_work(call, kind, document)
    assert header is not None
    documents.expose(call.company, header)
    if call.flag("CREATEDIST") and kind in documents.POSTING:
        write_distributions(call, header, totals.found)
    if call.flag("CREATECOMM"):
        write_commission(call, header)
