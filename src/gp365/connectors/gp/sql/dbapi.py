"""Any DB-API 2.0 module as a SqlConnection; it speaks SQL Server's language, so that only marks differ."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from gp365.connectors.gp.sql.port import LOST, TIME_OUT, Row, SqlFailed, SqlValue
from gp365.connectors.gp.sql.settings import SqlSettings
from gp365.model.errors import Misconfigured

_WORDS = (
    ("login failed", 18456),
    ("cannot open database", 4060),
    ("permission was denied", 229),
    ("deadlock", 1205),
    ("lock request time out", 1222),
    ("timeout expired", TIME_OUT),
    ("could not find stored procedure", 2812),
    ("is not a parameter for procedure", 8145),
    ("invalid object name", 208),
    ("invalid column name", 207),
    ("would be truncated", 8152),
)
"""What drivers that pass on no number (mssql-python) quote of the server, and the number that belongs to it."""
_BROKEN = ("closed", "operational", "interface")
_NUMBER = re.compile(r"\((\d{3,5})\)|\b(?:Msg|message|error)\s+(\d{3,5})\b", re.IGNORECASE)


class DbapiConnection:
    """A connection of a DB-API module. `style` is its paramstyle, `failures` are its errors."""

    def __init__(self, raw: Any, style: str, failures: tuple[type[BaseException], ...]) -> None:
        self._raw = raw
        self._style = style
        self._failures = failures
        self.broken = False
        raw.autocommit = True

    def query(
        self, text: str, values: Sequence[SqlValue] = (), *, page: int = 1000, last: bool = False
    ) -> Iterator[Sequence[Row]]:
        """Run a text; see SqlConnection.query."""
        cursor: Any = None
        try:
            cursor = self._raw.cursor()
            self._execute(cursor, text, values)
            if last:
                yield self._last(cursor)
                return
            while cursor.description is None and self._more(cursor):
                pass
            yield from self._pages(cursor, page)
            # What comes after the rows may still be an error of the server: none is left unread.
            while self._more(cursor):
                pass
        except self._failures as failure:
            raise failed(failure) from None
        finally:
            if cursor is not None:
                with suppress(*self._failures):
                    cursor.close()

    @staticmethod
    def _pages(cursor: Any, page: int) -> Iterator[Sequence[Row]]:
        while cursor.description is not None and (rows := cursor.fetchmany(page)):
            yield rows
            if len(rows) < page:
                return

    def _last(self, cursor: Any) -> Sequence[Row]:
        """Return the rows of the last result set: a site's own exits of a procedure may select before we do."""
        rows: Sequence[Row] = []
        while True:
            if cursor.description is not None:
                rows = cursor.fetchall()
            if not self._more(cursor):
                return rows

    def _execute(self, cursor: Any, text: str, values: Sequence[SqlValue]) -> None:
        if not values:
            cursor.execute(text)
        else:
            cursor.execute(
                text if self._style == "qmark" else text.replace("%", "%%").replace("?", "%s"), tuple(values)
            )

    @staticmethod
    def _more(cursor: Any) -> bool:
        return bool(cursor.nextset()) if hasattr(cursor, "nextset") else False

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Hold a transaction; see SqlConnection.transaction."""
        try:
            self._raw.autocommit = False
        except self._failures as failure:
            raise failed(failure) from None
        try:
            yield
        except BaseException:
            self._end(self._raw.rollback)
            raise
        try:
            self._raw.commit()
        except self._failures as failure:
            self.broken = True
            told = failed(failure)
            # A server that answered with a number has answered: it is not done. Silence proves nothing.
            raise SqlFailed(told.number, told.message, unsure=told.silent) from None
        self._end(lambda: None)

    def _end(self, first: Callable[[], None]) -> None:
        """Go back to statements that stand for themselves; never over a transaction that is still open."""
        try:
            first()
            self._raw.autocommit = True
        except self._failures:
            self.broken = True

    def close(self) -> None:
        """Hang up."""
        with suppress(*self._failures):
            self._raw.close()


def failed(failure: BaseException) -> SqlFailed:
    """Return a driver's error with the number of SQL Server, as far as it tells one.

    Without a number: that of the words that it quotes, else LOST where the connection may be broken, else 0.
    """
    message = str(getattr(failure, "message", "") or failure)
    if isinstance(failure, TimeoutError) or "timeout" in type(failure).__name__.lower():
        return SqlFailed(TIME_OUT, message)
    number = getattr(failure, "number", None) or getattr(failure, "msg_no", None)
    if isinstance(number, int) and number != 0:
        return SqlFailed(number, message)
    return SqlFailed(_number(failure, message), message)


def _number(failure: BaseException, message: str) -> int:
    found = _NUMBER.search(message)
    if found:
        return int(found.group(1) or found.group(2))
    folded = message.lower()
    quoted = next((number for words, number in _WORDS if words in folded), 0)
    kind = type(failure).__name__.lower()
    broken = isinstance(failure, OSError) or any(word in kind for word in _BROKEN)
    return quoted or (LOST if broken else 0)


def connect(settings: SqlSettings, database: str) -> DbapiConnection:
    """Open a connection with the module that the settings name; it takes server, database, user, password, timeout."""
    try:
        module: Any = importlib.import_module(settings.driver)
    except ImportError:
        raise Misconfigured(
            "settings-invalid",
            f"[systems.{settings.name}.sql] driver: there is no module {settings.driver!r}.",
            system=settings.name,
            field="driver",
            value=settings.driver,
            fix="Write tds, mssql, or the name of an installed DB-API 2.0 module.",
        ) from None
    failures = (module.Error, OSError)
    try:
        raw = module.connect(
            server=settings.server,
            database=database,
            user=settings.user,
            password=settings.password.reveal() if settings.password else "",
            timeout=settings.timeout_s,
        )
    except failures as failure:
        raise failed(failure) from None
    return DbapiConnection(raw, str(getattr(module, "paramstyle", "qmark")), failures)
