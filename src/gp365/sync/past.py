"""What records held at earlier times, as the writes that were done on them tell: values found, sent and agreed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from gp365.model.plan import Half
from gp365.model.values import pack, unpack, unpack_deep
from gp365.store import intents
from gp365.store.intents import Intent
from gp365.sync.envelope import unseal
from gp365.sync.job import Job, Place
from gp365.sync.plan.pairs import pairs_of

Owners = Mapping[str, Mapping[str, str]]  # side → key text → the name that its past is asked for by


def past_of(job: Job, conn: Connection, place: Place, owners: Owners) -> dict[str, set[bytes]]:
    """Collect every value that a side of these records held, by the names given, each as `named` writes it.

    Writes of both sides tell of it, as each was planned from what both held. What was erased is not among them.
    """
    found: dict[str, set[bytes]] = {}
    for where in job.places:
        mine = owners.get(where.side, {})
        for intent in intents.done_on(conn, where.system, where.entity.name, mine) if mine else ():
            if intent.pair == job.pair and intent.flow == job.flow.name:
                found.setdefault(mine[intent.key], set()).update(_values(job, conn, place, intent))
    return found


def named(name: str, half: Half) -> bytes:
    """Write a field's value on a side as one comparable text."""
    return pack({name: list(half)})


def _values(job: Job, conn: Connection, place: Place, intent: Intent) -> set[bytes]:
    envelope, number = unseal(intent.values), 0 if place.end == "left" else 1
    inputs: Mapping[str, Any] = unpack_deep(intents.inputs(conn, intent.inputs) or b"{}")
    images: list[Mapping[str, Any]] = [inputs.get(place.end) or {}]
    if intent.side == place.side:
        images += [unpack(intent.before), envelope.values]
    halves = [(name, pair[number]) for name, pair in pairs_of(inputs.get("pairs") or {}).items()]
    halves += [(name, pair[number]) for name, pair in envelope.pairs.items()]
    for image in images:
        for row in job.compiled.rows:
            half = row.half(place.side, image)
            if half is not None:
                halves.append((row.row.name, half))
    return {named(name, half) for name, half in halves}
