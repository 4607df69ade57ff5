"""Records that a feed cannot show as gone: it says how their keys begin, and the engine asks for them by key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gp365.model.entity import Feed
from gp365.model.record import ChangePage
from gp365.model.values import show_key
from sync.engine_world import FLOW, World, customer, make_world, written

ONE_WAY: dict[str, Any] = {
    **FLOW,
    "sides": {"gp": {"entity": "customer"}, "sales": {**FLOW["sides"]["sales"], "when": ""}},
    "match": [{"same": ["number", "name"]}],
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Records of two parts, whose feed tells of no deletion."""
    made = make_world(tmp_path, gp=replace(customer(feed=Feed.MODIFIED), key=("Number", "Class")))
    made.flow = ONE_WAY
    for number, part in (("A", "1"), ("A", "2"), ("AA", "1"), ("B", "1")):
        made.gp.person_put("customer", (number, part), {"Name": f"Firm {number}{part}"})
    assert written(made.sync()) == 4
    made.clock.advance(3 * 86_400)
    yield made
    made.store.close()


def _hint(world: World, monkeypatch: pytest.MonkeyPatch, *begins: str) -> None:
    """Let GP's feed say that what begins so may be gone."""
    told = world.gp.changes

    def changes(entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        for page in told(entity, fields, cursor):
            yield replace(page, beginnings=tuple((each,) for each in begins)) if cursor else page

    monkeypatch.setattr(world.gp, "changes", changes)


def test_only_what_begins_so_is_looked_for_and_what_still_stands_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in (("A", "1"), ("AA", "1"), ("B", "1")):
        world.gp.person_delete("customer", key)
    world.sync()
    assert world.parked() == []
    _hint(world, monkeypatch, "A", "C")
    assert written(world.sync()) == 0
    assert [(one.code, show_key(tuple((one.left_key or "").split("\x1f")))) for one in world.parked()] == [
        ("target-gone", "A;1")
    ]


def test_what_changed_meanwhile_without_the_feed_showing_it_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = world.gp.changes
    world.gp.person_put("customer", ("A", "2"), {"Terms": "NET 30"})

    def silent(entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        for page in quiet(entity, fields, cursor):
            yield replace(page, changes=())

    monkeypatch.setattr(world.gp, "changes", silent)
    _hint(world, monkeypatch, "A")
    assert written(world.sync()) == 1
    assert world.accounts()["Firm A2"]["terms"] == "NET 30"
    assert written(world.sync()) == 0
