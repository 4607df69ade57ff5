"""Values of a card as arguments of eConnect's procedures."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from gp365.connectors.gp.sql.port import SqlValue
from gp365.connectors.gp.sql.rows import sent
from gp365.connectors.gp.tables import entity_named
from gp365.model.values import Value, Values, show

HUNDREDTHS = frozenset({"CUSTDISC", "FNCHPCNT", "MINPYPCT"})
"""Percentages: whole hundredths in the table (smallint), percent with two decimals as a parameter (signature; assumed)."""


def arguments(entity: str, values: Values) -> dict[str, SqlValue]:
    """Return values under the procedure's element names; empty ones as GP's emptiness, which overwrites."""
    fields = entity_named(entity).fields
    given: dict[str, SqlValue] = {}
    for name, value in values.items():
        element = fields[name].econnect if name in fields else ""
        if element:
            given[element] = _argument(element, sent(fields[name].description, value))
    return given


def _argument(element: str, value: SqlValue) -> SqlValue:
    if element in HUNDREDTHS and isinstance(value, int | Decimal):
        return (Decimal(value) / 100).quantize(Decimal("0.01"))
    return value


def our_field(entity: str, element: str, values: Mapping[str, Value]) -> str:
    """Return our name for an element of a procedure, as the write names it."""
    names = [name for name, each in entity_named(entity).fields.items() if each.econnect == element]
    for name in names:
        for shown in (name, f"BillTo.{name}", f"ShipTo.{name}"):
            if shown in values:
                return shown
    return names[0] if names else element


def marks(customer: Values, reference: str) -> dict[str, SqlValue]:
    """Return the marks that a customer must be given again: their defaults are blank and would erase them.

    The mark of another integration is not ours to take: one beside an IntegrationSource stays as it is (assumed; we set
    no source).
    """
    ours = reference and not customer.get("IntegrationSource")
    return {
        "GPSFOINTEGRATIONID": show(customer.get("GPSFOIntegrationID")),
        "INTEGRATIONSOURCE": int(show(customer.get("IntegrationSource")) or 0),
        "INTEGRATIONID": reference if ours else show(customer.get("IntegrationID")),
    }
