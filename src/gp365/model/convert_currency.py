"""A currency between GP's id and ISO: canonical is the ISO code; a reference is the organisation's own id of it."""

from __future__ import annotations

from collections.abc import Mapping

from gp365.model import currencies
from gp365.model.currencies import GP_CURRENCIES, ORGANISATION
from gp365.model.fit import Unfit
from gp365.model.lookups import Lookup

Lookups = Mapping[str, Lookup]


def read_gp(text: str, lookups: Lookups, functional: str) -> str:
    """Return the ISO code of a CURNCYID; a blank one is the functional currency."""
    return currencies.iso_of(text, lookups.get(GP_CURRENCIES), functional)


def write_gp(iso: str, lookups: Lookups, functional: str) -> str:
    """Return the CURNCYID that is written for an ISO code."""
    return currencies.gp_id_of(currencies.checked_iso(iso), lookups.get(GP_CURRENCIES), functional)


def read_reference(text: str, lookups: Lookups, column: str) -> str:
    """Return the ISO code of an organisation's currency id; Unfit("lookup-missing") for an unknown one."""
    table = _organisation(lookups)
    held = table.to(column, table.columns[0], text)
    if held is None:
        raise Unfit("lookup-missing", f"The lookup {ORGANISATION} has no line with {column} {text!r}.")
    return currencies.checked_iso(held)


def write_reference(iso: str, lookups: Lookups, column: str) -> str:
    """Return the organisation's id of an ISO currency; Unfit("lookup-missing") for one that it does not have."""
    table = _organisation(lookups)
    held = table.to(table.columns[0], column, currencies.checked_iso(iso))
    if not held:
        raise Unfit(
            "lookup-missing", f"The lookup {ORGANISATION} has no line with {table.columns[0]} {iso!r}."
        )
    return held


def _organisation(lookups: Lookups) -> Lookup:
    if ORGANISATION not in lookups:
        raise Unfit("lookup-missing", f"There is no lookup {ORGANISATION}.")
    return lookups[ORGANISATION]
