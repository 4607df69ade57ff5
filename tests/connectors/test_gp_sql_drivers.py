"""The drivers of SQL Server behind the port: how they are called, and what their errors become."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from gp_place import Word

from gp365.connectors.gp.sql import dbapi, mssql, tds
from gp365.connectors.gp.sql.desk import opener
from gp365.connectors.gp.sql.port import LOST, TIME_OUT, SqlFailed, told
from gp365.connectors.gp.sql.settings import SqlSettings
from gp365.model.errors import Gp365Error, Misconfigured, Rejected, Retry, Unauthorised

PASSWORD = "p}w;d'1"


def _settings(**changed: Any) -> SqlSettings:
    given: Mapping[str, Any] = {
        "name": "gp",
        "server": "127.0.0.1:1",
        "database": "TWO",
        "user": "gp365",
        "password": Word(PASSWORD),
        "encrypt": False,
        "timeout_s": 2.0,
    }
    return SqlSettings(**{**given, **changed})


class Failing(Exception):
    """An error as a driver raises it."""

    number: int


class Cursor:
    """A cursor that remembers what it was asked."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.description: Any = None
        self._rows: list[tuple[Any, ...]] = []
        self._left = [[(1, "a  "), (2, "b  "), (3, "c  ")], [(0, 0, "")]]

    def execute(self, text: str, values: tuple[Any, ...] = ()) -> None:
        self.raw.asked.append((text, values))

    def nextset(self) -> bool:
        if self.raw.silent or not self._left:
            return False
        self.description = [("n",), ("t",)]
        self._rows = self._left.pop(0)
        return True

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        page, self._rows = self._rows[:size], self._rows[size:]
        return page

    def close(self) -> None:
        self.raw.closed += 1


