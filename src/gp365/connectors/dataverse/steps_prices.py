"""The steps that make a price list per currency, for invoices: Sales wants each invoice to name one in its own currency.

The lists are empty: lines of invoices are write-in products with prices of their own. Their ids are made of the
currency, so that ours is known for certain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial

from gp365.connectors.dataverse.api import WebApi
from gp365.connectors.dataverse.currencies import currencies
from gp365.connectors.dataverse.site import Site
from gp365.connectors.dataverse.views import own_id
from gp365.connectors.dataverse.work import MAKE, PRESENT, Looked, Work

FLOW = "invoices"
SET = "pricelevels"


def price_list_id(iso: str) -> str:
    """Return the id of our price list of a currency."""
    return own_id("pricelevel", iso)


def price_list_work(site: Site, flows: Collection[str]) -> Iterator[Work]:
    """Give a step for each currency of the organisation, where invoices run."""
    for iso, currency in currencies(site.api).items() if FLOW in flows else ():
        title = f"Price list 'GP invoices {iso}' (empty)"
        yield Work(f"price-list:{iso}", title, partial(_look, iso), partial(_make, iso, currency))


def price_lists(api: WebApi, flows: Collection[str]) -> Mapping[str, str]:
    """Return the id of our price list by ISO code, where invoices run."""
    return {iso: price_list_id(iso) for iso in currencies(api)} if FLOW in flows else {}


def _look(iso: str, site: Site) -> Looked:
    found = site.rows(f"{SET}?$select=pricelevelid&$filter=pricelevelid eq {price_list_id(iso)}")
    return PRESENT if found else MAKE


def _make(iso: str, currency: str, site: Site) -> None:
    body = {
        "pricelevelid": price_list_id(iso),
        "name": f"GP invoices {iso}",
        "transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency})",
    }
    site.write(lambda: site.api.post(SET, body), lambda: _look(iso, site) == PRESENT)
