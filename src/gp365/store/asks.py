"""What schedules have asked for and nobody has done yet: any process may be told, only the one that leads does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, select

from gp365.store import tables
from gp365.store.among import among
from gp365.store.bulk import insert_new

_META = tables.meta
_BEGINS, _ENDS = "asked/", "asked0"


@dataclass(frozen=True, slots=True)
class Ask:
    """Flows to be looked at ("" means all), with `full` by reading both sides whole; `id` is who asked, and when."""

    id: str
    pair: str
    flow: str
    full: bool


def put(conn: Connection, ask: Ask) -> None:
    """Keep what is asked for; the same id asks once, however often it is told."""
    told = orjson.dumps([ask.pair, ask.flow, ask.full]).decode()
    insert_new(conn, _META, [{"name": _BEGINS + ask.id, "value": told}])


def waiting(conn: Connection) -> list[Ask]:
    """Read what is asked for."""
    query = select(_META.c.name, _META.c.value).where(_META.c.name > _BEGINS, _META.c.name < _ENDS)
    rows = conn.execute(query.order_by(_META.c.name))
    return [Ask(name.removeprefix(_BEGINS), *orjson.loads(told)) for name, told in rows]


def done(conn: Connection, ids: Iterable[str]) -> None:
    """Forget what was done."""
    conn.execute(_META.delete().where(among(_META.c.name, [_BEGINS + one for one in ids])))
