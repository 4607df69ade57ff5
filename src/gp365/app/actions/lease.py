"""The lease of a worker: taken when the work begins, prolonged beside it, given back at the end."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from gp365.model.errors import Gp365Error
from gp365.store import lease as leases
from gp365.store.engine import Store
from gp365.store.lease import Lease

NAME = "worker"


@contextmanager
def working(store: Store, holder: str, ttl_s: float) -> Generator[Lease]:
    """Hold the worker's lease for the block, prolonging it every third of its life.

    Misconfigured("folder-locked") while another holder's is alive. A lease that is lost is noticed by the next commit.
    """
    with store.write() as conn:
        lease = leases.take(conn, NAME, holder, ttl_s)
    ended = Event()
    beside = Thread(target=_prolong, args=(store, lease, ttl_s, ended), name="lease", daemon=True)
    beside.start()
    try:
        yield lease
    finally:
        ended.set()
        beside.join()
        with suppress(Gp365Error), store.write() as conn:
            leases.release(conn, lease)  # a lease that cannot be given back runs out


def _prolong(store: Store, lease: Lease, ttl_s: float, ended: Event) -> None:
    while not ended.wait(ttl_s / 3):
        try:
            with store.write() as conn:
                leases.renew(conn, lease, ttl_s)
        except Gp365Error:
            continue  # tried again; if it was lost, the next commit under it fails
