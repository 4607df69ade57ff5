"""The service: polls at a pace, takes hints, runs what people asked for, and lasts through outages and restarts.

It keeps nothing that it could not lose: what is to be done stands in the work table, and what was done in the ledger. One
thread plans; rounds are run by that thread itself, or by the workers of a crew. Hints and commands wake it.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from time import monotonic

from gp365.app.actions.lease import Kept
from gp365.app.actions.opening import holder_of
from gp365.app.project import SERVICE, Project
from gp365.app.service import acting, plans
from gp365.app.service.certified import Certified
from gp365.app.service.circuit import CLOSED, concerns
from gp365.app.service.commands import Commands
from gp365.app.service.due import Flow, Round, next_round
from gp365.app.service.hands import Alone, Hands, Rounds
from gp365.app.service.hinting import Hinted
from gp365.app.service.hooked import Hooked
from gp365.app.service.noted import note_round, note_told
from gp365.app.service.parts import impatient, readers
from gp365.app.service.prompt import Prompt, Told
from gp365.app.service.rounds import RoundDone, with_reports
from gp365.app.service.schedules import Owed
from gp365.app.service.standing import Standing
from gp365.app.service.stood import standing_of
from gp365.app.service.triggering import Triggering
from gp365.app.service.watching import Settled
from gp365.model.errors import Bug, Gp365Error, Misconfigured, Retry
from gp365.store import actions, hints, runs, work
from gp365.store.actions import Action
from gp365.store.engine import Clock
from gp365.sync.equation import Report

TICK_S = 0.5
SHOWN_S = 60.0
LEASE_S, ALONE_S = 12.0, 30.0
"""How long the service counts as alive without a sign of life: with a crew, where others wait to lead, and without."""
LONGEST_TROUBLE_S = 60.0
BESIDE = frozenset({"sync"})
"""Commands beside which what we are told of is worked on: they plan nothing that a person has approved."""
KEEP_ACTIONS = timedelta(days=30)
Watch = Callable[[Standing, "RoundDone | None"], None]


def unwatched(standing: Standing, done: RoundDone | None) -> None:
    """Watch nothing."""
    del standing, done


class Service:
    """A running service of a project. `start` takes the folder; `stop` gives it back after what is under way.

    `watch` is called after each round, and every minute without one, with how everything stands; `reloaded` when changed
    settings were taken up. `chance` gives numbers from 0 to 1 that spread the looks. The project is the service's own: its
    calls are less patient than a command's. `crew` makes who runs the rounds, from the number of the service's lease;
    without it they are run here.
    """

    def __init__(
        self,
        project: Project,
        clock: Clock | None = None,
        *,
        watch: Watch = unwatched,
        chance: Callable[[], float] = random.random,
        reloaded: Callable[[Project], None] = lambda project: None,
        crew: Callable[[int, Callable[[], None]], Rounds] | None = None,
    ) -> None:
        self.project = project
        self.clock = clock or project.clock
        self.rounds = 0
        self.failure: Gp365Error | None = None
        self._watch, self._chance, self._reloaded, self._crew = watch, chance, reloaded, crew
        self._held = ExitStack()
        self._bell, self._stopping, self._guard = Event(), Event(), Lock()
        self._thread: Thread | None = None
        self._asked: list[plans.Asked] = []
        self._told: list[Told] = []
        self._synced: set[Flow] = set()
        self._resting = False
        self._heard: list[Report] = []
        self._shown = monotonic()

    # life

    def start(self) -> None:
        """Take the folder and begin; Misconfigured("folder-locked") while another process has it."""
        with ExitStack() as held:
            held.enter_context(self.project.locked())
            self.project.settings = impatient(
                self.project.settings, self.project.settings.service.call_patience_s
            )
            life_s = LEASE_S if self._crew else ALONE_S
            self._kept = held.enter_context(Kept(self.project.store, life_s))
            lease = self._kept.take(SERVICE, holder_of(self.project))
            self._hands = Hands(self.project)
            held.callback(self._hands.close)
            alone = Alone(self._hands, self._stopping.is_set)
            self._rounds = self._crew(lease.number, self.wake) if self._crew else alone
            held.callback(self._rounds.close)
            self._commands = Commands(self.project, self._stopping.is_set, self._beside_command, self.wake)
            self._settled = Settled.of(self.project)
            self._state = plans.begin(self.project, self.clock())
            self._prompt = Prompt(
                self.project,
                "",
                may=self._may,
                tell=self._hear,
                busy=lambda pair: pair in self._rounds.busy(),
            )
            self._triggers = Triggering(self.project, lambda name: self._hands.assembly.connector(name))
            self._owed = Owed(self.project)
            self._hooked, self._certified = Hooked(self.project), Certified(self.project)
            held.callback(self._hooked.close)
            held.callback(self._certified.close)
            self.began = self.clock()
            acting.settle_orphans(self.project)
            self._held = held.pop_all()
        self.project.log.note("service", what_now="began", pairs=list(self.project.settings.pairs))
        self._thread = Thread(target=self._live, name="service", daemon=True)
        self._thread.start()
        self._prompt.start()

    def stop(self, timeout_s: float = 60.0) -> bool:
        """Finish the pages under way and give the folder back; False if that took longer than `timeout_s`."""
        self._stopping.set()
        self._bell.set()
        if self._thread is not None:
            if not self._prompt.stop(timeout_s):
                return False
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                return False
        self._thread = None
        self._held.close()
        return True

    def wait(self, timeout_s: float) -> bool:
        """Wait until the service has ended by itself, at most so long; tell whether it has."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    def is_quiet(self) -> bool:
        """Tell whether every flow that can be asked was looked at, and nothing is due or under way."""
        now, state = self.clock(), self._state
        if self._rounds.busy() or self._commands.reserved():
            return False
        with self.project.store.read() as conn:
            if actions.waiting(conn) is not None or hints.waiting(conn):
                return False
            told = [(pair, flow) for pair, flow, _ in work.hinted(conn)]
        if self._told or not self._prompt.is_quiet() or any(self._may(flow) for flow in told):
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
        self._prompt.ring()
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
        return replace(
            found,
            triggers=self._triggers.standing(now),
            hooks=self._hooked.hooks,
            certificates=self._certified.certificates,
        )

    # the loop

    def _live(self) -> None:
        self._shown, troubles = monotonic(), 0
        while not self._stopping.wait(min(LONGEST_TROUBLE_S, TICK_S * 2**troubles) if troubles else 0):
            if self._kept.lost.is_set():  # another one leads
                self._stopping.set()
                break
            try:
                self._turn()
                if monotonic() - self._shown > SHOWN_S:
                    self._show(None)
                troubles = 0
            except Gp365Error as error:
                self._note_error(error)
                troubles = min(troubles + 1, 10)
            except Exception as error:  # noqa: BLE001  a service of years must outlive its own bugs, and tell them
                self._note_error(Bug("bug", f"An error of gp365 itself: {type(error).__name__}."))
                troubles = min(troubles + 1, 10)
        self._commands.close()

    def _show(self, done: RoundDone | None) -> None:
        self._shown = monotonic()
        heard, self._heard = self._heard, []
        self._watch(self.standing(), with_reports(done, heard))

    def _turn(self) -> None:
        """Take what has come, begin what can be begun; or rest until something can be due."""
        self._bell.clear()
        now = self.clock()
        self._look_at_settings(now)
        self._look_aside(now)
        self._take_told(now)
        self._take_rounds()
        self._take_action()
        with self._guard:
            asked, self._asked = self._asked, []
        asked += self._owed.asked(self._state) if self._crew else []
        self._moved(plans.take_asked(self._triggers.turn(self._state, now), asked, now))
        self._resting = not self._begin_rounds(now)
        if self._resting:
            self._rest(now)
        self._take_rounds()

    def _begin_rounds(self, now: datetime) -> bool:
        """Begin what is due as long as somebody is free for it; tell whether anything was begun."""
        begun = False
        for _ in range(self._rounds.free()):
            chosen = self._chosen(now)
            if chosen is None:
                break
            self._rounds.give(*plans.narrowed(self._state, chosen))
            begun = True
        return begun

    def _chosen(self, now: datetime) -> Round | None:
        state = self._state
        taken = {*self._rounds.busy(), *self._commands.reserved()}
        open_ = plans.besides(state, taken, now)
        return next_round(open_, state.circuits, lambda pair: state.quiet(pair, now), now)

    def _rest(self, now: datetime) -> None:
        until = self._state.wakes_at(now)
        if until is not None and until <= now:  # it waits for somebody who is free, or for a command
            until = None
        left = TICK_S if until is None else min(TICK_S, max(0.01, (until - now).total_seconds()))
        self._bell.wait(left)

    def _take_rounds(self) -> None:
        for brought in self._rounds.take():
            if brought.error is not None:
                self._broke(brought.round, brought.error)
            elif brought.done is not None:
                self._after(brought.round, brought.done, whole=brought.full)
                self._show(brought.done)
            else:
                self._state = plans.lost(self._state, brought.round, self.clock())

    def _broke(self, chosen: Round, error: BaseException) -> None:
        self._state = plans.broke(self._state, chosen, self.clock(), self._chance())
        if not isinstance(error, Retry):
            raise error
        self._note_error(error)
        self._show(RoundDone(chosen.pair, plans.nothing_ran()))

    def _after(self, chosen: Round, done: RoundDone, *, whole: bool) -> None:
        now, state = self.clock(), self._state
        self.rounds += 1
        queued = plans.queued(self.project.store, now)
        for system, error in done.faults.items():
            if concerns(error):
                state = plans.system_failed(state, self.project, system, error, now, self._chance())
        self._state = plans.after_round(state, chosen, done, queued, now, self._chance, whole=whole)
        if done.changed or done.faults or done.stopped:
            note_round(self.project.log, done)

    # what comes from outside

    def _may(self, flow: Flow) -> bool:
        """Tell whether what somebody told us of may be worked in a flow now."""
        state = self._state
        plan = state.flows.get(flow)
        up = plan is not None and all(state.circuits.get(one, CLOSED).fault is None for one in plan.systems)
        return up and state.quiet(flow[0], self.clock()) is None and self._was_synced(flow)

    def _was_synced(self, flow: Flow) -> bool:
        if flow not in self._synced:
            with self.project.store.read() as conn:
                self._synced |= {flow} if runs.completed(conn, *flow) else set()
        return flow in self._synced

    def _hear(self, told: Told) -> None:
        with self._guard:
            self._told.append(told)
        self._bell.set()

    def _take_told(self, now: datetime) -> None:
        """Take what working the hints has brought: faults, what a round must look at, and what is worth a line."""
        with self._guard:
            heard, self._told = self._told, []
        for told in heard:
            self._state = plans.hinted(self._state, Hinted(told.rounds, told.systems), now)
            if told.fault is not None and concerns(told.fault):
                system = told.fault.system
                self._state = plans.system_failed(
                    self._state, self.project, system, told.fault, now, self._chance()
                )
            if told.fault is not None:
                self._note_error(told.fault)
            if told.report is not None and told.report.considered:
                self._heard.append(told.report)
                note_told(self.project.log, told.report)

    def _take_action(self) -> None:
        """Begin the command that waits, or take up what one has changed."""
        ended = self._commands.turn(self._rounds.busy())
        if ended is None:
            return
        action, code = ended
        self.project.log.note(
            "action", id=action.id, command=action.command, actor=action.actor, exit_code=code
        )
        now = self.clock()
        with self.project.store.write() as conn:
            actions.forget(conn, now - KEEP_ACTIONS)
        if action.command == "sync":  # a person tries again
            self._moved(plans.retry_all(self._state, now))
        self._state = plans.look_where(self._state, plans.queued(self.project.store, now), now)

    def _beside_command(self, action: Action) -> AbstractContextManager[None]:
        return nullcontext() if action.command in BESIDE else self._prompt.paused()

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
            state = plans.begin(self.project, now)
            readers(self.project)
        except Misconfigured as error:
            self._note_error(error)
            return
        self._rounds.reload()
        if self._crew:
            self._hands.reload()
        self._prompt.renew()
        self._hooked.again()
        self._certified.again()
        self._state = state
        self._reloaded(self.project)
        self.project.log.note("service", what_now="settings taken up")

    def _look_aside(self, now: datetime) -> None:
        """Have webhooks and certificates looked at now and then; polls take over from webhooks that do not work."""
        down = [system for system, held in self._state.circuits.items() if held.fault is not None]
        self._hooked.turn(now, down)
        self._certified.turn(now, down)
        self._state = plans.unhooked(self._state, self._hooked.broken(), now)

    def _moved(self, state: plans.State) -> None:
        """Take a new state; a system that refused us and is tried again gets a new connector."""
        before, self._state = self._state, state
        for system, held in state.circuits.items():
            if before.circuits[system].unauthorised and not held.unauthorised:
                self._rounds.renew(system)
                self._prompt.renew()

    def _note_error(self, error: Gp365Error) -> None:
        self.failure = error
        trail = traceback.format_exc() if isinstance(error, Bug) else ""
        with suppress(OSError):
            self.project.log.note("error", error=error.as_dict(), trail=trail)
