"""The leader's side of a crew: rounds go through a queue, and any worker of the store takes them, one per pair at a time.

The queue is DBOS's, and is not trusted for more than carrying: that a pair is run by one worker only is kept by its lease,
that a dead worker's round is run by another is seen by its lease, and what a round did stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from gp365.app.actions.lease import COMMAND, NAME, PAIR
from gp365.app.prepared import lookups_digest
from gp365.app.project import Project
from gp365.app.service.due import Round
from gp365.app.service.durable import Durable, Seen
from gp365.app.service.hands import Brought
from gp365.app.service.told import done_of, error_of
from gp365.model.errors import Gp365Error, Retry
from gp365.store import asks
from gp365.store import lease as leases
from gp365.store.lease import Held

PROMPT = "prompt"
RESERVED = frozenset({COMMAND, PROMPT})
UNTAKEN_S = 60.0
"""How long a round waits to be taken before it is planned anew."""


@dataclass(frozen=True, slots=True)
class CrewOf:
    """How a service of this process gets its crew: by what carries the rounds. `slot` is that of the worker that leads."""

    durable: Durable
    project: Project
    slot: str = ""

    def begin(self, term: int, ring: Callable[[], None]) -> Crew:
        """Make the crew of a service that leads under this number."""
        del ring  # the worker in this process rings by itself
        return Crew(self.project, self.durable, term)


@dataclass(frozen=True, slots=True)
class _Given:
    chosen: Round
    full: bool
    at: datetime


class Crew:
    """The rounds that are under way at workers. Everything that it knows can be lost: then pairs are planned anew."""

    def __init__(self, project: Project, durable: Durable, term: int) -> None:
        self._project, self._durable, self._term = project, durable, term
        self._given: dict[str, _Given] = {}
        self._lost: list[Brought] = []
        self._count = 0
        self._clear()

    def free(self) -> int:
        """Say how many workers are at hand that have no round."""
        return max(0, len(slots(self._project)) - len(self.busy()))

    def busy(self) -> Collection[str]:
        """Name the pairs of which a round is under way, of ours or of anybody."""
        with self._project.store.read() as conn:
            held = leases.held(conn, PAIR)
        given = {one.chosen.pair for one in list(self._given.values())}  # other threads ask, too
        return given | {one.name.removeprefix(PAIR) for one in held}

    def give(self, chosen: Round, full: bool) -> None:
        """Put a round into the queue."""
        self._count += 1
        name = f"{chosen.pair} {self._term}-{self._count}"
        given = {
            "pair": chosen.pair,
            "flows": list(chosen.flows),
            "full": full,
            "urgent": chosen.urgent,
            "term": self._term,
            "words": words_of(self._project, chosen.pair),
        }
        try:
            self._durable.put(name, chosen.pair, given)
        except Retry as error:
            self._note("queue", error)
            self._lost.append(Brought(chosen, full))
        else:
            self._given[name] = _Given(chosen, full, self._project.clock())

    def take(self) -> list[Brought]:
        """Take the rounds that have ended, and those that were lost: their worker died, or their queue is gone."""
        found, self._lost = self._lost, []
        if not self._given:
            return found
        try:
            seen = self._durable.look(list(self._given))
            living = {slot.number for slot in slots(self._project)}
            for name, given in list(self._given.items()):
                brought = self._brought(name, given, seen.get(name), living)
                if brought is not None:
                    del self._given[name]
                    found.append(brought)
        except Retry as error:
            self._note("queue", error)
            found += [Brought(one.chosen, one.full) for one in self._given.values()]
            self._given.clear()
        return found

    def renew(self, system: str) -> None:
        """Nothing is to be done: a worker that was refused makes its connector anew by itself."""

    def reload(self) -> None:
        """Nothing is to be done: a worker compares its settings with those of each round."""

    def close(self) -> None:
        """Take back what nobody has begun; what is under way ends by itself, and its end is found in the ledger."""
        try:
            if self._given:
                seen = self._durable.look(list(self._given))
                self._durable.cancel([name for name, one in seen.items() if one.waits])
        except Retry as error:
            self._note("queue", error)
        self._given.clear()

    def _clear(self) -> None:
        """Cancel what an earlier leader has left: the work table is the truth, and everything is planned anew."""
        try:
            self._durable.forget(self._durable.finished())
            self._durable.cancel(self._durable.unfinished())
        except Retry as error:
            self._note("queue", error)

    def _brought(
        self, name: str, given: _Given, seen: Seen | None, living: Collection[int]
    ) -> Brought | None:
        """Say what has become of a round; None while it is under way."""
        lost = Brought(given.chosen, given.full)
        if seen is None:
            return lost
        if seen.state == "SUCCESS":
            self._durable.forget([name])
            return _read(given, seen.brought or {})
        if seen.waits:
            if self._project.clock() - given.at < timedelta(seconds=UNTAKEN_S):
                return None
        elif seen.state == "PENDING":
            slot, _, number = seen.executor.rpartition("#")
            if int(number or 0) in living:
                return None
            self._end(slot, given.chosen)
        self._durable.cancel([name])
        return lost

    def _end(self, slot: str, chosen: Round) -> None:
        """End the lease of a worker that gave no sign of life, so that nothing more is committed under it."""
        with self._project.store.write() as conn:
            leases.end(conn, f"{NAME}/{slot}")
        self._project.log.note("worker", "warning", what_now="lost", slot=slot, pair=chosen.pair)

    def _note(self, what: str, error: Gp365Error) -> None:
        self._project.log.note("error", error=error.as_dict(), of=what)


def slots(project: Project) -> list[Held]:
    """Read the living workers of a store."""
    with project.store.read() as conn:
        held = leases.held(conn, f"{NAME}/")
    return [one for one in held if is_slot(slot_in(one.name))]


def slot_in(name: str) -> str:
    """Give the slot that a lease is of."""
    return name.removeprefix(f"{NAME}/")


def is_slot(name: str) -> bool:
    """Tell whether a name is a worker's, and not that of something beside one."""
    return bool(name) and "/" not in name and name not in RESERVED


def words_of(project: Project, pair: str) -> str:
    """Hash what decides how a pair is kept in step: its settings, its flows and the lookups."""
    given = project.settings.pairs.get(pair)
    if given is None:
        return ""
    text = sha256(given.model_dump_json().encode())
    for flow in project.flows.chosen(given.flows):
        text.update(flow.file.model_dump_json().encode())
    text.update(lookups_digest(project.lookups).encode())
    return text.hexdigest()


def keep_ask(project: Project, ask: asks.Ask) -> None:
    """Keep what a schedule asks for, for whoever leads."""
    with project.store.write() as conn:
        asks.put(conn, ask)


def _read(given: _Given, brought: Mapping[str, Any]) -> Brought:
    if "done" in brought:
        return Brought(given.chosen, given.full, done_of(brought["done"]))
    if "error" in brought:
        return Brought(given.chosen, given.full, error=error_of(brought["error"]))
    return Brought(given.chosen, given.full)
