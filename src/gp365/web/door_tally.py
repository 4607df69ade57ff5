"""What came through the doors, counted; and notes of what went wrong, at most one a minute of a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic

Note = Callable[..., None]
NOTE_EVERY_S = 60.0


class Fate(StrEnum):
    """What became of a request."""

    KEPT = "kept"
    ECHO = "echo"  # our own write, told back to us
    UNKNOWN = "unknown"  # a table that no flow reads, or no record at all
    BAD = "bad"  # the body cannot be read
    TOO_LARGE = "too-large"
    CUT = "cut"  # the body did not come, or not in time
    STRANGER = "stranger"  # without a secret of ours
    BUSY = "busy"  # the store did not take it; the sender shall try again


TO_BE_NOTED = frozenset({Fate.BAD, Fate.TOO_LARGE, Fate.STRANGER, Fate.BUSY})
"""What an operator should know of; the other fates are only counted."""


def silent(_: str, **__: object) -> None:
    """Note nothing."""


@dataclass
class Tally:
    """The counts of all doors by (door, fate). The loop that serves the doors is the only one that counts."""

    note: Note = silent
    now: Callable[[], float] = monotonic
    counts: dict[tuple[str, Fate], int] = field(default_factory=dict[tuple[str, Fate], int])
    _noted: dict[tuple[str, Fate], tuple[float, int]] = field(
        default_factory=dict[tuple[str, Fate], tuple[float, int]]
    )

    def count(self, door: str, fate: Fate, why: str = "") -> None:
        """Count a request; `why` is our own sentence, never a text that came with the request."""
        place = (door, fate)
        number = self.counts[place] = self.counts.get(place, 0) + 1
        if fate in TO_BE_NOTED:
            self._tell(place, number, why)

    def of(self, door: str) -> Mapping[str, int]:
        """Return the counts of a door by fate; a fate that never came is 0."""
        return {str(fate): self.counts.get((door, fate), 0) for fate in Fate}

    def _tell(self, place: tuple[str, Fate], number: int, why: str) -> None:
        at, told = self._noted.get(place, (float("-inf"), 0))
        now = self.now()
        if now - at < NOTE_EVERY_S:
            return
        self._noted[place] = (now, number)
        door, fate = place
        self.note("door", door=door, fate=str(fate), why=why, since_the_last_note=number - told)
