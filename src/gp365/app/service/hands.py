"""Who runs rounds: one set of connectors that runs them one after the other, in the service's own thread or in a worker."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from gp365.app.actions.running import Progress, silent
from gp365.app.assembly import Assembly
from gp365.app.project import Project
from gp365.app.service.due import Round
from gp365.app.service.parts import DESCRIBE_EVERY_S, mark_of
from gp365.app.service.rounds import RoundDone, Under, run_round
from gp365.model.errors import Retry, Unauthorised

Halt = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Brought:
    """A round that has ended: what it brought, or the error that broke it off; neither where it was lost on the way.

    What was lost is planned anew: what it did stands in the ledger.
    """

    round: Round
    full: bool
    done: RoundDone | None = None
    error: BaseException | None = None


class Rounds(Protocol):
    """Who runs the rounds that the service has planned."""

    def free(self) -> int:
        """Say how many more rounds can be begun now."""
        ...

    def busy(self) -> Collection[str]:
        """Name the pairs of which a round is under way, here or anywhere."""
        ...

    def give(self, chosen: Round, full: bool) -> None:
        """Have a round run."""
        ...

    def take(self) -> list[Brought]:
        """Take what has ended since it was last asked."""
        ...

    def renew(self, system: str) -> None:
        """Make the connector of a system anew before its next round."""
        ...

    def reload(self) -> None:
        """Take up changed settings."""
        ...

    def close(self) -> None:
        """Begin nothing more."""
        ...


class Hands:
    """One set of connectors at work: one round at a time. Tables are described anew only every quarter of an hour."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.assembly = Assembly(project)
        self._described: dict[str, float] = {}
        self._marks: dict[str, str] = {}

    def run(
        self,
        chosen: Round,
        *,
        full: bool,
        halt: Halt,
        under: Under | None = None,
        progress: Progress = silent,
    ) -> RoundDone:
        """Run a round; see `run_round`."""
        pair = chosen.pair
        describe = monotonic() - self._described.get(pair, -DESCRIBE_EVERY_S) >= DESCRIBE_EVERY_S
        done = run_round(
            self.assembly,
            pair,
            chosen.flows,
            describe=describe,
            full=full,
            halt=halt,
            under=under,
            progress=progress,
        )
        if describe and not done.faults:
            self._described[pair] = monotonic()
        elif done.faults or done.stopped:
            self._described.pop(pair, None)
        return done

    def renew(self, system: str) -> None:
        """Make the connector of a system anew: one that was refused keeps its old secret."""
        self.assembly.renew(system)
        self._described.clear()

    def renew_changed(self, pair: str) -> None:
        """Make the connectors anew of the systems of a pair whose settings or secrets are others than at the last round."""
        for system in self.assembly.pair(pair).sides.values():
            mark = mark_of(self.project, system)
            if self._marks.setdefault(system, mark) != mark:
                self._marks[system] = mark
                self.renew(system)

    def renew_refused(self, done: RoundDone) -> None:
        """Make the connectors anew of the systems that refused us: whoever asks them again has another secret."""
        for system, error in done.faults.items():
            if isinstance(error, Unauthorised):
                self.renew(system)

    def reload(self) -> None:
        """Take up changed settings: everything is connected and described anew."""
        self.assembly.close()
        self.assembly = Assembly(self.project)
        self._described.clear()

    def close(self) -> None:
        """Close the connectors."""
        self.assembly.close()


class Alone:
    """The rounds of a service that has no crew: each is run at once, in the thread that gives it."""

    def __init__(self, hands: Hands, halt: Halt) -> None:
        self._hands, self._halt = hands, halt
        self._brought: list[Brought] = []
        self._under_way: tuple[str, ...] = ()

    def free(self) -> int:
        """Say that one round can be begun: it has ended when the next is asked for."""
        return 0 if self._brought else 1

    def busy(self) -> Collection[str]:
        """Name the pair of the round that is under way; other threads may ask."""
        return self._under_way

    def give(self, chosen: Round, full: bool) -> None:
        """Run a round to its end."""
        self._under_way = (chosen.pair,)
        try:
            done = self._hands.run(chosen, full=full, halt=self._halt)
        except Retry as error:
            lost = error.code == "pair-busy"
            self._brought.append(Brought(chosen, full, error=None if lost else error))
        except BaseException as error:  # noqa: BLE001  told to the service, which plans by it and raises it
            self._brought.append(Brought(chosen, full, error=error))
        else:
            self._brought.append(Brought(chosen, full, done))
        finally:
            self._under_way = ()

    def take(self) -> list[Brought]:
        """Take the round that was run."""
        brought, self._brought = self._brought, []
        return brought

    def renew(self, system: str) -> None:
        """Make a connector anew."""
        self._hands.renew(system)

    def reload(self) -> None:
        """Take up changed settings."""
        self._hands.reload()

    def close(self) -> None:
        """Nothing is under way."""
