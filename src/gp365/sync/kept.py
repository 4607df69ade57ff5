"""What a run planned with, kept by content hash so that it can be replayed: flow, both entities' fields, lookups.

Every intent names them by their hashes, beside the raw values and pairs of its own (engine rules, writes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection

from gp365.model.entity import EntityDescription, Feed, FieldDescription, FieldType, Strength
from gp365.model.lookups import Lookup, lookup
from gp365.model.values import decimal_text, pack
from gp365.store import intents, runs
from gp365.sync.job import Job


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run planned with: the flow's body (see `Flow.body`), its entities by side, and the lookups."""

    flow: bytes
    entities: Mapping[str, EntityDescription]
    lookups: Mapping[str, Lookup]


def keep(conn: Connection, job: Job) -> None:
    """Keep what this run plans with; what is kept already stays."""
    prints = {row.row.name: row.row.print for row in job.compiled.rows}
    body = {"flow": job.flow.name, "lookups": job.lookups_digest, "entities": job.entities_digest}
    runs.flow_version_put(conn, job.flow.digest, job.flow.name, pack(body), prints)
    bodies: dict[str, Callable[[], bytes]] = {
        job.entities_digest: lambda: _entities_body(job),
        job.lookups_digest: lambda: _lookups_body(job),
        job.flow.digest: lambda: job.flow.body,
    }
    bodies.pop("", None)
    # Nearly every run finds them kept: writing all fields of two entities out costs more than a round that finds nothing.
    missing = bodies.keys() - intents.inputs_kept(conn, bodies)
    intents.keep_inputs(conn, {name: held for name in bodies if name in missing and (held := bodies[name]())})


def _entities_body(job: Job) -> bytes:
    return orjson.dumps({place.side: _entity_plain(place.entity) for place in job.places})


def _lookups_body(job: Job) -> bytes:
    lookups = {
        name: {"columns": list(table.columns), "rows": [list(row) for row in table.rows]}
        for name, table in job.compiled.context.lookups.items()
    }
    return orjson.dumps(lookups)


def kept(conn: Connection, flow: str, entities: str, lookups: str) -> Kept | None:
    """Read what a run planned with by the three hashes; None where one of them is not kept."""
    bodies = [intents.inputs(conn, name) if name else None for name in (flow, entities, lookups)]
    if any(body is None for body in bodies):
        return None
    of_flow, of_entities, of_lookups = (body or b"" for body in bodies)
    tables: dict[str, Any] = orjson.loads(of_lookups)
    described: dict[str, Any] = orjson.loads(of_entities)
    return Kept(
        of_flow,
        {side: _entity(held) for side, held in described.items()},
        {name: _lookup(name, held) for name, held in tables.items()},
    )


def digests_of(conn: Connection, flow_digest: str) -> tuple[str, str]:
    """Name the entities and lookups with which a version of a flow was first run; "" where they were not noted."""
    version = runs.flow_version_get(conn, flow_digest)
    noted: dict[str, Any] = orjson.loads(version.body) if version else {}
    return str(noted.get("entities") or ""), str(noted.get("lookups") or "")


def _lookup(name: str, held: Mapping[str, Any]) -> Lookup:
    return lookup(name, tuple(held["columns"]), [tuple(row) for row in held["rows"]])


def _entity_plain(entity: EntityDescription) -> dict[str, Any]:
    held = {name: getattr(entity, name) for name in EntityDescription.__slots__}
    return held | {"fields": [_field_plain(one) for one in entity.fields.values()]}


def _field_plain(field: FieldDescription) -> dict[str, Any]:
    held: dict[str, Any] = {name: getattr(field, name) for name in FieldDescription.__slots__}
    held["options"] = {str(code): label for code, label in field.options.items()}
    for name, bound in (("minimum", field.minimum), ("maximum", field.maximum)):
        held[name] = None if bound is None else decimal_text(bound)
    return held


def _entity(held: Mapping[str, Any]) -> EntityDescription:
    fields = [_field(one) for one in held["fields"]]
    taken: dict[str, Any] = {name: held[name] for name in EntityDescription.__slots__ if name in held}
    taken |= {
        "key": tuple(held["key"]),
        "fields": {one.name: one for one in fields},
        "strength": Strength(held["strength"]),
        "feed": Feed(held["feed"]),
        "assumed": tuple(held["assumed"]),
    }
    return EntityDescription(**taken)


def _field(held: Mapping[str, Any]) -> FieldDescription:
    taken: dict[str, Any] = {name: held[name] for name in FieldDescription.__slots__ if name in held}
    taken["type"] = FieldType(taken["type"])
    taken["options"] = {int(code): str(label) for code, label in taken["options"].items()}
    for name in ("minimum", "maximum"):
        taken[name] = None if taken[name] is None else Decimal(taken[name])
    return FieldDescription(**taken)
