"""Quantities of items by site (IV00102): what a line reserves, and what happens when there is not enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gp365_sim.gp.company import Company
from gp365_sim.gp.econnect.rows import Fields, change, find, where
from gp365_sim.gp.sqltypes import Value

ALL_SITES, ONE_SITE = 1, 2
SELL_BALANCE, OVERRIDE, BACK_ORDER_ALL, BACK_ORDER_BALANCE, CANCEL_ALL, CANCEL_BALANCE = 1, 2, 3, 4, 5, 6
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Shares:
    """How the quantity of a line is divided: to invoice, reserved of it, to back order, cancelled (in its unit)."""

    sold: Decimal
    reserved: Decimal = NOTHING
    back: Decimal = NOTHING
    cancelled: Decimal = NOTHING


def divide(wanted: Decimal, available: Decimal, option: int) -> Shares:
    """Divide what a line wants by the shortage option (QtyShrtOpt; its default 2 sells what is not there).

    The options are in public client code: 1 sell balance, 2 override, 3 and 4 back order all or the balance, 5 and 6
    cancel all or the balance.
    """
    if wanted <= available or option == OVERRIDE:
        return Shares(wanted, wanted)
    there = max(available, NOTHING)
    rest = wanted - there
    match option:
        case 3:
            return Shares(NOTHING, NOTHING, back=wanted)
        case 4:
            return Shares(there, there, back=rest)
        case 5:
            return Shares(NOTHING, NOTHING, cancelled=wanted)
        case 6:
            return Shares(there, there, cancelled=rest)
        case _:
            return Shares(there, there)


def available(company: Company, item: str, site: str) -> Decimal:
    """Give on hand less allocated at a site, in base units."""
    row = find(company, "IV00102", ITEMNMBR=item, RCRDTYPE=ONE_SITE, LOCNCODE=site)
    return NOTHING if row is None else number(row["QTYONHND"]) - number(row["ATYALLOC"])


def move(company: Company, item: str, site: str, quantities: Mapping[str, Decimal]) -> None:
    """Add to columns of the row of a site and of the row of all sites (RCRDTYPE 1, blank site)."""
    if not any(quantities.values()):
        return
    for kind, place in ((ONE_SITE, site), (ALL_SITES, "")):
        row = find(company, "IV00102", ITEMNMBR=item, RCRDTYPE=kind, LOCNCODE=place)
        if row is not None:
            change(
                company, "IV00102", row, {name: number(row[name]) + each for name, each in quantities.items()}
            )


def base_units(company: Company, item: Fields, unit: str) -> Decimal | None:
    """Tell how many base units a unit of the item's schedule holds; None for a unit that is not in it."""
    schedule = find(company, "IV40201", UOMSCHDL=item["UOMSCHDL"])
    if not unit or (schedule is not None and _alike(schedule["BASEUOFM"], unit)):
        return Decimal(1)
    for row in where(company, "IV40202", UOMSCHDL=item["UOMSCHDL"], UOFM=unit):
        if number(row["QTYBSUOM"]):
            return number(row["QTYBSUOM"])
    return None


def base_unit(company: Company, item: Fields) -> str:
    """Give the base unit of an item's schedule."""
    schedule = find(company, "IV40201", UOMSCHDL=item["UOMSCHDL"])
    return "" if schedule is None else str(schedule["BASEUOFM"])


def number(value: Value) -> Decimal:
    """Read an amount of a row."""
    assert isinstance(value, Decimal)
    return value


def _alike(held: Value, wanted: str) -> bool:
    return str(held).casefold() == wanted.casefold()
