"""The action `reconcile`: a signed report that both systems agree, or of everything in which they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from heapq import nsmallest
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

from gp365.app.actions.exits import DONE, LEFT, UNBALANCED, exit_of, worst
from gp365.app.actions.opening import Opened, opened
from gp365.app.actions.outputs import SkippedOut, error_out
from gp365.app.actions.reconcile_outputs import KeyOut, ReconciledFlow, ReconcileOut
from gp365.app.actions.running import Progress, silent
from gp365.app.left_out import flows_of
from gp365.app.project import Project
from gp365.app.reports.checking import VerifyOut, verify_report
from gp365.app.reports.lines import DifferenceLine, Lines, MissingLine
from gp365.app.reports.signing import pem_of, report_key
from gp365.app.reports.written import Report, write_report
from gp365.app.settings import DataverseSystem, GpSystem, MemorySystem
from gp365.connectors.gp.books import FIGURES, Books, read_books
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.sync.job import Job
from gp365.sync.reconcile import note
from gp365.sync.reconcile import reconcile as reconcile_flow
from gp365.sync.reconcile.found import Why
from gp365.sync.reconcile.result import Reconciliation

REPORTS = "reports"
_TOGETHER = {"receivables": ("receivable_documents",)}
"""Flows that are reconciled along with one that is asked for by name."""
_EXITS = {"drift": UNBALANCED, "parked": LEFT}
T = TypeVar("T", DifferenceLine, MissingLine)


def reconcile(
    project: Project,
    *,
    pair: str | None = None,
    flow: str | None = None,
    out: Path | None = None,
    sample: int = 0,
    limit: int = 20,
    progress: Progress = silent,
) -> ReconcileOut:
    """Read both sides of the flows of a pair (or all) in full, compare, and write a signed report of each.

    The reports go to `out`, else to the project's `reports`. Nothing is written to either system. A flow whose system
    fails is skipped; if none is left, its error is raised.
    """
    done: list[ReconciledFlow] = []
    with opened(project, pair, flow) as found:
        jobs = [*found.jobs, *_beside(project, found, flow)]
        skipped = [SkippedOut(one.pair, one.flow, error_out(one.error)) for one in found.failed]
        codes = [exit_of(one.error) for one in found.failed]
        compared = [job for job in jobs if _is_compared(job)]
        if not compared and found.jobs:
            message = "Requests are carried out once; there is nothing to compare afterwards."
            raise Misconfigured("usage", message, value=flow or "", fix="Name another flow.")
        key = report_key(project)
        names_of = {name: _name(name, given) for name, given in project.settings.systems.items()}
        for at, job in enumerate(compared):
            try:
                report = partial(
                    write_report, folder=out or project.path(REPORTS), key=key, names_of=names_of
                )
                books = _books(project, job)
                done.append(_one(job, partial(report, books=books), sample, limit, progress))
            except Gp365Error as error:
                if not done and at == len(compared) - 1:
                    raise
                skipped.append(SkippedOut(job.pair, job.flow.name, error_out(error)))
                codes.append(exit_of(error))
    codes += [_EXITS.get(one.report.verdict, DONE) for one in done]
    codes += [LEFT for one in done if one.report.books is not None and not one.report.books.agrees]
    return ReconcileOut(done, skipped, worst(codes))


def _beside(project: Project, found: Opened, flow: str | None) -> list[Job]:
    """Open the flows that show the same money as the one that is asked for, in the pairs that run them."""
    known = {(job.pair, job.flow.name) for job in found.jobs}
    pairs = dict.fromkeys(job.pair for job in found.jobs)
    return [
        job
        for pair in pairs
        for other in _TOGETHER.get(flow or "", ())
        if any(one.name == other for one in flows_of(project, pair))
        for job in found.assembly.jobs(pair, only=other)
        if (job.pair, job.flow.name) not in known
    ]


def _books(project: Project, job: Job) -> Books | None:
    """Compare Dynamics GP with itself, where a flow shows its customers' balances."""
    place = next((one for one in job.places if one.entity.name == FIGURES), None)
    given = project.settings.systems.get(place.system) if place is not None else None
    if place is None or not isinstance(given, GpSystem):
        return None
    return read_books(place.connector, given.functional_currency, given.receivables_accounts)


def _is_compared(job: Job) -> bool:
    """Orders are carried out once: what people have changed since is no difference."""
    return job.flow.order is None


def _name(name: str, given: GpSystem | DataverseSystem | MemorySystem) -> str:
    """Return what people call a system: the company with its database, the host of an organisation."""
    if isinstance(given, GpSystem):
        return f"{given.company} ({given.interid})"
    if isinstance(given, DataverseSystem):
        return urlsplit(given.url).hostname or name
    return name


def _one(
    job: Job,
    written: Callable[[Reconciliation], Report],
    sample: int,
    limit: int,
    progress: Progress,
) -> ReconciledFlow:
    name, began = f"{job.pair} {job.flow.name}", monotonic()
    job.progress = lambda what, done, total: progress(f"{name}: {what}", done, total)
    found = reconcile_flow(job, sample=sample)
    progress(f"{name}: report", 0, 0)
    report = written(found)
    note(found, report.digest, _figures(report))
    lines = Lines(found)
    return ReconciledFlow(
        report.head,
        _first(lines.missing(), _missing_rank, limit),
        _first(lines.differences(), _difference_rank, limit),
        report.digest,
        [str(path) for path in report.files],
        round(monotonic() - began, 3),
    )


def _figures(report: Report) -> dict[str, Any]:
    """Choose what the ledger keeps of a report."""
    head = report.head
    return {
        "verdict": head.verdict,
        "file": report.files[0].name,
        "key": head.key_fingerprint,
        "read": {one.side: one.read for one in head.sides},
        "linked": head.counts.linked,
        "differing": head.counts.differing,
        "drift": head.counts.drift,
        "hash_totals": dict(head.hashes.total),
    }


def _first(found: Iterator[T], rank: Callable[[T], int], limit: int) -> list[T]:
    """Give the first findings, what nothing explains before what is explained."""
    ranked = ((rank(one), at, one) for at, one in enumerate(found))
    return [one for _, _, one in nsmallest(limit, ranked, key=lambda held: held[:2])]


def _missing_rank(one: MissingLine) -> int:
    return _rank(one.reason.why)


def _difference_rank(one: DifferenceLine) -> int:
    return min(_rank(field.reason.why) for field in one.fields)


def _rank(why: str) -> int:
    """Put drift first, then what is for a person or under way, then what was settled, last what the flow leaves alone."""
    if why == Why.DRIFT:
        return 0
    if why in (Why.CREATE_ONLY, Why.READ_ONLY, Why.ALONG):
        return 3
    return 2 if why in (Why.HELD, Why.LINKED) else 1


def reconcile_key(project: Project) -> KeyOut:
    """Show the public key that this store's reports are checked with; it is made when first asked for."""
    key = report_key(project)
    return KeyOut(key.public, key.fingerprint, pem_of(key.public))


__all__ = ["VerifyOut", "reconcile", "reconcile_key", "verify_report"]
