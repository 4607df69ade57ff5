"""A field that is written along with others: a change of it alone is none, and the next write takes it along."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gp365.model.entity import Strength
from gp365.store import ledger
from gp365.sync.agreed import unpack_pairs
from gp365.sync.preview import Preview, preview
from gp365.sync.reconcile import Why
from sync import engine_world
from sync.engine_world import World, flow_with, make_world, written
from sync.planted_defects import look
from sync.undo_world import undo, undo_world

WHY = "changed on gp alone: it is written along with other fields, and none is written on sales"
ROWS: dict[str, Any] = {"terms": {"gp": "Terms", "sales": "terms", "owner": "gp", "along": True}}


@pytest.fixture(params=list(Strength))
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """The small world in each of the four write strengths; the terms go along with whatever else GP has to say."""
    strength: Strength = request.param
    made = make_world(tmp_path, gp=engine_world.customer(strength), sales=engine_world.account(strength))
    made.flow = flow_with(**ROWS)
    yield made
    made.store.close()


def settled(world: World, **gp: Any) -> str:
    """Bring one customer into step and return the account's id."""
    world.gp_put(
        "C0001", **({"Name": "Contoso", "Zip": "58102", "Terms": "NET 30", "Limit": Decimal(100)} | gp)
    )
    assert world.sync().clean
    return next(iter(world.accounts().values()))["id"]


def account(world: World) -> dict[str, Any]:
    return next(iter(world.accounts().values()))


def outcomes(world: World) -> list[tuple[str, int, Any]]:
    """What the ledger tells of single looks and of several at once, newest first."""
    with world.store.read() as conn:
        rows = ledger.history(conn, chain=ledger.chain_of("test", "customers"), kinds=(ledger.OUTCOME,))
    return [(row.subject, row.subjects, ledger.decode(row)) for row in rows]


def test_it_is_written_on_create(world: World) -> None:
    settled(world)
    assert account(world)["terms"] == "NET 30"


def test_a_change_of_it_alone_writes_nothing_and_the_next_one_takes_it_along(world: World) -> None:
    settled(world)
    world.gp_put("C0001", Terms="NET 60")
    report = world.sync()
    assert written(report) == 0 and report.clean and report.balanced
    assert report.dispositions["unchanged"] == 1 and account(world)["terms"] == "NET 30"
    world.gp_put("C0001", Limit=Decimal(200))
    report = world.sync()
    assert report.dispositions["updated"] == 1 and report.sides["sales"].fields == 2
    assert (account(world)["terms"], account(world)["limit"]) == ("NET 60", Decimal(200))
    assert written(world.sync(full=True)) == 0


def test_changes_that_were_left_are_left_again_until_something_else_moves(world: World) -> None:
    settled(world)
    for terms in ("NET 60", "NET 90", "NET 30", "COD"):
        world.gp_put("C0001", Terms=terms)
        assert written(world.sync()) == 0
    assert account(world)["terms"] == "NET 30"
    world.gp_put("C0001", Phone="70155500010000")
    world.sync()
    assert account(world)["terms"] == "COD"


def test_an_empty_value_goes_along_too(world: World) -> None:
    settled(world)
    world.gp_put("C0001", Terms=None)
    assert written(world.sync()) == 0
    world.gp_put("C0001", Limit=Decimal(200))
    world.sync()
    assert account(world)["terms"] is None


def test_what_was_left_is_not_looked_at_again(world: World) -> None:
    """Both ends' fingerprints are those of the records as they stand: neither list nor feed shows them as new."""
    settled(world)
    world.gp_put("C0001", Terms="NET 60")
    world.sync()
    before = len(outcomes(world))
    world.sync()
    (one, *_) = outcomes(world)[: len(outcomes(world)) - before]
    assert one[:2] == ("", 1) and "along" not in one[2]  # a link that nothing happened to


