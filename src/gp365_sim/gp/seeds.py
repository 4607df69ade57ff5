"""What every simulated company has beside its customers: accounts, periods, items, vendors, setup; and DYNAMICS its users.

Rows come from `data/seeds/`, each file with its sources; fiscal years and the company's own row are made here.
"""

import json
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

from gp365_sim.gp.company import FUNCTIONAL, Company, Identity
from gp365_sim.gp.econnect import error_rows
from gp365_sim.gp.periods import ORIGINS
from gp365_sim.gp.plain import typed
from gp365_sim.gp.sqltypes import Value
from gp365_sim.gp.system import SystemDatabase
from gp365_sim.gp.tables import Table, system_tables, tables

Rows = Sequence[tuple[str, Mapping[str, Value]]]

COMPANY_FILES = ("ledger.json", "sales.json", "inventory.json", "vendors.json")
YEARS = range(2025, 2029)
MONTHS = 12
SERVICE_USERS = ("sa", "erin", "gpsvc")


def seed_system(system: SystemDatabase, companies: Sequence[Identity]) -> None:
    """Fill an empty system database: users, currencies, error texts, and the companies of the site.

    Raises `Refusal` for a company whose database has a name of more than five characters, or whose number is taken.
    """
    at = system.statement()
    for table, values in _read("dynamics.json", system=True):
        system.insert(table, values, at)
    for row in error_rows():
        if system.find("taErrorCode", row["ErrorCode"]) is None:
            system.insert("taErrorCode", row, at)
    for each in companies:
        row = {"CMPANYID": each.number, "INTERID": each.interid, "CMPNYNAM": each.name}
        system.add("SY01500", {**row, "ACSEGSEP": "-", "LOCATNNM": each.name[:31].rstrip()}, at)
        for user in SERVICE_USERS:
            system.add("SY60100", {"USERID": user, "CMPANYID": each.number}, at)


def seed_company(company: Company) -> None:
    """Fill a company that holds its customers at most; their rows are left alone."""
    at, today = company.statement(), company.today()
    for file in COMPANY_FILES:
        for table, values in _read(file):
            columns = company[table].table.place
            own: dict[str, Value] = {name: today for name in ("CREATDDT", "MODIFDT") if name in columns}
            if "NOTEINDX" in columns:
                own["NOTEINDX"] = company.draw_note()
            company.insert(table, {**own, **values, **_in_currency(company, values)}, at)
    for table, values in (*_years(), *_multicurrency(company)):
        if table in company:
            company.insert(table, values, at)


def _in_currency(company: Company, values: Mapping[str, Value]) -> dict[str, Value]:
    """Let prices of the sample company stand in this company's functional currency."""
    return {"CURNCYID": company.identity.currency} if values.get("CURNCYID") == FUNCTIONAL else {}


def _multicurrency(company: Company) -> Rows:
    currency = company.identity.currency
    found = company.system.find("MC40200", currency)
    index = 0 if found is None else found["CURRNIDX"]
    return [("MC40000", {"FUNLCURR": currency, "FUNCRIDX": index})]


@cache
def _years() -> Rows:
    """Give fiscal years by calendar months with their periods, all open, and the posting setup of every origin."""
    found: list[tuple[str, Mapping[str, Value]]] = []
    for year in YEARS:
        first, last = date(year, 1, 1), date(year, 12, 31)
        head: dict[str, Value] = {"YEAR1": year, "FSTFSCDY": first, "LSTFSCDY": last, "NUMOFPER": MONTHS}
        found.append(("SY40101", head))
        found += [("SY40100", each) for number in range(MONTHS + 1) for each in _period(year, number)]
    for origin in ORIGINS.values():
        row: dict[str, Value] = {
            "SERIES": origin.series,
            "TRXSOURC": origin.name,
            "PSTGDTFR": 1,
            "POSTTOGL": 1,
        }
        found.append(("SY02300", {**row, "PSTTHRGL": 1}))
    return found


def _period(year: int, number: int) -> Iterator[dict[str, Value]]:
    """Give the row of a period, which period 0 has too, and of a month the row of each origin of postings."""
    month = number or 1
    start, end = date(year, month, 1), date(year, month, monthrange(year, month)[1] if number else 1)
    name = f"Period {number}" if number else "Beginning Balance"
    row: dict[str, Value] = {
        "YEAR1": year,
        "PERIODID": number,
        "PERIODDT": start,
        "PERDENDT": end,
        "PERNAME": name,
    }
    yield {**row, "FORIGIN": 1, "SERIES": 0}
    for origin in ORIGINS.values() if number else ():
        yield {**row, "SERIES": origin.series, "ODESCTN": origin.name}


@cache
def _read(file: str, *, system: bool = False) -> Rows:
    """Read a seed file with its values as their columns keep them."""
    source = json.loads(files("gp365_sim.gp").joinpath("data", "seeds", file).read_text("utf-8"))
    known = system_tables() if system else tables()
    return [(table, _accepted(known[table], row)) for table, rows in source["rows"].items() for row in rows]


def _accepted(table: Table, row: Mapping[str, object]) -> dict[str, Value]:
    given = {name: typed(table.column(name), value) for name, value in row.items()}
    return table.accepted(
        {name: Decimal(each) if isinstance(each, float) else each for name, each in given.items()}
    )