class Raw:
    """A connection of a DB-API module that remembers what happened to it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.ended: list[str] = []
        self.closed = 0
        self.silent = False
        self.fails: Exception | None = None
        self.autocommit = False

    def cursor(self) -> Cursor:
        return Cursor(self)

    def commit(self) -> None:
        if self.fails is not None:
            raise self.fails
        self.ended.append("commit")

    def rollback(self) -> None:
        if self.fails is not None:
            raise self.fails
        self.ended.append("rollback")

    def close(self) -> None:
        self.closed += 1


def test_marks_are_written_as_the_driver_wants_them_and_rows_come_in_pages() -> None:
    for style, text in (("qmark", "SELECT ? AS [a%b]"), ("pyformat", "SELECT %s AS [a%%b]")):
        raw = Raw()
        connection = dbapi.DbapiConnection(raw, style, (Failing,))
        pages = list(connection.query("SELECT ? AS [a%b]", ["'; DROP"], page=2))
        assert [len(page) for page in pages] == [2, 1]
        assert raw.asked == [(text, ("'; DROP",))]
        assert raw.closed == 1


def test_of_a_batch_the_last_result_set_counts_because_exits_of_a_site_may_select_before() -> None:
    raw = Raw()
    assert list(dbapi.DbapiConnection(raw, "qmark", (Failing,)).query("EXEC", last=True)) == [[(0, 0, "")]]


def test_a_text_without_rows_has_no_pages() -> None:
    raw = Raw()
    raw.silent = True
    assert list(dbapi.DbapiConnection(raw, "qmark", (Failing,)).query("SET LOCK_TIMEOUT 0")) == []


def test_a_transaction_is_committed_or_rolled_back_and_the_connection_goes_on() -> None:
    raw = Raw()
    connection = dbapi.DbapiConnection(raw, "qmark", (Failing,))
    with connection.transaction():
        assert raw.autocommit is False
    with pytest.raises(KeyError), connection.transaction():
        raise KeyError
    assert raw.ended == ["commit", "rollback"] and raw.autocommit is True and not connection.broken


def test_a_commit_without_answer_is_unsure_and_one_with_a_number_is_not() -> None:
    for number, unsure in ((0, True), (10054, True), (-2, True), (1205, False), (3930, False)):
        raw = Raw()
        connection = dbapi.DbapiConnection(raw, "qmark", (Failing,))
        failing = Failing("gone")
        failing.number = number
        with pytest.raises(SqlFailed) as caught, connection.transaction():
            raw.fails = failing
        assert caught.value.unsure is unsure, number
        assert connection.broken


def test_a_rollback_that_fails_leaves_the_connection_to_nobody() -> None:
    raw = Raw()
    connection = dbapi.DbapiConnection(raw, "qmark", (Failing,))
    with pytest.raises(KeyError), connection.transaction():
        raw.fails = Failing("gone")
        raise KeyError
    assert connection.broken and raw.autocommit is False


class OperationalError(Exception):
    pass


@pytest.mark.parametrize(
    ("failure", "number"),
    [
        (TimeoutError("timed out"), TIME_OUT),
        (ConnectionResetError("reset"), LOST),
        (OperationalError("no more"), LOST),
        (OperationalError("[Microsoft][SQL Server]Login failed for user 'gp365'."), 18456),
        (ValueError("The EXECUTE permission was denied on the object 'taX'"), 229),
        (ValueError("Transaction was deadlocked on lock resources"), 1205),
        (ValueError("Cannot open database requested by the login"), 4060),
        (ValueError("a wrong type of parameter"), 0),
    ],
)
def test_errors_without_a_number_get_that_of_their_words(failure: BaseException, number: int) -> None:
    assert dbapi.failed(failure).number == number


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (18456, Unauthorised, "login-refused"),
        (229, Unauthorised, "right-missing"),
        (4060, Misconfigured, "company-unknown"),
        (911, Misconfigured, "company-unknown"),
        (2812, Misconfigured, "not-served"),
        (8145, Misconfigured, "not-served"),
        (1205, Retry, "busy"),
        (1222, Retry, "busy"),
        (TIME_OUT, Retry, "busy"),
        (LOST, Retry, "unreachable"),
        (10054, Retry, "unreachable"),
        (547, Rejected, "rejected"),
    ],
)
def test_every_failure_says_what_happens_next(number: int, kind: type[Gp365Error], code: str) -> None:
    error = told(SqlFailed(number, "words  of\nthe server"), "gp", "gp365")
    assert isinstance(error, kind) and error.code == code and error.fix
    assert "words of the server" in error.message and error.system == "gp"


def test_a_certificate_that_is_not_trusted_is_a_matter_of_the_settings() -> None:
    error = told(SqlFailed(LOST, "SSL Provider: the certificate chain was not trusted"), "gp", "gp365")
    assert isinstance(error, Misconfigured) and "ca_file" in error.fix


def test_a_server_that_is_not_there_is_lost_with_every_driver_that_is_installed() -> None:
    for driver in ("tds", *(("mssql",) if find_spec("mssql_python") else ())):
        settings = _settings(driver=driver)
        with pytest.raises(SqlFailed) as caught:
            opener(settings)(settings, "TWO")
        assert caught.value.passing, caught.value
        assert PASSWORD not in str(caught.value)


def test_hosts_instances_and_ports_are_told_apart() -> None:
    assert tds.parted("sql.example") == ("sql.example", "", None)
    assert tds.parted("sql.example:1444") == ("sql.example", "", 1444)
    assert tds.parted("sql.example,1444") == ("sql.example", "", 1444)
    assert tds.parted("sql.example\\GP") == ("sql.example", "GP", None)
    assert tds.parted("::1") == ("::1", "", None)


def test_a_connection_string_holds_every_value_in_braces() -> None:
    text = mssql.connection_string(_settings(driver="mssql", ca_file=Path("ca.pem")), "A}B")
    assert "Database={A}}B};" in text and "PWD={p}}w;d'1};" in text and "Encrypt={no};" in text
    windows = mssql.connection_string(_settings(driver="mssql", authentication="windows"), "TWO")
    assert "Trusted_Connection={yes};" in windows and "PWD" not in windows


def test_a_driver_that_cannot_do_what_is_asked_says_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Misconfigured) as encrypt:
        tds.connect(_settings(encrypt=True), "TWO")
    assert encrypt.value.field == "ca_file"
    with pytest.raises(Misconfigured) as ntlm:
        mssql.connect(_settings(authentication="ntlm"), "TWO")
    assert ntlm.value.field == "authentication"
    with pytest.raises(Misconfigured) as module:
        dbapi.connect(_settings(driver="no_such_module"), "TWO")
    assert module.value.field == "driver"
    monkeypatch.setitem(sys.modules, "mssql_python", None)
    with pytest.raises(Misconfigured) as extra:
        mssql.connect(_settings(driver="mssql"), "TWO")
    assert "sqlserver" in extra.value.fix


def test_the_password_is_never_shown() -> None:
    assert PASSWORD not in repr(_settings())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server", " "),
        ("database", "TOOLONG"),
        ("database", "A\tB"),
        ("authentication", "kerberos"),
        ("lanes", 0),
        ("page", 1),
        ("overlap_s", -1),
    ],
)
def test_settings_that_cannot_be_are_named(name: str, value: object) -> None:
    with pytest.raises(Misconfigured) as caught:
        _settings(**{name: value})
    assert caught.value.field == name


def test_python_tds_is_given_the_login_that_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    import pytds

    given: list[dict[str, Any]] = []

    def connect(**words: Any) -> Raw:
        given.append(words)
        return Raw()

    monkeypatch.setattr(pytds, "connect", connect)
    tds.connect(_settings(server="sql.example\\GP", encrypt=True, ca_file=Path("ca.pem")), "TWO")
    tds.connect(_settings(authentication="ntlm", user="FABRIKAM\\gp365"), "TWO")
    sql, ntlm = given
    assert (sql["dsn"], sql["database"], sql["user"], sql["cafile"]) == (
        "sql.example\\GP",
        "TWO",
        "gp365",
        "ca.pem",
    )
    assert sql["password"] == PASSWORD and sql["auth"] is None
    assert ntlm["user"] is None and ntlm["password"] is None and ntlm["cafile"] is None
    assert ntlm["auth"].create_packet().startswith(b"NTLMSSP")


def test_the_account_that_runs_gp365_needs_windows_with_python_tds(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(Misconfigured) as caught:
        tds.connect(_settings(authentication="windows"), "TWO")
    assert caught.value.field == "authentication" and "mssql" in caught.value.fix
