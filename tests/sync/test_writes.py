"""Writes: no update is lost and nothing is written twice, in each of the four write strengths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gp365.model.entity import Strength
from gp365.model.errors import Rejected
from gp365.store import intents
from sync.engine_world import World, account, customer, make_world, written

ALL = list(Strength)
GUARDED = [Strength.VERSIONED, Strength.COMPARED]
UNGUARDED = [Strength.REREAD, Strength.WHOLE]


@pytest.fixture
def strength(request: pytest.FixtureRequest) -> Strength:
    return getattr(request, "param", Strength.WHOLE)


@pytest.fixture
def world(tmp_path: Path, strength: Strength) -> Iterator[World]:
    made = make_world(tmp_path, gp=customer(strength), sales=account(strength))
    yield made
    made.store.close()


def settled(world: World) -> str:
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Street="1 Main", Zip="60603", Phone="1", Terms="NET 30")
    report = world.sync()
    assert report.balanced and report.clean
    return next(iter(world.accounts().values()))["id"]


def once(world: World, hook: str, act: Any) -> None:
    """Let a person act the first time that the target reaches a point."""

    def play(*_: object) -> None:
        setattr(world.gp.faults, hook, None)
        act()

    setattr(world.gp.faults, hook, play)


@pytest.mark.parametrize("strength", ALL, indirect=True)
def test_a_persons_edit_between_read_and_write_is_not_lost(world: World, strength: Strength) -> None:
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    once(world, "before_write", lambda: world.gp_put("AARONFIT0001", Street="9 Oak", Phone="2"))
    report = world.sync()
    held = world.customers()["AARONFIT0001"]
    assert held["Street"] == "9 Oak" and report.balanced
    assert [entry.field for entry in world.parked()] == ["address"]
    assert world.accounts()["Aaron Fitz"]["street"] == "5 Elm"
    assert world.accounts()["Aaron Fitz"]["phone"] == "2"


@pytest.mark.parametrize("strength", UNGUARDED, indirect=True)
def test_the_unguarded_window_of_a_re_read_write_is_timed_and_kept(world: World, strength: Strength) -> None:
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    report = world.sync()
    with world.store.read() as conn:
        last = intents.last_write(conn, "gp", "customer", ["AARONFIT0001"])["AARONFIT0001"]
    assert last.run == report.run and last.window_ms is not None


@pytest.mark.parametrize("strength", ALL, indirect=True)
def test_a_whole_object_write_keeps_an_edit_of_another_field(world: World, strength: Strength) -> None:
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    once(world, "before_write", lambda: world.gp_put("AARONFIT0001", Class="RETAIL"))
    world.sync()
    held = world.customers()["AARONFIT0001"]
    assert (held["Street"], held["Class"]) == ("5 Elm", "RETAIL")


@pytest.mark.parametrize("strength", ALL, indirect=True)
def test_two_pairs_on_one_record_never_overwrite_each_other(
    world: World, strength: Strength, tmp_path: Path
) -> None:
    settled(world)
    other = make_world(tmp_path / "other", gp=customer(strength), sales=account(strength))
    other.store.close()
    other.store, other.gp, other.clock = world.store, world.gp, world.clock
    assert other.sync(pair="second").balanced
    world.sales_put(next(iter(world.accounts().values()))["id"], street="5 Elm")
    other.sales_put(next(iter(other.accounts().values()))["id"], phone="77")
    assert world.sync().balanced and other.sync(pair="second").balanced
    assert world.sync().balanced
    held = world.customers()["AARONFIT0001"]
    assert (held["Street"], held["Phone"]) == ("5 Elm", "77")
    assert world.accounts()["Aaron Fitz"]["phone"] == "77"
    other.sync(pair="second")
    assert other.accounts()["Aaron Fitz"]["street"] == "5 Elm"


@pytest.mark.parametrize("strength", ALL, indirect=True)
def test_a_lost_reply_is_found_out_and_nothing_is_written_twice(world: World, strength: Strength) -> None:
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    world.gp.faults.lose_replies(1)
    report = world.sync()
    assert report.balanced and report.dispositions["updated"] == 1, report
    assert world.customers()["AARONFIT0001"]["Street"] == "5 Elm"
    assert written(world.sync()) == 0


@pytest.mark.parametrize("strength", ALL, indirect=True)
def test_a_lost_reply_of_a_create_doubles_nothing(world: World, strength: Strength) -> None:
    world.sales_put("a1", name="Lakeside Dental", street="2 Lake", zip="53202", type=3)
    world.gp.faults.lose_replies(1)
    report = world.sync()
    assert report.balanced and len(world.customers()) == 1 and len(world.links()) == 1
    assert report.dispositions["created"] == 1
    assert written(world.sync()) == 0


@pytest.mark.parametrize("strength", ALL, indirect=True)
def test_a_late_call_that_lands_after_settling_is_a_conflict_and_not_an_edit(
    world: World, strength: Strength
) -> None:
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    world.gp.faults.delay(1)
    first = world.sync()
    if strength in UNGUARDED:
        assert first.dispositions["unsettled"] == 1
        world.sales_put(key, street="1 Main")
        world.clock.advance(3600)
        world.sync()
        assert world.customers()["AARONFIT0001"]["Street"] == "1 Main"
        world.gp.land()
        assert world.customers()["AARONFIT0001"]["Street"] in ("1 Main", "5 Elm")
        world.sync()
        if world.customers()["AARONFIT0001"]["Street"] == "5 Elm":
            assert [entry.code for entry in world.parked()] == ["superseded"]
            assert world.accounts()["Aaron Fitz"]["street"] == "1 Main"
    else:
        assert world.customers()["AARONFIT0001"]["Street"] == "5 Elm"
        world.gp.land()
        assert written(world.sync()) == 0 and world.customers()["AARONFIT0001"]["Street"] == "5 Elm"


@pytest.mark.parametrize("strength", UNGUARDED, indirect=True)
def test_an_unsettled_subject_waits_while_all_others_go_on(world: World, strength: Strength) -> None:
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    world.gp.faults.delay(1)
    assert world.sync().dispositions["unsettled"] == 1
    world.gp_put("CONTOSO0001", Name="Contoso", Zip="1")
    report = world.sync()
    assert "Contoso" in world.accounts() and report.dispositions["created"] == 1
    world.clock.advance(3600)
    assert world.sync().clean and world.customers()["AARONFIT0001"]["Street"] == "5 Elm"


@pytest.mark.parametrize("strength", UNGUARDED, indirect=True)
def test_a_write_that_got_lost_at_first_contact_is_settled_under_the_new_link(
    world: World, strength: Strength
) -> None:
    """The other side's write made the link meanwhile, so that the record goes by another name than in the intent."""
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603", Terms="NET 30")
    world.sales_put("a1", name="Aaron Fitz", street="5 Elm", zip="60603", phone="7", type=3)
    world.gp.faults.delay(1)
    first = world.sync()
    assert first.dispositions["unsettled"] == 1 and len(world.links()) == 1
    assert world.sync().dispositions["unsettled"] == 1
    world.clock.advance(3600)
    assert world.sync().clean
    assert world.customers()["AARONFIT0001"]["Phone"] == "7"
    assert written(world.sync()) == 0


