"""What a gate asks of who keeps account of a system's places for all processes; kept by the store (app/lending.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gp365.wire.calls import Priority

WISH_S = 2.0
"""How long a wish lasts that is not repeated."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a process wants of a system's `places` in one exchange.

    `give` says of the places that go back how long each has still to rest, `keep` names those to be prolonged, `want` how
    many more are needed, by callers of what priority at best.
    """

    places: int
    give: Mapping[int, float] = field(default_factory=dict[int, float])
    keep: frozenset[int] = frozenset()
    want: int = 0
    priority: Priority = Priority.BULK


@dataclass(frozen=True, slots=True)
class Lent:
    """What came of it: places `taken` with the seconds that each has to rest, and those that are `kept`."""

    taken: Mapping[int, float]
    kept: frozenset[int]


@dataclass(frozen=True, slots=True)
class Wish:
    """What another process waits for, and how many places it has."""

    priority: Priority
    wanted: int
    held: int


@dataclass(frozen=True, slots=True)
class Look:
    """How many places this process could take now, what others wait for beyond those that lie free, and whose turn it is.

    `turn` is the place that goes to a bulk wish next, of those whose holder has more than who wishes: the one held longest.
    """

    free: int
    wishes: tuple[Wish, ...] = ()
    turn: int | None = None


class Lender(Protocol):
    """Who keeps account of the places for all processes; every method is one short transaction. Errors as the store's."""

    ttl_s: float

    def exchange(self, asked: Asked) -> Lent:
        """Give back, prolong and take, and leave a wish where less was taken than wanted."""
        ...

    def look(self, places: int, priority: Priority) -> Look:
        """Look without changing anything."""
        ...

    def close(self) -> None:
        """Let go of the connection; the next call makes a new one."""
        ...
