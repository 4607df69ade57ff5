"""Sessions of the simulated SQL server: logins, rights, transactions, locks, faults, and what it tells of its work."""

import socket
import threading
from contextlib import ExitStack

import pytest
from simgps_desk import INTEGRATION, sql_desk

from gp365_sim import sqlclient
from gp365_sim.gp.company import Identity
from gp365_sim.gp.sql.rights import Login

CREATE = (
    "SET NOCOUNT ON; DECLARE @e int, @s varchar(255), @rc int; EXEC @rc = [TWO].[dbo].[taUpdateCreateCustomerRcd]"
    " @I_vCUSTNMBR = ?, @I_vCUSTNAME = ?, @I_vUpdateIfExists = ?, @O_iErrorState = @e OUTPUT, @oErrString = @s OUTPUT;"
    " SELECT @rc, @e, @s;"
)
COUNT = "SELECT COUNT(*) FROM RM00101 WHERE CUSTNMBR = ?"


@pytest.fixture
def desk():
    with sql_desk() as served:
        yield served


def create(connection, number, name="Firm", update=0):
    return connection.cursor().execute(CREATE, [number, name, update]).fetchall()


def count(connection, number):
    return connection.cursor().execute(COUNT, [number]).fetchone()[0]


def error_of(act, *given):
    with pytest.raises(sqlclient.Error) as caught:
        act(*given)
    return caught.value.number


def test_a_wrong_password_and_an_unknown_database_are_refused(desk):
    assert error_of(lambda: desk.connect(password="wrong")) == 18456
    assert error_of(lambda: desk.connect(user="nobody")) == 18456
    assert error_of(lambda: desk.connect(database="NONE")) == 4060


def test_a_procedure_writes_what_rest_reads_and_says_its_error_state(desk):
    with desk.connect() as connection:
        assert create(connection, "SQL1", "Sql One") == [(0, 0, "")]
        ((code, state, numbers),) = create(connection, "SQL1", "Again")
    assert desk.company.row("RM00101", ("SQL1",))["CUSTNAME"] == "Sql One"
    assert (state != 0 or code != 0) and numbers.strip()


def test_nobody_sees_a_write_before_its_commit_and_nothing_is_left_after_a_rollback(desk):
    with desk.connect(autocommit=False) as writer, desk.connect() as reader:
        create(writer, "SQL1")
        assert count(writer, "SQL1") == 1
        assert count(reader, "SQL1") == 0
        assert ("SQL1",) not in desk.company["RM00101"]
        writer.rollback()
        assert count(writer, "SQL1") == 0
        create(writer, "SQL2")
        create(writer, "SQL3")
        writer.commit()
        assert count(reader, "SQL2") == count(reader, "SQL3") == 1


def test_a_transaction_may_stand_in_the_texts_themselves(desk):
    with desk.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("BEGIN TRAN; SELECT @@TRANCOUNT")
        assert cursor.fetchall() == [(1,)]
        create(connection, "SQL1")
        cursor.execute("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")
        assert count(connection, "SQL1") == 0
        cursor.execute("BEGIN TRANSACTION")
        create(connection, "SQL2")
        cursor.execute("COMMIT TRAN; SELECT @@TRANCOUNT")
        assert cursor.fetchall() == [(0,)]
    assert ("SQL2",) in desk.company["RM00101"]


def test_drawn_numbers_do_not_come_twice_though_a_transaction_was_open(desk):
    with desk.connect(autocommit=False) as writer:
        create(writer, "SQL1")
        desk.gp.world.put("RM00101", "DOOR1", {"CUSTNAME": "Meanwhile"})
        writer.commit()
    rows = desk.company.rows("RM00101")
    for name in ("DEX_ROW_ID", "NOTEINDX"):
        drawn = [row[name] for row in rows if row["CUSTNMBR"] in ("SQL1", "DOOR1")]
        assert len(set(drawn)) == 2


