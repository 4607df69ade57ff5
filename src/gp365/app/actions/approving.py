"""Approving: a named person lets go what guards hold, with `sync --approve`; the ledger says who."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from gp365.model.values import pack, unpack_deep
from gp365.store import guards, ledger
from gp365.store.ledger import Entry
from gp365.sync.guards import gone, holding, restored
from gp365.sync.job import Job

LOOP = "loop"


def approve(jobs: Sequence[Job], *, not_restored: bool = False) -> None:
    """Let go every guard of these flows and of their pairs, in the name of each job's actor.

    A restored system is brought back by the runs that follow; with `not_restored` it is taken as it is.
    """
    for job in jobs:
        with job.store.write() as conn:
            told: dict[str, Any] = guards.let_go(
                conn, job.pair, job.flow.name, (holding.CODE, LOOP), job.actor
            )
            told |= _release(conn, job, not_restored)
            if told:
                entry = Entry("approval", "", flow_digest=job.flow.digest, payload=pack(told))
                ledger.append(conn, job.chain, [entry], actor=job.actor, at=job.clock())


def approve_recovery(jobs: Sequence[Job]) -> None:
    """Let go the way back of these flows' pairs: the plan that is applied is one."""
    for job in jobs:
        with job.store.write() as conn:
            _release(conn, job, not_restored=False, only=restored.CODE)


def _release(conn: Connection, job: Job, not_restored: bool, only: str = "") -> dict[str, Any]:
    released: dict[str, Any] = {}
    for guard in guards.standing(conn, job.pair, job.flow.name):
        shown: dict[str, Any] = unpack_deep(guard.shown)
        if guard.code == restored.CODE:
            shown["mode"] = restored.AS_IS if not_restored else restored.RECOVER
        if guard.state == guards.OPEN and guard.code in ((only,) if only else (restored.CODE, gone.CODE)):
            guards.release(conn, guard.id, job.actor, pack(shown))
            released[guard.code] = [*released.get(guard.code, []), guard.message]
    return released
