"""What GP would charge: the price of an item by its method, level, currency, unit and quantity."""

from decimal import ROUND_HALF_UP, Decimal

from gp365_sim.gp.company import Company
from gp365_sim.gp.econnect.rows import Fields, find, where
from gp365_sim.gp.econnect.stock import number

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
CURRENCY_AMOUNT, OF_LIST, ON_CURRENT, ON_STANDARD, MARGIN_CURRENT, MARGIN_STANDARD = 1, 2, 3, 4, 5, 6


def cents(value: Decimal) -> Decimal:
    """Round to the cent, halves away from zero."""
    return value.quantize(CENT, ROUND_HALF_UP)


def price(
    company: Company, item: Fields, level: str, currency: str, unit: str, quantity: Decimal
) -> Decimal | None:
    """Find the unit price; None where the list has none.

    UOMPRICE is a price only for method 1 (PRICMTHD); otherwise it is a percentage of list, markup or margin (table
    definitions of IV00101 and IV00108; rounding to the cent is assumed).
    """
    for row in where(company, "IV00108", ITEMNMBR=item["ITEMNMBR"], PRCLEVEL=level, UOFM=unit):
        fits = number(row["FROMQTY"]) <= quantity <= number(row["TOQTY"])
        if fits and str(row["CURNCYID"]) in ("", currency):
            return _by_method(company, item, row)
    return None


def _by_method(company: Company, item: Fields, row: Fields) -> Decimal:
    share, per_unit = number(row["UOMPRICE"]), number(row["QTYBSUOM"]) or Decimal(1)
    match item["PRICMTHD"]:
        case 2:
            return cents(list_price(company, item, str(row["CURNCYID"])) * per_unit * share / HUNDRED)
        case 3 | 4:
            return cents(_cost(item) * per_unit * (1 + share / HUNDRED))
        case 5 | 6:
            return cents(_cost(item) * per_unit / (1 - share / HUNDRED)) if share < HUNDRED else Decimal(0)
        case _:
            return share


def list_price(company: Company, item: Fields, currency: str) -> Decimal:
    """Give the list price of an item in a currency, per base unit."""
    row = find(company, "IV00105", ITEMNMBR=item["ITEMNMBR"], CURNCYID=currency)
    return Decimal(0) if row is None else number(row["LISTPRCE"])


def _cost(item: Fields) -> Decimal:
    current = item["PRICMTHD"] in (ON_CURRENT, MARGIN_CURRENT)
    return number(item["CURRCOST" if current else "STNDCOST"])
