"""What the simulated SQL server understands of T-SQL, and that it gives what SQL Server would."""

from datetime import datetime
from decimal import Decimal

import pytest
from simgps_desk import sql_desk

from gp365_sim.gp.company import Identity


@pytest.fixture(scope="module")
def desk():
    with sql_desk() as served:
        yield served


def numbers(rows):
    return [row[0].rstrip() for row in rows]


def test_texts_are_compared_without_case_and_trailing_blanks_but_with_accents(desk):
    assert desk.one("SELECT COUNT(*) FROM RM00101 WHERE CUSTNMBR = ?", "aaronfit0001   ") == 1
    assert desk.one("SELECT CASE WHEN 'Élan' = 'élan  ' THEN 1 ELSE 0 END") == 1
    assert desk.one("SELECT CASE WHEN 'Élan' = 'Elan' THEN 1 ELSE 0 END") == 0


def test_signs_come_before_digits_and_digits_before_letters(desk):
    rows = desk.rows(
        "SELECT v.a FROM (VALUES ('b'), ('_a'), ('1'), ('Ä'), ('A'), ('az'), ('[')) AS v(a) ORDER BY v.a"
    )
    assert [row[0] for row in rows] == ["[", "_a", "1", "A", "az", "Ä", "b"]


def test_a_char_column_comes_padded_and_rtrim_takes_the_blanks_away(desk):
    ((padded, bare, length, stored),) = desk.rows(
        "SELECT CUSTNMBR, RTRIM(CUSTNMBR), LEN(CUSTNMBR), DATALENGTH(CUSTNMBR) FROM RM00101 WHERE CUSTNMBR = ?",
        "AARONFIT0001",
    )
    assert (padded, bare, length, stored) == ("AARONFIT0001   ", "AARONFIT0001", 12, 15)
    assert desk.one("SELECT CAST('ab' AS char(4)) + '|'") == "ab  |"


def test_exact_numbers_stay_exact_and_dates_are_moments_without_a_zone(desk):
    ((limit, made, stamp),) = desk.rows(
        "SELECT CRLMTAMT, CREATDDT, DEX_ROW_TS FROM RM00101 WHERE CUSTNMBR = 'AARONFIT0001'"
    )
    assert limit == Decimal("50000.00000") and str(limit) == "50000.00000"
    assert made == datetime.fromisoformat("2015-01-01") and stamp.tzinfo is None
    assert desk.one("SELECT CAST(? AS numeric(19,5)) * 3", Decimal("0.1")) == Decimal("0.3")
    assert desk.one("SELECT 7 / 2") == 3 and desk.one("SELECT -7 % 3") == -1
    assert desk.one("SELECT CONVERT(varchar(30), CAST('2027-04-12T10:20:30.005' AS datetime), 126)") == (
        "2027-04-12T10:20:30.007"
    )


def test_a_stamp_meets_a_parameter_only_as_datetime(desk):
    text = "SELECT CASE WHEN CAST('2027-04-12T10:20:30.003' AS datetime) = {} THEN 1 ELSE 0 END"
    moment = datetime.fromisoformat("2027-04-12T10:20:30.003")
    assert desk.one(text.format("CAST(? AS datetime)"), moment) == 1
    assert desk.one(text.format("?"), moment) == 0


def test_a_condition_on_null_is_neither_true_nor_false(desk):
    assert desk.one("SELECT COUNT(*) FROM (VALUES (1), (NULL)) AS v(a) WHERE v.a <> 2") == 1
    assert desk.one("SELECT COUNT(*) FROM (VALUES (1), (NULL)) AS v(a) WHERE NOT (v.a = 2)") == 1
    assert desk.one("SELECT COUNT(*) FROM (VALUES (1), (2)) AS v(a) WHERE v.a NOT IN (1, NULL)") == 0
    assert desk.one("SELECT COUNT(*) FROM (VALUES (1), (NULL)) AS v(a) WHERE v.a IS NULL") == 1
    assert desk.one("SELECT ISNULL(NULLIF('x', 'X'), 'none')") == "n"


