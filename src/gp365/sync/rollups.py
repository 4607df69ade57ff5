"""Roll-ups: the sums that records of several companies make up on a record that they share, written as a flow of their own.

A roll-up runs as a small job: its left side are the sums (rollup_source), its right side the shared records, and each
shared record is linked with its own sum. Writes, intents, ledger, equation and settling are therefore the engine's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from gp365.model.contract import Connector
from gp365.model.flow import Flow, compile_flow
from gp365.model.flow_file import FlowFile, RollupFile
from gp365.model.record import Change, ChangePage
from gp365.model.values import key_text
from gp365.store import contributions, links
from gp365.store.contributions import Rolled
from gp365.store.engine import Store
from gp365.sync.contributing import rollup_name
from gp365.sync.cycle import sync
from gp365.sync.equation import Report
from gp365.sync.job import Job, Place
from gp365.sync.plan import compile_rows
from gp365.sync.rollup_source import AMOUNT, CURRENCY, SUMS, TEXT, RollupSource

_NO_GUARD: dict[str, Any] = {"count": 0, "percent": 0.0}


def write_rollups(job: Job, *, full: bool = False) -> list[Report]:
    """Write every roll-up of a job's flow, and report each; call it when the runs of all pairs of a command are closed.

    A roll-up covers the shared records of all pairs, so that it comes out right whichever pair ran last.
    """
    reports: list[Report] = []
    for name, rollup in job.flow.rollups.items():
        derived = rollup_job(job, name, rollup)
        with job.store.write(job.lease) as conn:
            contributions.link_new(conn, rolled_of(job, name, rollup), job.pair)
        reports.append(sync(derived, full=full))
    return reports


def rolled_of(job: Job, name: str, rollup: RollupFile) -> Rolled:
    """Name the companies' pairs that take part in a roll-up, and the links that it rests on."""
    return Rolled(
        rollup=rollup_name(job, name),
        entity=rollup.entity,
        system=job.place(rollup.side).system,
        pairs=tuple(sorted({job.pair, *job.sharing.get(rollup.side, ())})),
        flow=job.flow.name,
        through=job.flow.by_name[rollup.through].ref,
        source=job.across(rollup.side).end,
    )


def rollup_job(job: Job, name: str, rollup: RollupFile) -> Job:
    """Make the job that writes a roll-up: from its sums to the shared records."""
    source, shared = job.across(rollup.side), job.place(rollup.side)
    rolled = rolled_of(job, name, rollup)
    flow = _flow(rolled.rollup, source.side, rollup)
    sums = RollupSource(job.store, rolled, job.pair)
    linked = LinkedOnly(shared.connector, job.store, job.pair, rolled.rollup)
    entity = replace(shared.connector.entity(rollup.entity), merged_into="")
    left = Place(source.side, "left", sums.name, sums, sums.entity(SUMS), flow.wires_of(source.side))
    to = flow.wires_of(shared.side)
    right = Place(shared.side, "right", shared.system, cast("Connector", linked), entity, to)
    return replace(
        job,
        compiled=compile_rows(flow, left.entity, right.entity, job.compiled.context),
        left=left,
        right=right,
        company="",
        dependents=(),
        approve=None,
        foreseen=None,
        sharing={},
        runs=[],
        watch=None,
        looked=None,
    )


def _flow(name: str, source: str, rollup: RollupFile) -> Flow:
    """Write the flow of a roll-up: rows owned by the sums; nothing is created, and who is gone is let go."""
    fields: dict[str, Any] = {TEXT: {source: TEXT, rollup.side: rollup.to, "owner": source, "long": "park"}}
    if rollup.amount is not None:
        named = {source: CURRENCY, rollup.side: rollup.amount.in_currency}
        fields[CURRENCY] = {**named, "read_only": True}
        shown = {source: AMOUNT, rollup.side: rollup.amount.to}
        fields[AMOUNT] = {**shown, "owner": source, "in_currency": CURRENCY}
    file = FlowFile.model_validate(
        {
            "format": 1,
            "flow": name,
            "sides": {source: {"entity": SUMS}, rollup.side: {"entity": rollup.entity, "update": True}},
            "first_contact": source,
            "fields": fields,
            "events": {"gone": "ignore"},
            "guards": dict.fromkeys(("creates", "updates", "clears", "gone"), _NO_GUARD),
        }
    )
    return compile_flow(file, (source, rollup.side))


class LinkedOnly:
    """A connector whose feed shows only the records that a flow has linked, and those only when all are read.

    Between two full readings the column is taken to hold what we wrote: asking for every change of the table once more,
    at every sync, would double what polling costs. What people write there is put right when the sum changes (the write
    is guarded by the record's version) and by a full reading.
    """

    def __init__(self, connector: Connector, store: Store, pair: str, flow: str) -> None:
        self._connector, self._store = connector, store
        self._pair, self._flow = pair, flow

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give every record that has a sum, or, after that, nothing: the cursor stays as it is."""
        if cursor is not None:
            yield ChangePage((), cursor)
            return
        for page in self._connector.changes(entity, fields, cursor):
            yield replace(page, changes=self._linked(page.changes))

    def _linked(self, changes: Sequence[Change]) -> tuple[Change, ...]:
        with self._store.read() as conn:
            keys = [key_text(change.key) for change in changes]
            known = links.prints(conn, self._pair, self._flow, "right", keys)
        return tuple(change for change in changes if key_text(change.key) in known)
