"""First contact: both worlds come into step, and a second run writes nothing."""

from __future__ import annotations

from sync.engine_world import World, written


def test_a_customer_appears_in_sales_and_an_account_in_gp(world: World) -> None:
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Street="1 Main", Zip="60603", Limit=None, Terms="NET 30")
    world.sales_put("a1", name="Lakeside Dental", street="2 Lake", zip="53202", type=3, contact="Ann Bell")
    report = world.sync()
    assert report.balanced and report.clean, report
    assert world.accounts()["Aaron Fitz"]["terms"] == "NET 30"
    assert world.customers()["LAKESIDE0001"]["Contact"] == "Ann Bell"
    assert report.dispositions["created"] == 2
    second = world.sync()
    assert written(second) == 0 and second.balanced, second
    third = world.sync()
    assert written(third) == 0 and third.dispositions["unchanged"] == 2
    assert world.chain_holds()


def test_the_same_firm_in_another_spelling_is_linked_and_not_doubled(world: World) -> None:
    world.gp_put("CONTOSO0001", Name="Contoso, Ltd.", Street="9 High St", Zip="60603-0776")
    world.sales_put("a1", name="CONTOSO LTD", street="9 High Street", zip="60603", type=3)
    report = world.sync()
    assert report.balanced and len(world.links()) == 1
    assert len(world.customers()) == len(world.accounts()) == 1
    assert world.accounts()["Contoso, Ltd."]["street"] == "9 High St"
    assert written(world.sync()) == 0
