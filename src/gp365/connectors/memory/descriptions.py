"""Entity descriptions as JSON, so that a memory system in a file describes itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength
from gp365.model.values import decimal_text


def _field_plain(held: FieldDescription) -> dict[str, Any]:
    plain = asdict(held)
    plain["options"] = {str(code): label for code, label in held.options.items()}
    for name in ("minimum", "maximum"):
        plain[name] = None if plain[name] is None else decimal_text(plain[name])
    return plain


def _field(plain: Mapping[str, Any]) -> FieldDescription:
    taken = dict(plain)
    taken["type"] = FieldType(taken.get("type", FieldType.TEXT))
    taken["options"] = {int(code): str(label) for code, label in taken.get("options", {}).items()}
    for name in ("minimum", "maximum"):
        taken[name] = None if taken.get(name) is None else Decimal(str(taken[name]))
    return FieldDescription(**taken)


def to_json(entities: Mapping[str, EntityDescription]) -> dict[str, Any]:
    """Return the descriptions as JSON holds them."""
    plain: dict[str, Any] = {}
    for name, entity in entities.items():
        taken = {key: getattr(entity, key) for key in EntityDescription.__slots__}
        plain[name] = taken | {"fields": [_field_plain(held) for held in entity.fields.values()]}
    return plain


def from_json(plain: Mapping[str, Any]) -> dict[str, EntityDescription]:
    """Undo `to_json`; what is left out has the default of the description."""
    entities: dict[str, EntityDescription] = {}
    for name, entity in plain.items():
        fields = [_field(held) for held in entity["fields"]]
        taken: dict[str, Any] = dict(entity)
        taken["name"] = name
        taken["key"] = tuple(entity["key"])
        taken["fields"] = {held.name: held for held in fields}
        taken["strength"] = Strength(entity["strength"])
        taken["feed"] = Feed(entity.get("feed", Feed.NONE))
        taken["shows"] = tuple(entity.get("shows", ()))
        taken["assumed"] = tuple(entity.get("assumed", ()))
        entities[name] = EntityDescription(**taken)
    return entities
