"""The leases of a worker: taken when the work begins, prolonged beside it, given back at the end.

`worker` is the lease of a plain command and of a service alone, `worker/SLOT` that of a worker with a name (`command` for
a command that the service runs). `pair/PAIR` keeps two of them from running flows of one pair at once.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from threading import Event, Lock, Thread

from sqlalchemy import Connection

from gp365.model.errors import Gp365Error, Misconfigured, Retry
from gp365.store import lease as leases
from gp365.store.engine import Store
from gp365.store.lease import Lease, LeaseLost

NAME = "worker"
COMMAND = "command"
PAIR = "pair/"
CREW_S = 15.0
"""How long a lease lives where others wait for what a dead worker held: on PostgreSQL, and beside a service."""
_MARGIN = 0.2


def name_of(slot: str) -> str:
    """Name the lease of a slot; that of "" is a plain command's."""
    return f"{NAME}/{slot}" if slot else NAME


def life_of(store: Store, ttl_s: float, slot: str = "") -> float:
    """Give the seconds that a lease lives without being prolonged: few where somebody may wait for its end."""
    return ttl_s if store.dialect == "sqlite" and not slot else min(ttl_s, CREW_S)


@contextmanager
def working(
    store: Store, holder: str, ttl_s: float, *, slot: str = "", pairs: Iterable[str] = ()
) -> Generator[Lease]:
    """Hold the lease of a slot and those of pairs for the block, prolonging them every third of their life.

    Misconfigured("folder-locked") while another holder of the slot is alive, Retry("pair-busy") while another worker runs a
    pair. A lease that is lost is noticed by the next commit.
    """
    with Kept(store, life_of(store, ttl_s, slot)) as kept:
        yield kept.take(name_of(slot), holder, pairs)


class Kept:
    """Leases that are taken, prolonged together by a thread of their own, and given back when the block ends."""

    def __init__(self, store: Store, life_s: float) -> None:
        self._store, self._life_s = store, life_s
        self._leases: dict[str, Lease] = {}
        self._clock = store.engine.get_execution_options()["gp365_clock"]
        self._guard, self._ended = Lock(), Event()
        self._thread: Thread | None = None
        self.lost = Event()

    def take(self, name: str, holder: str, pairs: Iterable[str] = ()) -> Lease:
        """Take a lease and those of pairs, in one commit."""
        owner = f"{holder} {name}"
        with self._store.write() as conn:
            taken = [leases.take(conn, name, holder, self._life_s)]
            for pair in sorted(set(pairs)):
                taken.append(_take_pair(conn, pair, owner, self._life_s))
        return self._keep(taken)

    def take_pair(self, pair: str, owner: str) -> Lease:
        """Take the lease of a pair; Retry("pair-busy") while another worker has it."""
        with self._store.write() as conn:
            taken = _take_pair(conn, pair, owner, self._life_s)
        return self._keep([taken])

    def release(self, *taken: Lease) -> None:
        """Give leases back; one that cannot be given back runs out."""
        with self._guard:
            for one in taken:
                self._leases.pop(one.name, None)
        with suppress(Gp365Error), self._store.write() as conn:
            for one in taken:
                leases.release(conn, one)

    def __enter__(self) -> Kept:
        self._thread = Thread(target=self._prolong, name="lease", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self.release(*self._leases.values())

    def _keep(self, taken: list[Lease]) -> Lease:
        with self._guard:
            self._leases |= {one.name: one for one in taken}
        first = taken[0]
        return replace(first, holds=lambda: self._holds(first.name))

    def _holds(self, name: str) -> bool:
        """Tell, by our own clock and what was prolonged, whether nobody else can have taken a lease yet."""
        held = self._leases.get(name)
        return held is not None and self._clock() < held.until - timedelta(seconds=self._life_s * _MARGIN)

    def _prolong(self) -> None:
        while not self._ended.wait(self._life_s / 3):
            for one in list(self._leases.values()):
                try:
                    with self._store.write() as conn:
                        longer = leases.renew(conn, one, self._life_s)
                except LeaseLost:
                    self._forget(one)
                except Gp365Error:
                    continue  # tried again; if it was lost, the next commit under it fails
                else:
                    with self._guard:
                        if one.name in self._leases and self._leases[one.name].number == one.number:
                            self._leases[one.name] = longer

    def _forget(self, one: Lease) -> None:
        with self._guard:
            self._leases.pop(one.name, None)
        self.lost.set()


def _take_pair(conn: Connection, pair: str, owner: str, life_s: float) -> Lease:
    try:
        return leases.take(conn, PAIR + pair, owner, life_s)
    except Misconfigured:
        raise Retry("pair-busy", f"Another worker runs flows of {pair}.", record=pair) from None
