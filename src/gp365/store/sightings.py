"""Sightings: when the values of a link's fields were first and last seen, while something about it is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from gp365.store import tables
from gp365.store.among import among
from gp365.store.bulk import chunks, put_rows

_TABLE = tables.sighting


def get(conn: Connection, links: Iterable[int]) -> dict[int, bytes]:
    """Read what was kept of links, by link id."""
    found: dict[int, bytes] = {}
    for chunk in chunks(links):
        for link, body in conn.execute(select(_TABLE).where(among(_TABLE.c.link, chunk))):
            found[link] = body
    return found


def put(conn: Connection, bodies: Mapping[int, bytes]) -> None:
    """Keep sightings of links; older ones are replaced."""
    put_rows(conn, _TABLE, [{"link": link, "body": body} for link, body in bodies.items()])


def forget(conn: Connection, links: Iterable[int]) -> None:
    """Forget the sightings of links that are quiet again."""
    for chunk in chunks(links):
        conn.execute(_TABLE.delete().where(among(_TABLE.c.link, chunk)))
