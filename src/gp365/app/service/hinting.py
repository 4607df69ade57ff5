"""From hints to work: each names a key, and every flow that reads its table gets it to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gp365.app.service.parts import Reader
from gp365.store import hints, work
from gp365.store.engine import Store

LIMIT = 500


@dataclass(frozen=True, slots=True)
class Hinted:
    """What hints were about: the flows that have work now, and the systems to look at as nobody reads the table itself."""

    flows: frozenset[tuple[str, str]] = frozenset()
    systems: frozenset[str] = frozenset()


def take_hints(store: Store, readers: Mapping[tuple[str, str], list[Reader]]) -> Hinted:
    """Make work of the hints that wait, in the commit that removes them."""
    with store.read() as conn:
        systems = list(hints.waiting(conn))
    flows: set[tuple[str, str]] = set()
    unread: set[str] = set()
    for system in systems:
        with store.write() as conn:
            taken = hints.take(conn, system, LIMIT)
            rows: dict[Reader, list[tuple[str, str, str]]] = {}
            for one in taken:
                mine = readers.get((system, one.table.lower()), [])
                for reader in mine:
                    rows.setdefault(reader, []).append((reader.side, one.key, "hint"))
                unread |= set() if mine else {system}
            for reader, keys in rows.items():
                work.enqueue(conn, reader.pair, reader.flow, keys)
                flows.add((reader.pair, reader.flow))
            hints.done(conn, taken)
    return Hinted(frozenset(flows), frozenset(unread))
