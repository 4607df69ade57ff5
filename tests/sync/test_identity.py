"""Identity: who is whose partner, and that no create doubles anybody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gp365.model.lookups import lookup
from gp365.store import links
from gp365.store.engine import open_store
from sync.engine_world import World, flow_with, written


def once(world: World, hook: str, act: Any) -> None:
    def play(*_: object) -> None:
        setattr(world.sales.faults, hook, None)
        act()

    setattr(world.sales.faults, hook, play)


def test_a_number_that_agrees_alone_is_no_proof(world: World) -> None:
    world.gp_put("CONTOSOL0001", Name="Contoso, Ltd.", Zip="60603")
    world.sales_put("a1", name="Another Firm", number="CONTOSOL0001", zip="99999", type=3)
    report = world.sync()
    assert {entry.code for entry in world.parked()} == {"number-alone"}
    assert len(world.customers()) == 1 and len(world.accounts()) == 1 and report.balanced


def test_a_second_account_of_a_linked_firm_is_parked_and_not_doubled(world: World) -> None:
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental Sup", Zip="53202")
    world.sync()
    world.sales_put("a2", name="Lakeside Dental Sup, L.L.C.", zip="53202", type=3)
    report = world.sync()
    assert [entry.code for entry in world.parked()] == ["candidates"]
    assert len(world.customers()) == 1 and report.dispositions["parked"] == 1


def test_two_candidates_are_parked_whichever_comes_first(world: World) -> None:
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    world.sales_put("a1", name="Lakeside Dental", zip="53202", type=3)
    world.sales_put("a2", name="LAKESIDE DENTAL INC", zip="53202", type=3)
    report = world.sync()
    assert {entry.code for entry in world.parked()} == {"candidates"}
    assert (
        len(world.customers()) == 1 and len(world.accounts()) == 2 and not world.links() and report.balanced
    )


def test_matching_looks_at_records_that_the_condition_leaves_out(world: World) -> None:
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202", Phone="7")
    world.sales_put("a1", name="Lakeside Dental", zip="53202", type=8)
    world.sync()
    assert len(world.accounts()) == 1 and len(world.links()) == 1
    assert world.accounts()["Lakeside Dental"]["phone"] == "7"


def test_a_prospect_is_left_out_and_counted_as_filtered(world: World) -> None:
    world.sales_put("a1", name="Only a prospect", zip="53202", type=8)
    report = world.sync()
    assert report.dispositions["filtered"] == 1 and not world.customers() and report.balanced


def test_nothing_is_created_outside_its_own_sides_condition(world: World) -> None:
    world.flow = flow_with(type={"sales": "type", "on_create": "8"})
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    report = world.sync()
    assert [entry.code for entry in world.parked()] == ["outside-condition"]
    assert not world.accounts() and report.balanced


def test_a_create_that_races_a_person_takes_the_persons_record(world: World) -> None:
    world.sales_put("a1", name="Lakeside Dental", zip="53202", type=3)
    world.gp.faults.before_write = lambda *_: (
        setattr(world.gp.faults, "before_write", None),
        world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202"),
    )
    report = world.sync()
    world.sync()
    assert report.balanced
    assert len(world.customers()) <= 2
    doubles = [row for row in world.customers().values() if row["Name"] == "Lakeside Dental"]
    assert len(doubles) == 1 or world.parked(), world.customers()


def test_a_number_that_we_chose_is_taken_so_the_next_one_is_drawn(world: World) -> None:
    world.gp_put("LAKESIDE0001", Name="Lakeside Boats", Zip="11111")
    world.sales_put("a1", name="Lakeside Dental", zip="53202", type=3)
    world.sales_put("a2", name="Lakeside Farms", zip="53203", type=3)
    assert world.sync().balanced
    assert {name: row["Name"] for name, row in world.customers().items()}.keys() == {
        "LAKESIDE0001",
        "LAKESIDE0002",
        "LAKESIDE0003",
    }
    assert written(world.sync()) == 0


def test_a_key_reused_by_another_firm_is_an_event_and_not_an_edit(world: World) -> None:
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603")
    world.sync()
    world.gp.person_delete("customer", ("AARONFIT0001",))
    world.gp_put("AARONFIT0001", Name="Zeta Foods", Zip="10001")
    report = world.sync()
    assert [entry.code for entry in world.parked()] == ["key-reused"]
    assert list(world.accounts()) == ["Aaron Fitz"] and report.balanced


def test_a_deleted_customer_is_not_created_again_from_its_account(world: World) -> None:
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603")
    world.sync()
    key = world.accounts()["Aaron Fitz"]["id"]
    world.gp.person_delete("customer", ("AARONFIT0001",))
    world.sales_put(key, street="9 Oak")
    report = world.sync()
    assert [entry.code for entry in world.parked()] == ["target-gone"]
    assert not world.customers() and report.balanced


def test_our_own_store_restored_from_a_backup_doubles_nothing(world: World) -> None:
    world.sync()
    world.store.close()
    before = (world.folder / "gp365.db").read_bytes()
    world.store = open_store(world.folder / "gp365.db", clock=world.clock)
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603")
    world.sales_put("a1", name="Lakeside Dental", zip="53202", type=3)
    world.sync()
    world.store.close()
    for name in ("gp365.db-wal", "gp365.db-shm"):
        (world.folder / name).unlink(missing_ok=True)
    (world.folder / "gp365.db").write_bytes(before)
    world.store = open_store(world.folder / "gp365.db", clock=world.clock)
    for row in world.accounts().values():
        world.sales_put(row["id"], name=f"{row['name']} renamed", zip=None)
    report = world.sync()
    assert len(world.customers()) == 2 and len(world.accounts()) == 2 and report.balanced
    assert len(world.links()) == 2


def test_a_torn_scan_of_a_renamed_customer_doubles_nothing(world: World) -> None:
    for number in range(450):
        world.gp_put(f"M{number:04d}", Name=f"Firm {number}", Zip=str(number))
    world.sync()
    world.gp.faults.between_pages = lambda *_: (
        setattr(world.gp.faults, "between_pages", None),
        world.gp.person_rename("customer", ("M0001",), ("Z0001",)),
    )
    report = world.sync()
    assert len(world.accounts()) == 450 and report.balanced
    world.sync()
    assert len(world.accounts()) == 450


def test_a_renamed_customer_is_never_created_a_second_time(world: World) -> None:
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603")
    world.sync()
    world.gp.person_rename("customer", ("AARONFIT0001",), ("NEWNUM0001",))
    world.gp_put("NEWNUM0001", Name="Aaron Fitz Renamed", Zip="60603")
    report = world.sync()
    assert report.balanced and not world.parked()
    assert list(world.accounts()) == ["Aaron Fitz Renamed"]
    assert [link.left_key for link in world.links()] == ["NEWNUM0001"]


def test_a_note_index_that_was_given_out_again_makes_no_other_firm_of_an_account(world: World) -> None:
    """GP restored, and a new customer entered: the note index and day of one that is no more, under another number."""
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603")
    world.sync()
    world.gp.person_rename("customer", ("AARONFIT0001",), ("BAKERS0001",))
    world.gp_put("BAKERS0001", Name="Bakers Emporium", Zip="99999")
    report = world.sync()
    assert report.balanced and list(world.accounts()) == ["Aaron Fitz"]
    assert {entry.code for entry in world.parked()} == {"target-gone", "renumbered"}
    assert [link.left_key for link in world.links()] == ["AARONFIT0001"]


def test_a_firm_that_goes_by_an_earlier_name_of_its_own_again_is_followed_to_its_new_number(
    world: World,
) -> None:
    """GP taken back to before a firm was renamed, renumbered after that, and its postal code edited: still the same firm."""
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603")
    world.sync()
    world.gp_put("AARONFIT0001", Name="Fitz and Sons", Zip="60604")
    world.sync()
    world.gp.person_rename("customer", ("AARONFIT0001",), ("BAKERS0001",))
    world.gp_put("BAKERS0001", Name="Aaron Fitz", Zip="99999")
    report = world.sync()
    assert report.balanced and not world.parked()
    assert list(world.accounts()) == ["Aaron Fitz"]
    assert [link.left_key for link in world.links()] == ["BAKERS0001"]


def test_children_wait_for_their_parents_and_a_ring_is_broken(world: World) -> None:
    parent = {"gp": "Parent", "sales": "parent", "owner": "gp", "ref": "customers"}
    world.flow = flow_with(parent=parent)
    world.gp_put("CHILD0001", Name="Child", Zip="1", Parent="PARENT0001")
    world.gp_put("PARENT0001", Name="Parent", Zip="2", Parent="PARENT0001")
    for _ in range(3):
        report = world.sync()
        assert report.balanced
    accounts = world.accounts()
    assert accounts["Child"]["parent"] == accounts["Parent"]["id"] == accounts["Parent"]["parent"]
    assert report.dispositions["waiting"] == 0 and written(report) == 0


def test_a_late_parent_wakes_its_child(world: World) -> None:
    parent = {"gp": "Parent", "sales": "parent", "owner": "gp", "ref": "customers"}
    world.flow = flow_with(parent=parent)
    world.gp_put("CHILD0001", Name="Child", Zip="1", Parent="PARENT0001")
    assert world.sync().dispositions["waiting"] == 1
    world.gp_put("PARENT0001", Name="Parent", Zip="2")
    world.sync()
    world.sync()
    assert world.accounts()["Child"]["parent"] == world.accounts()["Parent"]["id"]


def test_what_is_parked_for_a_missing_lookup_value_goes_on_when_the_table_has_it(world: World) -> None:
    world.flow = flow_with(terms={"gp": "Terms", "sales": "terms", "owner": "gp", "lookup": "terms"})
    world.lookups = {"terms": lookup("terms", ("gp", "sales"), [("NET 30", "Net thirty")])}
    world.gp_put("AARONFIT0001", Name="Aaron Fitz", Zip="60603", Terms="NET 45")
    world.sync()
    assert [entry.code for entry in world.parked()] == ["lookup-missing"]
    rows = [("NET 30", "Net thirty"), ("NET 45", "Net forty-five")]
    world.lookups = {"terms": lookup("terms", ("gp", "sales"), rows)}
    report = world.sync()
    assert not world.parked() and report.balanced
    assert world.accounts()["Aaron Fitz"]["terms"] == "Net forty-five"


def test_a_second_customer_of_a_firm_whose_account_we_made_is_parked_and_not_doubled(world: World) -> None:
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    world.sync()
    world.gp_put("LAKESIDE0002", Name="Lakeside Dental", Zip="53202")
    report = world.sync()
    assert [entry.code for entry in world.parked()] == ["candidates"] and report.balanced
    assert len(world.accounts()) == 1


def test_a_number_that_a_link_still_knows_another_record_by_is_not_drawn_again(world: World) -> None:
    """GP lost the customer of a shared account, and its number is free there: for us it is that customer's."""
    world.sales_put("one", name="Lakeside Dental", street="2 Lake", zip="53202", type=3)
    world.sync()
    (number,) = world.customers()
    with world.store.write() as conn:
        held = links.by_keys(conn, "test", "customers", "left", [number])[number]
        links.replace_ends(conn, [replace(held, right_key=None, shared_key="another", state="shared")])
    world.gp.person_delete("customer", (number,))
    world.sales_put("one", phone="5550000")
    report = world.sync(full=True)
    assert report.balanced and report.stopped is None
    assert number not in world.customers() and len(world.customers()) == 1
