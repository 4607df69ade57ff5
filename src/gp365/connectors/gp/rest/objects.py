"""Served objects as they are sent back: whole, cleaned of padding, without what only GP writes, changes laid over.

Whether PATCH keeps fields that are left out is unknown (the example of the LBMC blog repeats them all), so that an
object is always sent whole, as it was read a moment ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gp365.connectors.gp.card import DELIVERY
from gp365.connectors.gp.rows import cells_of, values_of
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import sent
from gp365.model.values import Values

KEPT_BY_GP = frozenset({"NoteIndex", "CreatedDate", "ModifiedDate"})


def members_of(entity: str, values: Values, *, filled_only: bool = False) -> dict[str, Any]:
    """Return values as members of a payload; with `filled_only` the empty ones are left to GP."""
    fields = entity_named(entity).fields
    return {
        name: sent(fields[name].description, value)
        for name, value in values.items()
        if name in fields and not (filled_only and value is None)
    }


def whole(entity: str, raw: Mapping[str, Any], changes: Values, reference: str = "") -> dict[str, Any]:
    """Return an object as it was read, with changes and our mark laid over it, if the service serves its field.

    The mark of another integration is not ours to take: one beside an IntegrationSource is sent back as it is (assumed;
    we set no source).
    """
    members = {
        name: value.rstrip(" ") if isinstance(value, str) else value
        for name, value in raw.items()
        if name not in KEPT_BY_GP
    }
    members.update(members_of(entity, changes))
    mark = entity_named(entity).reference
    if reference and mark in members and not members.get("IntegrationSource"):
        members[mark] = reference
    return members


def with_main_address(customer: Mapping[str, Any], main: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a customer whose copy of its main address is that of the address itself.

    RM00101 keeps a copy that an edit of the address alone leaves behind (assumed); sent back as it was, a stale copy
    would overwrite the address.
    """
    if main is None:
        return dict(customer)
    return {**customer, **{name: main[name] for name in entity_named("customer").role_fields if name in main}}


def shared_values(entity: str, raw: Mapping[str, Any]) -> dict[str, object]:
    """Return what a customer and its main address both hold."""
    names = (*entity_named("customer").role_fields, *DELIVERY)
    return dict(values_of(entity_named(entity), cells_of(entity_named(entity), raw), names))