def test_a_look_that_finds_nothing_else_leaves_no_row_of_its_own(world: World) -> None:
    for number in range(1, 7):
        world.gp_put(f"C{number:04}", Name=f"Contoso {number}", Zip="58102", Terms="NET 30")
    world.sync()
    for number in range(1, 7):
        world.gp_put(f"C{number:04}", Terms="NET 60")
    world.gp_put("C0006", Limit=Decimal(7))
    report = world.sync()
    assert (report.dispositions["unchanged"], report.dispositions["updated"]) == (5, 1)
    run = [one for one in outcomes(world) if one[2].get("along") or one[0].startswith("L")]
    assert [one[1] for one in run if one[2].get("along")] == [5]
    assert [one[2]["along"] for one in run if one[2].get("along")] == [["terms"]]
    assert len([one for one in run if one[0].startswith("L")]) == 1


def test_an_end_of_something_open_is_told_though_nothing_else_moved(world: World) -> None:
    """The ledger's last word on the record was a conflict: that it is over is not left out."""
    key = settled(world)
    world.gp_put("C0001", Name="Contoso West")
    world.sales_put(key, name="Contoso East")
    world.sync()
    assert [entry.field for entry in world.parked()] == ["name"]
    world.gp_put("C0001", Terms="NET 60")
    world.sales_put(key, name="Contoso West")
    world.sync()
    assert not world.parked()
    [subject, number, payload] = outcomes(world)[0]
    assert subject.startswith("L") and number == 1 and "along" not in payload


def test_what_sales_changed_is_put_back_with_the_owners_newer_value(world: World) -> None:
    key = settled(world)
    world.gp_put("C0001", Terms="NET 60")
    world.sync()
    world.sales_put(key, terms="NET 90")
    report = world.sync()
    assert account(world)["terms"] == "NET 60" and report.fields["overruled"] == 1
    assert written(world.sync(full=True)) == 0


def test_what_sales_emptied_is_put_back(world: World) -> None:
    key = settled(world)
    world.sales_put(key, terms=None)
    world.sync()
    assert account(world)["terms"] == "NET 30"


def test_a_person_who_enters_what_the_owner_holds_brings_them_into_step(world: World) -> None:
    key = settled(world)
    world.gp_put("C0001", Terms="NET 60")
    world.sync()
    world.sales_put(key, terms="NET 60")
    assert written(world.sync()) == 0
    world.sales_put(key, terms="NET 30")
    world.sync()
    assert account(world)["terms"] == "NET 60"


def test_a_write_to_the_owners_side_takes_nothing_along(world: World) -> None:
    key = settled(world)
    world.gp_put("C0001", Terms="NET 60")
    world.sales_put(key, phone="70155500020000")
    report = world.sync()
    assert (report.sides["gp"].updated, report.sides["sales"].updated) == (1, 0)
    assert account(world)["terms"] == "NET 30"


def test_a_field_in_conflict_is_no_write_to_go_with(world: World) -> None:
    key = settled(world)
    world.gp_put("C0001", Terms="NET 60", Name="Contoso West")
    world.sales_put(key, name="Contoso East")
    report = world.sync()
    assert report.dispositions["parked"] == 1 and account(world)["terms"] == "NET 30"


def test_of_two_such_fields_the_one_that_is_put_back_takes_the_other_along(world: World) -> None:
    both = {"contact": {"gp": "Contact", "sales": "contact", "owner": "gp", "along": True}}
    world.flow = flow_with(**ROWS, **both)
    key = settled(world, Contact="Ann")
    world.gp_put("C0001", Terms="NET 60", Contact="Bob")
    assert written(world.sync()) == 0
    world.sales_put(key, terms="NET 90")
    world.sync()
    assert (account(world)["terms"], account(world)["contact"]) == ("NET 60", "Bob")


def test_what_never_agreed_is_written(world: World) -> None:
    """A flow that says so from now on, and a row that is mapped anew: nothing is known that stood there."""
    world.flow = flow_with(terms=None)
    key = settled(world)
    world.sales_put(key, terms="NET 90")
    world.sync()
    world.flow = flow_with(**ROWS)
    world.sync(full=True)
    assert account(world)["terms"] == "NET 30"