def test_a_second_writer_waits_for_the_first_up_to_its_lock_timeout(desk):
    with desk.connect(autocommit=False) as first, desk.connect() as second:
        create(first, "SQL1")
        second.cursor().execute("SET LOCK_TIMEOUT 50")
        assert error_of(create, second, "SQL2") == 1222
        second.cursor().execute("SET LOCK_TIMEOUT 8000")
        done = threading.Thread(target=create, args=(second, "SQL2"))
        done.start()
        first.commit()
        done.join(10)
        assert not done.is_alive() and count(second, "SQL2") == 1


def test_who_hangs_up_while_waiting_writes_nothing_later(desk):
    with desk.connect(autocommit=False) as first:
        create(first, "SQL1")
        second = desk.connect(autocommit=False)
        errors = []
        waiting = threading.Thread(target=lambda: errors.append(error_of(create, second, "SQL2")))
        waiting.start()
        while not any(each["waits_for"] for each in desk.door("GET", "sessions")["sessions"]):
            continue
        second._http.sock.shutdown(socket.SHUT_RDWR)
        waiting.join(10)
        while len(desk.door("GET", "sessions")["sessions"]) > 1:
            continue
        first.commit()
    assert errors == [10054] and desk.one(COUNT, "SQL1") == 1 and desk.one(COUNT, "SQL2") == 0
    with desk.connect() as third:
        assert create(third, "SQL3") == [(0, 0, "")]


def test_a_row_read_under_an_update_lock_is_nobody_elses_to_write(desk):
    locked = "SELECT CUSTNAME FROM RM00101 WITH (UPDLOCK, HOLDLOCK) WHERE CUSTNMBR = ?"
    with desk.connect(autocommit=False) as first, desk.connect() as second:
        first.cursor().execute(locked, ["AARONFIT0001"])
        second.cursor().execute("SET LOCK_TIMEOUT 0")
        assert error_of(create, second, "SQL2") == 1222
        desk.gp.world.put("RM00101", "AARONFIT0001", {"CUSTNAME": "By a person"})
        assert error_of(create, first, "SQL1") == 1205
        assert count(first, "SQL1") == 0


def test_two_companies_locked_crosswise_have_one_victim():
    with ExitStack() as stack:
        desk = stack.enter_context(sql_desk(more_companies=[Identity("Fabrikam Canada", "CAN", 2)]))
        one, two = (stack.enter_context(desk.connect(autocommit=False)) for _ in range(2))
        create(one, "SQL1")
        in_second = CREATE.replace("[TWO]", "[CAN]")
        two.cursor().execute(in_second, ["SQL1", "x", 0])
        waiting = threading.Thread(target=lambda: two.cursor().execute(CREATE, ["SQL2", "x", 0]))
        waiting.start()
        while not any(each["waits_for"] for each in desk.door("GET", "sessions")["sessions"]):
            continue
        assert error_of(lambda: one.cursor().execute(in_second, ["SQL3", "x", 0])) == 1205
        waiting.join(10)
        assert not waiting.is_alive()


def test_a_connection_that_is_cut_or_idle_too_long_takes_its_writes_with_it(desk):
    with desk.connect(autocommit=False) as writer:
        create(writer, "SQL1")
    with desk.connect(autocommit=False) as idle, desk.connect() as other:
        create(idle, "SQL2")
        desk.clock.advance(7200)
        assert error_of(count, other, "SQL1") == 10054
        assert error_of(count, idle, "SQL2") == 10054
    assert desk.one(COUNT, "SQL1") == desk.one(COUNT, "SQL2") == 0
    with desk.connect() as later:
        assert create(later, "SQL3") == [(0, 0, "")]


