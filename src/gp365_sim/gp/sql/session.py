"""A session: its login, database, options and transaction, and the databases of the server."""

import copy
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from gp365_sim.gp.company import Company
from gp365_sim.gp.database import Database
from gp365_sim.gp.sql.compiled import Texts
from gp365_sim.gp.sql.errors import SqlError, deadlock, overflow
from gp365_sim.gp.sql.rights import Login
from gp365_sim.gp.sql.views import Views
from gp365_sim.gp.sql.workspace import Disturbed, Locks, Workspace


@dataclass
class Bases:
    """The databases of the server, and what is compiled for them."""

    companies: Mapping[str, Company]
    system: Database
    system_name: str
    texts: Texts
    views: Views
    locks: Locks

    def base(self, name: str) -> Database:
        """Give a database by its name as it is written."""
        return self.system if name == self.system_name else self.companies[name]


class MustWait(Exception):
    """Another session holds the lock of a database."""

    def __init__(self, database: str) -> None:
        super().__init__(database)
        self.database = database


@dataclass
class State:
    """What a call may change in its session, so that a call that must wait begins anew."""

    database: str
    autocommit: bool = True
    transactions: int = 0
    lock_timeout_ms: int = -1
    abort_on_error: bool = False
    row_count: int = 0


@dataclass
class Session:
    """One login's conversation with the server."""

    number: int
    login: Login
    bases: Bases
    state: State
    spaces: dict[str, Workspace] = field(default_factory=dict[str, Workspace])

    @contextmanager
    def call(self) -> Generator[None]:
        """Run one call inside: the transaction's writes lie in the tables meanwhile.

        After an error of SQL the transaction stays open or is undone, as XACT_ABORT says; after `MustWait` nothing was done.
        """
        before, spaces = copy.copy(self.state), {name: _copy(each) for name, each in self.spaces.items()}
        try:
            self._enter()
            yield
        except MustWait:
            self._take_out()
            self.state, self.spaces = before, spaces
            raise
        except SqlError as error:
            self._after_error(error)
            raise
        except OverflowError:
            self._after_error(error := overflow("a moment"))
            raise error from None
        except BaseException:
            self.roll_back()
            raise
        self.end_statement()
        self._take_out()

    def begin(self) -> None:
        """Open the transaction of a connection without autocommit, if none is open."""
        if not self.state.autocommit and not self.state.transactions:
            self.state.transactions = 1

    def commit(self) -> None:
        """Commit one level; the outermost makes the writes lasting. Raises `SqlError`."""
        if not self.state.transactions:
            raise SqlError(3902, "COMMIT without BEGIN TRANSACTION.")
        self.state.transactions -= 1
        if self.state.transactions:
            return
        try:
            self._enter()
        except SqlError:
            self.roll_back()
            raise
        self._commit_all()

    def roll_back(self) -> None:
        """Undo all that the transaction wrote."""
        for each in self.spaces.values():
            each.roll_back()
        self.spaces = {}
        self.state.transactions = 0
        self.bases.locks.free(self.number)

    def space(self, database: str) -> Workspace:
        """Give the workspace in a company, its writes in the tables, under the company's lock. Raises `MustWait`."""
        if not self.bases.locks.take(database, self.number):
            raise MustWait(database)
        found = self.spaces.get(database)
        if found is None:
            found = self.spaces[database] = Workspace(self.bases.companies[database])
            found.enter()
        return found

    def end_statement(self) -> None:
        """Outside a transaction every statement is its own."""
        if not self.state.transactions:
            self._commit_all()

    def _commit_all(self) -> None:
        for each in reversed(self.spaces.values()):
            each.commit()
        self.spaces = {}
        self.bases.locks.free(self.number)

    def _enter(self) -> None:
        try:
            for each in self.spaces.values():
                each.enter()
        except Disturbed:
            raise deadlock(self.number) from None

    def _take_out(self) -> None:
        for each in reversed(self.spaces.values()):
            if each.live:
                each.leave()

    def _after_error(self, error: SqlError) -> None:
        """A deadlock, XACT_ABORT or no transaction at all: everything is undone. Else the transaction stays open."""
        if error.number == 1205 or self.state.abort_on_error or not self.state.transactions:
            self.roll_back()
        else:
            self._take_out()


def _copy(space: Workspace) -> Workspace:
    return Workspace(space.company, dict(space.before), dict(space.after), dict(space.held))
