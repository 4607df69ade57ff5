"""Beside the service: after each round the watch looks and the figures count. Whatever fails here stops no round."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from gp365.app.alerts.conditions import Condition
from gp365.app.alerts.notices import Notice
from gp365.app.alerts.watch import RanLike, Watch
from gp365.app.log import About
from gp365.app.metrics import Counts, Metrics
from gp365.app.project import Project
from gp365.app.service.standing import Standing
from gp365.app.settings import Settings
from gp365.model.errors import Gp365Error


class Done(Protocol):
    """What is read of a round (`app.service.rounds.RoundDone`)."""

    @property
    def ran(self) -> RanLike: ...


class Beside:
    """The watch and the figures of a service. `look` is what the service calls; changed settings are taken up there.

    `standing` asks how everything stands now, for the figures; without it they are those of the last look.
    """

    def __init__(
        self,
        project: Project,
        *,
        standing: Callable[[], Standing | None] | None = None,
        doors: Callable[[], Counts] = dict,
    ) -> None:
        self.last: Standing | None = None
        self._project = project
        self._settings: Settings = project.settings
        self._watch = Watch(project)
        self.metrics = Metrics(standing or (lambda: self.last), doors=doors, broken=self._kinds)

    def look(self, standing: Standing, done: Done | None) -> None:
        """Take in how everything stands and what a round brought; tell what has to be told, without waiting for it."""
        self.last = standing
        try:
            ran = done.ran if done is not None else None
            self.metrics.count(ran.reports if ran is not None else ())
            self._take_up_settings()
            self._log_runs(ran)
            notices = self._watch.look(standing, ran, standing.at)
            self._log_notices(notices)
            self._watch.send(notices)
        except Exception as error:  # noqa: BLE001  alerts must not stop what they are about; the next look tries again
            self._note(error)

    def broken(self) -> list[Condition]:
        """Name what was told to be broken and still is."""
        return self._watch.broken()

    def close(self, timeout_s: float = 10.0) -> None:
        """Keep what is only in memory; what is not sent yet is sent by the next start."""
        with suppress(Gp365Error):
            self._watch.close(timeout_s)

    def _kinds(self) -> list[str]:
        return [one.kind for one in self.broken()]

    def _take_up_settings(self) -> None:
        if self._project.settings is not self._settings:
            self._settings = self._project.settings
            self.close()
            self._watch = Watch(self._project)

    def _log_runs(self, ran: RanLike | None) -> None:
        """Write down each run that found something, or was stopped."""
        for report, turn in ran.reports if ran is not None else ():
            stopped = report.stopped
            counts = {name: number for name, number in report.dispositions.items() if number}
            loud = set(counts) - {"unchanged"} or report.verified.sampled
            if loud or stopped is not None or not report.balanced:
                about = About(run=report.run, pair=report.pair, flow=report.flow)
                told = {
                    "turn": turn,
                    "seconds": round(report.seconds, 3),
                    "balanced": report.balanced,
                    **counts,
                }
                told |= {"stopped": stopped.code} if stopped is not None else {}
                self._project.log.note("run", "warning" if stopped else "info", about, **told)

    def _log_notices(self, notices: Sequence[Notice]) -> None:
        for one in notices:
            pair = one.pairs[0] if len(one.pairs) == 1 else ""
            level = one.level if one.kind == "broken" else "info"
            self._project.log.note("notice", level, About(pair=pair), kind=one.kind, title=one.title)

    def _note(self, error: Exception) -> None:
        told = (
            error.as_dict()
            if isinstance(error, Gp365Error)
            else {"code": "bug", "message": type(error).__name__}
        )
        with suppress(OSError):
            self._project.log.note("error", error=told, trail="".join(traceback.format_exception(error)))