def test_an_error_ends_a_transaction_only_where_the_session_asked_for_that(desk):
    with desk.connect() as connection:
        cursor = connection.cursor()
        for option, left in (("OFF", 1), ("ON", 0)):
            cursor.execute(f"SET XACT_ABORT {option}; BEGIN TRAN")
            create(connection, f"SQL{option}")
            assert error_of(cursor.execute, "SELECT 1/0") == 8134
            assert cursor.execute("SELECT @@TRANCOUNT").fetchall() == [(left,)]
            assert count(connection, f"SQL{option}") == left
            if left:
                cursor.execute("ROLLBACK")


def test_a_login_may_do_what_its_roles_and_grants_say():
    reader = Login("reader", "r", {"TWO": frozenset({"db_datareader"})})
    narrow = Login("narrow", "n", {}, {"TWO": {"RM00101": frozenset({"SELECT"})}})
    with sql_desk(logins=(INTEGRATION, reader, narrow)) as desk:
        with desk.connect(user="reader", password="r") as connection:
            assert count(connection, "AARONFIT0001") == 1
            assert error_of(create, connection, "SQL1") == 229
            assert error_of(connection.cursor().execute, "SELECT 1 FROM DYNAMICS..SY01500") == 916
        with desk.connect(user="narrow", password="n") as connection:
            cursor = connection.cursor()
            assert count(connection, "AARONFIT0001") == 1
            with pytest.raises(sqlclient.ProgrammingError, match="RM00102") as caught:
                cursor.execute("SELECT c.CUSTNMBR FROM RM00101 c JOIN RM00102 a ON a.CUSTNMBR = c.CUSTNMBR")
            assert caught.value.number == 229
            assert cursor.execute("SELECT name FROM sys.objects").fetchall()[0] == ("RM00101",)
            rights = "SELECT HAS_PERMS_BY_NAME('[TWO].[dbo].[RM00101]', 'OBJECT', ?), IS_ROLEMEMBER('DYNGRP')"
            assert cursor.execute(rights, ["SELECT"]).fetchall() == [(1, 0)]
            assert cursor.execute(rights, ["EXECUTE"]).fetchall() == [(0, 0)]
        desk.door(
            "POST", "logins", {"user": "late", "password": "l", "grants": {"TWO": {"RM00102": ["SELECT"]}}}
        )
        with desk.connect(user="late", password="l") as connection:
            assert error_of(count, connection, "AARONFIT0001") == 229


def test_ordered_errors_come_when_and_where_they_were_ordered(desk):
    desk.door(
        "POST",
        "faults",
        [{"do": "1205", "match": "taUpdate", "nth": 2}, {"do": "slow", "match": "MARKED", "seconds": 9}],
    )
    with desk.connect(autocommit=False, timeout=0.2) as connection:
        create(connection, "SQL1")
        assert error_of(create, connection, "SQL2") == 1205
        assert count(connection, "SQL1") == 0
        assert error_of(connection.cursor().execute, "SELECT 'MARKED'") == -2
        assert connection.cursor().execute("SELECT 1").fetchall() == [(1,)]
    assert [each["fired"] for each in desk.door("GET", "faults")["faults"]] == [1, 1]


def test_a_lost_reply_to_a_commit_leaves_the_write_and_a_reset_does_not(desk):
    for do, left in (("lost_reply", 1), ("reset", 0)):
        desk.door("POST", "faults", {"do": do, "match": "^COMMIT$"})
        with desk.connect(autocommit=False) as connection:
            create(connection, f"SQL{left}")
            assert error_of(connection.commit) == 10054
        assert desk.one(COUNT, f"SQL{left}") == left


def test_what_was_asked_is_told_without_any_value(desk):
    secret = "Hush-4711"
    desk.rows("SELECT CUSTNMBR FROM RM00101 WHERE CUSTNAME = ? OR CUSTNMBR > ?", secret, "B")
    asked = desk.asked()[-1]
    assert asked["values"] == 2 and asked["rows"] > 0 and asked["error"] == 0 and asked["duration_ms"] >= 0
    assert secret not in str(asked) and "CUSTNAME = ?" in asked["text"]
