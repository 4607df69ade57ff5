"""The SQL server of the simulated GP as an ASGI app: a session per TCP connection, JSON over HTTP/1.1."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from time import perf_counter
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gp365_sim.core.clock import Clock
from gp365_sim.core.server import Connection, connection_of
from gp365_sim.gp.sql.errors import FAILED, SqlError, deadlock, lock_timeout, no_login, not_opened
from gp365_sim.gp.sql.orders import CUTS, Asked, Orders, Record, SqlFault
from gp365_sim.gp.sql.rights import Logins
from gp365_sim.gp.sql.running import ResultSet, run
from gp365_sim.gp.sql.session import Bases, MustWait, Session, State
from gp365_sim.gp.sql.types import Value
from gp365_sim.gp.sql.wire import LOST, PAGE, TIMED_OUT, tag_of, unpacked

_LONGEST_WAIT_S = 3600.0
Body = Mapping[str, Any]
_SESSION = "gp365.sql"


@dataclass
class Line:
    """A session on its connection: result sets that were not fetched to their end, and when it was last used."""

    session: Session
    connection: Connection
    used: datetime
    rest: dict[int, Sequence[Sequence[Value]]] = field(default_factory=dict[int, Sequence[Sequence[Value]]])
    watch: asyncio.Task[None] | None = None


class _Cut(Exception):
    """The connection is cut without an answer."""


class SqlServer:
    """Serves sessions. `idle_s`: a connection that is not used for so long is cut, its transaction rolled back."""

    def __init__(self, bases: Bases, logins: Logins, clock: Clock, idle_s: float = 1800.0) -> None:
        self.logins = logins
        self.orders = Orders()
        self.record = Record()
        self.lines: dict[int, Line] = {}
        self._bases = bases
        self._clock = clock
        self._idle = timedelta(seconds=idle_s)
        self._next = 51
        self._cursors = 0
        self._freed = asyncio.Event()
        bases.locks.freed = self._tell_freed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        connection = connection_of(scope)
        if connection is None:
            raise RuntimeError("the SQL server needs a socket")
        try:
            answer = await self._answer(request.url.path, orjson.loads(await request.body()), connection)
        except SqlError as error:
            answer = _shown_error(error)
        except _Cut:
            connection.abort(reset=True)
            await connection.closed.wait()
            return
        except Exception as error:
            logging.getLogger(__name__).exception("the SQL server failed")
            answer = _shown_error(SqlError(FAILED, f"the simulator failed: {type(error).__name__}", 20))
        body = orjson.dumps(answer, default=_plain)
        await Response(body, media_type="application/json")(scope, receive, send)

    def cut(self, number: int) -> None:
        """Cut a session's connection; its transaction is rolled back."""
        line = self.lines.pop(number, None)
        if line is not None:
            line.session.roll_back()
            line.connection.abort()

    async def _answer(self, path: str, body: Body, connection: Connection) -> object:
        self._cut_idle()
        if path == "/login":
            return await self._login(body, connection)
        line = connection.state.get(_SESSION)
        if not isinstance(line, Line) or line.session.number not in self.lines:
            raise SqlError(LOST, "The connection has no session any more.", 20)
        line.used = self._clock.now()
        match path:
            case "/execute":
                return await self._execute(line, body)
            case "/fetch":
                return self._page(line, int(body["cursor"]))
            case "/commit" | "/rollback":
                return await self._end(line, path[1:])
            case "/autocommit":
                return self._autocommit(line, bool(body["on"]))
            case "/drop":
                for number in body["cursors"]:
                    line.rest.pop(number, None)
                return {}
            case _:
                raise SqlError(LOST, f"Unknown request {path}.", 20)

    async def _login(self, body: Body, connection: Connection) -> object:
        fault = self.orders.meet("LOGIN")
        if fault is not None:
            await self._suffer(fault, None)
        login = self.logins.find(str(body["user"]))
        if login is None or not login.knows(str(body["password"])):
            raise no_login(str(body["user"]))
        name = str(body.get("database") or self._bases.system_name)
        found = self._bases.views.catalogue.find(name)
        if found is None or not login.may_enter(found.name):
            raise not_opened(name)
        self._next += 1
        session = Session(self._next, login, self._bases, State(found.name, bool(body.get("autocommit"))))
        line = Line(session, connection, self._clock.now())
        connection.state[_SESSION] = line
        self.lines[session.number] = line
        line.watch = asyncio.create_task(self._watched(line))
        if fault is not None and fault.do == "lost_reply":
            raise _Cut
        return {"session": session.number, "database": found.name}

    async def _watched(self, line: Line) -> None:
        await line.connection.closed.wait()
        if self.lines.pop(line.session.number, None) is not None:
            line.session.roll_back()

    def _cut_idle(self) -> None:
        now = self._clock.now()
        for number, line in list(self.lines.items()):
            if now - line.used > self._idle:
                self.cut(number)

    async def _execute(self, line: Line, body: Body) -> object:
        text, values = str(body["text"]), [unpacked(each) for each in body.get("values", ())]
        timeout_s = float(body.get("timeout_s") or 0) or _LONGEST_WAIT_S
        for number in body.get("drop", ()):
            line.rest.pop(number, None)

        def work() -> list[ResultSet]:
            return run(line.session, text, values, self._clock.now().replace(tzinfo=None))

        results = await self._recorded(line, text, len(values), work, timeout_s)
        return {"results": [self._shown(line, each) for each in results], **self._state(line)}

    async def _end(self, line: Line, what: str) -> object:
        session = line.session

        def work() -> list[ResultSet]:
            if session.state.transactions:
                session.commit() if what == "commit" else session.roll_back()
            return []

        await self._recorded(line, what.upper(), 0, work, _LONGEST_WAIT_S)
        return self._state(line)

    def _autocommit(self, line: Line, on: bool) -> object:
        session = line.session
        if on and session.state.transactions:
            session.commit()
        session.state.autocommit = on
        return self._state(line)

    async def _recorded(
        self, line: Line, text: str, values: int, work: Callable[[], list[ResultSet]], timeout_s: float
    ) -> list[ResultSet]:
        number, at, began = self.record.number(), self._clock.now(), perf_counter()
        rows, error = 0, 0
        try:
            results = await self._with_fault(line, text, work, timeout_s)
            rows = sum(len(each.rows) for each in results)
            return results
        except SqlError as no:
            error = no.number
            raise
        except _Cut:
            error = LOST
            raise
        finally:
            session, took = line.session, (perf_counter() - began) * 1000
            self.record.add(
                Asked(
                    number,
                    at,
                    session.number,
                    session.login.name,
                    session.state.database,
                    text,
                    values,
                    rows,
                    took,
                    error,
                )
            )

    async def _with_fault(
        self, line: Line, text: str, work: Callable[[], list[ResultSet]], timeout_s: float
    ) -> list[ResultSet]:
        fault = self.orders.meet(text)
        if fault is not None:
            await self._suffer(fault, line, timeout_s)
        results = await self._waiting(line, work, timeout_s)
        if fault is not None and fault.do == "lost_reply":
            self.lines.pop(line.session.number, None)
            line.session.roll_back()
            raise _Cut
        return results

    async def _suffer(self, fault: SqlFault, line: Line | None, timeout_s: float = _LONGEST_WAIT_S) -> None:
        if fault.do == "slow":
            await asyncio.sleep(min(fault.seconds, timeout_s))
            if fault.seconds >= timeout_s:
                raise SqlError(TIMED_OUT, "The time for this text is over.", 11)
        elif fault.do == "reset":
            raise _Cut
        elif fault.do not in CUTS:
            if fault.do == "1205" and line is not None:
                line.session.roll_back()
                raise deadlock(line.session.number)
            raise (
                lock_timeout()
                if fault.do == "1222"
                else SqlError(int(fault.do), f"Error {fault.do}, as ordered.")
            )

    async def _waiting(
        self, line: Line, work: Callable[[], list[ResultSet]], timeout_s: float
    ) -> list[ResultSet]:
        """Run; where another session holds a lock, wait for it as long as the session and the client would."""
        loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        locks, session = self._bases.locks, line.session
        while True:
            if session.number not in self.lines:
                raise _Cut
            try:
                return work()
            except MustWait as wait:
                if locks.circle(session.number, wait.database):
                    session.roll_back()
                    raise deadlock(session.number) from None
                left = timeout_s - (loop.time() - began)
                patience = session.state.lock_timeout_ms / 1000 - (loop.time() - began)
                mine = session.state.lock_timeout_ms >= 0 and patience < left
                locks.waiting[session.number] = wait.database
            try:
                await asyncio.wait_for(self._freed.wait(), max(0.0, patience if mine else left))
            except TimeoutError:
                raise self._tired(session, mine=mine) from None
            finally:
                locks.waiting.pop(session.number, None)

    def _tired(self, session: Session, *, mine: bool) -> SqlError:
        if session.state.abort_on_error or not session.state.transactions:
            session.roll_back()
        return lock_timeout() if mine else SqlError(TIMED_OUT, "The time for this text is over.", 11)

    def _tell_freed(self) -> None:
        freed, self._freed = self._freed, asyncio.Event()
        freed.set()

    def _state(self, line: Line) -> dict[str, object]:
        state = line.session.state
        return {"transactions": state.transactions, "database": state.database}

    def _shown(self, line: Line, result: ResultSet) -> dict[str, object]:
        self._cursors += 1
        columns = [
            [each.name, tag_of(each.type.family), str(each.type), each.type.size, each.type.scale]
            for each in result.fields
        ]
        line.rest[self._cursors] = result.rows
        return {"columns": columns, "count": len(result.rows), **self._page(line, self._cursors)}

    def _page(self, line: Line, number: int) -> dict[str, object]:
        """Give the next rows of a result set; `more` names it while there are others."""
        rows = line.rest.pop(number, ())
        if len(rows) <= PAGE:
            return {"rows": rows, "more": None}
        line.rest[number] = rows[PAGE:]
        return {"rows": rows[:PAGE], "more": number}


def _shown_error(error: SqlError) -> Body:
    return {"error": {"number": error.number, "message": error.message, "severity": error.severity}}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"no SQL value: {type(value).__name__}")
