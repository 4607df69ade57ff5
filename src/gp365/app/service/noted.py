"""Lines of the log about what the service has done."""

from __future__ import annotations

from collections.abc import Mapping

from gp365.app.log import LogFile
from gp365.app.service.rounds import RoundDone
from gp365.sync.equation import Report


def note_told(log: LogFile, report: Report) -> None:
    """Note what became of records that somebody told us of."""
    log.note("told", pair=report.pair, flow=report.flow, run=report.run, ended=_ended(report))


def note_round(log: LogFile, done: RoundDone) -> None:
    """Note what a round brought."""
    flows = {report.flow: _ended(report) for report, _ in done.ran.reports}
    faults = {system: error.code for system, error in done.faults.items()}
    log.note("round", pair=done.pair, flows=flows, faults=faults)


def _ended(report: Report) -> Mapping[str, int]:
    return {name: count for name, count in report.dispositions.items() if count}
