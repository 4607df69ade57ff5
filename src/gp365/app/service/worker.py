"""A worker of a crew: it runs the rounds that it finds in the queue, and leads when nobody else does.

Whoever leads plans everything, and works hints and commands; all others wait to. What a worker that dies leaves is found by
its leases, which run out: its pairs are planned anew, and another one leads.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import func, select

from gp365.app.actions.exits import DONE, exit_of
from gp365.app.actions.lease import CREW_S, Kept, name_of
from gp365.app.actions.opening import holder_of
from gp365.app.project import SERVICE, Project
from gp365.app.service.crew import CrewOf, is_slot, keep_ask, words_of
from gp365.app.service.due import Round
from gp365.app.service.durable import Durable, ask_with
from gp365.app.service.hands import Hands
from gp365.app.service.parts import impatient
from gp365.app.service.served import Served
from gp365.app.service.service import Service
from gp365.app.service.told import error_told, told_of
from gp365.app.service.watching import Settled
from gp365.model.errors import Bug, Gp365Error, Misconfigured, Retry
from gp365.store import lease as leases
from gp365.store.lease import Lease

STANDBY_S = 1.0
SOUND_S = 3.0
NOTE_S = 1.0
BUSY_S = 2.0
CLOCKS_S = 5.0
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
Lead = Callable[[CrewOf], AbstractContextManager[Service]]


class Worker:
    """A running worker of a project. `lead` runs the service with all its faces for a block.

    `start` takes the slot, `stop` gives it back after the pages that are under way.
    """

    def __init__(self, project: Project, slot: str, lead: Lead) -> None:
        self.project, self.slot = project, slot
        self.rounds = 0
        self.service: Service | None = None
        self.failure: Gp365Error | None = None
        self._lead = lead
        self._stopping, self._cancelled, self._working = Event(), Event(), Lock()
        self._threads: list[Thread] = []
        self._held = ExitStack()

    # life

    def start(self) -> None:
        """Take the slot and begin.

        Misconfigured: one-process on a SQLite store; slot-taken while another worker has the slot; usage for its name.
        """
        self._check()
        with ExitStack() as held:
            held.enter_context(self._alone_here())
            self._hands = Hands(_own(self.project))
            held.callback(self._hands.project.close)
            held.callback(lambda: self._hands.close())
            self._settled = Settled.of(self._hands.project)
            self._kept = held.enter_context(Kept(self.project.store, CREW_S))
            self._lease = self._take_slot()
            self._durable = Durable(self.project, self._executor(), self._run)
            held.callback(self._durable.close)
            ask_with(lambda ask: keep_ask(self.project, ask))
            held.callback(ask_with, None)
            self._durable.begin()
            self.began = self.project.clock()
            self._held = held.pop_all()
        self._note("began")
        for work in (self._stand_by, self._look_after):
            thread = Thread(target=work, name=work.__name__.strip("_"), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout_s: float = 60.0) -> bool:
        """Finish the pages under way and give everything back; False if that took longer than `timeout_s`."""
        self._stopping.set()
        until = monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.1, until - monotonic()))
        done = self._working.acquire(timeout=max(0.1, until - monotonic()))
        if not done or any(thread.is_alive() for thread in self._threads):
            return False
        self._held.close()
        self._note("ended")
        return True

    @property
    def alive(self) -> bool:
        """Tell whether it is at work."""
        return not self._stopping.is_set()

    def is_quiet(self) -> bool:
        """Tell whether it leads, and everything was looked at and nothing is due."""
        service = self.service
        return service is not None and service.is_quiet()

    # its slot

    def _check(self) -> None:
        if self.project.store.dialect == "sqlite":
            raise Misconfigured(
                "one-process",
                "The store is a SQLite file, which has one working process: there are no workers beside it.",
            )
        if not _NAME.fullmatch(self.slot) or not is_slot(self.slot):
            message = f"{self.slot!r} is no name of a slot: small letters, digits and hyphens, at most 32."
            raise Misconfigured("usage", message, field="--slot", value=self.slot)
        with self.project.store.read() as conn:
            theirs = conn.execute(select(func.clock_timestamp())).scalar_one()
        off_s = abs((self.project.clock() - theirs).total_seconds())
        if off_s > CLOCKS_S:
            message = f"This machine's clock and the database's differ by {off_s:.0f} s."
            raise Misconfigured("clocks-differ", message)

    @contextmanager
    def _alone_here(self) -> Generator[None]:
        """Hold the slot's file: with it, whoever held the slot's lease from this folder is gone."""
        self.project.own.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.project.own / f"worker-{self.slot}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise self._taken("in this folder") from None
        try:
            yield
        finally:
            lock.release()

    def _take_slot(self) -> Lease:
        try:
            return self._kept.take(name_of(self.slot), self._holder())
        except Misconfigured as error:
            raise self._taken(error.message) from None

    def _taken(self, why: str) -> Misconfigured:
        message = f"A worker of the slot {self.slot} is at work already: {why}"
        return Misconfigured("slot-taken", message, field="--slot", value=self.slot)

    def _holder(self) -> str:
        return holder_of(self.project)

    def _executor(self) -> str:
        return f"{self.slot}#{self._lease.number}"

    # rounds

    def _run(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run a round from the queue, in a thread of DBOS. Whatever happens is told; nothing is raised."""
        if self._stopping.is_set() or not self._working.acquire(timeout=BUSY_S):
            return {"refused": "busy"}
        try:
            return self._ran(given)
        except Retry as error:
            return {"refused": error.code} if error.code == "pair-busy" else {"error": error_told(error)}
        except Gp365Error as error:
            return {"error": error_told(error)}
        except Exception as error:  # noqa: BLE001  told to who leads, as a bug
            bug = Bug("bug", f"An error of gp365 itself: {type(error).__name__}.")
            self._note_error(bug, traceback.format_exc())
            return {"error": error_told(bug)}
        finally:
            self._working.release()
            if self.service is not None:
                self.service.wake()

    def _ran(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        pair = str(given["pair"])
        refused = self._refused(pair, given)
        if refused:
            self.project.log.note("worker", what_now="refused a round", pair=pair, why=refused)
            return {"refused": refused}
        chosen = Round(pair, tuple(given["flows"]), bool(given["urgent"]))
        self._cancelled.clear()
        self._hands.renew_changed(pair)
        done = self._hands.run(
            chosen,
            full=bool(given["full"]),
            halt=self._halts,
            under=lambda ttl_s: self._under(pair),
            progress=self._progress(),
        )
        self._hands.renew_refused(done)
        self.rounds += 1
        return {"done": told_of(done)}

    def _refused(self, pair: str, given: Mapping[str, Any]) -> str:
        """Say why a round is not run: who gave it does not lead any more, or goes by other settings than ours."""
        with self.project.store.read() as conn:
            leads = leases.held(conn, SERVICE)
        if given["term"] not in {one.number for one in leads if one.name == SERVICE}:
            return "another one leads"
        self._take_up_settings(now=given["words"] != words_of(self._hands.project, pair))
        if given["words"] != words_of(self._hands.project, pair):
            self._stopping.wait(BUSY_S)  # so that another worker gets it
            return "other settings"
        return ""

    def _take_up_settings(self, *, now: bool) -> None:
        project = self._hands.project
        if now:
            self._settled.looked = 0.0
        changed = self._settled.changed(project)
        if changed is not None:
            settings = changed.settings()
            project.reload()
            project.settings = impatient(settings, settings.service.call_patience_s)
            self._hands.reload()

    @contextmanager
    def _under(self, pair: str) -> Generator[Lease]:
        lease = self._lease
        held = self._kept.take_pair(pair, f"{self._holder()} {name_of(self.slot)}")
        try:
            yield lease
        finally:
            self._kept.release(held)

    def _halts(self) -> bool:
        return self._stopping.is_set() or self._cancelled.is_set() or self._kept.lost.is_set()

    def _progress(self) -> Callable[[str, int, int], None]:
        """Keep a note of pages as steps of DBOS, one a second at most; it tells, too, that the round was cancelled."""
        noted = [monotonic()]

        def progress(what: str, done: int, total: int) -> None:
            if monotonic() - noted[0] >= NOTE_S:
                noted[0] = monotonic()
                if not self._durable.note(what, {"done": done, "total": total}):
                    self._cancelled.set()

        return progress

    # beside the rounds

    def _stand_by(self) -> None:
        """Lead whenever nobody else does."""
        while not self._stopping.wait(STANDBY_S):
            try:
                with self.project.store.read() as conn:
                    led = leases.is_alive(conn, SERVICE)
                if not led:
                    self._take_lead()
            except Gp365Error as error:
                if error.code != "folder-locked":
                    self._note_error(error)
            except Exception as error:  # noqa: BLE001  a worker of years must outlive its own bugs, and tell them
                bug = Bug("bug", f"An error of gp365 itself: {type(error).__name__}.")
                self._note_error(bug, traceback.format_exc())

    def _take_lead(self) -> None:
        with self._lead(CrewOf(self._durable, self.project, self.slot)) as service:
            self.service = service
            self._note("leads")
            try:
                while service.alive and not self._stopping.wait(STANDBY_S):
                    pass
            finally:
                self.service = None
        self._note("leads no more")

    def _look_after(self) -> None:
        """Take the slot again when its lease was lost, and begin DBOS anew when its database was."""
        while not self._stopping.wait(SOUND_S):
            try:
                if self._kept.lost.is_set():
                    self._take_again()
                elif not self._durable.sound():
                    self._note("queue made anew")
                    self._durable.again()
            except Misconfigured as error:  # another process has the slot
                self._note_error(error)
                self.failure = error
                self._stopping.set()
            except Exception as error:  # noqa: BLE001  tried again
                self._note_error(Bug("bug", f"DBOS cannot be begun: {type(error).__name__}."))

    def _take_again(self) -> None:
        with self._working:  # the round that was under way has ended by then: it can commit nothing
            self._kept.lost.clear()
            self._lease = self._take_slot()
            self._durable.again(self._executor())
        self._note("took its slot again")

    def _note(self, what: str) -> None:
        with suppress(OSError):
            self.project.log.note("worker", what_now=what, slot=self.slot)

    def _note_error(self, error: Gp365Error, trail: str = "") -> None:
        with suppress(OSError):
            self.project.log.note("error", error=error.as_dict(), trail=trail, slot=self.slot)


def _own(project: Project) -> Project:
    """Open a project once more: rounds and planning take up changed settings each at their own time."""
    given = project.settings
    settings = impatient(given, given.service.call_patience_s)
    return Project(project.folder, settings, actor=project.actor, clock=project.clock)


def worked(worker: Worker) -> Served:
    """Tell how a worker ended: 0, or the code of what kept it from going on."""
    code = exit_of(worker.failure) if worker.failure is not None else DONE
    return Served(worker.began, worker.project.clock(), worker.rounds, code, worker.slot)
