"""The guards of one run: what each operation may still touch, and what is shut until a person lets it go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gp365.sync.guards.limits import CREATES, GONE, Guarded, Limit, Mark


@dataclass(slots=True)
class Watch:
    """Limits and counts of a run, by (side, operation).

    `window` counts the records let through `since` then, this run's included. `shut` is what the counting pass
    found to be too much: nothing of it is written. `young` names the runs whose links are first contacts still. `ready`:
    the flow has completed a run, before which nothing but vanished records is guarded.
    """

    since: datetime
    limits: Mapping[Mark, Limit]
    window: dict[Mark, int]
    ready: bool
    young: frozenset[str] = frozenset()
    began_with: Mapping[Mark, int] = field(default_factory=dict[Mark, int])
    shut: dict[Mark, int] = field(default_factory=dict[Mark, int])
    stopped: dict[Mark, int] = field(default_factory=dict[Mark, int])

    def counts(self, mark: Mark, link_run: str | None) -> bool:
        """Tell whether a guard counts an operation on a subject; `link_run` made its link, None if it has none."""
        if mark not in self.limits or not self.ready:
            return False
        return mark[1] == CREATES or (link_run is not None and link_run not in self.young)

    def takes(self, marks: Sequence[Mark]) -> Mark | None:
        """Let one more record through with all of these, or say which of them is too much."""
        for mark in marks:
            if mark in self.shut or self.window.get(mark, 0) >= self.limits[mark].most:
                self.stopped[mark] = self.stopped.get(mark, 0) + 1
                return mark
        for mark in marks:
            self.window[mark] = self.window.get(mark, 0) + 1
        return None

    def shut_over(self, planned: Mapping[Mark, int]) -> None:
        """Shut every operation of which more is planned than the window leaves."""
        self.shut.update({mark: number for mark, number in planned.items() if self.is_over(mark, number)})

    def is_over(self, mark: Mark, number: int) -> bool:
        """Tell whether so many more would be too much."""
        return mark in self.limits and self.window.get(mark, 0) + number > self.limits[mark].most

    def may_exceed(self, bound: int, planned: Mapping[Mark, int] | None = None) -> bool:
        """Tell whether so many records more than are planned could exceed any limit, so that they must be counted."""
        counted = planned or {}
        return self.ready and any(
            self.window.get(mark, 0) + counted.get(mark, 0) + bound > limit.most
            for mark, limit in self.limits.items()
            if mark[1] != GONE
        )

    def told(self, flow: str, mark: Mark, planned: int, held: int) -> Guarded:
        """Say what a guard has to say."""
        limit = self.limits.get(mark, Limit(0, 0.0))
        window = self.began_with.get(mark, 0)
        return Guarded(flow, *mark, planned, window, limit.most, limit.percent, held)
