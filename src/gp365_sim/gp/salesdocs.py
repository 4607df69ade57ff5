"""Sales documents (SOP): entered in Work, turned from order into invoice, voided or deleted.

SOPTYPE 1 quote, 2 order, 3 invoice, 4 return, 5 back order, 6 fulfilment order. Orders and invoices allocate stock when
they are entered; quotes and orders never post. An order whose quantities are all invoiced goes to history unposted.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from gp365_sim.gp.amounts import ZERO, amount, day, text, whole
from gp365_sim.gp.batches import check_free, count_batch, open_batch
from gp365_sim.gp.company import Company
from gp365_sim.gp.ledger import SEQUENCE
from gp365_sim.gp.numbers import next_sales
from gp365_sim.gp.refusals import Refusal, broken_rule, not_found
from gp365_sim.gp.sqltypes import Value
from gp365_sim.gp.stock import allocate
from gp365_sim.gp.summary import raise_amounts
from gp365_sim.gp.terms import due_and_discount

QUOTE, ORDER, INVOICE, RETURN, BACK_ORDER = 1, 2, 3, 4, 5
SOURCE = "Sales Entry"
DATES = {
    QUOTE: "QUOTEDAT",
    ORDER: "ORDRDATE",
    INVOICE: "INVODATE",
    RETURN: "RETUDATE",
    BACK_ORDER: "BACKDATE",
}
ALLOCATING = (ORDER, INVOICE)

Given = Mapping[str, object]


def enter(company: Company, given: Given, lines: Sequence[Given]) -> dict[str, Value]:
    """Enter a sales document with its lines and give its row of SOP10100; values by the columns of both tables.

    Needed: SOPTYPE, DOCID, CUSTNMBR, BACHNUMB, DOCDATE; a line needs ITEMNMBR, QUANTITY, UNITPRCE. Without SOPNUMBE the
    next number of the document id is taken.
    """
    values = dict(company["SOP10100"].table.accepted(given))
    kind, at = whole(values, "SOPTYPE"), day(values, "DOCDATE")
    card = company.find("RM00101", values["CUSTNMBR"])
    if card is None:
        raise not_found(company["RM00101"].table.what, str(values["CUSTNMBR"]))
    with company.transaction():
        number = (
            text(values, "SOPNUMBE")
            if "SOPNUMBE" in values
            else next_sales(company, kind, text(values, "DOCID"))
        )
        _check_new(company, number, kind)
        open_batch(company, SOURCE, text(values, "BACHNUMB"), at)
        written = [_add_line(company, kind, number, place, each) for place, each in enumerate(lines, 1)]
        row = {**_from_card(card), **totals(values, written), **values, "SOPNUMBE": number, DATES[kind]: at}
        row |= due_and_discount(company, str(row["PYMTRMID"]), at, Decimal(str(row["DOCAMNT"])))
        entered = _add_header(company, row)
        if kind == ORDER:
            raise_amounts(company, text(entered, "CUSTNMBR"), {"ONORDAMT": amount(entered, "REMSUBTO")})
        if kind == INVOICE:
            raise_amounts(company, text(entered, "CUSTNMBR"), {"UNPSTOSA": amount(entered, "DOCAMNT")})
        count_batch(company, SOURCE, text(values, "BACHNUMB"))
    return entered


def _check_new(company: Company, number: str, kind: int) -> None:
    if not number or any(company.find(table, number, kind) for table in ("SOP10100", "SOP30200")):
        raise Refusal("DuplicateKey", f"sales document {number} of type {kind} exists already.", "SOPNUMBE")


def _from_card(card: Mapping[str, Value]) -> dict[str, Value]:
    same = (
        "CUSTNAME",
        "PYMTRMID",
        "PRCLEVEL",
        "PRBTADCD",
        "PRSTADCD",
        "SHIPMTHD",
        "TAXSCHID",
        "SALSTERR",
        "SLPRSNID",
    )
    address = ("CNTCPRSN", "ADDRESS1", "ADDRESS2", "ADDRESS3", "CITY", "STATE", "CCode", "COUNTRY", "UPSZONE")
    phones = {"PHNUMBR1": card["PHONE1"], "PHNUMBR2": card["PHONE2"], "PHONE3": card["PHONE3"]}
    moved = {"ZIPCODE": card["ZIP"], "FAXNUMBR": card["FAX"], "ShipToName": card["CUSTNAME"]}
    return {**{name: card[name] for name in (*same, *address)}, **phones, **moved}


def _add_header(company: Company, row: Mapping[str, object]) -> dict[str, Value]:
    """Write the header with what GP itself puts there; amounts stand in functional and originating columns alike."""
    twins = {"SUBTOTAL": "ORSUBTOT", "REMSUBTO": "OREMSUBT", "DOCAMNT": "ORDOCAMT", "TAXAMNT": "ORTAXAMT"}
    twins |= {"FRTAMNT": "ORFRTAMT", "MISCAMNT": "ORMISCAMT", "TRDISAMT": "ORTDISAM", "ACCTAMNT": "ORACTAMT"}
    own: dict[str, object] = {
        "BCHSOURC": SOURCE,
        "NOTEINDX": company.draw_note(),
        "CREATDDT": company.today(),
        "MODIFDT": company.today(),
        "USER2ENT": "sa",
        "CURNCYID": company.identity.currency,
        **{name: row[name] for name in ("GLPOSTDT",) if name in row},
    }
    columns = company["SOP10100"].table.place
    kept = {name: value for name, value in row.items() if name in columns}
    mirrored = {twin: kept[name] for name, twin in twins.items() if name in kept}
    return company.add("SOP10100", {"GLPOSTDT": row["DOCDATE"], **mirrored, **own, **kept})


def _add_line(company: Company, kind: int, number: str, place: int, given: Given) -> dict[str, Value]:
    item = company.find("IV00101", str(given["ITEMNMBR"]))
    if item is None and not given.get("NONINVEN"):
        raise not_found(company["IV00101"].table.what, str(given["ITEMNMBR"]))
    values = dict(company["SOP10200"].table.accepted(given))
    quantity, price = amount(values, "QUANTITY"), amount(values, "UNITPRCE")
    markdown = amount(values, "MRKDNAMT") if "MRKDNAMT" in values else ZERO
    cost = ZERO if item is None else amount(item, "CURRCOST")
    extended = (quantity * (price - markdown)).quantize(Decimal("0.00001"))
    row: dict[str, object] = {
        "SOPTYPE": kind,
        "SOPNUMBE": number,
        "LNITMSEQ": place * SEQUENCE,
        "ITEMDESC": "" if item is None else item["ITEMDESC"],
        "UOFM": "" if item is None else item["SELNGUOM"],
        "LOCNCODE": "" if item is None else item["LOCNCODE"],
        "QTYBSUOM": Decimal(1),
        "UNITCOST": cost,
        "EXTDCOST": (cost * quantity).quantize(Decimal("0.00001")),
        "XTNDPRCE": extended,
        "REMPRICE": extended,
        "ORUNTPRC": price,
        "OXTNDPRC": extended,
        "QTYREMAI": quantity,
        "QTYTOINV": quantity if kind in ALLOCATING else ZERO,
        "ATYALLOC": quantity if kind in ALLOCATING else ZERO,
        "QTYFULFI": quantity if kind == INVOICE else ZERO,
        **values,
    }
    written = company.add("SOP10200", row)
    if kind in ALLOCATING and item is not None:
        reserved = amount(written, "ATYALLOC") * amount(written, "QTYBSUOM")
        allocate(company, text(written, "ITEMNMBR"), text(written, "LOCNCODE"), reserved)
    return written


def totals(header: Mapping[str, Value], lines: Sequence[Mapping[str, Value]]) -> dict[str, object]:
    """Give subtotal and total of a document: lines, freight, miscellaneous, tax, less trade discount."""
    subtotal = sum((amount(line, "XTNDPRCE") for line in lines), ZERO)
    cost = sum((amount(line, "EXTDCOST") for line in lines), ZERO)
    more = sum((amount(header, name) for name in ("FRTAMNT", "MISCAMNT", "TAXAMNT") if name in header), ZERO)
    less = amount(header, "TRDISAMT") if "TRDISAMT" in header else ZERO
    total = subtotal + more - less
    return {"SUBTOTAL": subtotal, "REMSUBTO": subtotal, "EXTDCOST": cost, "DOCAMNT": total, "ACCTAMNT": total}


def lines_of(company: Company, number: str, kind: int, table: str = "SOP10200") -> list[dict[str, Value]]:
    """Give the lines of a document in the order of their sequence."""
    return [row for row in company.under(table, number) if row["SOPTYPE"] == kind]


def line_key(row: Mapping[str, Value]) -> list[Value]:
    """Give the key of a line, in Work and in history."""
    return [row[name] for name in ("SOPNUMBE", "SOPTYPE", "CMPNTSEQ", "LNITMSEQ")]


def find_work(company: Company, number: str, kind: int) -> dict[str, Value]:
    """Find a document in Work whose batch is free; raises `Refusal`."""
    found = company.find("SOP10100", number, kind)
    if found is None:
        raise not_found(company["SOP10100"].table.what, f"{number};{kind}")
    check_free(company, SOURCE, text(found, "BACHNUMB"))
    if found["VOIDSTTS"]:
        raise broken_rule(f"{number} is voided.", "SOPNUMBE")
    return found


def to_history(company: Company, number: str, kind: int, values: Mapping[str, object]) -> dict[str, Value]:
    """Move a document with its lines from Work to history and give its row of SOP30200."""
    trail = {"TRXSORCE": values["TRXSORCE"]} if "TRXSORCE" in values else {}
    for row in lines_of(company, number, kind):
        company.move("SOP10200", line_key(row), "SOP30300", trail)
    moved = company.move("SOP10100", (number, kind), "SOP30200", values)
    count_batch(company, SOURCE, text(moved, "BACHNUMB"))
    return moved
