"""Whatever text the simulated SQL server is sent, it answers with rows or an error of SQL, and nothing changes."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from simgps_desk import sql_desk

from gp365_sim import sqlclient

WORDS = str.split(
    "SELECT FROM WHERE RM00101 RM00102 c a . , ( ) = <> < >= AND OR NOT IN EXISTS LIKE IS NULL ORDER BY GROUP HAVING TOP 5"
    " DISTINCT JOIN LEFT ON AS CUSTNMBR CUSTNAME CRLMTAMT DEX_ROW_TS * + - / % 1 0 'x' N'é' ? @x @@TRANCOUNT CASE WHEN"
    " THEN ELSE END UNION ALL DECLARE int SET IF BEGIN COMMIT ROLLBACK TRAN EXEC taUpdateCreateCustomerRcd COUNT SUM MIN"
    " RTRIM CAST varchar(5) datetime GETUTCDATE() ; [ ] [x]]y] BETWEEN OFFSET ROWS FETCH NEXT ONLY OPENJSON WITH VALUES"
    " sys.objects TWO..RM00101 -- /* */ ESCAPE 99999999999999999999 1e400 0x DATEADD day CONVERT 126"
)


@pytest.fixture(scope="module")
def desk():
    with sql_desk() as served:
        yield served


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join), st.text(max_size=40)))
@example("SELECT " + "(" * 400 + "1" + ")" * 400)
@example("SELECT CAST('9999-12-31' AS datetime) + 99999999")
@example("SELECT 9999999999999999999999999999999999999999 * 10")
@example("SELECT DATEADD(day, 2000000000, GETUTCDATE())")
@example("SELECT LEFT('abc', -1), SUBSTRING('abc', 0, 2), REPLACE('aaa', '', 'b')")
@example("SELECT 1 WHERE " + " OR ".join(["1 = 2"] * 1500))
def test_any_text_is_answered(desk, text):
    before = desk.company.rows("RM00101")
    with desk.connect() as connection:
        try:
            connection.cursor().execute(text, [1] * text.count("?")).fetchall()
        except sqlclient.Error as error:
            assert error.number not in (50002, 10054), (text, str(error))
    assert desk.company.rows("RM00101") == before
