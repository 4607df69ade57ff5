"""What the crash matrix found: each as the shortest trace that showed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.model.entity import Strength
from gp365.store import intents
from gp365.sync.points import no_probe
from sync.engine_world import World, account, customer, flow_with, make_world, written


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path, gp=customer(Strength.WHOLE), sales=account())
    yield made
    made.store.close()


def test_a_mirror_follows_its_owner_though_a_write_of_another_flow_had_been_given_up_there(
    world: World, tmp_path: Path
) -> None:
    """An edit in Sales never reaches GP at first, is given up, and written again: cards of GP must show it."""
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Street="1 Main", Zip="60603", Phone="1")
    assert world.sync().clean
    cards = make_world(tmp_path / "cards", gp=customer(Strength.WHOLE), sales=account())
    cards.store.close()
    cards.store, cards.gp, cards.clock = world.store, world.gp, world.clock
    cards.flow = flow_with(phone={"gp": "Phone", "sales": "phone", "owner": "gp"})
    assert cards.sync(pair="cards").clean
    world.sales_put(next(iter(world.accounts().values()))["id"], phone="77")
    world.gp.faults.delay(1)
    assert world.sync().dispositions["unsettled"] == 1
    world.clock.advance(3600)
    assert world.sync().clean
    assert world.customers()["AARONFIT0001"]["Phone"] == "77"
    report = cards.sync(pair="cards")
    assert cards.accounts()["Aaron Fitz"]["phone"] == "77"
    assert report.clean and not world.parked()


class Killed(BaseException):
    """The process ends here."""


def killed_at(world: World, point: str) -> None:
    def probe(reached: str) -> None:
        if reached == point:
            raise Killed

    world.probe = probe
    with pytest.raises(Killed):
        world.sync()
    world.probe = no_probe


def until_done(world: World, late_s: float) -> None:
    """Sync as a command does, which goes on while something is due; and once more when no late reply can come."""
    for seconds in (late_s, 3600.0):
        world.clock.advance(seconds)
        reports = [world.sync() for _ in range(3)]
        assert all(report.balanced for report in reports)
    assert reports[-1].clean and written(reports[-1]) == 0


@pytest.mark.parametrize("late_s", [0.0, 3600.0])
def test_a_number_that_somebody_takes_before_a_killed_create_was_sent_makes_no_partner_of_another_firm(
    world: World, late_s: float
) -> None:
    world.sales_put("s1", name="Sales firm", zip="111", street="5 Elm", phone="9", type=3)
    killed_at(world, "intent")
    with world.store.read() as conn:
        (drawn,) = intents.open_of_flow(conn, "test", "customers")
    world.gp_put(drawn.key, Name="Other firm", Zip="999", Street="1 Oak", Phone="5")
    until_done(world, late_s)
    assert world.customers()[drawn.key]["Name"] == "Other firm"
    assert sorted(row["Name"] for row in world.customers().values()) == ["Other firm", "Sales firm"]
    assert sorted(world.accounts()) == ["Other firm", "Sales firm"]
    assert len(world.links()) == 2 and not world.parked()


@pytest.mark.parametrize("late_s", [0.0, 3600.0])
@pytest.mark.parametrize("side", ["gp", "sales"])
def test_a_firm_that_somebody_enters_before_a_killed_create_was_sent_is_not_made_again(
    world: World, late_s: float, side: str
) -> None:
    if side == "gp":
        world.sales_put("s1", name="Sales firm", zip="111", street="5 Elm", type=3)
    else:
        world.gp_put("S1", Name="Sales firm", Zip="111", Street="5 Elm")
    killed_at(world, "intent")
    if side == "gp":
        world.gp_put("HAND0001", Name="Sales firm", Zip="111", Street="5 Elm")
    else:
        world.sales_put("h1", name="Sales firm", zip="111", street="5 Elm", type=3)
    until_done(world, late_s)
    assert len(world.customers()) == 1
    assert len(next(iter(world.sales.scan("account", ("name",))))) == 1
    assert len(world.links()) == 1 and not world.parked()