def test_customers_without_addresses_stay_in_a_left_join(desk):
    with desk.company.transaction():
        at = desk.company.statement()
        desk.company.insert("RM00101", {"CUSTNMBR": "LONELY", "CUSTNAME": "No address"}, at)
    rows = desk.rows(
        "SELECT c.CUSTNMBR, a.ADRSCODE FROM RM00101 c LEFT OUTER JOIN [TWO]..[RM00102] a ON a.CUSTNMBR = c.CUSTNMBR"
        " AND a.ADRSCODE = c.ADRSCODE WHERE c.CUSTNMBR IN (?, ?) ORDER BY c.CUSTNMBR",
        "LONELY",
        "AARONFIT0001",
    )
    assert [(number.rstrip(), code and code.rstrip()) for number, code in rows] == [
        ("AARONFIT0001", "PRIMARY"),
        ("LONELY", None),
    ]
    lonely = desk.rows(
        "SELECT c.CUSTNMBR FROM RM00101 c WHERE NOT EXISTS (SELECT 1 FROM RM00102 a WHERE a.CUSTNMBR = c.CUSTNMBR)"
    )
    assert "LONELY" in numbers(lonely)


def test_groups_count_sum_and_find_the_least_and_the_greatest(desk):
    rows = desk.rows(
        "SELECT CUSTCLAS, COUNT(*) AS n, SUM(CRLMTAMT), MIN(CUSTNMBR), MAX(CUSTNMBR) FROM RM00101"
        " WHERE CUSTCLAS <> '' GROUP BY CUSTCLAS HAVING COUNT(*) > 1 ORDER BY n DESC, CUSTCLAS"
    )
    found = {row[0].rstrip(): row[1] for row in rows}
    held = [row["CUSTCLAS"] for row in desk.company.rows("RM00101") if row["CUSTCLAS"]]
    assert found == {name: held.count(name) for name in held if held.count(name) > 1}
    assert [row[1] for row in rows] == sorted((row[1] for row in rows), reverse=True)
    assert desk.rows("SELECT COUNT(*), SUM(CRLMTAMT) FROM RM00101 WHERE CUSTNMBR = 'NOBODY'") == [(0, None)]
    assert desk.refused("SELECT CUSTNMBR, COUNT(*) FROM RM00101") == 8120


def test_pages_by_offset_top_and_distinct(desk):
    every = numbers(desk.rows("SELECT CUSTNMBR FROM RM00101 ORDER BY CUSTNMBR"))
    second = desk.rows(
        "SELECT CUSTNMBR FROM RM00101 ORDER BY CUSTNMBR OFFSET ? ROWS FETCH NEXT ? ROWS ONLY", 5, 3
    )
    assert numbers(second) == every[5:8]
    assert (
        numbers(desk.rows("SELECT TOP (?) CUSTNMBR FROM RM00101 ORDER BY CUSTNMBR DESC", 2)) == every[:-3:-1]
    )
    classes = numbers(desk.rows("SELECT DISTINCT CUSTCLAS FROM RM00101 ORDER BY CUSTCLAS"))
    assert len(classes) == len(set(classes)) > 3
    assert desk.refused("SELECT TOP (?) CUSTNMBR FROM RM00101", -1) == 1014


def test_many_keys_at_once_by_json_by_values_and_by_a_list(desk):
    keys = '["aaronfit0001", {"no": "key"}, "ADAMPARK0001", null]'
    found = desk.rows(
        "SELECT j.k, c.CUSTNAME FROM OPENJSON(?) WITH (k char(15) '$') AS j INNER JOIN RM00101 c ON c.CUSTNMBR = j.k",
        keys,
    )
    assert numbers(found) == ["aaronfit0001", "ADAMPARK0001"]
    pairs = '[{"c": "AARONFIT0001", "a": "PRIMARY"}, {"c": "AARONFIT0001", "a": "nowhere"}]'
    assert desk.rows(
        "SELECT a.CITY FROM OPENJSON(?) WITH (c char(15) '$.c', code char(15) '$.a') AS j"
        " JOIN RM00102 a ON a.CUSTNMBR = j.c AND a.ADRSCODE = j.code",
        pairs,
    ) == [("Chicago".ljust(35),)]
    listed = "SELECT COUNT(*) FROM RM00101 WHERE CUSTNMBR IN (SELECT v.k FROM (VALUES (?), (?)) AS v(k))"
    assert desk.one(listed, "AARONFIT0001", "NOBODY") == 1


