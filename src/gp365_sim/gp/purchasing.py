"""Purchase orders (POP10100, POP10110): entered, released, received in a status only, moved to history when done.

POSTATUS 1 new, 2 released, 3 change order, 4 received, 5 closed, 6 cancelled; closed and cancelled orders are moved to
POP30100 and POP30110 by a run of their own. Receipts of goods are not posted here.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from gp365_sim.gp.amounts import ZERO, amount, text
from gp365_sim.gp.company import Company
from gp365_sim.gp.ledger import SEQUENCE
from gp365_sim.gp.numbers import next_order
from gp365_sim.gp.refusals import Refusal, broken_rule, not_found
from gp365_sim.gp.sqltypes import Value
from gp365_sim.gp.stock import order as count_order

NEW, RELEASED, CHANGED, RECEIVED, CLOSED, CANCELLED = 1, 2, 3, 4, 5, 6
DONE = (CLOSED, CANCELLED)

Given = Mapping[str, object]


def enter(company: Company, given: Given, lines: Sequence[Given]) -> dict[str, Value]:
    """Enter a purchase order with its lines and give its row; values by the columns of POP10100 and POP10110.

    Needed: VENDORID, DOCDATE; a line needs ITEMNMBR, QTYORDER, UNITCOST. Without PONUMBER the next number is taken.
    """
    values = dict(company["POP10100"].table.accepted(given))
    vendor = company.find("PM00200", values["VENDORID"])
    if vendor is None:
        raise not_found(company["PM00200"].table.what, str(values["VENDORID"]))
    with company.transaction():
        number = text(values, "PONUMBER") if "PONUMBER" in values else next_order(company)
        if any(company.find(table, number) for table in ("POP10100", "POP30100")):
            raise Refusal("DuplicateKey", f"purchase order {number} exists already.", "PONUMBER")
        written = [
            _add_line(company, number, text(vendor, "VENDORID"), place, each)
            for place, each in enumerate(lines, 1)
        ]
        subtotal = sum((amount(line, "EXTDCOST") for line in written), ZERO)
        row = {**_own(company, vendor, subtotal), **values, "PONUMBER": number}
        return company.add("POP10100", row)


def _own(company: Company, vendor: Mapping[str, Value], subtotal: Decimal) -> dict[str, object]:
    """Give what GP itself puts into an order: the vendor's card, the subtotal, status and dates."""
    return {
        **{name: vendor[name] for name in ("VENDNAME", "PYMTRMID", "SHIPMTHD", "VADCDPAD")},
        **dict.fromkeys(("SUBTOTAL", "REMSUBTO", "ORSUBTOT", "OREMSUBT"), subtotal),
        "POSTATUS": NEW,
        "POTYPE": 1,
        "CREATDDT": company.today(),
        "MODIFDT": company.today(),
        "USER2ENT": "sa",
        "CURNCYID": company.identity.currency,
    }


def _add_line(company: Company, number: str, vendor: str, place: int, given: Given) -> dict[str, Value]:
    item = company.find("IV00101", str(given["ITEMNMBR"]))
    if item is None and not given.get("NONINVEN"):
        raise not_found(company["IV00101"].table.what, str(given["ITEMNMBR"]))
    values = dict(company["POP10110"].table.accepted(given))
    quantity = amount(values, "QTYORDER")
    cost = (quantity * amount(values, "UNITCOST")).quantize(Decimal("0.00001"))
    row: dict[str, object] = {
        "PONUMBER": number,
        "ORD": place * SEQUENCE,
        "LineNumber": place,
        "POLNESTA": NEW,
        "VENDORID": vendor,
        "ITEMDESC": "" if item is None else item["ITEMDESC"],
        "UOFM": "" if item is None else item["PRCHSUOM"],
        "LOCNCODE": "" if item is None else item["LOCNCODE"],
        "UMQTYINB": Decimal(1),
        "EXTDCOST": cost,
        "ORUNTCST": values["UNITCOST"],
        "OREXTCST": cost,
        "QTYUNCMTBASE": quantity,
        **values,
    }
    written = company.add("POP10110", row)
    count_order(company, text(written, "ITEMNMBR"), text(written, "LOCNCODE"), quantity)
    return written


def set_status(company: Company, number: str, status: int) -> None:
    """Give an order and its lines a status; one that is done orders nothing any more. Raises `Refusal`."""
    head = company.find("POP10100", number)
    if head is None:
        raise not_found(company["POP10100"].table.what, number)
    if head["POSTATUS"] in DONE:
        raise broken_rule(f"{number} is closed or cancelled.", "POSTATUS")
    with company.transaction():
        company.change("POP10100", (number,), {"POSTATUS": status, "MODIFDT": company.today()})
        for row in company.under("POP10110", number):
            company.change("POP10110", _key(row), {"POLNESTA": status})
            if status in (RECEIVED, *DONE) and head["POSTATUS"] != RECEIVED:
                count_order(company, text(row, "ITEMNMBR"), text(row, "LOCNCODE"), -amount(row, "QTYORDER"))


def remove_done(company: Company) -> list[str]:
    """Move closed and cancelled orders to history and give their numbers."""
    done = sorted(text(row, "PONUMBER") for row in company.rows("POP10100") if row["POSTATUS"] in DONE)
    with company.transaction():
        for number in done:
            for row in company.under("POP10110", number):
                company.move("POP10110", _key(row), "POP30110")
            company.move("POP10100", (number,), "POP30100")
    return done


def _key(row: Mapping[str, Value]) -> list[Value]:
    return [row[name] for name in ("PONUMBER", "ORD", "BRKFLD1")]
