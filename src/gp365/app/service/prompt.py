"""Prompt: what somebody told us of is worked at once, by a thread of its own, beside whatever round is under way.

It has connectors of its own, whose calls go before those of rounds. Of a record that one look does not clear up a round is
asked for. Everything stands in the store: what is not done when the process dies is found there again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Lock, Thread
from time import monotonic

from gp365.app.actions.holding import probe_of
from gp365.app.actions.lease import Kept, life_of, name_of
from gp365.app.actions.opening import holder_of
from gp365.app.assembly import Assembly
from gp365.app.project import Project
from gp365.app.service.circuit import concerns
from gp365.app.service.hinting import take_hints
from gp365.app.service.parts import DESCRIBE_EVERY_S, Reader, begin_round, job_of, readers
from gp365.model.errors import Bug, Conflict, Gp365Error
from gp365.store import runs, work
from gp365.store.lease import Lease
from gp365.sync.arriving import HANDED, Arriving
from gp365.sync.cycle import sync
from gp365.sync.equation import Report
from gp365.sync.job import Job

TICK_S = 0.5
SOON_S = 0.1
LEASE_S = 60.0
CALM_S = 5.0
ALONG = 200
Flow = tuple[str, str]
"""Pair and flow."""
Records = Sequence[tuple[str, str]]
"""Records, as (side, key)."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the prompt has to tell.

    `systems` have told of tables that no flow reads by itself; `rounds` are flows that a round must look at.
    """

    systems: frozenset[str] = frozenset()
    rounds: frozenset[Flow] = frozenset()
    fault: Gp365Error | None = None
    report: Report | None = None


class Prompt:
    """The thread that works hints. `may` says whether a flow may run now; `tell` is called from the thread.

    `busy` says whether a round of a pair is under way: then what a round would have to look at is looked at here.
    """

    def __init__(
        self,
        project: Project,
        slot: str,
        *,
        may: Callable[[Flow], bool],
        tell: Callable[[Told], None],
        busy: Callable[[str], bool] = lambda pair: False,
    ) -> None:
        self._given, self._slot = project, slot
        self._may, self._tell, self._busy = may, tell, busy
        self._bell, self._stopping, self._free = Event(), Event(), Lock()
        self._thread: Thread | None = None
        self._renew = self._left = False
        self._calm: dict[Flow, float] = {}
        self._described: dict[str, float] = {}
        self.busy = True
        self.runs = 0

    def start(self) -> None:
        """Begin."""
        self._open()
        self._thread = Thread(target=self._live, name="prompt", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Finish what is under way; False if that took longer than `timeout_s`."""
        self._stopping.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                return False
        self._thread = None
        return True

    def ring(self) -> None:
        """Look for hints now."""
        self._bell.set()

    def renew(self) -> None:
        """Take up changed settings, or connectors anew, before the next run."""
        self._renew = True
        self._bell.set()

    @contextmanager
    def paused(self) -> Generator[None]:
        """Keep it from working for the block, once what is under way is finished."""
        with self._free:
            yield

    def is_quiet(self) -> bool:
        """Tell whether nothing is under way or waits that may be worked."""
        return not self.busy and not self._bell.is_set()

    def _open(self) -> None:
        given = self._given
        self._project = Project(given.folder, given.settings, actor=given.actor, clock=given.clock)
        self._assembly = Assembly(self._project, urgent=True)
        self._readers: Mapping[tuple[str, str], list[Reader]] = readers(self._project)
        self._described.clear()

    def _close(self) -> None:
        self._assembly.close()
        self._project.close()

    def _live(self) -> None:
        try:
            with Kept(self._project.store, life_of(self._project.store, LEASE_S)) as kept:
                while not self._stopping.is_set():
                    self._wait()
                    try:
                        self._turn(kept)
                    except Gp365Error as error:
                        self._tell(Told(fault=error))
                        self._bell.wait(CALM_S)
                    except Exception as error:  # noqa: BLE001  a service of years must outlive its own bugs, and tell them
                        self._tell(
                            Told(fault=Bug("bug", f"An error of gp365 itself: {type(error).__name__}."))
                        )
                        self._stopping.wait(CALM_S)
        finally:
            self._close()

    def _wait(self) -> None:
        self.busy = False
        self._bell.wait(SOON_S if self._left else TICK_S)
        self.busy = True
        self._bell.clear()

    def _turn(self, kept: Kept) -> None:
        with self._free:
            if self._renew:
                self._renew = False
                self._close()
                self._open()
            waiting = self._take()
            due = [flow for flow in self._in_order(waiting) if self._may_run(flow)]
            self._left = bool(waiting)
            if due:
                self._work(kept, due)

    def _take(self) -> set[Flow]:
        """Make work of the hints that have come; return the flows that have some which nobody is at."""
        told = take_hints(self._project.store, self._readers)
        if told.systems:
            self._tell(Told(systems=told.systems))
        with self._project.store.read() as conn:
            return {(pair, flow) for pair, flow, _ in work.hinted(conn)}

    def _in_order(self, waiting: Collection[Flow]) -> list[Flow]:
        """Put flows in the order in which they run."""
        known = dict.fromkeys((one.pair, one.flow) for each in self._readers.values() for one in each)
        return [flow for flow in known if flow in waiting]

    def _may_run(self, flow: Flow) -> bool:
        return self._calm.get(flow, 0.0) <= monotonic() and self._may(flow)

    def _work(self, kept: Kept, due: Sequence[Flow]) -> None:
        lease = kept.take(f"{name_of(self._slot)}/prompt", holder_of(self._project))
        try:
            left: deque[tuple[Flow, Records]] = deque((flow, ()) for flow in due)
            while left and not self._stopping.is_set():
                flow, only = left.popleft()
                job = self._job(lease, flow)
                if job is not None:
                    left.extend(self._alone(job, only) if only else self._arrived(job))
        finally:
            kept.release(lease)

    def _job(self, lease: Lease, flow: Flow) -> Job | None:
        pair, name = flow
        describe = monotonic() - self._described.get(pair, -DESCRIBE_EVERY_S) >= DESCRIBE_EVERY_S
        try:
            begin_round(self._assembly, pair, describe=describe)
            job = job_of(self._assembly, pair, name)
        except Gp365Error as error:
            self._stopped(flow, error)
            return None
        if describe:
            self._described[pair] = monotonic()
        if not self._was_read_whole(job):
            self._calm[flow] = monotonic() + CALM_S
            self._tell(Told(rounds=frozenset([flow])))
            return None
        job.lease, job.probe, job.halt = lease, probe_of(), self._stopping.is_set
        job.verify_least = False
        return job

    def _arrived(self, job: Job) -> list[tuple[Flow, Records]]:
        """Work what has arrived in a flow; return what is to be looked at alone, with all that changed."""
        flow = (job.pair, job.flow.name)
        arriving = Arriving(fetch=lambda: not any(self._may_run(one) for one in self._take() - {flow}))
        self._ended(flow, sync(job, kind=runs.HINT, arriving=arriving))
        if not arriving.handed:
            return []
        if self._busy(job.pair):
            return [(flow, tuple(arriving.handed))]
        self._tell(Told(rounds=frozenset([flow])))
        return []

    def _alone(self, job: Job, records: Records) -> list[tuple[Flow, Records]]:
        """Work records with all that changed in hand; return what has become due by it in other flows of the pair."""
        began, flow = self._project.clock(), (job.pair, job.flow.name)
        report = sync(job, kind=runs.HINT, only=records)
        self._ended(flow, report)
        made = report.dispositions["created"] or any(report.events.values())
        return self._following(flow, began) if made else []

    def _ended(self, flow: Flow, report: Report) -> None:
        self.runs += 1
        if report.stopped is not None:
            self._stopped(flow, report.stopped)
        self._tell(Told(report=report))

    def _was_read_whole(self, job: Job) -> bool:
        """Tell whether a round has come to its end under the flow as it is: before, not all records are known by name."""
        with self._project.store.read() as conn:
            return runs.completed(conn, job.pair, job.flow.name, digest=job.flow.digest)

    def _following(self, flow: Flow, began: datetime) -> list[tuple[Flow, Records]]:
        """Find what a run has made due for other flows of its pair."""
        with self._project.store.read() as conn:
            rows = work.made_due(conn, flow[0], began, ALONG)
        found: dict[Flow, list[tuple[str, str]]] = {}
        for name, side, key in rows:
            if name != flow[1] and self._may((flow[0], name)):
                found.setdefault((flow[0], name), []).append((side, key))
        return [(other, tuple(records)) for other, records in found.items()]

    def _stopped(self, flow: Flow, error: Gp365Error) -> None:
        """Leave what cannot be worked: while a system is down it waits, else a round shows what is wrong."""
        self._described.pop(flow[0], None)
        self._calm[flow] = monotonic() + CALM_S
        if concerns(error):
            self._tell(Told(fault=error))
            return
        with self._project.store.write() as conn:
            work.retell(conn, *flow, HANDED)
        self._tell(Told(rounds=frozenset([flow]), fault=None if isinstance(error, Conflict) else error))
