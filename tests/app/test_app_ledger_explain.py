"""An explanation works a written value out again from what it was planned from, or says why that cannot be done."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from app.actions_desk import Desk, make_desk
from gp365.app.actions.explain import explain
from gp365.app.actions.explain_recompute import (
    AGREES,
    CHANGED_INPUTS,
    DIFFERS,
    NO_FLOW,
    NO_INPUTS,
    NO_INTENT,
    NO_LOOKUPS,
)
from gp365.app.actions.look_outputs import Decision, Recomputed
from gp365.app.actions.parked import parked_list
from gp365.app.actions.resolve import Given, resolve
from gp365.app.actions.sync import sync
from gp365.store import intents, tables

WORDS = "gp,sales\nUSA,United States\nCANADA,Canada\n"
CLASSES = "country,class\nUSA,USA-MEDIUM\n(none),DEFAULT\n"
COUNTRY = "country: {gp: Country, sales: country, convert: country, owner: ask}"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make_desk(tmp_path / "project")
    desk.folder.write("lookups/words.csv", WORDS)
    desk.folder.write("lookups/class_by_country.csv", CLASSES)
    desk.folder.flow(COUNTRY, "country: {gp: Country, sales: country, lookup: words, owner: ask}")
    desk.act(sync)
    return desk


def decided(desk: Desk, key: str, field: str) -> Decision:
    (told,) = desk.act(explain, "gp", "customer", key, field).explanations
    return told.fields[0].decisions[0]


def recomputed(desk: Desk, key: str, field: str) -> Recomputed:
    found = decided(desk, key, field).recomputed
    assert found is not None
    return found


def spoil(desk: Desk, statement: str) -> None:
    with desk.open() as project, project.store.write() as conn:
        conn.exec_driver_sql(statement)


@pytest.mark.parametrize("field", ["name", "country"])
@pytest.mark.parametrize("key", ["AARONFIT0001", "CONTOSO0001", "LAKESIDE0001"])
def test_every_written_value_comes_out_again(desk: Desk, key: str, field: str) -> None:
    """Made in Sales, found on both sides, made in GP."""
    found = [one for one in told(desk, key, field) if one.verdict == "write"]
    for one in found:
        assert one.recomputed is not None
        assert (one.recomputed.agrees, one.recomputed.why) == (True, AGREES)
        assert one.recomputed.value == one.recomputed.sent == one.after
        assert one.recomputed.answer.startswith("done")
    assert found or (key, field) == ("CONTOSO0001", "country")


def told(desk: Desk, key: str, field: str) -> list[Decision]:
    (one,) = desk.act(explain, "gp", "customer", key, field).explanations
    return one.fields[0].decisions


def test_source_row_and_what_made_the_value_are_shown(desk: Desk) -> None:
    found = recomputed(desk, "AARONFIT0001", "country")
    assert (found.source, found.how, found.value) == ({"Country": "USA"}, "lookup words", "United States")
    made = recomputed(desk, "LAKESIDE0001", "class")
    assert made.how == "expression lookup('class_by_country', country || '(none)')"
    assert made.agrees and made.sent == made.value


def test_a_value_that_a_person_decided_names_that_person(desk: Desk) -> None:
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.sales("a1", name="Contoso East")
    desk.act(sync)
    (entry,) = desk.act(parked_list).entries
    desk.act(resolve, entry.id, Given(take="sales"), now=True)
    found = recomputed(desk, "CONTOSO0001", "name")
    assert found.agrees
    assert found.approver == "ann@desk, by a decision"


def test_lookup_edited_after_the_write_then_explain(desk: Desk) -> None:
    """The explanation of an earlier write stays what it was; and it says what today's table would give."""
    before = recomputed(desk, "AARONFIT0001", "country")
    assert (before.changed, before.today_differs) == ([], False)
    desk.folder.write("lookups/words.csv", WORDS.replace("United States", "U.S. of America"))
    after = recomputed(desk, "AARONFIT0001", "country")
    assert (after.agrees, after.why, after.value, after.source) == (True, AGREES, before.value, before.source)
    assert after.changed == ["lookup words"]
    assert (after.today_differs, after.today) == (True, "U.S. of America")


def test_a_table_of_an_expression_edited_after_the_write_is_told_too(desk: Desk) -> None:
    before = recomputed(desk, "LAKESIDE0001", "class")
    desk.folder.write("lookups/class_by_country.csv", CLASSES.replace("USA-MEDIUM", "USA-LARGE"))
    after = recomputed(desk, "LAKESIDE0001", "class")
    assert (after.agrees, after.value) == (True, before.value)
    assert after.changed == ["lookup class_by_country"] and after.today_differs
    assert after.today == "USA-LARGE"


def test_a_flow_edited_after_the_write_changes_no_explanation(desk: Desk) -> None:
    before = recomputed(desk, "AARONFIT0001", "country")
    desk.folder.flow()
    after = recomputed(desk, "AARONFIT0001", "country")
    assert (after.agrees, after.value) == (True, before.value)
    assert after.changed == ["flow firms"]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("delete from input", NO_INPUTS),
        ("delete from intent", NO_INTENT),
        ("update input set body = x'007b7d'", CHANGED_INPUTS),
        ("delete from input where hash in (select digest from flow_version)", NO_FLOW),
    ],
)
def test_what_cannot_be_recomputed_says_why(desk: Desk, statement: str, why: str) -> None:
    spoil(desk, statement)
    found = recomputed(desk, "AARONFIT0001", "country")
    assert found.agrees is None
    assert found.why == why


def test_lookups_that_were_not_kept_are_named(desk: Desk) -> None:
    with desk.open() as project, project.store.read() as conn:
        intent = intents.done_on(conn, "sales", "account", list(desk.accounts()))[0]
        lookups = orjson.loads(intents.inputs(conn, intent.inputs) or b"")["lookups"]
    spoil(desk, f"delete from input where hash = '{lookups}'")
    assert recomputed(desk, "AARONFIT0001", "country").why == NO_LOOKUPS


def test_a_write_whose_record_was_changed_behind_our_back_does_not_agree(desk: Desk) -> None:
    """The intent says that another value was sent than the inputs lead to."""
    with desk.open() as project, project.store.write() as conn:
        table = tables.intent
        for row in conn.execute(table.select()).all():
            forged = row.planned.replace(b"United States", b"United Status")
            conn.execute(table.update().where(table.c.id == row.id).values(planned=forged))
    found = recomputed(desk, "AARONFIT0001", "country")
    assert (found.agrees, found.why) == (False, DIFFERS)
    assert (found.value, found.sent) == ("United States", "United Status")
