"""A DB-API 2.0 driver for the simulator's SQL server (standard library only); a real site needs a driver of SQL Server.

Values come and go as SQL Server's drivers give them: char columns padded with blanks, exact numbers as `Decimal`, datetime
columns as naive `datetime`, binaries as `bytes`. Every error carries the number of SQL Server's error as `number`; -2 is
a time-out, 10054 a lost connection.
"""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from types import TracebackType
from typing import Any, Self

from gp365_sim.gp.sql.wire import LOST, TIMED_OUT, packed, row_reader

apilevel = "2.0"
threadsafety = 1
paramstyle = "qmark"

Date, Time, Timestamp, Binary = date, time, datetime, bytes
_GRACE_S = 15.0


class Warning(Exception):
    """Tell of something that is no error."""


class Error(Exception):
    """Any error of this driver; `number` is SQL Server's."""

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.number = number


class InterfaceError(Error):
    """The driver was used wrongly."""


class DatabaseError(Error):
    """The database said no."""


class DataError(DatabaseError):
    """A value does not fit."""


class OperationalError(DatabaseError):
    """Login, connection, time-outs, locks."""


class IntegrityError(DatabaseError):
    """A key or a CHECK stands against it."""


class InternalError(DatabaseError):
    """The server is in disorder."""


class ProgrammingError(DatabaseError):
    """The text is wrong, or a right is missing."""


class NotSupportedError(DatabaseError):
    """The simulator does not model what the text asks for."""


class _Type:
    """A type object that equals the types of its family in `description`."""

    def __init__(self, *tags: str) -> None:
        self._tags = tags

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, str) and other in self._tags)

    def __hash__(self) -> int:
        return hash(self._tags)


STRING, BINARY, NUMBER, DATETIME, ROWID = (
    _Type("s"),
    _Type("b"),
    _Type("i", "n", "f"),
    _Type("t", "d"),
    _Type(),
)

_CLASSES: Mapping[int, type[DatabaseError]] = {
    **dict.fromkeys((18456, 4060, 911, 1205, 1222, TIMED_OUT, LOST), OperationalError),
    **dict.fromkeys((241, 242, 245, 8114, 8115, 8134, 206, 220), DataError),
    **dict.fromkeys((547, 2627, 2601, 515), IntegrityError),
    **dict.fromkeys(
        (102, 107, 116, 137, 145, 201, 207, 208, 209, 229, 916, 2812, 8120, 8145, 8179), ProgrammingError
    ),
    50001: NotSupportedError,
}


def DateFromTicks(ticks: float) -> date:  # noqa: N802 (DB-API names it so)
    """Give the date of a time stamp."""
    return TimestampFromTicks(ticks).date()


def TimestampFromTicks(ticks: float) -> datetime:  # noqa: N802
    """Give the moment of a time stamp, in local time, naive."""
    return datetime.fromtimestamp(ticks)  # noqa: DTZ006


def TimeFromTicks(ticks: float) -> time:  # noqa: N802
    """Give the time of day of a time stamp."""
    return TimestampFromTicks(ticks).time()


def connect(
    server: str = "127.0.0.1:1433",
    database: str = "",
    user: str = "",
    password: str = "",
    timeout: float | None = None,
    login_timeout: float = 15.0,
    autocommit: bool = False,
) -> "Connection":
    """Open a session; `timeout` is for each text, in seconds. Raises `OperationalError` (18456, 4060, 10054)."""
    return Connection(server, database, user, password, timeout, login_timeout, autocommit)


