"""Fiscal periods: which one a day lies in, and whether it is closed for a series and the origin of a posting.

Source: SY40100 has a row per period with a flag for each series (PSERIES_1 … 6) and a row per period, series and origin
with CLOSED (public schema dump). Assumed: the rows of the period itself have SERIES 0 and FORIGIN 1, those of an origin
FORIGIN 0; a flag of 1 means closed; period 0 holds opening balances and takes no posting.
"""

from dataclasses import dataclass
from datetime import date

from gp365_sim.gp.amounts import day as day_of
from gp365_sim.gp.amounts import whole
from gp365_sim.gp.company import Company
from gp365_sim.gp.refusals import Refusal, broken_rule, not_found

FINANCIAL, SALES, PURCHASING, INVENTORY, PAYROLL, PROJECT = 2, 3, 4, 5, 6, 7
SERIES = {
    "financial": FINANCIAL,
    "sales": SALES,
    "purchasing": PURCHASING,
    "inventory": INVENTORY,
    "payroll": PAYROLL,
    "project": PROJECT,
}
FLAGS = {number: f"PSERIES_{at}" for at, number in enumerate(SERIES.values(), 1)}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where postings come from: the batch source that GP writes, its series and the origin's name in period setup."""

    source: str
    series: int
    name: str


ORIGINS = {
    each.source: each
    for each in (
        Origin("GL_Normal", FINANCIAL, "General Entry"),
        Origin("Sales Entry", SALES, "Sales Transaction Entry"),
        Origin("RM_Sales", SALES, "Receivables Sales Entry"),
        Origin("RM_Cash", SALES, "Receivables Cash Receipts"),
        Origin("RM_Apply", SALES, "Receivables Apply Doc."),
        Origin("PM_Trxent", PURCHASING, "Payables Trx Entry"),
        Origin("Rcvg Trx Entry", PURCHASING, "Receivings Trx Entry"),
        Origin("IV_Trxent", INVENTORY, "Transaction Entry"),
    )
}
"""Origins by their batch source (from practice, assumed)."""


def period_of(company: Company, at: date) -> tuple[int, int]:
    """Give year and period of a day; raises `Refusal` where no fiscal year holds it."""
    for row in company.rows("SY40101"):
        if day_of(row, "FSTFSCDY") <= at <= day_of(row, "LSTFSCDY"):
            year = whole(row, "YEAR1")
            break
    else:
        raise Refusal("PeriodMissing", f"{at} lies in no fiscal year.", "GLPOSTDT")
    for period in range(1, whole(row, "NUMOFPER") + 1):
        found = company.find("SY40100", 1, year, period, 0, "")
        if found is not None and day_of(found, "PERIODDT") <= at <= day_of(found, "PERDENDT"):
            return year, period
    raise Refusal("PeriodMissing", f"{at} lies in no fiscal period.", "GLPOSTDT")


def is_closed(company: Company, year: int, period: int, origin: Origin) -> bool:
    """Tell whether a period is closed for a series as a whole or for this origin."""
    whole_series = company.find("SY40100", 1, year, period, 0, "")
    alone = company.find("SY40100", 0, year, period, origin.series, origin.name)
    flagged = whole_series is not None and bool(whole_series[FLAGS[origin.series]])
    return flagged or (alone is not None and bool(alone["CLOSED"]))


def check_open(company: Company, at: date, source: str) -> tuple[int, int]:
    """Give year and period for a posting of this batch source; raises `Refusal`, code PeriodClosed."""
    origin = ORIGINS[source]
    year, period = period_of(company, at)
    if is_closed(company, year, period, origin):
        raise Refusal("PeriodClosed", f"period {period} of {year} is closed for {origin.name}.", "GLPOSTDT")
    return year, period


def set_closed(
    company: Company, year: int, period: int, series: int, *, closed: bool, origin: str = ""
) -> None:
    """Close or open a period for a whole series, or for one origin of it; raises `Refusal`."""
    if series not in FLAGS:
        raise broken_rule(f"there is no series {series} in period setup.", "SERIES")
    if company.find("SY40100", 1, year, period, 0, "") is None:
        raise not_found(company["SY40100"].table.what, f"{year};{period}")
    with company.transaction():
        if not origin:
            company.change("SY40100", (1, year, period, 0, ""), {FLAGS[series]: int(closed)})
        for each in ORIGINS.values():
            if each.series == series and origin in ("", each.name):
                company.change("SY40100", (0, year, period, series, each.name), {"CLOSED": int(closed)})


def posting_date(company: Company, source: str, batch: date | None, document: date) -> date:
    """Choose the date of a posting: the batch's or the document's, by posting setup (SY02300, columns assumed).

    Without that table, and without a batch date, it is the document's.
    """
    origin = ORIGINS[source]
    found = company.find("SY02300", origin.series, origin.name) if "SY02300" in company else None
    by_batch = found is not None and found["PSTGDTFR"] == 0
    return batch if by_batch and batch is not None else document
