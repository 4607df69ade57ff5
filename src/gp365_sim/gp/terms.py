"""What payment terms (SY03300) make of a document's date and total: due date, discount date and discount.

Codes as in the sample data, assumed: type 1 days from the date, 2 a day of the month, 3 the end of the month; percentages
are kept in hundredths (source: width of DSCPCTAM and the terms of the sample company).
"""

from calendar import monthrange
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from gp365_sim.gp.amounts import CENT, ZERO, amount, whole
from gp365_sim.gp.company import Company
from gp365_sim.gp.sqltypes import EMPTY_DATE, Value

NET_DAYS, DAY_OF_MONTH, END_OF_MONTH = 1, 2, 3


def due_and_discount(company: Company, terms: str, at: date, total: Decimal) -> dict[str, Value]:
    """Give the columns of a document that its terms decide; unknown or blank terms make it due at once."""
    found = company.find("SY03300", terms) if terms else None
    if found is None:
        return {"PYMTRMID": terms, "DUEDATE": at, "DISCDATE": EMPTY_DATE, "DISAVAMT": ZERO}
    due = shifted(at, whole(found, "DUETYPE"), whole(found, "DUEDTDS"))
    percent, fixed = Decimal(whole(found, "DSCPCTAM")) / 10000, amount(found, "DSCDLRAM")
    discount = fixed or (total * percent).quantize(CENT, ROUND_HALF_UP)
    values: dict[str, Value] = {
        "PYMTRMID": terms,
        "DUEDATE": due,
        "DSCPCTAM": whole(found, "DSCPCTAM"),
        "DSCDLRAM": fixed,
        "DISAVAMT": discount,
        "DISCDATE": EMPTY_DATE,
    }
    if discount:
        values["DISCDATE"] = shifted(at, whole(found, "DISCTYPE"), whole(found, "DISCDTDS"))
    return values


def shifted(at: date, kind: int, days: int) -> date:
    """Move a date as a due or discount type says; a day of the month that has passed is that of the next month."""
    if kind == DAY_OF_MONTH:
        month = at if at.day <= days else _first_of_next(at)
        return month.replace(day=min(days or 1, monthrange(month.year, month.month)[1]))
    if kind == END_OF_MONTH:
        return at.replace(day=monthrange(at.year, at.month)[1])
    return at + timedelta(days=days)


def _first_of_next(at: date) -> date:
    return (at.replace(day=1) + timedelta(days=31)).replace(day=1)
