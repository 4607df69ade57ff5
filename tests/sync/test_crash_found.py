"""What the crash matrix found: each as the shortest trace that showed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.model.entity import Strength
from sync.engine_world import World, account, customer, flow_with, make_world


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