class Connection:
    """One session. Without autocommit the first statement opens a transaction that `commit` or `rollback` ends."""

    Warning, Error, InterfaceError, DatabaseError = Warning, Error, InterfaceError, DatabaseError
    DataError, OperationalError, IntegrityError = DataError, OperationalError, IntegrityError
    InternalError, ProgrammingError, NotSupportedError = InternalError, ProgrammingError, NotSupportedError

    def __init__(
        self,
        server: str,
        database: str,
        user: str,
        password: str,
        timeout: float | None,
        login_timeout: float,
        autocommit: bool,
    ) -> None:
        host, _, port = server.partition(":")
        self.timeout = timeout
        self._lock = threading.RLock()
        self._autocommit = autocommit
        self._http: http.client.HTTPConnection | None = http.client.HTTPConnection(
            host, int(port or 1433), timeout=login_timeout
        )
        body = {"user": user, "password": password, "database": database, "autocommit": autocommit}
        try:
            self.session = self.request("/login", body)["session"]
        except BaseException:
            self.close()
            raise
        self._wait(timeout)

    def __repr__(self) -> str:
        return f"<gp365_sim.sqlclient.Connection {'closed' if self._http is None else 'open'}>"

    @property
    def autocommit(self) -> bool:
        """Whether every statement is its own transaction."""
        return self._autocommit

    @autocommit.setter
    def autocommit(self, on: bool) -> None:
        self.request("/autocommit", {"on": on})
        self._autocommit = on

    def cursor(self) -> "Cursor":
        """Give a new cursor."""
        if self._http is None:
            raise InterfaceError("the connection is closed")
        return Cursor(self)

    def commit(self) -> None:
        """Make the transaction's writes lasting."""
        self.request("/commit", {})

    def rollback(self) -> None:
        """Undo the transaction's writes."""
        self.request("/rollback", {})

    def close(self) -> None:
        """End the session; an open transaction is rolled back."""
        with self._lock:
            if self._http is not None:
                self._http.close()
                self._http = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, no: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def request(self, path: str, body: Mapping[str, object]) -> Any:
        """Send one request and give its answer; raises the error that the server answers, or 10054."""
        with self._lock:
            if self._http is None:
                raise InterfaceError("the connection is closed")
            try:
                self._http.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
                answer = json.loads(self._http.getresponse().read())
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.close()
                raise OperationalError(f"the connection is lost: {type(error).__name__}", LOST) from None
        if "error" in answer:
            raise _error(**answer["error"])
        return answer

    def execute_on(self, text: str, values: Sequence[object], drop: Sequence[int]) -> Any:
        """Run a text for a cursor; `drop` names result sets that it needs no more."""
        body = {
            "text": text,
            "values": [packed(each) for each in values],
            "timeout_s": self.timeout or 0,
            "drop": list(drop),
        }
        self._wait(self.timeout)
        return self.request("/execute", body)

    def _wait(self, timeout: float | None) -> None:
        """The server keeps the time of a text; the socket waits a little longer."""
        if self._http is not None and self._http.sock is not None:
            self._http.sock.settimeout(None if not timeout else timeout + _GRACE_S)


def _error(number: int, message: str, severity: int) -> DatabaseError:
    return _CLASSES.get(number, DatabaseError)(f"{message} ({number})", number)


class Cursor:
    """Runs texts and gives their rows; a text may have several result sets (`nextset`)."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.arraysize = 1
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self._sets: list[dict[str, Any]] = []
        self._rows: Iterator[tuple[Any, ...]] | None = None
        self._open: int | None = None
        self._closed = False

    def execute(self, operation: str, parameters: Sequence[object] = ()) -> Self:
        """Run a text with the values of its marks `?`."""
        self._check()
        drop = [each["more"] for each in self._sets if each["more"]]
        drop += [self._open] if self._open else []
        self._sets, self._rows, self._open = [], None, None
        self.description, self.rowcount = None, -1
        self._sets = self.connection.execute_on(operation, parameters, drop)["results"]
        self.nextset()
        return self

    def executemany(self, operation: str, seq_of_parameters: Sequence[Sequence[object]]) -> None:
        """Run a text once for each list of values."""
        for each in seq_of_parameters:
            self.execute(operation, each)

    def nextset(self) -> bool | None:
        """Go to the next result set; None when there is none."""
        self._check()
        if not self._sets:
            self.description, self._rows, self.rowcount = None, None, -1
            return None
        found = self._sets.pop(0)
        columns: list[list[Any]] = found["columns"]
        self.description = [
            (name, tag, None, None, size if tag == "n" else None, scale if tag == "n" else None, None)
            for name, tag, _, size, scale in columns
        ]
        self.rowcount = found["count"]
        self._open = found["more"]
        self._rows = self._read(found, row_reader([each[1] for each in columns]))
        return True

    def _read(self, page: dict[str, Any], row: Any) -> Iterator[tuple[Any, ...]]:
        while True:
            for cells in page["rows"]:
                yield row(cells)
            if page["more"] is None:
                return
            page = self.connection.request("/fetch", {"cursor": page["more"]})
            self._open = page["more"]

    def fetchone(self) -> tuple[Any, ...] | None:
        """Give the next row, or None."""
        return next(self._result(), None)

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Give the next rows, at most `size`."""
        rows = self._result()
        found: list[tuple[Any, ...]] = []
        for _ in range(self.arraysize if size is None else size):
            row = next(rows, None)
            if row is None:
                break
            found.append(row)
        return found

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Give all rows that are left."""
        return list(self._result())

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._result()

    def close(self) -> None:
        """End the cursor."""
        self._closed = True
        self._sets, self._rows = [], None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, no: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def setinputsizes(self, sizes: Sequence[object]) -> None:
        """Do nothing, as DB-API allows."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Do nothing, as DB-API allows."""

    def _result(self) -> Iterator[tuple[Any, ...]]:
        self._check()
        if self._rows is None:
            raise ProgrammingError("the last text gave no result set")
        return self._rows

    def _check(self) -> None:
        if self._closed:
            raise InterfaceError("the cursor is closed")