def test_like_knows_wildcards_groups_and_an_escape(desk):
    def like(text, pattern, escape=""):
        end = f" ESCAPE '{escape}'" if escape else ""
        return desk.one(f"SELECT CASE WHEN ? LIKE ?{end} THEN 1 ELSE 0 END", text, pattern)

    assert like("Aaron", "a%n") and like("Aaron", "_aron") and like("b2", "[a-c][0-9]")
    assert not like("d2", "[^d]2") and not like("aaron", "aaro")
    assert like("100%", "100!%", "!") and not like("1000", "100!%", "!")


def test_several_statements_give_several_result_sets_and_variables_work(desk):
    with desk.connect() as connection:
        cursor = connection.cursor().execute(
            "SET NOCOUNT ON DECLARE @n int = ?, @name varchar(5) SELECT @name = CUSTNAME FROM RM00101"
            " WHERE CUSTNMBR = 'AARONFIT0001'; SET @n = @n + 1; SELECT @n AS n; SELECT @name, @@ROWCOUNT;"
            " IF @n > 41 AND EXISTS (SELECT 1 FROM RM00101) SELECT 'big' ELSE BEGIN SELECT 'small'; SELECT 'x' END",
            [41],
        )
        assert cursor.fetchall() == [(42,)]
        assert cursor.nextset() and cursor.fetchall() == [("Aaron", 1)]
        assert cursor.nextset() and cursor.fetchall() == [("big",)]
        assert not cursor.nextset()


def test_marks_in_quotes_and_comments_are_no_marks(desk):
    assert desk.rows("SELECT '?' AS [a?]]b], ? /* ? */ -- ?\n, N'it''s ?'", 7) == [("?", 7, "it's ?")]
    assert desk.refused("SELECT ?", 1, 2) == 8179


@pytest.mark.parametrize("name", ["A]'1", "%_;-", "a b c"])
def test_a_company_database_may_have_an_odd_name(name):
    quoted = "[" + name.replace("]", "]]") + "]"
    with sql_desk(company=Identity("Odd", name, 7)) as odd, odd.connect(database=name) as connection:
        cursor = connection.cursor()
        assert cursor.execute("SELECT DB_NAME()").fetchall() == [(name,)]
        cursor.execute(
            f"SELECT COUNT(*) FROM {quoted}..[RM00101] c JOIN {quoted}.[dbo].[RM00102] a ON a.CUSTNMBR = c.CUSTNMBR"
        )
        assert cursor.fetchall() == [(len(odd.company["RM00102"]),)]
        code = f"DECLARE @rc int; EXEC @rc = {quoted}.[dbo].[taUpdateCreateCustomerRcd] @I_vCUSTNMBR = ?, @I_vCUSTNAME = ?"
        outputs = ", @O_iErrorState = @e OUTPUT, @oErrString = @s OUTPUT; SELECT @rc, @e"
        cursor.execute("DECLARE @e int, @s varchar(255); " + code + outputs, ["'; --", "]"])
        assert cursor.fetchall() == [(0, 0)]
        held = "SELECT HAS_PERMS_BY_NAME(?, 'OBJECT', 'SELECT'), OBJECT_ID(?)"
        assert (
            None not in cursor.execute(held, [f"{quoted}.[dbo].[RM00101]", f"{quoted}..RM00101"]).fetchone()
        )


