"""Numbers that a plan shows: few are asked about, and they are those under which the run creates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pytest

from gp365.model.record import Record
from gp365.model.values import Key
from gp365.sync.draw import TRIES
from gp365.sync.preview import preview
from sync.engine_world import World

FIRMS = ["Harper Foods", "Harper Foods North", "Harper Fox", "Zeta Mills"]


def shown(world: World) -> dict[str, str]:
    """Give the numbers that a plan shows, by account."""
    job = world.job()
    _, plans = preview(job)
    found = {plan.right.key[0]: write.key[0] for plan in plans if plan.right for write in plan.writes}
    job.scratch.close()  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("count", [3, 6, 18])
def test_a_plan_shows_the_numbers_that_the_run_takes_also_where_many_firms_share_a_stem(
    world: World, count: int
) -> None:
    for number in (1, 2, 4):
        world.gp_put(f"HARPERFO{number:04d}", Name=f"Somebody {number}", Zip="1")
    world.gp_put("ZETAMILL0001", Name="Somebody else", Zip="2")
    for at in range(count):
        world.sales_put(f"a{at:02d}", name=f"{FIRMS[at % len(FIRMS)]} {at}", zip=f"{60000 + at}", type=3)
    planned = shown(world)
    assert len(planned) == len(set(planned.values())) == count
    world.sync()
    made = {link.right_key: link.left_key for link in world.links() if link.right_key in planned}
    assert planned == made


def test_a_plan_asks_about_few_numbers_where_the_first_are_free(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(5):
        world.sales_put(f"a{at}", name=f"{'ABCDE'[at]} Harper Foods", zip=f"{60000 + at}", type=3)
    asked: list[Key] = []
    get = world.gp.get

    def counted(
        entity: str, keys: Sequence[Key], fields: Collection[str], *, fresh: bool = False
    ) -> Mapping[Key, Record]:
        asked.extend(keys)
        return get(entity, keys, fields, fresh=fresh)

    monkeypatch.setattr(world.gp, "get", counted)
    assert sorted(shown(world).values())[0] == "AHARPERF0001"
    assert 0 < len(asked) <= 5 * TRIES // 4
