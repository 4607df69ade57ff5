"""Two companies whose customers are one account: what each company owns comes from the one that was linked first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.rollups_world import CARDS, CUSTOMERS, Companies, companies, shut, wrote

OWNED = {
    **CUSTOMERS,
    "match": [{"same": ["zip"]}],
    "fields": {"name": {"gp": "Name", "sales": "name", "owner": "gp"}, "zip": CUSTOMERS["fields"]["zip"]},
}
SHARED = {
    **OWNED,
    "fields": {**OWNED["fields"], "name": {"gp": "Name", "sales": "name", "owner": "ask"}},
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Companies]:
    made = companies(tmp_path)
    made.flows = {"customers": OWNED, "cards": CARDS}
    made.customer("us", "AAA1", "Lakeside of the States")
    made.account("A1", "Lakeside")
    made.sync("us", rollups=False)
    made.customer("ca", "CCC1", "Lakeside of Canada")
    yield made
    shut(made)


def name(world: Companies) -> object:
    return world.sales.rows("account")[("A1",)]["name"]


def test_the_first_company_leads_and_the_second_never_overwrites_it(world: Companies) -> None:
    for _ in range(2):
        world.sync("ca", rollups=False)
        world.sync("us", rollups=False)
    assert name(world) == "Lakeside of the States"
    assert wrote(world.sync("ca", rollups=False)) + wrote(world.sync("us", rollups=False)) == 0
    world.customer("ca", "CCC1", "Lakeside of Ontario")
    world.sync("ca", rollups=False)
    assert name(world) == "Lakeside of the States" and not world.parked("ca")


def test_the_leading_company_goes_on_deciding(world: Companies) -> None:
    world.sync("ca", rollups=False)
    world.customer("us", "AAA1", "Lakeside of Illinois")
    world.sync("us", rollups=False)
    assert name(world) == "Lakeside of Illinois"
    assert wrote(world.sync("ca", rollups=False)) == 0


def test_when_the_leading_companys_link_is_closed_the_next_one_leads(world: Companies) -> None:
    world.sync("ca", rollups=False)
    world.close_link("us", "AAA1", "customers")
    world.customer("ca", "CCC1", "Lakeside of Ontario")
    world.sync("ca", rollups=False)
    assert name(world) == "Lakeside of Ontario"


def test_at_its_first_contact_the_second_company_overwrites_nothing_that_nobody_owns(
    world: Companies,
) -> None:
    world.flows = {"customers": SHARED, "cards": CARDS}
    for pair in ("us", "ca", "us", "ca"):
        world.sync(pair, rollups=False)
    assert name(world) == "Lakeside of the States" and not world.parked("us")
    assert [(entry.field, entry.code) for entry in world.parked("ca")] == [("name", "first-contact")]


def test_what_nobody_owns_goes_from_one_company_to_the_other(world: Companies) -> None:
    world.flows = {"customers": SHARED, "cards": CARDS}
    world.customer("ca", "CCC1", "Lakeside of the States")
    for pair in ("us", "ca", "us", "ca"):
        world.sync(pair, rollups=False)
    world.sales.person_put("account", ("A1",), {"name": "Lakeside Dental"})
    world.sync("us", rollups=False)
    world.sync("ca", rollups=False)
    assert name(world) == "Lakeside Dental" and not world.parked("us") and not world.parked("ca")
