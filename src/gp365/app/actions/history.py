"""The action `history`: the runs, and the rows of the ledger, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from gp365.app.actions.look_outputs import HistoryOut, LedgerLine, RunLine
from gp365.app.actions.scope import flows_of
from gp365.app.actions.values import shown_deep
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.store import ledger, runs
from gp365.store.ledger import LedgerRow
from gp365.store.runs import Run
from gp365.sync.merely import ALONG


def history(
    project: Project,
    *,
    pair: str | None = None,
    flow: str | None = None,
    run: str | None = None,
    rows: bool = False,
    since: datetime | None = None,
    limit: int = 20,
) -> HistoryOut:
    """Show runs of a pair and flow (or all), or one run; with `rows` its (or their) rows of the ledger too."""
    wanted = set(flows_of(project, pair, flow))
    with project.store.read() as conn:
        if run is not None:
            found = runs.get(conn, run)
            if found is None:
                fix = "`gp365 history` names the runs."
                raise Misconfigured("record-unknown", f"There is no run {run}.", value=run, fix=fix)
            held = [row for row, _ in zip(ledger.rows(conn, run), range(limit), strict=False)] if rows else []
            return HistoryOut([run_line(found)], [_line(row) for row in held])
        every = runs.list_runs(conn, pair, flow, limit=limit)
        lines = [run_line(one) for one in every if since is None or one.begun_at >= since]
        chain = ledger.chain_of(pair, flow) if pair and flow else None
        held = ledger.history(conn, chain=chain, since=since, limit=limit) if rows else []
    named = [_line(row) for row in held]
    return HistoryOut(lines, [line for line in named if (line.pair, line.flow) in wanted])


def run_line(run: Run) -> RunLine:
    """Show a run of the store."""
    ended = run.ended_at
    return RunLine(
        run=run.id,
        pair=run.pair,
        flow=run.flow,
        kind=run.kind,
        actor=run.actor,
        state=run.state,
        begun_at=run.begun_at,
        ended_at=ended,
        seconds=round((ended - run.begun_at).total_seconds(), 3) if ended else None,
        balanced=run.balanced,
        clean=run.clean,
        counts={name: value for name, value in run.counts.items() if isinstance(value, int)},
        verified=dict(run.counts.get("verified") or {}),
    )


def _line(row: LedgerRow) -> LedgerLine:
    payload = cast("Mapping[str, Any]", ledger.decode(row) or {})
    pair, _, flow = row.chain.partition("/")
    return LedgerLine(
        id=row.id,
        at=row.at,
        kind=row.kind,
        pair=pair,
        flow=flow,
        run=row.run,
        actor=row.actor,
        subject=row.subject,
        subjects=row.subjects,
        disposition=row.disposition,
        keys=dict(payload.get("keys") or {}),
        summary=summary(row, payload),
    )


_SHOWN_WITH = {
    "side": "on",
    "from": "from",
    "to": "to",
    "key": "",
    "decision": "",
    "by": "by",
    "approved_by": "let go by",
}


def event_in_words(step: Mapping[str, Any]) -> str:
    """Tell an identity event of a step: what happened to whom, and who decided."""
    said = [str(step["event"])]
    for name, word in _SHOWN_WITH.items():
        if step.get(name):
            said += [word, str(step[name])] if word else [str(step[name])]
    return " ".join(said)


def _read_back(step: Mapping[str, Any]) -> str:
    """Tell what was found when a write was read back, or how many were."""
    if step["read_back"] == "sample":
        found = {str(name): len(ids) for name, ids in dict(step["intents"]).items()}
        counted = ", ".join(f"{number} {name}" for name, number in found.items())
        return f"read back on {step['side']}: {counted}"
    parts = [str(step[name]) for name in ("by", "reason") if step.get(name)]
    parts += [
        f"{one['field']} is {shown_deep(one['found'])}, acknowledged was {shown_deep(one['acknowledged'])}"
        for one in step.get("unkept", ())
    ]
    told = f"read back on {step['side']} {step['key']}: {step['read_back']}"
    return f"{told} ({'; '.join(parts)})" if parts else told


def summary(row: LedgerRow, payload: Mapping[str, Any]) -> str:
    """Say in a few words what a row of the ledger is about."""
    if moved := payload.get(ALONG):
        names = ", ".join(str(one) for one in moved)
        return f"nothing moved but {names}, which is written along with other fields only (links: {row.subjects})"
    if row.subjects > 1:
        return f"{row.subjects} links that nothing happened to"
    if row.subjects < 0:
        return "had waited for another record; looked at again in this run, and counted by how that ended"
    said: list[str] = []
    for step in payload.get("steps") or ():
        if "event" in step:
            said.append(event_in_words(step))
        said += [
            f"{one['op']} {one['side']} {one['key']}: {one['outcome']}" for one in step.get("writes", ())
        ]
        if "problem" in step:
            said.append(str(step["problem"]["message"]))
        if "filtered" in step:
            said.append(str(step["filtered"]))
        if "read_back" in step:
            said.append(_read_back(step))
        if "settled" in step:
            said.append(f"a lost answer on {step['side']}: {step['as']}")
    return "; ".join(said)
