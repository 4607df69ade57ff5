"""No text that is sent to SQL Server is built from data, whatever the data is; names of databases are bracketed."""

from __future__ import annotations

import re
import string
from collections.abc import Generator
from decimal import Decimal

import pytest
from gp_sql_place import SqlPlace, sql_place
from hypothesis import given, settings
from hypothesis import strategies as st

from gp365.connectors.gp.sql.queries import Plain, after, among, changed
from gp365.connectors.gp.sql.role import script
from gp365.connectors.gp.sql.settings import SqlSettings
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.sql.text import Names, Statement, bracketed, call, database, mark, parameter
from gp365.connectors.gp.tables import NAMES, entity_named
from gp365.model.errors import Bug, Misconfigured
from gp365.model.record import Op, Status, Write

MARK = "ZQXJ"
SIGNS = "'\";-]/*[%#$!<>()@?_\\ {}&=+" + "éÄß€"
HOSTILE = st.one_of(
    st.sampled_from(
        [
            "'; DROP TABLE RM00101; --",
            "x' OR 1=1 --",
            "]; EXEC xp_cmdshell 'x'; --",
            "@I_vHOLD",
            "?",
            "%s",
            "{0}",
            "]]]",
        ]
    ),
    st.text(alphabet=SIGNS + string.ascii_letters, min_size=1, max_size=9),
)
_SAFE = re.compile(r"[A-Za-z0-9_\[\]().,=<>?@;' \-]*")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Generator[SqlPlace]:
    with sql_place(tmp_path_factory.mktemp("gp")) as found:
        yield found


def _clean(here: SqlPlace, after_: int) -> None:
    texts = here.asked(after_)
    assert texts
    for text in texts:
        assert MARK not in text.upper()
        assert _SAFE.fullmatch(text), text
        assert "'" not in re.sub(r"''|'[A-Za-z_]+'", "", text), text


@settings(max_examples=40, deadline=None)
@given(data=HOSTILE, entity=st.sampled_from(NAMES))
def test_keys_and_values_that_are_looked_for_never_stand_in_a_text(
    here: SqlPlace, data: str, entity: str
) -> None:
    hostile, described = f"{MARK}{data}", entity_named(entity)
    key = tuple(
        hostile if each.name != "x" else ""
        for each in [described.fields[n].description for n in described.key]
    )
    before = here.last
    assert dict(here.connector.get(entity, [key, (hostile,) * 9], [described.key[0]], fresh=True)) == {}
    texts = [
        n for n, each in described.fields.items() if each.sql and 0 < (each.description.length or 0) < 300
    ]
    for name in texts[:2]:
        here.connector.find(entity, name, [hostile], [described.key[0]])
    list(here.connector.changes(entity, [described.key[0]], f'{{"way":"{hostile}"}}'))
    _clean(here, before)


@settings(max_examples=25, deadline=None)
@given(data=st.lists(HOSTILE, min_size=6, max_size=6), number=st.integers(0, 10**8))
def test_what_is_written_passes_through_and_never_stands_in_a_text(
    here: SqlPlace, data: list[str], number: int
) -> None:
    texts = [f"{MARK}{each}{MARK}"[:20].rstrip() for each in data]
    key = f"'];-{number:09d}"
    names = ("CustomerName", "Comment1", "UserDefined1", "BillTo.Address1", "ShipTo.Address1", "BillTo.Email")
    values = dict(zip(names, texts, strict=True))
    before = here.last
    [made] = here.connector.write("customer", [Write(Op.CREATE, (key,), values, reference=texts[0])])
    assert made.status in (Status.DONE, Status.EXISTS)
    edited = here.edit(key, {name: text[::-1].strip() for name, text in values.items()}, reference=texts[1])
    assert (edited.status, edited.error) == (Status.DONE, None)
    read = here.read(key)
    assert {name: read.values[name] for name in names} == {
        name: text[::-1].strip() for name, text in values.items()
    }
    assert read.reference == texts[1]
    _clean(here, before)


@given(data=HOSTILE, count=st.integers(1, 7))
def test_statements_are_the_same_whatever_their_values(data: str, count: int) -> None:
    names = Names.of("TWO", "DYNAMICS")
    for entity in ("receivables_document", "item_quantity", "gl_balance"):
        source = source_of(entity)
        view = Plain(names, source, list(source.entity.fields))
        columns = [view.column(name) for name in source.entity.key]
        types = [source.sql_type(name) for name in source.entity.key]
        both = [
            view.select(
                500,
                Statement().join([among(columns, types, [(value,) * len(types)] * count)], ""),
                ordered=True,
            )
            for value in (data, "A")
        ]
        assert both[0].text == both[1].text and both[0].text.count("?") == len(both[0].values)
        pages = [after(columns, types, (value,) * len(types)) for value in (data, "A")]
        assert pages[0].text == pages[1].text
        given_ = [call(names.object("taX"), {"@I_vA": value}, [("@o", "int")]).text for value in (data, "A")]
        assert given_[0] == given_[1]


@given(name=st.text(max_size=12))
def test_a_name_is_bracketed_or_refused(name: str) -> None:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        assert bracketed(name) == f"[{name}]"
    else:
        with pytest.raises(Bug):
            bracketed(name)
        with pytest.raises(Bug):
            parameter(f"@{name}") if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else None
        with pytest.raises(Bug):
            mark(name)


@given(name=st.text(alphabet=string.printable + "é]", max_size=7))
def test_a_database_of_an_odd_name_is_quoted_whole_or_refused(name: str) -> None:
    odd = not name.strip() or name != name.strip() or any(ord(sign) < 32 or ord(sign) == 127 for sign in name)
    if odd:
        with pytest.raises(Misconfigured):
            database(name)
    else:
        quoted = database(name)
        assert (
            quoted[0] == "[" and quoted[-1] == "]" and quoted[1:-1].replace("]]", "") == name.replace("]", "")
        )
        assert len(re.findall(r"\]", quoted[1:-1])) % 2 == 0
    if odd or len(name) > 5:
        with pytest.raises(Misconfigured):
            SqlSettings(name="gp", server="x", database=name)


def test_a_text_whose_marks_do_not_fit_its_values_is_never_sent() -> None:
    with pytest.raises(Bug):
        Statement().add("SELECT ? AS [a]")
    with pytest.raises(Bug):
        Statement().add("SELECT 1 AS [a]", Decimal(1))


def test_the_script_for_the_administrator_names_only_our_own_identifiers() -> None:
    for name in re.findall(r"\[([^\]]*)\]", script()):
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name), name
    assert changed.__doc__
