"""A worker that dies after both sides of a new pair were written leaves one link, not two."""

from __future__ import annotations

import pytest

from sync.engine_world import World, no_probe, written


class Killed(BaseException):
    """The worker dies."""


def test_kill_after_writing_both_sides_of_a_first_contact(world: World) -> None:
    world.gp_put("CONTOSO0001", Name="Contoso, Ltd.", Street="9 High St", Zip="60603-0776")
    world.sales_put("a1", name="CONTOSO LTD", zip="60603", type=3, contact="Ann Bell")

    def die(point: str) -> None:
        if point == "sent":
            raise Killed

    world.probe = die
    with pytest.raises(Killed):
        world.sync()
    world.probe = no_probe
    report = world.sync()
    assert report.stopped is None
    assert report.balanced
    assert report.clean
    assert len(world.links()) == 1
    assert world.customers()["CONTOSO0001"]["Contact"] == "Ann Bell"
    assert world.accounts()["Contoso, Ltd."]["street"] == "9 High St"
    assert written(world.sync()) == 0
