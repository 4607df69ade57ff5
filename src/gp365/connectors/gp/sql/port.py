"""The one door to SQL Server: a text with `?` marks and values beside it, rows in pages, a transaction.

Adapters stand beside it (`dbapi`, `tds`, `mssql`). What a server or driver says against us comes as SqlFailed, and is
made an error of the model in one place: `told`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from gp365.model.errors import Gp365Error, Misconfigured, Rejected, Retry, Unauthorised

SqlValue = str | int | Decimal | bool | datetime | bytes | None
Row = Sequence[SqlValue]

TIME_OUT, LOST = -2, -1
"""Numbers of our own: the driver gave up waiting (-2 as in Microsoft's clients); the connection is gone."""
_GONE = frozenset({LOST, 10053, 10054, 10060, 10061, 233, 64, 121, 53, 40, 26, 20})
"""The connection broke or was never made: numbers of Windows and of SQL Server's network libraries."""
_DEADLOCK, _LOCK_TIME_OUT = 1205, 1222
_BUSY = frozenset({_DEADLOCK, _LOCK_TIME_OUT, TIME_OUT, 3960, 8645, 8651, 40501, 40613, 10928, 10929, 49918})
_LOGIN = frozenset({18456, 18450, 18452, 18486, 18487, 18488})
_DENIED = frozenset({229, 230, 262, 297, 300, 916, 15247})
_DATABASE = frozenset({4060, 911, 4063, 942, 945})
_MISSING = {
    208: "table",
    207: "column",
    2812: "procedure",
    8145: "parameter",
    201: "parameter",
    8144: "parameter",
}
_TLS = ("certificate", "ssl provider", "encryption")
_CUT = frozenset({2628, 8152, 220, 8115, 242, 241, 245, 547, 2601, 2627})


class SqlFailed(Exception):
    """The server or the driver refused: SQL Server's error number (or TIME_OUT, LOST) and its words.

    `unsure` says that COMMIT had been sent and its answer did not come: the transaction may stand.
    """

    def __init__(self, number: int, message: str, *, unsure: bool = False) -> None:
        super().__init__(f"{number}: {message}")
        self.number = number
        self.message = message
        self.unsure = unsure

    @property
    def lost(self) -> bool:
        """Say whether the connection is of no more use."""
        return self.number in _GONE or self.number == TIME_OUT or self.unsure

    @property
    def silent(self) -> bool:
        """Say whether no answer of the server came: what was asked may have been done."""
        return self.number <= 0 or self.number in _GONE

    @property
    def passing(self) -> bool:
        """Say whether the same question may work a moment later."""
        return self.number in _BUSY or self.number in _GONE


class SqlConnection(Protocol):
    """One connection, used by one thread at a time. Outside of `transaction` every statement stands for itself.

    `broken`: it must not be used again, because a transaction could not be ended.
    """

    broken: bool

    def query(
        self, text: str, values: Sequence[SqlValue] = (), *, page: int = 1000, last: bool = False
    ) -> Iterator[Sequence[Row]]:
        """Run a text and give the rows of its first (or last) result set in pages; SqlFailed.

        Values come as SQL Server's drivers give them: char columns padded, dates as naive datetimes, numeric as Decimal.
        """
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Hold a transaction while the block runs; an exception rolls back. SqlFailed(unsure) if COMMIT went unanswered."""
        ...

    def close(self) -> None:
        """Hang up; never raises."""
        ...


def told(failed: SqlFailed, system: str, user: str) -> Gp365Error:
    """Return what a failure means for us.

    Numbers: Database engine events and errors (Microsoft Learn, SQL Server). Without a number of the server a driver
    cannot tell a refused login from a server that is not there: both are then tried again.
    """
    number, message = failed.number, " ".join(failed.message.split())[:400]
    if number in _LOGIN:
        return Unauthorised(
            "login-refused", f"SQL Server refuses {user or 'our Windows account'}: {message}", system=system
        )
    if number in _DENIED:
        return Unauthorised(
            "right-missing", f"SQL Server does not allow this: {message}", system=system, fix=ROLE_FIX
        )
    if number in _DATABASE:
        return Misconfigured(
            "company-unknown",
            f"SQL Server does not open the database: {message}",
            system=system,
            fix="Check `database` and `system_database`, and that the login is a user of both databases.",
        )
    if number in _MISSING:
        return Misconfigured(
            "not-served",
            f"This site lacks a {_MISSING[number]}: {message}",
            system=system,
            fix="Compare the version of Dynamics GP with what `gp365 doctor` shows.",
        )
    if number <= 0 and any(word in message.lower() for word in _TLS):
        return Misconfigured(
            "certificate", f"No encrypted connection to SQL Server: {message}", system=system
        )
    if number in _GONE:
        return Retry("unreachable", f"SQL Server cannot be reached: {message}", system=system)
    if number in _BUSY:
        return Retry("busy", f"SQL Server is busy ({number}): {message}", system=system)
    if number in _CUT:
        return Rejected("rejected", f"SQL Server refuses the values ({number}): {message}", system=system)
    return Rejected("rejected", f"SQL Server says ({number}): {message}", system=system)


ROLE_FIX = "Let the administrator run docs/sql/gp365-role.sql and add the login to that role."
