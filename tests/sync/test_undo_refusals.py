"""What cannot be taken back is said: references, fields that left the flow, erased writes, merged and reused records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gp365.model.errors import Conflict
from gp365.model.values import pack
from gp365.store import guards, intents, links
from gp365.store.retention import ERASED_WRITE
from gp365.store.tables import intent as intent_table
from gp365.sync.undo.standing import standing_on
from sync.engine_world import World, flow_with, written
from sync.undo_world import (
    entities,
    gp_entity,
    last_run,
    link_states,
    quiet,
    sales_entity,
    shown_undo,
    the_link,
    undo,
    undo_world,
)

AARON = "AARONFIT0001"
PARENT: dict[str, Any] = {"gp": "Parent", "sales": "parent", "owner": "gp", "ref": "customers"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = undo_world(tmp_path)
    yield made
    made.store.close()


def edited(world: World, **values: object) -> str:
    world.gp_put(AARON, Name="Aaron Fitz", Street="1 Main", Zip="60603", Phone="111")
    world.sync()
    world.gp_put(AARON, **(values or {"Street": "7 Oak"}))
    assert written(world.sync()) == 1
    return last_run(world)


def acc(world: World) -> dict[str, Any]:
    (row,) = world.accounts().values()
    return row


def test_a_reference_that_follows_its_links_is_refused_because_the_next_sync_would_write_it(
    world: World,
) -> None:
    world.flow = flow_with(parent=PARENT)
    world.gp_put("HEAD", Name="Head Office", Zip="1")
    world.gp_put(AARON, Name="Aaron Fitz", Zip="60603", Phone="111")
    world.sync()
    world.gp_put(AARON, Parent="HEAD", Phone="222")
    world.sync()
    parent = world.accounts()["Aaron Fitz"]["parent"]
    told = undo(world)
    row = world.accounts()["Aaron Fitz"]
    assert row["phone"] == "111" and row["parent"] == parent is not None
    assert told.codes == {"not-undoable"}
    quiet(world)


def test_a_field_that_has_left_the_flow_is_refused_and_the_rest_goes_back(world: World) -> None:
    run = edited(world, Street="7 Oak", Phone="222")
    world.flow = flow_with(phone=None)
    told = undo(world, run)
    assert acc(world)["street"] == "1 Main" and acc(world)["phone"] == "222"
    assert told.refused == ["The flow does not have this field any more."]
    quiet(world)


def test_what_was_erased_from_the_store_is_refused(world: World) -> None:
    run = edited(world)
    with world.store.write() as conn:
        conn.execute(
            intent_table.update()
            .where(intent_table.c.run == run)
            .values(planned=ERASED_WRITE, before_image=pack({}))
        )
    told = undo(world, run)
    assert told.codes == {"not-undoable"} and "erased" in told.refused[0]
    assert acc(world)["street"] == "7 Oak"
    quiet(world)


def test_an_account_that_was_merged_into_another_one_is_refused(tmp_path: Path) -> None:
    from sync.events_world import mergeable

    plain = mergeable()
    merging = replace(sales_entity(), fields={**plain.fields, **sales_entity().fields}, merged_into="master")
    world = undo_world(tmp_path, sales=merging)
    run = edited(world)
    world.sales_put("b1", name="Survivor", zip="9", type=8)
    world.sales.person_merge("account", (str(acc_named(world, "Aaron Fitz")["id"]),), ("b1",))
    told = undo(world, run)
    assert "merged" in told.refused[0] and acc_named(world, "Aaron Fitz")["street"] == "7 Oak"
    world.store.close()


def acc_named(world: World, name: str) -> dict[str, Any]:
    return world.accounts()[name]


def test_another_customer_under_the_same_number_is_not_touched(world: World) -> None:
    world.sales_put("a1", name="Lakeside Dental", zip="53202", phone="1", type=3)
    world.sync()
    world.sales_put("a1", phone="2")
    world.sync()
    (number,) = world.customers()
    world.gp.person_delete("customer", (number,))
    world.gp_put(number, Name="Somebody Else", Phone="2")
    told = undo(world)
    assert "Another record" in told.refused[0] and world.customers()[number]["Phone"] == "2"


def test_a_pair_that_was_stopped_takes_no_undo_before_a_person_has_decided(world: World) -> None:
    run = edited(world)
    with world.store.write() as conn:
        guards.put(conn, "test", "", "sales", "restored", "It seems restored.", {}, run)
    with pytest.raises(Conflict):
        undo(world, run)
    assert acc(world)["street"] == "7 Oak"


def test_a_created_account_that_another_record_shares_stays_in_use(world: World) -> None:
    world.gp_put(AARON, Name="Aaron Fitz", Zip="60603")
    world.sync()
    run, link = last_run(world), the_link(world)
    with world.store.write() as conn:
        shared = links.NewLink(
            "test", "customers", "SECOND", None, state=links.SHARED, shared_key=link.right_key
        )
        links.insert(conn, [shared])
    told = undo(world, run)
    assert told.codes == {"in-use"} and acc(world).get("state") in (None, 0)
    assert sorted(link_states(world)) == ["open", "shared"]


def test_a_created_account_with_which_another_company_is_linked_stays_in_use(world: World) -> None:
    world.gp_put(AARON, Name="Aaron Fitz", Zip="60603")
    world.sync()
    link = the_link(world)
    with world.store.write() as conn:
        links.insert(conn, [links.NewLink("other", "customers", "X1", link.right_key)])
    job = replace(world.job(), sharing={"sales": ("other",)})
    with world.store.read() as conn:
        found = standing_on(conn, [job], job, "sales", [link])[link.id]
    assert found.why == "It is linked in the pair other too."
    job.scratch.close()  # type: ignore[attr-defined]


def test_an_undo_that_is_shown_sees_a_write_whose_answer_is_still_out(world: World) -> None:
    run = edited(world)
    with world.store.write() as conn:
        conn.execute(intent_table.update().where(intent_table.c.run == run).values(state=intents.OPEN))
    assert shown_undo(world, run).back == {"address.street": ("1 Main",)}
    undo(world, run)
    assert acc(world)["street"] == "1 Main"
    quiet(world)


def test_taking_back_many_at_once_looks_like_no_restore(tmp_path: Path) -> None:
    world = undo_world(tmp_path)
    entities(world, gp_entity(), {"account": sales_entity()})
    for one in range(30):
        world.gp_put(f"FIRM{one:04d}", Name=f"Firm {one}", Street="1 Main", Zip=f"{one:05d}")
    world.sync()
    for one in range(30):
        world.gp_put(f"FIRM{one:04d}", Street="7 Oak")
    world.sync()
    undo(world)
    for _ in range(2):
        assert quiet(world).guards == ()
    world.sync(full=True)
    assert {row["street"] for row in world.accounts().values()} == {"1 Main"}
    world.store.close()
