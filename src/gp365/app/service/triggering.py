"""Triggers at work in a service: they look at fiscal calendars, ask for syncs by them and by the sales cycle, and keep both.

What asks is kept in the store before it asks, and a flow that is to be read whole until it was. So neither a restart nor
another service that takes over repeats or forgets anything.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from gp365.app.project import Project
from gp365.app.service import plans, triggers_kept
from gp365.app.service import triggers as pure
from gp365.app.service.due import Flow
from gp365.app.service.fiscal import Calendar, of_rows, of_settings
from gp365.app.service.pace import Paced, paced, sooner
from gp365.app.service.parts import mark_of
from gp365.app.service.standing import Fault, TriggerStanding
from gp365.app.service.triggers import Fired, Triggers
from gp365.app.service.triggers_rules import BY_HAND, look_times, rules_of
from gp365.app.settings import Settings
from gp365.connectors.gp.periods import ENTITY, FIELDS, SERIES, WHOLE
from gp365.model.contract import Connector
from gp365.model.errors import Gp365Error, Misconfigured, Unauthorised

TROUBLE_S = 60.0
"""Seconds after which triggers go on that could not: whatever happens to them, polls must not wait for it."""


class Triggering:
    """The triggers of a project while its service runs, in the service's own thread. `connector` gives its connectors."""

    def __init__(self, project: Project, connector: Callable[[str], Connector]) -> None:
        self._project, self._connector = project, connector
        self._settings: Settings | None = None
        self._triggers = Triggers()
        self._rows: triggers_kept.Rows = {}
        self._under: pure.Under = pure.NOTHING_UNDER
        self._paced: Mapping[Flow, Paced] = {}
        self._looks: dict[str, float] = {}
        self._look_at: dict[str, datetime] = {}
        self._seen_at: dict[str, datetime] = {}
        self._faults: dict[str, Fault] = {}
        self._refused: dict[str, str] = {}
        self._down: set[str] = set()
        self._wrong: Fault | None = None
        self._again_at: datetime | None = None

    def turn(self, state: plans.State, now: datetime) -> plans.State:
        """Let the triggers plan what is due. A fault of theirs is noted, and they are tried again after a while."""
        if self._again_at is not None and now < self._again_at:
            return state
        try:
            self._again_at = None
            return self._turn(state, now)
        except triggers_kept.Overtaken:
            self._settings = None
        except Exception as error:  # noqa: BLE001  polls and hints must go on whatever the calendar brings
            self._note(error)
            self._again_at = now + timedelta(seconds=TROUBLE_S)
        return state

    def standing(self, now: datetime) -> tuple[TriggerStanding, ...]:
        """Say of each rule when it comes next, and what it still waits for."""
        known = self._triggers
        if self._wrong is not None:
            return (TriggerStanding("every rule", "", fault=self._wrong),)
        return tuple(
            replace(
                pure.standing_of(known, rule, now),
                seen_at=self._seen_at.get(rule.calendar),
                fault=self._fault(rule.calendar),
            )
            for rule in known.rules.values()
        )

    def _fault(self, calendar: str) -> Fault | None:
        """Say why a calendar cannot be read; a system that is down or refuses us is told as such."""
        return None if calendar.partition("/")[0] in self._down else self._faults.get(calendar)

    def _turn(self, state: plans.State, now: datetime) -> plans.State:
        if self._settings is not self._project.settings:
            self._take_up(now)
        if not self._triggers.rules:
            return self._pace(state, now)
        moved, fired = self._look(state, now)
        moved, passed = pure.due(moved, now)
        fired += passed
        under = pure.on_top(self._under, fired)
        moved, under, asked = pure.settled(moved, under, state.flows, state.full, state.stopped)
        if (moved.held, moved.calendars) != (self._triggers.held, self._triggers.calendars):
            self._rows = triggers_kept.keep(self._project.store, self._rows, moved)
        self._triggers, self._under = moved, under
        self._tell(fired)
        return self._pace(plans.take_asked(state, [*asked, *pure.looks_asked(fired)], now), now)

    def _take_up(self, now: datetime) -> None:
        """Take up new or changed settings; with faulty ones nothing runs by the calendar, and what is kept stays."""
        rows, held, calendars = triggers_kept.read(self._project.store)
        self._under = pure.NOTHING_UNDER
        self._looks.clear()
        self._look_at.clear()
        self._faults.clear()
        self._refused.clear()
        self._wrong = None
        try:
            self._triggers = pure.begin(rules_of(self._project), held, calendars, now)
            self._looks = look_times(self._project)
            rows = triggers_kept.forget_others(self._project.store, rows, self._triggers)
            rows = triggers_kept.keep(self._project.store, rows, self._triggers)
        except Misconfigured as error:
            self._note(error)
            self._triggers, self._wrong = Triggers(), Fault(error.code, error.message, now)
        self._rows, self._settings = rows, self._project.settings

    def _look(self, state: plans.State, now: datetime) -> tuple[Triggers, list[Fired]]:
        """Look at the calendars whose time has come; one of a system that is down waits for it."""
        moved, fired = self._triggers, list[Fired]()
        down = {name for name, held in state.circuits.items() if held.fault is not None}
        back, self._down = self._down - down, down
        for name, seconds in self._looks.items():
            of, _, which = name.partition("/")
            at = now if of in back else self._look_at.get(name, now)
            if of in down or now < at:
                continue
            self._look_at[name] = now + timedelta(seconds=seconds)
            if self._is_refused(of):
                continue
            try:
                seen = self._by_hand(which, now) if of == BY_HAND else self._read(of)
            except Gp365Error as error:
                self._failed(name, of, error, now)
                continue
            self._seen_at[name] = now
            self._faults.pop(name, None)
            moved, closed = pure.looked(moved, name, seen, now)
            fired += closed
        return moved, fired

    def _is_refused(self, system: str) -> bool:
        """Tell whether a system has refused us, and nothing has changed: tried again and again, accounts are locked."""
        mark = self._refused.get(system)
        return mark is not None and mark == mark_of(self._project, system)

    def _by_hand(self, name: str, now: datetime) -> Calendar:
        today = now.astimezone(plans.zone_of(self._project)).date()
        return of_settings(self._project.settings.calendars[name], today)

    def _read(self, system: str) -> Calendar:
        """Ask GP for its periods: one question, whose answer has a row for each."""
        found = self._connector(system).find(ENTITY, SERIES, [WHOLE], FIELDS)
        seen = of_rows(record.values for record in found)
        if not seen.periods:
            raise Misconfigured(
                "period-missing",
                f"{system} has no fiscal periods (no row of the periods' setup stands for a period itself).",
                system=system,
                field=ENTITY,
                fix="Let accounting set them up in GP, or keep the calendar in [calendars.NAME] and name it in the rule.",
            )
        return seen

    def _failed(self, name: str, system: str, error: Gp365Error, now: datetime) -> None:
        """Remember why a calendar cannot be read. Flows go on: they may reach the system another way."""
        if isinstance(error, Unauthorised):
            self._refused[system] = mark_of(self._project, system)
        before = self._faults.get(name)
        if before is None or before.code != error.code:
            self._note(error)
            self._faults[name] = Fault(error.code, error.message, now)

    def _pace(self, state: plans.State, now: datetime) -> plans.State:
        """Let flows be looked at more often around the end of a period, the first time no later than that."""
        most = pure.limits(self._triggers, now)
        if not most and not self._paced:
            return state
        paces, self._paced = paced(state.paces, self._paced, most)
        if paces == state.paces:
            return state
        flows = dict(state.flows)
        for flow, pace in paces.items():
            if pace.longest_s < state.paces[flow].longest_s:
                by = now + timedelta(seconds=pace.longest_s)
                flows[flow] = replace(flows[flow], look=sooner(flows[flow].look, by))
        return replace(state, paces=paces, flows=flows)

    def _tell(self, fired: Iterable[Fired]) -> None:
        for one in fired:
            self._project.log.note(
                "trigger",
                pair=one.rule.pair,
                rule=one.rule.name,
                occasions=list(one.occasions),
                full=one.rule.full,
                made_up=not one.late,
            )

    def _note(self, error: Exception) -> None:
        ours = isinstance(error, Gp365Error)
        told = error.as_dict() if ours else {"code": "bug", "message": type(error).__name__}
        trail = "" if ours else "".join(traceback.format_exception(error))
        with suppress(OSError):
            self._project.log.note("error", error=told, trail=trail)