@pytest.mark.parametrize("strength", ALL, indirect=True)
def test_a_lost_reply_that_a_person_reverts_stays_reverted(world: World, strength: Strength) -> None:
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    world.gp.faults.lose_replies(1)
    world.gp.faults.after_commit = lambda *_: (
        world.gp_put("AARONFIT0001", Street="1 Main"),
        setattr(world.gp.faults, "after_commit", None),
    )
    world.sync()
    world.clock.advance(3600)
    world.sync()
    world.sync()
    held, sold = world.customers()["AARONFIT0001"]["Street"], world.accounts()["Aaron Fitz"]["street"]
    assert held == sold or world.parked(), (held, sold)


@pytest.mark.parametrize("strength", ALL, indirect=True)
def test_a_create_never_overwrites_a_customer_that_a_person_just_made(
    world: World, strength: Strength
) -> None:
    world.gp_put("OTHER0001", Name="Other", Zip="9")
    world.sync()
    world.sales_put("a1", name="Lakeside Dental", street="2 Lake", zip="53202", type=3)
    once(world, "before_write", lambda: world.gp_put("LAKESIDE0001", Name="Lakeside Boats", Zip="11111"))
    report = world.sync()
    held = world.customers()
    assert held["LAKESIDE0001"]["Name"] == "Lakeside Boats"
    assert held["LAKESIDE0002"]["Name"] == "Lakeside Dental" and report.balanced
    world.sync()
    assert {link.left_key for link in world.links()} == {"OTHER0001", "LAKESIDE0001", "LAKESIDE0002"}
    assert written(world.sync()) == 0


@pytest.mark.parametrize("strength", ALL, indirect=True)
def test_an_update_to_a_key_that_was_renamed_or_deleted_creates_nothing(
    world: World, strength: Strength
) -> None:
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    once(world, "before_write", lambda: world.gp.person_delete("customer", ("AARONFIT0001",)))
    report = world.sync()
    assert world.customers() == {} and report.balanced
    (entry,) = world.parked()
    assert entry.code == "target-gone"
    assert world.sync().dispositions["parked"] == 1 and world.customers() == {}


@pytest.mark.parametrize("strength", ALL, indirect=True)
def test_a_refused_record_is_rejected_with_the_systems_words_and_not_sent_again(
    world: World, strength: Strength
) -> None:
    key = settled(world)
    refusal = Rejected(
        "rejected", "Terms are not set up.", system="gp", record="AARONFIT0001", field="Street"
    )
    world.gp.faults.refuse("customer", ("AARONFIT0001",), refusal)
    world.sales_put(key, street="5 Elm")
    report = world.sync()
    assert report.dispositions["rejected"] == 1 and report.balanced
    (entry,) = world.parked()
    assert "Terms are not set up." in entry.message
    sent = world.gp.tally().write_requests
    assert world.sync().dispositions["parked"] == 1 and world.gp.tally().write_requests == sent
    world.gp.faults.accept("customer", ("AARONFIT0001",))
    world.sales_put(key, phone="9")
    assert world.sync().dispositions["updated"] == 1 and not world.parked()


@pytest.mark.parametrize("strength", ALL, indirect=True)
def test_a_second_intent_on_an_open_target_waits(world: World, strength: Strength) -> None:
    key = settled(world)
    world.sales_put(key, street="5 Elm")
    world.gp.faults.delay(1)
    world.sync()
    with world.store.read() as conn:
        still = intents.open_of_flow(conn, "test", "customers")
    assert len(still) == (1 if strength in UNGUARDED else 0)
    world.sales_put(key, phone="9")
    world.sync()
    with world.store.read() as conn:
        assert len(intents.open_of_flow(conn, "test", "customers")) == len(still)
