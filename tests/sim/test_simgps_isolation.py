"""Several sessions at once: whatever they do in whatever order, each sees its own writes and what was committed."""

from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simgps_desk import sql_desk

from gp365_sim import sqlclient

UPSERT = (
    "DECLARE @e int, @s varchar(255), @rc int; EXEC @rc = dbo.taUpdateCreateCustomerRcd @I_vCUSTNMBR = ?,"
    " @I_vCUSTNAME = ?, @I_vUpdateIfExists = 1, @O_iErrorState = @e OUTPUT, @oErrString = @s OUTPUT; SELECT @rc, @e"
)
NAMES = "SELECT RTRIM(CUSTNMBR), RTRIM(CUSTNAME) FROM RM00101 WHERE CUSTNMBR LIKE 'ISO%'"
KEYS = ("ISO1", "ISO2", "ISO3")


@pytest.fixture(scope="module")
def desk():
    with sql_desk() as served:
        yield served


class World:
    """What should stand in the table: committed, and pending by session; one writer at a time."""

    def __init__(self, committed):
        self.committed = dict(committed)
        self.pending = {}

    def seen_by(self, session):
        return {**self.committed, **self.pending.get(session, {})}

    def may_write(self, session):
        return not self.pending or session in self.pending

    def commit(self, session):
        self.committed |= self.pending.pop(session, {})


step = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 2), st.sampled_from(KEYS), st.sampled_from(["a", "b", "c"])),
    st.tuples(st.sampled_from(["commit", "rollback", "look"]), st.integers(0, 2)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, max_size=25))
def test_each_session_sees_its_own_writes_and_committed_ones(desk, steps):
    with ExitStack() as stack:
        lines = [stack.enter_context(desk.connect(autocommit=False)) for _ in range(3)]
        for line in lines:
            line.cursor().execute("SET LOCK_TIMEOUT 0")
        world = World(desk.rows(NAMES))
        for what, who, *more in steps:
            _do(lines, world, what, who, *more)
        for who, line in enumerate(lines):
            assert dict(line.cursor().execute(NAMES).fetchall()) == world.seen_by(who)
        stored = {r["CUSTNMBR"]: r["CUSTNAME"] for r in desk.company.rows("RM00101") if r["CUSTNMBR"] in KEYS}
        assert stored == world.committed
    rows = desk.company.rows("RM00101")
    assert len({row["DEX_ROW_ID"] for row in rows}) == len({row["NOTEINDX"] for row in rows}) == len(rows)


def _do(lines, world, what, who, *more):
    if what == "look":
        assert dict(lines[who].cursor().execute(NAMES).fetchall()) == world.seen_by(who)
    elif what == "commit":
        lines[who].commit()
        world.commit(who)
    elif what == "rollback":
        lines[who].rollback()
        world.pending.pop(who, None)
    elif world.may_write(who):
        assert lines[who].cursor().execute(UPSERT, more).fetchall() == [(0, 0)]
        world.pending.setdefault(who, {})[more[0]] = more[1]
    else:
        with pytest.raises(sqlclient.OperationalError) as caught:
            lines[who].cursor().execute(UPSERT, more)
        assert caught.value.number == 1222
