"""The simulator's SQL driver keeps to DB-API 2.0, and hostile values pass through it as what they are."""

import threading
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simgps_desk import sql_desk

from gp365_sim import sqlclient
from gp365_sim.samples import generated

HOSTILE = [
    "'; DROP TABLE RM00101 --", "]", "%#$!<>", "?", "@__p1", "\\", '"', "''", "a\x00b", "日本", "ÿþ", " lead", "x" * 5000,
    "{}", "/* */", "-- ", "\r\n", "",
]  # fmt: skip


@pytest.fixture(scope="module")
def desk():
    with sql_desk(samples=generated(2500, 0, 0, 7)) as served:
        yield served


@pytest.fixture
def cursor(desk):
    with desk.connect() as connection:
        yield connection.cursor()


def test_the_module_says_what_it_is():
    assert (sqlclient.apilevel, sqlclient.threadsafety, sqlclient.paramstyle) == ("2.0", 1, "qmark")
    tree = {
        sqlclient.Warning: Exception, sqlclient.Error: Exception, sqlclient.InterfaceError: sqlclient.Error,
        sqlclient.DatabaseError: sqlclient.Error, sqlclient.DataError: sqlclient.DatabaseError,
        sqlclient.OperationalError: sqlclient.DatabaseError, sqlclient.IntegrityError: sqlclient.DatabaseError,
        sqlclient.InternalError: sqlclient.DatabaseError, sqlclient.ProgrammingError: sqlclient.DatabaseError,
        sqlclient.NotSupportedError: sqlclient.DatabaseError,
    }  # fmt: skip
    assert all(issubclass(kind, above) for kind, above in tree.items())
    assert all(getattr(sqlclient.Connection, kind.__name__) is kind for kind in tree)
    assert sqlclient.Date(2027, 4, 12) == date(2027, 4, 12) and sqlclient.Binary(b"x") == b"x"


def test_a_cursor_describes_its_columns_and_gives_rows_one_some_and_all(cursor):
    assert cursor.description is None and cursor.rowcount == -1
    cursor.execute("SELECT TOP (7) CUSTNMBR, CRLMTAMT AS [limit], CREATDDT, HOLD, NOTEINDX FROM RM00101")
    assert [each[0] for each in cursor.description] == ["CUSTNMBR", "limit", "CREATDDT", "HOLD", "NOTEINDX"]
    assert all(len(each) == 7 for each in cursor.description)
    types = [each[1] for each in cursor.description]
    assert types[0] == sqlclient.STRING and types[2] == sqlclient.DATETIME and types[1] == sqlclient.NUMBER
    assert cursor.rowcount == 7
    assert (
        isinstance(cursor.fetchone(), tuple)
        and len(cursor.fetchmany()) == 1
        and len(cursor.fetchmany(2)) == 2
    )
    cursor.arraysize = 2
    assert len(cursor.fetchmany()) == 2 and len(cursor.fetchall()) == 1
    assert cursor.fetchone() is None and cursor.fetchall() == [] and cursor.fetchmany(3) == []
    cursor.setinputsizes([1])
    cursor.setoutputsize(1)


def test_large_results_come_in_pages_and_may_be_left_unread(desk):
    with desk.connect() as connection:
        cursor, other = connection.cursor(), connection.cursor()
        cursor.execute("SELECT CUSTNMBR FROM RM00101 ORDER BY CUSTNMBR")
        first = cursor.fetchmany(1500)
        assert other.execute("SELECT COUNT(*) FROM RM00101").fetchall() == [(2500,)]
        rest = list(cursor)
        assert [*first, *rest] == sorted({*first, *rest}) and len(rest) == 1000
        for _ in range(3):
            cursor.execute("SELECT CUSTNMBR FROM RM00101")
            cursor.fetchone()
        assert len(desk.sql.server.lines[connection.session].rest) <= 1


def test_what_is_closed_or_has_no_rows_says_so(desk):
    connection = desk.connect()
    cursor = connection.cursor()
    cursor.execute("SET NOCOUNT ON")
    with pytest.raises(sqlclient.ProgrammingError):
        cursor.fetchone()
    cursor.close()
    with pytest.raises(sqlclient.InterfaceError):
        cursor.execute("SELECT 1")
    connection.close()
    connection.close()
    with pytest.raises(sqlclient.InterfaceError):
        connection.cursor()
    with pytest.raises(sqlclient.InterfaceError):
        connection.commit()
    assert "Correct-Horse" not in repr(connection)


def test_autocommit_may_be_turned_on_and_off(desk):
    with desk.connect(autocommit=False) as connection:
        assert connection.autocommit is False
        cursor = connection.cursor()
        cursor.execute("SELECT CUSTNMBR FROM RM00101")
        assert cursor.execute("SELECT @@TRANCOUNT").fetchall() == [(1,)]
        connection.autocommit = True
        assert cursor.execute("SELECT @@TRANCOUNT").fetchall() == [(0,)]
        connection.commit()
        connection.rollback()


def test_one_connection_may_be_shared_by_threads(desk):
    with desk.connect() as connection:
        found = []
        threads = [
            threading.Thread(
                target=lambda n=n: found.append(connection.cursor().execute("SELECT ?", [n]).fetchall())
            )
            for n in range(8)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(found) == [[(n,)] for n in range(8)]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_text_is_only_a_value(desk, cursor, value):
    assert cursor.execute("SELECT ?, LEN(?)", [value, value]).fetchall() == [(value, len(value.rstrip(" ")))]
    cursor.execute(
        "SELECT COUNT(*) FROM RM00101 WHERE CUSTNMBR = ? OR CUSTNAME LIKE ?", [value, value + "zz"]
    )
    cursor.fetchall()
    assert cursor.execute("SELECT COUNT(*) FROM RM00101").fetchall() == [(2500,)]


def test_a_varchar_loses_what_its_code_page_lacks_and_an_nvarchar_does_not(cursor):
    cursor.execute("SELECT CAST(? AS varchar(10)), CAST(? AS nvarchar(10))", ["Łódź€", "Łódź€"])
    assert cursor.fetchall() == [("?ód?€", "Łódź€")]


VALUES = st.one_of(
    st.none(),
    st.text(max_size=30).filter(lambda text: max(text, default="a") < "\ud800" or min(text) > "\udfff"),
    st.integers(-(2**63), 2**63 - 1),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**13), max_value=10**13, places=5),
    st.datetimes(min_value=datetime.fromisoformat("1753-01-01")),
    st.dates(),
    st.binary(max_size=20),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, min_size=1, max_size=5))
def test_every_value_comes_back_as_it_went(cursor, values):
    cursor.execute("SELECT " + ", ".join("?" * len(values)), values)
    assert cursor.fetchall() == [tuple(values)]


@pytest.mark.parametrize("value", [object(), [1], datetime.now().astimezone(), {"a": 1}])
def test_what_no_driver_takes_is_refused_before_it_is_sent(cursor, value):
    with pytest.raises(TypeError):
        cursor.execute("SELECT ?", [value])


def test_an_exact_number_keeps_its_decimals(cursor):
    cursor.execute("SELECT ?, CAST(? AS numeric(19,5))", [Decimal("1.10"), Decimal("1.1")])
    assert [str(each) for each in cursor.fetchone()] == ["1.10", "1.10000"]
