"""A world that survives its process: store and both systems in files, so that one process dies and another goes on."""

from __future__ import annotations

from pathlib import Path

from gp365.connectors.memory import MemoryConnector
from gp365.model.entity import Strength
from gp365.store.engine import open_store
from sync.engine_world import START, Clock, World, account, customer

FIRMS = 3


def file_world(folder: Path, strength: Strength, *, late_s: float = 0.0) -> World:
    """Open the world in a folder, at a moment `late_s` seconds after its beginning."""
    clock = Clock()
    clock.advance(late_s)
    assert clock.now >= START
    return World(
        folder,
        open_store(folder / "gp365.db", clock=clock),
        clock,
        MemoryConnector.open(folder / "gp.jsonl", "gp", {"customer": customer(strength)}, clock=clock),
        MemoryConnector.open(folder / "sales.jsonl", "sales", {"account": account()}, clock=clock),
        page=2,
    )


def fill(world: World) -> None:
    """Linked partners with edits on both sides, and new firms on each."""
    for number in range(FIRMS):
        world.gp_put(
            f"OLD{number:04d}", Name=f"Old firm {number}", Zip=f"1{number}", Street="1 Main", Phone="1111111"
        )
    assert world.sync().clean
    for number in range(FIRMS):
        name = f"Old firm {number}"
        world.gp_put(f"OLD{number:04d}", Phone=f"222222{number}")
        world.sales_put(world.accounts()[name]["id"], street=f"{number} Elm")
        world.gp_put(f"GPNEW{number:04d}", Name=f"Gp firm {number}", Zip=f"2{number}")
        world.sales_put(f"s{number}", name=f"Sales firm {number}", zip=f"3{number}", type=3)


def shut(world: World) -> None:
    world.store.close()
    world.gp.close()
    world.sales.close()
