"""Whatever index the simulated SQL server takes, the rows are those of a plain look through the table."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simgps_desk import sql_desk

from gp365_sim.gp.sql.collation import sort_key
from gp365_sim.samples import generated

COLUMNS = {
    "CUSTNMBR": "text",
    "CUSTCLAS": "text",
    "CITY": "text",
    "CRLMTTYP": "number",
    "DEX_ROW_TS": "moment",
}


@pytest.fixture(scope="module")
def desk():
    with sql_desk(samples=generated(150, 0, 0, 3)) as served:
        rows = served.company.rows("RM00101")
        for number, row in enumerate(rows):
            if number % 3:
                served.clock.advance(number % 5)
                at = served.company.statement() + timedelta(seconds=number % 4)
                key = served.company["RM00101"].table.fold(row["CUSTNMBR"])
                served.company.update("RM00101", key, {"CRLMTTYP": number % 3}, at)
        yield served


@pytest.fixture(scope="module")
def connection(desk):
    with desk.connect() as connected:
        yield connected


def _place(value):
    return sort_key(value) if isinstance(value, str) else value


def _rows(desk):
    found = []
    for row in desk.company.rows("RM00101"):
        row = dict(row)
        row["DEX_ROW_TS"] = row["DEX_ROW_TS"].replace(tzinfo=None)
        found.append(row)
    return found


TESTS = {"=": lambda a, b: a == b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
         ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "<>": lambda a, b: a != b}  # fmt: skip
leaf = st.tuples(st.sampled_from(sorted(COLUMNS)), st.sampled_from(sorted(TESTS)), st.integers(0, 149))
tree = st.recursive(leaf, lambda inner: st.tuples(st.sampled_from(["AND", "OR"]), inner, inner), max_leaves=6)


def _written(node, rows, values):
    if node[0] in ("AND", "OR"):
        return f"({_written(node[1], rows, values)} {node[0]} {_written(node[2], rows, values)})"
    column, sign, number = node
    values.append(rows[number % len(rows)][column])
    return f"t.{column} {sign} {'CAST(? AS datetime)' if COLUMNS[column] == 'moment' else '?'}"


def _holds(node, row, rows):
    if node[0] == "AND":
        return _holds(node[1], row, rows) and _holds(node[2], row, rows)
    if node[0] == "OR":
        return _holds(node[1], row, rows) or _holds(node[2], row, rows)
    column, sign, number = node
    return TESTS[sign](_place(row[column]), _place(rows[number % len(rows)][column]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    condition=tree,
    order=st.lists(st.sampled_from(sorted(COLUMNS)), max_size=3, unique=True),
    down=st.booleans(),
    top=st.integers(0, 40),
)
def test_conditions_and_orders_give_what_a_plain_look_gives(desk, connection, condition, order, down, top):
    rows, values = _rows(desk), []
    by = [*order, "CUSTNMBR"] if "CUSTNMBR" not in order else order
    text = (
        f"SELECT TOP (?) RTRIM(t.CUSTNMBR) FROM RM00101 t WHERE {_written(condition, rows, values)} ORDER BY "
    )
    text += ", ".join(f"t.{name}{' DESC' if down else ''}" for name in by)
    found = [row[0] for row in connection.cursor().execute(text, [top, *values]).fetchall()]
    kept = [row for row in rows if _holds(condition, row, rows)]
    kept.sort(key=lambda row: tuple(_place(row[name]) for name in by), reverse=down)
    assert found == [row["CUSTNMBR"] for row in kept][:top]


UNION = (
    "SELECT TOP (?) k.at, k.w, k.v0, k.v1 FROM (SELECT t.DEX_ROW_TS AS at, 0 AS w, t.CUSTNMBR AS v0, '' AS v1"
    " FROM RM00101 AS t WHERE t.DEX_ROW_TS >= CAST(? AS datetime) UNION ALL SELECT t.DEX_ROW_TS AS at, 1 AS w,"
    " t.CUSTNMBR AS v0, t.ADRSCODE AS v1 FROM RM00102 AS t WHERE t.DEX_ROW_TS >= CAST(? AS datetime)) AS k{after}"
    " ORDER BY k.at, k.w, k.v0, k.v1"
)
AFTER = (
    " WHERE (k.at > CAST(? AS datetime) OR (k.at = CAST(? AS datetime) AND (k.w > ? OR (k.w = ? AND"
    " (k.v0 > ? OR (k.v0 = ? AND k.v1 > ?))))))"
)


@pytest.mark.parametrize("page", [1, 7, 1000])
def test_pages_out_of_two_tables_miss_nothing_and_repeat_nothing(desk, connection, page):
    cursor, seen, last = connection.cursor(), [], None
    while True:
        more = [] if last is None else [last[0], last[0], last[1], last[1], last[2], last[2], last[3]]
        text = UNION.format(after="" if last is None else AFTER)
        rows = cursor.execute(text, [page, "2020-01-01", "2020-01-01", *more]).fetchall()
        if not rows or len(seen) > 60 * page:
            break
        seen += rows
        last = rows[-1]
    whole = cursor.execute(UNION.format(after=""), [10_000, "2020-01-01", "2020-01-01"]).fetchall()
    assert seen == whole[: len(seen)] and (len(seen) == len(whole) or page < 7)
    assert len(whole) == len(desk.company["RM00101"]) + len(desk.company["RM00102"])


def test_a_poll_at_the_newest_stamp_reads_next_to_nothing_of_a_large_table():
    with sql_desk(samples=generated(6000, 0, 0, 1)) as large:
        with large.connect() as connection:
            cursor = connection.cursor()
            text = "SELECT TOP (500) t.CUSTNMBR FROM RM00101 t WHERE t.DEX_ROW_TS > CAST(? AS datetime)"
            text += " ORDER BY t.DEX_ROW_TS, t.CUSTNMBR"
            newest = cursor.execute("SELECT MAX(DEX_ROW_TS) FROM RM00101").fetchone()[0]
            for _ in range(4):
                assert cursor.execute(text, [newest]).fetchall() == []
        first, *later = [each["duration_ms"] for each in large.asked() if "ORDER BY" in each["text"]]
        assert min(later) < first / 4
