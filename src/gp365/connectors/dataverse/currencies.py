"""The organisation's currencies: which row is which ISO currency, so that an amount of GP is never read in another."""

from __future__ import annotations

from collections.abc import Mapping

from gp365.connectors.dataverse.api import WebApi

_PATH = "transactioncurrencies"
_SELECT = "transactioncurrencyid,isocurrencycode"


def currencies(api: WebApi) -> Mapping[str, str]:
    """Return the id of each active currency by its ISO code, ordered by code."""
    rows = api.get(_PATH, {"$select": _SELECT, "$filter": "statecode eq 0"})["value"]
    found = {str(row["isocurrencycode"]): str(row["transactioncurrencyid"]).lower() for row in rows}
    return dict(sorted(found.items()))
