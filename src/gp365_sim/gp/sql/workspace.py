"""What a session's open transaction has written, kept aside between its calls, so that nobody else sees it.

While a call of the session runs, its writes lie in the tables; before anybody else runs they are taken out again. A
row that another channel (REST, a person) has changed in between ends the transaction as a deadlock would: on a real
server that writer would have waited.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from gp365_sim.gp.company import Company
from gp365_sim.gp.database import Database
from gp365_sim.gp.heap import Heap
from gp365_sim.gp.tables import Key, Row


class _Undo(BaseException):
    """Leaves a transaction so that it undoes everything."""


class Disturbed(Exception):
    """Somebody else changed what this transaction wrote or holds."""


@dataclass
class Workspace:
    """The writes of one session in one company: rows before and after, by database, table and key."""

    company: Company
    before: dict[tuple[int, str, Key], Row | None] = field(
        default_factory=dict[tuple[int, str, Key], Row | None]
    )
    after: dict[tuple[int, str, Key], Row | None] = field(
        default_factory=dict[tuple[int, str, Key], Row | None]
    )
    held: dict[tuple[int, str, Key], Row] = field(default_factory=dict[tuple[int, str, Key], Row])
    _open: AbstractContextManager[None] | None = None
    _states: dict[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])

    @property
    def live(self) -> bool:
        """Tell whether the writes lie in the tables now."""
        return self._open is not None

    def enter(self) -> None:
        """Put the writes into the tables. Raises `Disturbed`."""
        for (part, table, key), row in {**self.held, **self.before}.items():
            if self._heap(part, table).find(key) != row:
                raise Disturbed
        self._states = {(p, name): self._heap(p, name).state for p, base in self._parts() for name in base}
        self._open = self.company.transaction()
        self._open.__enter__()
        for (part, table, key), row in self.after.items():
            _put(self._heap(part, table), key, row)

    def leave(self) -> None:
        """Take the writes out of the tables and keep them. Drawn numbers stay drawn, as identities do."""
        written = {(p, *place): row for p, base in self._parts() for place, row in base.replaced().items()}
        self.before = {place: self.before.get(place, row) for place, row in written.items()}
        self.after = {(p, t, key): self._heap(p, t).find(key) for p, t, key in written}
        self._undo()

    def commit(self) -> None:
        """Leave the writes in the tables for good."""
        assert self._open is not None
        self._open.__exit__(None, None, None)
        self._forget()

    def roll_back(self) -> None:
        """Take the writes out for good."""
        if self._open is not None:
            self._undo()
        self._forget()

    def hold(self, table: str, row: Row) -> None:
        """Note a row that was read under an update lock."""
        heap = self.company[table]
        self.held.setdefault((0, table, heap.table.key_of(row)), row)

    def _undo(self) -> None:
        assert self._open is not None
        drawn = [base.counters() for _, base in self._parts()]
        touched = {(p, table) for p, base in self._parts() for table, _ in base.replaced()}
        self._open.__exit__(_Undo, _Undo(), None)
        self._open = None
        for put_back in drawn:
            put_back()
        for part, table in touched:
            self._heap(part, table).state = self._states[part, table]

    def _forget(self) -> None:
        self._open = None
        self.before, self.after, self.held = {}, {}, {}

    def _parts(self) -> Iterator[tuple[int, Database]]:
        yield 0, self.company
        yield 1, self.company.system

    def _heap(self, part: int, table: str) -> Heap:
        return (self.company if part == 0 else self.company.system)[table]


def _put(heap: Heap, key: Key, row: Row | None) -> None:
    if row is not None:
        heap.put(row)
    elif key in heap:
        heap.remove(key)


@dataclass
class Locks:
    """Which session may write in which database; one at a time."""

    holders: dict[str, int] = field(default_factory=dict[str, int])
    waiting: dict[int, str] = field(default_factory=dict[int, str])
    freed: Callable[[], None] = lambda: None

    def take(self, database: str, session: int) -> bool:
        """Take the lock, or tell that another session has it."""
        return self.holders.setdefault(database, session) == session

    def free(self, session: int) -> None:
        """Give back all locks of a session."""
        mine = [name for name, holder in self.holders.items() if holder == session]
        for name in mine:
            del self.holders[name]
        if mine:
            self.freed()

    def circle(self, session: int, database: str) -> bool:
        """Tell whether waiting for a database would be for ever: its holder waits for this session."""
        seen: set[int] = set()
        holder = self.holders.get(database)
        while holder is not None and holder not in seen:
            if holder == session:
                return True
            seen.add(holder)
            wanted = self.waiting.get(holder)
            holder = self.holders.get(wanted) if wanted is not None else None
        return False
