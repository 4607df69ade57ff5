"""Many keys in one parameter: the answer is that of a list, and the database looks them up by their index."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from gp365.store import tables
from gp365.store.among import among
from gp365.store.engine import Store

_COUNTER = tables.counter
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(there=st.sets(_TEXTS, max_size=8), asked=st.lists(_TEXTS, max_size=8))
def test_texts_are_found_as_in_a_list_whatever_stands_in_them(
    store: Store, there: set[str], asked: list[str]
) -> None:
    with store.write() as conn:
        conn.execute(_COUNTER.delete())
        if there:
            conn.execute(_COUNTER.insert(), [{"name": name, "value": len(name)} for name in sorted(there)])
        names = set(conn.execute(select(_COUNTER.c.name).where(among(_COUNTER.c.name, asked))).scalars())
        sizes = [len(one) for one in asked]
        values = set(conn.execute(select(_COUNTER.c.value).where(among(_COUNTER.c.value, sizes))).scalars())
    assert names == there & set(asked)
    assert values == {len(one) for one in there} & set(sizes)


def test_the_condition_stands_alone_so_that_an_index_serves_it() -> None:
    asked = select(_COUNTER.c.value).where(among(_COUNTER.c.name, ["a", "b"]))
    on_sqlite = str(asked.compile(dialect=sqlite.dialect()))
    on_postgresql = str(asked.compile(dialect=postgresql.dialect()))
    assert on_sqlite.endswith("counter.name IN (SELECT value FROM json_each(?))")
    assert on_postgresql.endswith("counter.name = ANY (%(param_1)s::TEXT[])")
