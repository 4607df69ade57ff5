"""Routes: several companies share the accounts, and each new account becomes a customer of the one it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gp365.model.lookups import lookup
from sync.engine_world import World, written
from sync.plan_world import decide, flow, plan_world

EAST, WEST, NORTH = "t-east", "t-west", "t-north"
COMPANIES = lookup(
    "company_by_territory",
    ("sales", "company"),
    [(EAST, "TWO"), (WEST, "CAN"), ("t-both", "can; two"), ("t-none", "")],
)
ROUTED = flow(
    {"region": {"sales": "territory", "read_only": True}},
    sales={"route": "lookup('company_by_territory', region)"},
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = plan_world(tmp_path, {"company_by_territory": COMPANIES})
    made.flow = ROUTED
    yield made
    made.store.close()


def put(world: World, territory: str | None, key: str = "A1", **values: object) -> None:
    world.sales_put(key, name="Lakeside Dental", zip="60603", type=3, territory=territory, **values)


def test_an_account_of_our_territory_becomes_a_customer(world: World) -> None:
    put(world, EAST)
    report = world.sync()
    assert report.dispositions["created"] == 1 and report.balanced
    assert [row["Name"] for row in world.customers().values()] == ["Lakeside Dental"]


def test_an_account_of_another_companys_territory_is_left_to_that_company(world: World) -> None:
    put(world, WEST)
    report = world.sync()
    assert report.dispositions["filtered"] == 1 and report.balanced and not world.parked()
    assert world.customers() == {}


def test_an_account_of_both_companies_becomes_a_customer_here_too(world: World) -> None:
    put(world, "t-both")
    world.sync()
    assert len(world.customers()) == 1


@pytest.mark.parametrize("territory", [None, NORTH, "t-none"])
def test_an_account_that_no_rule_gives_to_a_company_is_parked_and_created_nowhere(
    world: World, territory: str | None
) -> None:
    put(world, territory)
    report = world.sync()
    assert report.dispositions["parked"] == 1 and world.customers() == {}
    assert [entry.code for entry in world.parked()] == ["no-route"]
    put(world, EAST)
    world.sync()
    assert len(world.customers()) == 1 and not world.parked()


def test_an_account_that_is_linked_stays_linked_wherever_its_territory_moves(world: World) -> None:
    put(world, EAST)
    world.sync()
    put(world, WEST, phone="5551000")
    world.sync()
    [customer] = world.customers().values()
    assert customer["Phone"] == "5551000" and len(world.links()) == 1


def test_a_firm_that_both_systems_know_is_linked_whatever_the_route_says(world: World) -> None:
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="60603")
    put(world, WEST)
    world.sync()
    assert len(world.links()) == 1 and len(world.customers()) == len(world.accounts()) == 1


def test_a_number_that_agrees_alone_parks_no_account_of_another_company(world: World) -> None:
    world.gp_put("LAKESIDE0001", Name="Somebody Else", Zip="10001")
    put(world, WEST, number="LAKESIDE0001")
    world.sync()
    assert {(entry.left_key, entry.code) for entry in world.parked()} == {("LAKESIDE0001", "number-alone")}


def test_a_route_that_cannot_be_worked_out_parks_with_its_own_reason(world: World) -> None:
    world.flow = flow(sales={"route": "lookup('nowhere', 'x')"})
    put(world, EAST)
    world.sync()
    assert [entry.code for entry in world.parked()] == ["flow-condition"]
    assert world.customers() == {}


def test_a_route_to_every_company_creates_here(world: World) -> None:
    world.flow = flow(sales={"route": "'*'"})
    put(world, None)
    world.sync()
    assert len(world.customers()) == 1


# owners


OWNED = flow(
    {
        "region": {"gp": "Territory", "read_only": True},
        "owner": {
            "sales": "owner",
            "on_create": "lookup('team_by_territory', region || '(none)')",
            "required": True,
        },
    }
)
TEAMS = lookup("team_by_territory", ("gp", "sales"), [("TERRITORY 1", "team-east"), ("TERRITORY 2", "")])
FOLLOWED = flow(
    {
        **{name: OWNED["fields"][name] for name in ("region", "owner")},
        "owner_of_territory": {
            "gp": "Territory",
            "sales": "owner",
            "owner": "gp",
            "may_clear": False,
            "lookup": "team_by_territory",
        },
    }
)


def test_an_account_that_we_create_belongs_to_the_team_of_its_territory(world: World) -> None:
    world.lookups, world.flow = {**world.lookups, "team_by_territory": TEAMS}, OWNED
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Territory="TERRITORY 1")
    report = world.sync()
    assert report.clean and world.accounts()["Lakeside Dental"]["owner"] == "team-east"


@pytest.mark.parametrize("territory", [None, "TERRITORY 2", "TERRITORY 9"])
def test_a_customer_without_a_team_is_parked_and_never_the_application_users(
    world: World, territory: str | None
) -> None:
    world.lookups, world.flow = {**world.lookups, "team_by_territory": TEAMS}, OWNED
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Territory=territory)
    world.sync()
    assert world.accounts() == {}
    [entry] = world.parked()
    assert entry.code in ("lookup-missing", "required-missing") and "owner" in str(entry.shown)


def test_an_owner_that_was_changed_by_hand_stays_where_owners_do_not_follow(world: World) -> None:
    world.lookups, world.flow = {**world.lookups, "team_by_territory": TEAMS}, OWNED
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Territory="TERRITORY 1")
    world.sync()
    world.sales_put(world.accounts()["Lakeside Dental"]["id"], owner="erin")
    world.gp_put("LAKESIDE0001", Street="7 Oak")
    world.sync()
    assert world.accounts()["Lakeside Dental"]["owner"] == "erin"


def test_an_owner_follows_the_territory_where_the_site_says_so(world: World) -> None:
    teams = lookup(
        "team_by_territory", ("gp", "sales"), [("TERRITORY 1", "team-east"), ("TERRITORY 3", "team-mid")]
    )
    world.lookups, world.flow = {**world.lookups, "team_by_territory": teams}, FOLLOWED
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Territory="TERRITORY 1")
    assert world.sync().clean
    world.gp_put("LAKESIDE0001", Territory="TERRITORY 3")
    world.sync()
    assert world.accounts()["Lakeside Dental"]["owner"] == "team-mid"
    assert written(world.sync()) == 0
    world.gp_put("LAKESIDE0001", Territory="TERRITORY 9")
    world.sync()
    assert [entry.code for entry in world.parked()] == ["lookup-missing"]
    assert world.accounts()["Lakeside Dental"]["owner"] == "team-mid"


def test_a_decision_on_another_field_does_not_create_an_unrouted_account(world: World) -> None:
    put(world, NORTH)
    world.sync()
    decide(world, {"retry": True}, "")
    world.sync()
    assert world.customers() == {} and [entry.code for entry in world.parked()] == ["no-route"]
