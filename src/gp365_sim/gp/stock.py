"""Quantities of items (IV00102): a row per site (RCRDTYPE 2) and one of all sites (RCRDTYPE 1, LOCNCODE blank), the sum.

Source: key of IV00102 and the meaning of RCRDTYPE (public schema dump). Available is on hand less allocated.
"""

from decimal import Decimal

from gp365_sim.gp.amounts import amount
from gp365_sim.gp.company import Company

ALL_SITES, ONE_SITE = 1, 2


def allocate(company: Company, item: str, site: str, quantity: Decimal) -> None:
    """Set a quantity aside for a document; a negative one gives it back."""
    _shift(company, item, site, {"ATYALLOC": quantity})


def issue(company: Company, item: str, site: str, quantity: Decimal) -> None:
    """Take an allocated quantity out of stock, as sold."""
    _shift(company, item, site, {"QTYONHND": -quantity, "ATYALLOC": -quantity, "QTYSOLD": quantity})


def take_back(company: Company, item: str, site: str, quantity: Decimal) -> None:
    """Put a returned quantity back on hand."""
    _shift(company, item, site, {"QTYONHND": quantity, "QTYRTRND": quantity})


def order(company: Company, item: str, site: str, quantity: Decimal) -> None:
    """Count a quantity as on order from a vendor."""
    _shift(company, item, site, {"QTYONORD": quantity})


def _shift(company: Company, item: str, site: str, changes: dict[str, Decimal]) -> None:
    """Change a site and the sum over the sites; items without quantities (services) have no rows."""
    for kind, where in ((ONE_SITE, site), (ALL_SITES, "")):
        found = company.find("IV00102", item, kind, where)
        if found is not None:
            values = {name: amount(found, name) + change for name, change in changes.items()}
            company.change("IV00102", (item, kind, where), values)