def test_the_word_alone_leaves_what_was_agreed(world: World) -> None:
    """Setting or removing `along` makes no field unknown; without it what was left is written."""
    settled(world)
    world.gp_put("C0001", Terms="NET 60")
    assert written(world.sync()) == 0
    world.flow = flow_with(terms={**ROWS["terms"], "along": False})
    assert written(world.sync(full=True)) == 1 and account(world)["terms"] == "NET 60"
    world.flow = flow_with(**ROWS)
    world.gp_put("C0001", Terms="COD")
    assert written(world.sync(full=True)) == 0


def test_a_plan_shows_nothing_to_do(world: World) -> None:
    settled(world)
    world.gp_put("C0001", Terms="NET 60")
    shown, plans = planned(world)
    assert [plan.writes for plan in plans] == [()] and shown.counts == {"unchanged": 1}
    assert shown.fields["along"] == 1 and not shown.updates
    (told,) = [one for one in plans[0].fields if one.name == "terms"]
    assert (told.rule, told.left, told.right) == (WHY, ("NET 60",), ("NET 30",))


def planned(world: World) -> tuple[Preview, list[Any]]:
    job = world.job()
    try:
        shown, plans = preview(job)
        return shown, list(plans)
    finally:
        job.scratch.close()  # type: ignore[attr-defined]


def test_a_reconciliation_gives_its_own_reason(world: World) -> None:
    key = settled(world)
    world.clock.advance(3600)
    world.gp_put("C0001", Terms="NET 60")
    world.sync()
    world.clock.advance(3600)
    told = look(world)
    (found,) = told.differences
    assert [(one.field, one.reason.why, one.reason.text) for one in found.fields] == [
        ("terms", Why.ALONG, WHY)
    ]
    assert told.verdict == "explained" and not told.blocks.unequal
    world.sales_put(key, terms="NET 90")
    world.clock.advance(3600)
    (found,) = look(world).differences
    assert [one.reason.why for one in found.fields] != [Why.ALONG]


def test_an_undo_takes_it_back_with_the_rest_and_later_changes_go_along_again(tmp_path: Path) -> None:
    world = undo_world(tmp_path)
    world.flow = flow_with(**ROWS)
    world.gp_put("C0001", Name="Contoso", Zip="58102", Terms="NET 30", Limit=Decimal(100))
    world.sync()
    world.clock.advance(3600)
    world.gp_put("C0001", Terms="NET 60", Limit=Decimal(200))
    world.sync()
    world.clock.advance(3600)
    assert undo(world).back
    assert (account(world)["terms"], account(world)["limit"]) == ("NET 30", Decimal(100))
    assert written(world.sync(full=True)) == 0
    world.gp_put("C0001", Terms="COD")
    assert written(world.sync()) == 0 and account(world)["terms"] == "NET 30"
    world.gp_put("C0001", Limit=Decimal(300))
    world.sync()
    assert (account(world)["terms"], account(world)["limit"]) == ("COD", Decimal(300))
    world.store.close()


def test_a_move_that_the_fit_hides_is_known_anew_and_told_with_the_others(world: World) -> None:
    world.flow = flow_with(contact={"gp": "Contact", "sales": "contact", "owner": "sales", "along": True})
    key = settled(world)
    world.sales_put(key, contact="Ann Bell of the Far Far West", phone="70155500010000")
    world.sync()
    assert world.customers()["C0001"]["Contact"] == "Ann Bell of the Far"
    world.sales_put(key, contact="Ann Bell of the Far Far East")
    assert written(world.sync()) == 0
    assert outcomes(world)[0][:2] == ("", 1) and outcomes(world)[0][2]["along"] == ["contact"]
    (link,) = world.links()
    assert unpack_pairs(link.agreed)["contact"][1] == ("Ann Bell of the Far Far East",)
