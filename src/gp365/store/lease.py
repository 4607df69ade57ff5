"""Leases: who may work, under a number that rises at every taking, so that a slow old worker cannot commit.

A lease that has run out stays valid until somebody takes it, or takes over something that was claimed under it: that
act ends it for good. So a clock that jumps harms nobody, and two workers never both believe that they may commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Update, UpdateBase, bindparam, select

from gp365.model.errors import Misconfigured, Retry
from gp365.store import tables
from gp365.store.among import among
from gp365.store.bulk import chunks, insert_new, next_number, now
from gp365.store.columns import EPOCH
from gp365.store.straight import Query, ask, run

_TABLE = tables.lease
_NOBODY = 0


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work under a name until a moment; `number` is never given twice in a store.

    `holds` is asked directly before a call that writes: whether, by what was prolonged so far, nobody can have taken it.
    """

    name: str
    number: int
    until: datetime
    holds: Callable[[], bool] = field(default=_always, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as others see it: who holds it, and until when if it is not prolonged."""

    name: str
    number: int
    holder: str
    until: datetime


class LeaseLost(Retry):
    """Another worker has taken over; what this one holds must not be committed."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "lease-lost", f"The lease {name!r} is no longer ours: another worker has taken over."
        )


def take(conn: Connection, name: str, holder: str, ttl_s: float) -> Lease:
    """Take the lease of this name for so many seconds; Misconfigured("folder-locked") while another holder's is alive.

    The same holder may take it again; what it held before is then lost.
    """
    at = now(conn)
    insert_new(conn, _TABLE, [{"name": name, "number": _NOBODY, "holder": "", "until": EPOCH}])
    ((number, held_by, until),) = ask(conn, "lease to take", _standing, {"in_name": name})
    if number != _NOBODY and held_by != holder and until > at:
        raise Misconfigured(
            "folder-locked", f"{held_by} is at work here (its lease lasts until {until:%H:%M:%S} UTC)."
        )
    taken = Lease(name, next_number(conn, "lease"), at + timedelta(seconds=ttl_s))
    given = {"in_name": name, "to_number": taken.number, "to_holder": holder, "to_until": taken.until}
    run(conn, "take lease", lambda: _given_to().where(_TABLE.c.name == bindparam("in_name")), given)
    return taken


def _standing() -> Query:
    columns = (_TABLE.c.number, _TABLE.c.holder, _TABLE.c.until)
    return select(*columns).where(_TABLE.c.name == bindparam("in_name")).with_for_update()


def renew(conn: Connection, lease: Lease, ttl_s: float) -> Lease:
    """Prolong the lease to so many seconds from now; LeaseLost if somebody took it."""
    until = now(conn) + timedelta(seconds=ttl_s)
    renewed = conn.execute(
        _TABLE.update()
        .where(_TABLE.c.name == lease.name, _TABLE.c.number == lease.number)
        .values(until=until)
    )
    if renewed.rowcount != 1:
        raise LeaseLost(lease.name)
    return Lease(lease.name, lease.number, until)


def release(conn: Connection, lease: Lease) -> None:
    """Give the lease back; nothing happens if it is already somebody else's."""
    nobody = {"to_number": _NOBODY, "to_holder": "", "to_until": EPOCH}
    run(conn, "release lease", _released, {"in_name": lease.name, "in_number": lease.number, **nobody})


def _released() -> UpdateBase:
    mine = (_TABLE.c.name == bindparam("in_name"), _TABLE.c.number == bindparam("in_number"))
    return _given_to().where(*mine)


def _given_to() -> Update:
    to: dict[str, Any] = {name: bindparam(f"to_{name}") for name in ("number", "holder", "until")}
    return _TABLE.update().values(to)


def check(conn: Connection, lease: Lease) -> None:
    """Raise LeaseLost unless the lease is current, and keep it so until this transaction ends."""
    rows = ask(conn, "lease", _current, {"in_name": lease.name})
    if not rows or rows[0][0] != lease.number:
        raise LeaseLost(lease.name)


def _current() -> Query:
    # FOR KEY SHARE: whoever takes or ends the lease waits for this transaction, who prolongs it does not (PostgreSQL,
    # "Explicit Locking"). With FOR SHARE a long transaction would let its own lease run out.
    query = select(_TABLE.c.number).where(_TABLE.c.name == bindparam("in_name"))
    return query.with_for_update(read=True, key_share=True)


def held(conn: Connection, beginning: str) -> list[Held]:
    """Read the living leases whose names begin so, by name."""
    named = (_TABLE.c.name >= beginning, _TABLE.c.name < beginning + "\uffff")
    query = select(_TABLE.c.name, _TABLE.c.number, _TABLE.c.holder, _TABLE.c.until)
    alive = (_TABLE.c.number != _NOBODY, _TABLE.c.until > now(conn))
    return [Held(*row) for row in conn.execute(query.where(*named, *alive).order_by(_TABLE.c.name))]


def end(conn: Connection, name: str) -> bool:
    """End a lease that has run out, so that nothing more is committed under it; False if it is alive, or nobody's."""
    row = conn.execute(select(_TABLE).where(_TABLE.c.name == name).with_for_update()).one_or_none()
    if row is None or row.number == _NOBODY or row.until > now(conn):
        return False
    _end(conn, [row.number])
    return True


def _end(conn: Connection, numbers: Iterable[int]) -> None:
    ended = among(_TABLE.c.number, list(numbers))
    conn.execute(_TABLE.update().where(ended).values(number=_NOBODY, holder="", until=EPOCH))


def is_alive(conn: Connection, name: str) -> bool:
    """Tell whether anybody holds the lease of this name at this moment."""
    query = select(_TABLE.c.number).where(_TABLE.c.name == name, _TABLE.c.until > now(conn))
    return conn.execute(query).scalar_one_or_none() not in (None, _NOBODY)


def living(conn: Connection, numbers: Iterable[int], *, own: int) -> set[int]:
    """Return which of the numbers are leases still at work, and end those that have run out.

    Ending them here, in the transaction that takes over their claims, makes the old worker's commit fail.
    """
    at = now(conn)
    alive: set[int] = set()
    for chunk in chunks(numbers):
        ending = among(_TABLE.c.number, chunk) & (_TABLE.c.until <= at) & (_TABLE.c.number != own)
        dead = select(_TABLE.c.number).where(ending).order_by(_TABLE.c.name).with_for_update()
        if numbers_out := list(conn.execute(dead).scalars()):
            _end(conn, numbers_out)
        alive.update(conn.execute(select(_TABLE.c.number).where(among(_TABLE.c.number, chunk))).scalars())
    return alive - {_NOBODY}