def test_the_catalogue_shows_tables_columns_procedures_and_triggers(desk):
    columns = desk.rows(
        "SELECT c.name, y.name, c.max_length, c.precision, c.scale FROM [TWO].sys.columns c JOIN sys.types y"
        " ON y.user_type_id = c.user_type_id WHERE c.object_id = OBJECT_ID('dbo.RM00101') ORDER BY c.column_id"
    )
    assert columns[0] == ("CUSTNMBR", "char", 15, 0, 0)
    assert ("CRLMTAMT", "numeric", 9, 19, 5) in columns
    parameters = desk.rows(
        "SELECT p.name, p.is_output FROM sys.parameters p JOIN sys.procedures o ON o.object_id = p.object_id"
        " WHERE o.name = ? ORDER BY p.parameter_id",
        "taUpdateCreateCustomerRcd",
    )
    assert parameters[0] == ("@I_vCUSTNMBR", 0) and parameters[-1][1] == 1
    assert desk.one("SELECT COUNT(*) FROM sys.triggers WHERE name = 'zDT_RM00101U' AND is_disabled = 0") == 1
    assert desk.one(
        "SELECT DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME='RM00101' AND COLUMN_NAME='HOLD'"
    )
    assert (
        desk.one("SELECT COLLATIONPROPERTY(CAST(SERVERPROPERTY('Collation') AS varchar(99)), 'CodePage')")
        == 1252
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SELECT NOSUCH FROM RM00101", 207),
        ("SELECT CUSTNMBR FROM RM00101 a JOIN RM00102 b ON a.CUSTNMBR = b.CUSTNMBR", 209),
        ("SELECT 1 FROM NOSUCH", 208),
        ("SELECT 1 FROM NOSUCH..RM00101", 911),
        ("SELECT @undeclared", 137),
        ("SELECT 1 FROM FROM", 102),
        ("SELECT 'open", 102),
        ("SELECT 1 / 0", 8134),
        ("SELECT CAST('x' AS int)", 245),
        ("SELECT CAST('13.13.2027' AS datetime)", 241),
        ("SELECT CAST(99999 AS smallint)", 8115),
        ("EXEC noSuchProcedure", 2812),
        ("EXEC taUpdateCreateCustomerRcd @I_vNOSUCH = 1", 8145),
        ("COMMIT", 3902),
    ],
)
def test_mistakes_have_the_numbers_of_sql_server(desk, text, number):
    assert desk.refused(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE RM00101 SET CUSTNAME = 'x'",
        "INSERT INTO RM00101 (CUSTNMBR) VALUES ('x')",
        "DELETE FROM RM00101",
        "TRUNCATE TABLE RM00101",
        "SELECT 1 INTO #t FROM RM00101",
        "SELECT ROW_NUMBER() OVER (ORDER BY CUSTNMBR) FROM RM00101",
        "SELECT 1 UNION SELECT 2",
        "SELECT a.CUSTNMBR FROM RM00101 a RIGHT JOIN RM00102 b ON a.CUSTNMBR = b.CUSTNMBR",
        "SELECT TOP 5 PERCENT CUSTNMBR FROM RM00101",
        "SELECT TOP 5 WITH TIES CUSTNMBR FROM RM00101 ORDER BY CUSTNMBR",
        "SELECT CUSTNMBR FROM RM00101 FOR XML PATH('')",
        "SELECT HASHBYTES('SHA1', CUSTNMBR) FROM RM00101",
        "SELECT CUSTNMBR COLLATE Latin1_General_BIN FROM RM00101",
        "SELECT CUSTNMBR FROM RM00101 WITH (TABLOCK)",
        "SELECT SERVERPROPERTY('NoSuch')",
        "BEGIN TRY SELECT 1 END TRY BEGIN CATCH END CATCH",
        "WHILE 1 = 1 SELECT 1",
        "EXEC ('SELECT 1')",
        "DECLARE @t TABLE (a int)",
        "SET ROWCOUNT 5",
        "SET TRANSACTION ISOLATION LEVEL SNAPSHOT",
        "WAITFOR DELAY '00:00:01'",
        "SELECT CAST('a' AS xml)",
    ],
)
def test_what_is_not_modelled_is_refused_and_never_passed_over(desk, text):
    before = desk.company.rows("RM00101")
    assert desk.refused(text) == 50001
    assert desk.company.rows("RM00101") == before
