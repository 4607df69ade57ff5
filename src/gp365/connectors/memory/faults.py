"""Where tests hold the memory connector and what goes wrong on demand: lost replies, late calls, refusals, outages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from gp365.connectors.memory.rules import fold_key
from gp365.model.errors import Gp365Error, Retry
from gp365.model.record import Outcome, Write
from gp365.model.values import Key

Point = Callable[[str, Write], None]
AfterCommit = Callable[[str, Write, Outcome], None]
BetweenPages = Callable[[str, str], None]


@dataclass(slots=True)
class Faults:
    """Hooks are called outside the system's lock; what they raise reaches the caller, so a hook can play a kill."""

    before_write: Point | None = None
    between_reread_and_write: Point | None = None
    after_commit: AfterCommit | None = None
    between_pages: BetweenPages | None = None
    _lost: int = 0
    _unkept: int = 0
    _delayed: int = 0
    _down: int = 0
    _down_code: str = "unreachable"
    _refused: dict[tuple[str, Key], Gp365Error] = field(default_factory=dict[tuple[str, Key], Gp365Error])
    _lock: Lock = field(default_factory=Lock)

    def lose_replies(self, count: int) -> None:
        """Commit the next `count` writes and answer UNKNOWN."""
        with self._lock:
            self._lost = count

    def keep_nothing(self, count: int) -> None:
        """Acknowledge the next `count` updates and let stand what stood there: a lie that only a later look finds."""
        with self._lock:
            self._unkept = count

    def delay(self, count: int) -> None:
        """Answer UNKNOWN to the next `count` writes and keep them on the way, until `land` lets them arrive."""
        with self._lock:
            self._delayed = count

    def down(self, times: int, code: str = "unreachable") -> None:
        """Raise Retry from the next `times` calls of any verb."""
        with self._lock:
            self._down, self._down_code = times, code

    def refuse(self, entity: str, key: Key, error: Gp365Error) -> None:
        """Refuse every write to this key with the error (a Retry makes the outcome RETRY)."""
        with self._lock:
            self._refused[entity, fold_key(key)] = error

    def accept(self, entity: str, key: Key) -> None:
        """End a refusal."""
        with self._lock:
            self._refused.pop((entity, fold_key(key)), None)

    def refusal(self, entity: str, key: Key) -> Gp365Error | None:
        """Return the error that this key is refused with."""
        with self._lock:
            return self._refused.get((entity, fold_key(key)))

    def take_lost(self) -> bool:
        """Tell whether this reply is lost."""
        with self._lock:
            lost = self._lost > 0
            self._lost -= lost
            return lost

    def take_unkept(self) -> bool:
        """Tell whether this write is acknowledged and not kept."""
        with self._lock:
            unkept = self._unkept > 0
            self._unkept -= unkept
            return unkept

    def take_delayed(self) -> bool:
        """Tell whether this write stays on the way."""
        with self._lock:
            delayed = self._delayed > 0
            self._delayed -= delayed
            return delayed

    def check_up(self, system: str) -> None:
        """Raise Retry while the system is down."""
        with self._lock:
            if self._down > 0:
                self._down -= 1
                raise Retry(self._down_code, "The system does not answer.", system=system)
