"""A gate: the few places at which calls to one system may be under way, shared by all its callers in a process.

A place is no connection: each caller brings its own. It may stand on a loan, where several processes share the places.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition
from typing import Protocol

from gp365.model.errors import Retry
from gp365.wire.calls import CallFailed, Priority
from gp365.wire.clock import Clock

PATIENCE_S = 30.0
"""How long a call waits for a loan while the store says nothing at all."""


@dataclass(slots=True)
class Loan:
    """The right to one of the places that all processes share, until a moment of this process's clock."""

    number: int
    since: float
    stands_until: float


class Loans(Protocol):
    """Where the loans of a gate come from (see wire/loans.py). Methods are called while the gate's `changed` is held."""

    trouble: Retry | None
    heard_at: float

    def asked(self) -> None:
        """Note that somebody waits for a place."""
        ...

    def given(self) -> None:
        """Note that a place was given back that another process wants."""
        ...

    def drop(self) -> None:
        """Note that nobody here is going to call soon; called without `changed`."""
        ...


class Place:
    """One of a gate's places. Who holds it calls `begin` before each call and `end` after it."""

    def __init__(self, gate: Gate, index: int) -> None:
        self.index = index
        self.held: Priority | None = None
        self.rest_until = float("-inf")
        self.idle_since = float("-inf")
        self.loan: Loan | None = None
        self.recalled = False
        self._gate = gate

    def begin(self) -> None:
        """Wait out the spacing since the last call at this place; CallFailed (unsent) where its loan cannot be had."""
        left = self.rest_until - self._gate.clock.now()
        if left > 0:
            self._gate.clock.sleep(left)
        self._gate.make_stand(self)

    def end(self) -> None:
        """Note that a call is over."""
        self.rest_until = self._gate.clock.now() + self._gate.spacing_s

    def stands(self, now: float) -> bool:
        """Say whether its loan stands."""
        return self.loan is not None and self.loan.stands_until > now


@dataclass(frozen=True, slots=True)
class GateStanding:
    """How a gate stands: its places, how many are held, and how many callers wait."""

    places: int
    busy: int
    waiting: int


class Gate:
    """Hand out places: interactive callers first, else in the order of asking, each `spacing_s` after its last call.

    Without `loans` all places are this process's own.
    """

    def __init__(self, places: int = 2, spacing_s: float = 0.15, *, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.spacing_s = max(0.0, spacing_s)
        self.size = max(1, places)
        self.changed = Condition()
        self.places = [Place(self, index) for index in range(self.size)]
        self.loans: Loans | None = None
        self._lines: dict[Priority, deque[object]] = {priority: deque() for priority in Priority}

    @contextmanager
    def place(self, priority: Priority = Priority.BULK) -> Generator[Place]:
        """Hold a place while the block runs; CallFailed (unsent) where loans cannot be had."""
        place = self._take(priority)
        try:
            yield place
        finally:
            self._give(place)

    def resize(self, places: int, spacing_s: float) -> None:
        """Take up changed settings; a place too many is not given out again."""
        with self.changed:
            self.size, self.spacing_s = max(1, places), max(0.0, spacing_s)
            for index in range(len(self.places), self.size):
                self.places.append(Place(self, index))
            self.changed.notify_all()

    def waiting(self, priority: Priority) -> int:
        """Return how many callers of this priority wait for a place."""
        with self.changed:
            return self.line(priority)

    def line(self, priority: Priority) -> int:
        """Return the same while `changed` is held."""
        return len(self._lines[priority])

    def standing(self) -> GateStanding:
        """Return how the gate stands."""
        with self.changed:
            busy = sum(place.held is not None for place in self.places)
            return GateStanding(self.size, busy, sum(map(len, self._lines.values())))

    def close(self) -> None:
        """Give back what only lies ready here; the next caller borrows anew."""
        if self.loans is not None:
            self.loans.drop()

    def make_stand(self, place: Place) -> None:
        """Wait until the loan of a held place stands; CallFailed where it cannot be had."""
        if self.loans is None or place.stands(self.clock.now()):
            return
        with self.changed:
            self.loans.asked()
            began = self.clock.now()
            while not place.stands(self.clock.now()):
                self._check(self.loans, began)
                self.clock.wait(self.changed, 1.0)

    def _take(self, priority: Priority) -> Place:
        with self.changed:
            ticket, line = object(), self._lines[priority]
            line.append(ticket)
            began = self.clock.now()
            if self.loans is not None:
                self.loans.asked()
            try:
                while True:
                    found = self._next(ticket, priority)
                    if isinstance(found, Place):
                        found.held = priority
                        return found
                    self._wait(found, began)
            finally:
                line.remove(ticket)
                self.changed.notify_all()

    def _wait(self, seconds: float | None, began: float) -> None:
        """Wait for a rest to pass, or for something to change."""
        if self.loans is None or seconds is not None:
            self.clock.wait(self.changed, seconds)
            return
        self._check(self.loans, began)
        self.clock.wait(self.changed, 1.0)

    def _next(self, ticket: object, priority: Priority) -> Place | float | None:
        """Return the place that this caller may have, or the seconds until one has rested, or None if none is free."""
        first = next(line[0] for _, line in sorted(self._lines.items()) if line)
        if ticket is not first:
            return None
        now = self.clock.now()
        free = [place for place in self.places[: self.size] if self._is_free(place, now)]
        if not free:
            return None
        chosen = min(free, key=lambda place: (max(0.0, place.rest_until - now), place.index))
        return chosen if chosen.rest_until <= now else chosen.rest_until - now

    def _is_free(self, place: Place, now: float) -> bool:
        if place.held is not None or place.recalled:
            return False
        return self.loans is None or place.stands(now)

    def _give(self, place: Place) -> None:
        with self.changed:
            place.held = None
            place.idle_since = self.clock.now()
            if self.loans is not None and place.recalled:
                self.loans.given()
            self.changed.notify_all()

    def _check(self, loans: Loans, began: float) -> None:
        """Raise what keeps loans from coming."""
        trouble = loans.trouble
        if trouble is not None:
            raise _no_loan(trouble.message, trouble.after_s)
        if self.clock.now() - max(began, loans.heard_at) > PATIENCE_S:
            raise _no_loan(f"It has said nothing for {PATIENCE_S:g} s.", None)


@dataclass(frozen=True, slots=True)
class Turn:
    """How a connector comes to the places of its system: through which gate (None: one of its own), and how urgently."""

    gate: Gate | None = None
    priority: Priority = Priority.BULK


def _no_loan(why: str, after_s: float | None) -> CallFailed:
    message = f"The store does not say whether this call may be made now, so it was not made. {why}"
    return CallFailed("lane-unknown", message, maybe_sent=False, after_s=after_s)
