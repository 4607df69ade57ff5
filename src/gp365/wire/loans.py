"""Loans: a gate's places where several processes share them. A thread borrows, prolongs and gives back; callers never do.

What is borrowed is kept from call to call, so that a process that calls alone pays nothing for it, and given back when
another one wants it (after the call under way) or when nobody here has called for a moment.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from threading import Event, Thread

from gp365.model.errors import Bug, Gp365Error, Retry
from gp365.wire.calls import Priority
from gp365.wire.gate import Gate, Loan, Place
from gp365.wire.lender import WISH_S, Asked, Lender, Look, Wish

LINGER_S = 1.0
"""How long a place that nobody uses is kept at hand."""
SLICE_S = 1.5
"""How long a bulk caller keeps a place that another process's bulk wants as well."""
_PROLONG_AT = 0.75
_POLL_S, _WATCH_S, _TROUBLE_S = 0.055, 0.1, 1.0


class Borrower:
    """Keep a gate supplied with loans while anybody waits at it or holds a place of it."""

    def __init__(
        self,
        gate: Gate,
        lender: Lender,
        *,
        chance: Callable[[], float] = random.random,
        linger_s: float = LINGER_S,
    ) -> None:
        self.trouble: Retry | None = None
        self.heard_at = float("-inf")
        self._gate, self._lender, self._chance, self._linger_s = gate, lender, chance, linger_s
        self._bell = Event()
        self._thread: Thread | None = None
        self._giving: dict[int, Loan] = {}
        self._rests: dict[int, float] = {}
        self._wished: Priority | None = None
        self._wished_until = float("-inf")
        self._dropping = False

    # what the gate tells

    def asked(self) -> None:
        """Note that somebody waits for a place."""
        self.trouble = None
        self._dropping = False
        self._start()
        if self._wanted() > 0 and self._is_news():
            self._bell.set()

    def given(self) -> None:
        """Note that a place was given back that another process wants."""
        self._start()
        self._bell.set()

    def drop(self) -> None:
        """Give back what nobody uses, now; and let go of the lender where nothing is left."""
        with self._gate.changed:
            if self._used():
                return
            self._dropping, thread = True, self._thread
            self._bell.set()
        if thread is not None:
            thread.join(2.0)
        with self._gate.changed:
            if self._thread is None:
                self._lender.close()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._live, name="lanes", daemon=True)
            self._thread.start()

    # the thread

    def _live(self) -> None:
        while True:
            self._bell.clear()
            with self._gate.changed:
                self._collect()
                if not self._busy():
                    self._thread = None
                    return
            try:
                self._turn()
            except Gp365Error as error:
                self._failed(error)
            except Exception as error:  # noqa: BLE001  callers wait for this thread
                self._failed(Bug("bug", f"An error of gp365 itself: {type(error).__name__}."))
            self._bell.wait(self._pause())

    def _turn(self) -> None:
        """Do what is due: an exchange, or a look at what others wait for."""
        gate, now = self._gate, self._gate.clock.now()
        with gate.changed:
            loans = [place.loan for place in gate.places if place.loan is not None]
            give = {number: max(0.0, self._rests[number] - now) for number in self._giving}
            keep = frozenset(loan.number for loan in loans)
            asked = Asked(gate.size, give, keep, max(0, self._wanted()), self._priority())
            aging = any(loan.stands_until - now < _PROLONG_AT * self._lender.ttl_s for loan in loans)
            due = bool(give) or aging or (self._is_news() if asked.want else self._wished is not None)
        if due or (asked.want and now >= self._wished_until):
            self._exchange(asked)
            return
        look = self._lender.look(gate.size, asked.priority)
        self._heard()
        if asked.want and look.free:
            self._exchange(asked)
        elif look.wishes:
            self._recall(look)

    def _exchange(self, asked: Asked) -> None:
        gate = self._gate
        began = gate.clock.now()
        lent = self._lender.exchange(asked)
        ended, until = gate.clock.now(), began + self._lender.ttl_s
        # What came for a person's sake does not become bulk's for a while.
        since = ended if asked.priority is Priority.BULK else float("-inf")
        self._heard()
        with gate.changed:
            for number in asked.give:
                del self._giving[number], self._rests[number]
            self._prolong(asked.keep, lent.kept, until)
            for number, rest_s in lent.taken.items():
                self._seat(Loan(number, since, until), ended + rest_s)
            self._wished = asked.priority if asked.want > len(lent.taken) else None
            self._wished_until = ended + WISH_S / 2
            gate.changed.notify_all()

    def _prolong(self, asked: frozenset[int], kept: frozenset[int], until: float) -> None:
        for place in self._gate.places:
            if place.loan is None or place.loan.number not in asked:
                continue
            if place.loan.number in kept:
                place.loan.stands_until = until
            else:
                place.loan, place.recalled = None, False

    def _seat(self, loan: Loan, rest_until: float) -> None:
        """Put a loan where it is needed first: at a place that is held, else at one that is free."""
        without = [place for place in self._gate.places if place.loan is None]
        place = min(without, key=lambda one: (one.held is None, one.index))
        place.loan, place.recalled = loan, False
        place.rest_until = max(place.rest_until, rest_until)
        place.idle_since = self._gate.clock.now()

    def _recall(self, look: Look) -> None:
        """Choose the places that others get: for people at once, for bulk by turns where we have more than they."""
        gate = self._gate
        with gate.changed:
            ours = [place for place in gate.places if place.loan is not None and not place.recalled]
            people = [one for one in look.wishes if one.priority is Priority.INTERACTIVE]
            if gate.line(Priority.INTERACTIVE):
                chosen = self._by_turns(ours, people, look.turn)
            else:
                usable = [place for place in ours if place.held is not Priority.INTERACTIVE]
                usable.sort(key=lambda place: (place.held is not None, place.index))
                chosen = usable[: sum(one.wanted for one in people)] or self._by_turns(
                    ours, look.wishes, look.turn
                )
            for place in chosen:
                place.recalled = True
            if any(place.held is None for place in chosen):
                self._bell.set()

    def _by_turns(self, ours: Sequence[Place], wishes: Sequence[Wish], turn: int | None) -> list[Place]:
        """Choose one place for who has fewer: one that nobody here uses, else that whose turn it is, if it is ours."""
        under_way = self._giving or any(place.recalled for place in self._gate.places)
        if under_way or not any(one.held < len(ours) for one in wishes):
            return []
        idle = [place for place in ours if place.held is None]
        if idle and not self._gate.line(Priority.BULK) + self._gate.line(Priority.INTERACTIVE):
            return idle[:1]
        ripe = self._gate.clock.now() - SLICE_S
        return [
            place for place in ours if place.loan and place.loan.number == turn and place.loan.since <= ripe
        ]

    # under the gate's lock

    def _collect(self) -> None:
        """Take away the loans that go back: of recalled places, of those too many, of those that lie idle."""
        gate, now = self._gate, self._gate.clock.now()
        nobody = gate.line(Priority.BULK) + gate.line(Priority.INTERACTIVE) == 0
        for place in gate.places:
            if place.loan is None or place.held is not None:
                continue
            idle = nobody and (self._dropping or now - place.idle_since >= self._linger_s)
            if place.recalled or idle or place.index >= gate.size:
                self._giving[place.loan.number] = place.loan
                self._rests[place.loan.number] = place.rest_until
                place.loan, place.recalled = None, False
        for number, loan in list(self._giving.items()):
            if loan.stands_until <= now:
                del self._giving[number], self._rests[number]

    def _used(self) -> bool:
        waiting = self._gate.line(Priority.BULK) + self._gate.line(Priority.INTERACTIVE)
        return waiting > 0 or any(place.held is not None for place in self._gate.places)

    def _busy(self) -> bool:
        lent = any(place.loan is not None for place in self._gate.places)
        return lent or bool(self._giving) or self._wanted() > 0 or self._wished is not None

    def _is_news(self) -> bool:
        """Say whether the store does not know how urgently we wait."""
        return self._wished is None or self._priority() != self._wished

    def _wanted(self) -> int:
        """Return how many more places are needed; negative where some lie ready."""
        gate = self._gate
        held = sum(place.held is not None for place in gate.places)
        waiting = gate.line(Priority.BULK) + gate.line(Priority.INTERACTIVE)
        lent = sum(place.loan is not None for place in gate.places)
        return min(gate.size, held + waiting) - lent

    def _priority(self) -> Priority:
        people = self._gate.line(Priority.INTERACTIVE) or any(
            place.loan is None and place.held is Priority.INTERACTIVE for place in self._gate.places
        )
        return Priority.INTERACTIVE if people else Priority.BULK

    def _pause(self) -> float:
        with self._gate.changed:
            if self.trouble is not None:
                usual = _TROUBLE_S
            elif self._wanted() > 0 or not self._used():
                usual = _POLL_S
            else:
                usual = _WATCH_S
        return usual * (0.9 + 0.2 * self._chance())

    def _heard(self) -> None:
        with self._gate.changed:
            self.trouble = None
            self.heard_at = self._gate.clock.now()

    def _failed(self, error: Gp365Error) -> None:
        with self._gate.changed:
            after_s = error.after_s if isinstance(error, Retry) else None
            self.trouble = Retry(error.code, error.message, after_s=after_s)
            self._wished = None  # it runs out by itself
            self._gate.changed.notify_all()


def share(gate: Gate, lender: Lender, *, chance: Callable[[], float] = random.random) -> Gate:
    """Let a gate stand on loans, before anybody has asked for a place of it; return it."""
    gate.loans = Borrower(gate, lender, chance=chance)
    return gate
