"""The service: polls at a pace, takes hints, runs what people asked for, and lasts through outages and restarts.

It keeps nothing that it could not lose: what is to be done stands in the work table, and what was done in the ledger. One
thread does all the work; hints and commands wake it.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from time import monotonic

from gp365.app.actions.opening import holder_of
from gp365.app.assembly import Assembly
from gp365.app.project import SERVICE, Project
from gp365.app.service import acting, plans
from gp365.app.service.circuit import concerns
from gp365.app.service.due import Round, next_round
from gp365.app.service.hinting import take_hints
from gp365.app.service.parts import DESCRIBE_EVERY_S, impatient, readers
from gp365.app.service.rounds import RoundDone, run_round
from gp365.app.service.standing import Standing
from gp365.app.service.stood import standing_of
from gp365.app.service.triggering import Triggering
from gp365.app.service.watching import Settled
from gp365.model.errors import Bug, Gp365Error, Misconfigured, Retry
from gp365.store import actions, hints
from gp365.store import lease as leases
from gp365.store.engine import Clock

TICK_S = 0.5
LEASE_S = 30.0
LONGEST_TROUBLE_S = 60.0
KEEP_ACTIONS = timedelta(days=30)
Watch = Callable[[Standing, "RoundDone | None"], None]


def unwatched(standing: Standing, done: RoundDone | None) -> None:
    """Watch nothing."""
    del standing, done


class Service:
    """A running service of a project. `start` takes the folder; `stop` gives it back after what is under way.

    `watch` is called after each round, and every minute without one, with how everything stands; `reloaded` when changed
    settings were taken up. `chance` gives numbers from 0 to 1 that spread the looks. The project is the service's own: its
    calls are less patient than a command's.
    """

    def __init__(
        self,
        project: Project,
        clock: Clock | None = None,
        *,
        watch: Watch = unwatched,
        chance: Callable[[], float] = random.random,
        reloaded: Callable[[Project], None] = lambda project: None,
    ) -> None:
        self.project = project
        self.clock = clock or project.clock
        self.rounds = 0
        self.failure: Gp365Error | None = None
        self._watch, self._chance, self._reloaded = watch, chance, reloaded
        self._held = ExitStack()
        self._bell, self._stopping, self._guard = Event(), Event(), Lock()
        self._thread: Thread | None = None
        self._asked: list[plans.Asked] = []
        self._resting = False

    # life

    def start(self) -> None:
        """Take the folder and begin; Misconfigured("folder-locked") while another process has it."""
        with ExitStack() as held:
            held.enter_context(self.project.locked())
            self.project.settings = impatient(
                self.project.settings, self.project.settings.service.call_patience_s
            )
            with self.project.store.write() as conn:
                self._lease = leases.take(conn, SERVICE, holder_of(self.project), LEASE_S)
            held.callback(self._give_back)
            self._assembly = Assembly(self.project)
            held.callback(lambda: self._assembly.close())  # the one of then: changed settings bring another
            self._settled = Settled.of(self.project)
            self._state = plans.begin(self.project, self.clock())
            self._readers = readers(self.project)
            self._triggers = Triggering(self.project, lambda name: self._assembly.connector(name), self._chance)
            self._described: dict[str, float] = {}
            self.began = self.clock()
            acting.settle_orphans(self.project)
            self._held = held.pop_all()
        self.project.log.note("service", what_now="began", pairs=list(self.project.settings.pairs))
        self._thread = Thread(target=self._live, name="service", daemon=True)
        self._beside = Thread(target=self._stay_alive, name="service-lease", daemon=True)
        self._thread.start()
        self._beside.start()

    def stop(self, timeout_s: float = 60.0) -> bool:
        """Finish the pages under way and give the folder back; False if that took longer than `timeout_s`."""
        self._stopping.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                return False
            self._beside.join()
        self._thread = None
        self._held.close()
        return True

    def wait(self, timeout_s: float) -> bool:
        """Wait until the service has ended by itself, at most so long; tell whether it has."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    def is_quiet(self) -> bool:
        """Tell whether every flow that can be asked was looked at, and nothing is due."""
        now, state = self.clock(), self._state
        with self.project.store.read() as conn:
            if actions.waiting(conn) is not None or hints.waiting(conn):
                return False
        wakes = state.wakes_at(now)
        return self._resting and not state.full and (wakes is None or wakes > now)

    @property
    def alive(self) -> bool:
        """Tell whether it is at work."""
        return self._thread is not None and self._thread.is_alive()

    # what others tell it

    def wake(self) -> None:
        """Look for hints and commands now."""
        self._bell.set()

    def ask(self, pair: str = "", flow: str = "", *, full: bool = False) -> None:
        """Have flows looked at now, with `full` by reading both sides whole; "" means all."""
        with self._guard:
            self._asked.append(plans.Asked(pair, flow, full))
        self._bell.set()

    def retry(self, system: str) -> None:
        """Try a system again now, because a person says so."""
        with self._guard:
            self._asked.append(plans.Asked(retry=system))
        self._bell.set()

    def standing(self) -> Standing:
        """Say how everything stands at this moment."""
        now = self.clock()
        found = standing_of(self.project, self._state, self.began, now)
        return replace(found, triggers=self._triggers.standing(now))

    # the loop

    def _live(self) -> None:
        shown, troubles = monotonic(), 0
        while not self._stopping.wait(min(LONGEST_TROUBLE_S, TICK_S * 2**troubles) if troubles else 0):
            try:
                done = self._turn()
                if done is not None or monotonic() - shown > 60:
                    shown = monotonic()
                    self._watch(self.standing(), done)
                troubles = 0
            except Gp365Error as error:
                self._note_error(error)
                troubles = min(troubles + 1, 10)
            except Exception as error:  # noqa: BLE001  a service of years must outlive its own bugs, and tell them
                self._note_error(Bug("bug", f"An error of gp365 itself: {type(error).__name__}."))
                troubles = min(troubles + 1, 10)

    def _turn(self) -> RoundDone | None:
        """Do the one thing that comes first: reload, hints, a command, a round; or rest until something can be due."""
        self._bell.clear()
        now = self.clock()
        self._look_at_settings(now)
        self._take_hints(now)
        if self._take_action():
            return None
        with self._guard:
            asked, self._asked = self._asked, []
        state = self._moved(plans.take_asked(self._triggers.turn(self._state, now), asked, now))
        chosen = next_round(state.planned(), state.circuits, lambda pair: state.quiet(pair, now), now)
        self._resting = chosen is None
        if chosen is None:
            self._rest(state.wakes_at(now), now)
            return None
        return self._run(chosen)

    def _rest(self, until: datetime | None, now: datetime) -> None:
        left = TICK_S if until is None else min(TICK_S, max(0.01, (until - now).total_seconds()))
        self._bell.wait(left)

    def _run(self, chosen: Round) -> RoundDone:
        chosen, full = plans.narrowed(self._state, chosen)
        describe = monotonic() - self._described.get(chosen.pair, -DESCRIBE_EVERY_S) >= DESCRIBE_EVERY_S
        try:
            done = run_round(
                self._assembly,
                chosen.pair,
                chosen.flows,
                describe=describe,
                full=full,
                halt=self._stopping.is_set,
            )
        except BaseException as error:
            self._state = plans.broke(self._state, chosen, self.clock(), self._chance())
            if not isinstance(error, Retry):
                raise
            self._note_error(error)
            return RoundDone(chosen.pair, plans.nothing_ran())
        if describe and not done.faults:
            self._described[chosen.pair] = monotonic()
        elif done.faults or done.stopped:
            self._described.pop(chosen.pair, None)
        self._after(chosen, done)
        return done

    def _after(self, chosen: Round, done: RoundDone) -> None:
        now, state = self.clock(), self._state
        self.rounds += 1
        queued = plans.queued(self.project.store, now)
        for system, error in done.faults.items():
            if concerns(error):
                state = plans.system_failed(state, self.project, system, error, now, self._chance())
        self._state = plans.after_round(state, chosen, done, queued, now, self._chance)
        if done.changed or done.faults or done.stopped:
            self._note_round(chosen, done)

    # what comes from outside

    def _take_hints(self, now: datetime) -> None:
        hinted = take_hints(self.project.store, self._readers)
        if hinted.flows or hinted.systems:
            self._state = plans.hinted(self._state, hinted, now)

    def _take_action(self) -> bool:
        with self.project.store.read() as conn:
            action = actions.waiting(conn)
        if action is None:
            return False
        code = acting.run_action(
            self.project, action, self._stopping.is_set, self.project.settings.service.stop_timeout_s / 2
        )
        self.project.log.note(
            "action", id=action.id, command=action.command, actor=action.actor, exit_code=code
        )
        now = self.clock()
        with self.project.store.write() as conn:
            actions.forget(conn, now - KEEP_ACTIONS)
        if action.command == "sync":  # a person tries again
            self._moved(plans.retry_all(self._state, now))
        self._state = plans.look_where(self._state, plans.queued(self.project.store, now), now)
        return True

    def _look_at_settings(self, now: datetime) -> None:
        """Take up changed settings, flows and lookups; faulty ones are told and the old ones stay."""
        changed = self._settled.changed(self.project)
        if changed is None:
            self._moved(plans.recheck(self._state, self.project, now))
            return
        try:
            settings = changed.settings()
            self.project.reload()
            self.project.settings = impatient(settings, settings.service.call_patience_s)
            state, known = plans.begin(self.project, now), readers(self.project)
        except Misconfigured as error:
            self._note_error(error)
            return
        self._assembly.close()
        self._assembly, self._readers = Assembly(self.project), known
        self._described.clear()
        self._state = state
        self._reloaded(self.project)
        self.project.log.note("service", what_now="settings taken up")

    def _moved(self, state: plans.State) -> plans.State:
        """Take a new state; a system that refused us and is tried again gets a new connector."""
        before, self._state = self._state, state
        for system, held in state.circuits.items():
            if before.circuits[system].unauthorised and not held.unauthorised:
                self._assembly.renew(system)
                self._described.clear()
        return state

    def _stay_alive(self) -> None:
        """Prolong the service's lease, by which commands know that somebody will run them."""
        while self._thread is not None and self._thread.is_alive():
            with suppress(Gp365Error), self.project.store.write() as conn:
                leases.renew(conn, self._lease, LEASE_S)
            self._thread.join(LEASE_S / 3)

    def _give_back(self) -> None:
        with suppress(Gp365Error), self.project.store.write() as conn:
            leases.release(conn, self._lease)

    def _note_error(self, error: Gp365Error) -> None:
        self.failure = error
        trail = traceback.format_exc() if isinstance(error, Bug) else ""
        with suppress(OSError):
            self.project.log.note("error", error=error.as_dict(), trail=trail)

    def _note_round(self, chosen: Round, done: RoundDone) -> None:
        told = {
            report.flow: {name: count for name, count in report.dispositions.items() if count}
            for report, _ in done.ran.reports
        }
        faults = {system: error.code for system, error in done.faults.items()}
        self.project.log.note("round", pair=chosen.pair, flows=told, faults=faults)
