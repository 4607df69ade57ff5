"""Indexing what we write: the echo of our own write is quiet, and would never be found when partners are looked for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from gp365.model.record import Record
from gp365.model.values import key_text
from gp365.store import match, parked, similar, work
from gp365.sync.events.look import named_keys
from gp365.sync.job import Job, Place
from gp365.sync.norms import norming, rules_of
from gp365.sync.similar.keeping import keep_cards
from gp365.sync.similar.shape import carding, shape_of


def index_written(conn: Connection, job: Job, written: Sequence[tuple[Place, Record]]) -> None:
    """Keep what records that we wrote match by, and the cards by which they are found to be like others."""
    shape, rules = shape_of(job.flow), rules_of(job)
    for place in job.places:
        records = [record for where, record in written if where.side == place.side]
        if not records:
            continue
        norms_of = norming(job, place, rules)
        rows = [(rule, key_text(one.key), norm) for one in records for rule, norm in norms_of(one)]
        match.put_keys(conn, job.pair, job.flow.name, place.side, rows)
        if shape is not None:
            body_of = carding(job, shape, place)
            cards = [(key_text(one.key), body_of(one)) for one in records]
            keep_cards(conn, similar.Scope(job.pair, job.flow.name, place.side), cards, shape)


def wake_rivals(conn: Connection, job: Job, written: Sequence[tuple[Place, Record]]) -> None:
    """Let records that are parked because of others be looked at again, once those are found by something else."""
    keys = {key_text(record.key) for _, record in written}
    if not keys:
        return
    rows = [
        (place.side, key, "parked")
        for entry in parked.of_code(conn, job.pair, job.flow.name, "candidates")
        if entry.field == "" and keys.intersection(named_keys(entry))
        for place, key in zip(job.places, (entry.left_key, entry.right_key), strict=True)
        if key is not None
    ]
    work.enqueue(conn, job.pair, job.flow.name, sorted(set(rows)))


def found_by(job: Job, place: Place) -> frozenset[str]:
    """Name the wire fields of a side by which its records are found: a write to any other changes nothing in the index."""
    shape = shape_of(job.flow)
    names = [name for _, fields, _ in rules_of(job) for name in fields]
    names += [name for field in (shape.fields if shape is not None else ()) for name in field.rows]
    return frozenset(wire for name in names for wire in job.flow.by_name[name].wires.get(place.side, ()))


def drop_from_index(conn: Connection, job: Job, place: Place, keys: Sequence[str]) -> None:
    """Forget by what records were found that nothing stands for any more."""
    shape = shape_of(job.flow)
    match.drop_keys(conn, job.pair, job.flow.name, place.side, keys)
    if shape is not None and keys:
        similar.drop_cards(conn, similar.Scope(job.pair, job.flow.name, place.side), keys, shape.blocks)
