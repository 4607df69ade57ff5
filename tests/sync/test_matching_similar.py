"""Similar records: a record that looks like another one is shown to a person, and never linked or doubled by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gp365.model.values import unpack_deep
from gp365.store import parked, similar
from gp365.store.parked import Parked
from gp365.store.similar import Scope
from gp365.sync.preview import preview
from sync.engine_world import FLOW, World, make_world, written

MATCH = [
    {"same": ["number", "name"]},
    {"same": ["name", "address.zip"], "unless": ["address.street", "phone"]},
    {"alone": ["number"]},
    {"similar": {"name": 0.97}},
    {"similar": {"name": 0.7, "address.zip": 1.0}},
    {"similar": {"name": 0.6, "phone": 1.0}},
    {"similar": {"name": 0.6, "address.street": 0.9}},
]
SIMILAR: dict[str, Any] = {**FLOW, "match": MATCH}


def evidence(entry: Parked) -> list[dict[str, Any]]:
    """What is shown of the candidates, best first."""
    return list(unpack_deep(entry.about or b"{}").get("evidence", []))


def decide(world: World, entry: Parked, answer: Mapping[str, Any]) -> None:
    with world.store.write() as conn:
        parked.resolve(conn, entry.id, answer, "controller")


def test_a_misspelt_account_is_shown_to_a_person_instead_of_doubled(world: World) -> None:
    world.flow = SIMILAR
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202", Street="1 Oak St")
    world.sales_put("a1", name="Lakesde Dental", zip="53202", street="1 Oak Street", type=3)
    report = world.sync()
    entries = {entry.left_key or entry.right_key: entry for entry in world.parked()}
    assert {entry.code for entry in entries.values()} == {"similar"}
    assert len(world.customers()) == 1 and len(world.accounts()) == 1 and report.balanced
    [shown] = evidence(entries["LAKESIDE0001"])
    assert shown["key"] == "a1" and shown["linked_to"] == "" and shown["score"] > 0.9
    assert shown["fields"]["name"] == ["Lakeside Dental", "Lakesde Dental"]
    assert shown["fields"]["address.zip"] == ["53202", "53202"]
    assert evidence(entries["a1"])[0]["key"] == "LAKESIDE0001"


def test_a_second_account_typed_for_a_linked_customer_is_shown_with_the_link(world: World) -> None:
    world.flow = SIMILAR
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental Sup", Zip="53202")
    world.sync()
    first = world.links()[0].right_key
    world.sales_put("a2", name="Lakeside Dentel Sup., L.L.C.", zip="53202", type=3)
    report = world.sync()
    [entry] = world.parked()
    assert entry.code == "similar" and len(world.customers()) == 1 and report.balanced
    [shown] = evidence(entry)
    assert (shown["key"], shown["linked_to"]) == ("LAKESIDE0001", first)


def test_the_same_name_typed_again_is_shown_with_evidence_too(world: World) -> None:
    world.flow = SIMILAR
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental Sup", Zip="53202")
    world.sync()
    world.sales_put("a2", name="Lakeside Dental Sup, L.L.C.", zip="53202-1234", type=3)
    world.sync()
    [entry] = world.parked()
    assert entry.code == "candidates"
    [shown] = evidence(entry)
    assert shown["key"] == "LAKESIDE0001" and shown["linked_to"] and shown["why"] == "same name, address.zip"


def test_candidates_come_best_first_and_at_most_ten(world: World) -> None:
    world.flow = SIMILAR
    for number in range(15):
        world.gp_put(f"HARPER{number:04d}", Name="Harper Dental Sup", Zip="53202", Street=f"{number} Oak St")
    world.sync()
    world.sales_put("a1", name="Harpr Dental Sup", zip="53202", street="7 Oak St", type=3)
    world.sync()
    entry = next(one for one in world.parked() if one.right_key == "a1")
    shown = evidence(entry)
    assert shown[0]["key"] == "HARPER0007" and len(shown) == 10
    assert [one["score"] for one in shown] == sorted((one["score"] for one in shown), reverse=True)


def test_a_person_who_wants_a_new_record_gets_one(world: World) -> None:
    world.flow = SIMILAR
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    world.sync()
    world.sales_put("a2", name="Lakesyde Dental", zip="53202", type=3)
    world.sync()
    decide(world, world.parked()[0], {"create": True})
    report = world.sync()
    assert len(world.customers()) == 2 and not world.parked() and report.balanced
    assert written(world.sync()) == 0


def test_a_person_links_what_looks_alike(world: World) -> None:
    world.flow = SIMILAR
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    world.sales_put("a1", name="Lakesyde Dental", zip="53202", type=3)
    world.sync()
    entry = next(one for one in world.parked() if one.left_key == "LAKESIDE0001")
    decide(world, entry, {"link": "a1"})
    report = world.sync()
    [link] = world.links()
    assert (link.left_key, link.right_key) == ("LAKESIDE0001", "a1") and report.balanced
    assert len(world.customers()) == 1 and len(world.accounts()) == 1
    assert not [one for one in world.parked() if one.code == "similar"]


def test_a_record_that_the_condition_leaves_out_is_not_shown_to_anybody(world: World) -> None:
    world.flow = SIMILAR
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    world.sync()
    world.sales_put("a2", name="Lakesyde Dental", zip="53202", type=8)
    report = world.sync()
    assert not world.parked() and report.dispositions["filtered"] == 1


def test_a_firm_that_is_like_nobody_is_created(world: World) -> None:
    world.flow = SIMILAR
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202", Phone="3125550100")
    world.sales_put("a1", name="Riverside Plumbing", zip="53202", phone="3125550199", type=3)
    report = world.sync()
    assert report.dispositions["created"] == 2 and not world.parked()


def test_a_candidate_that_is_gone_is_not_shown(world: World) -> None:
    world.flow = SIMILAR
    world.sales_put("a1", name="Lakesyde Dental", zip="53202", type=8)
    world.sync()
    world.sales.person_delete("account", ("a1",))
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    report = world.sync()
    assert not world.parked() and len(world.accounts()) == 1 and report.balanced


def test_a_new_account_is_compared_without_reading_the_customers_again(world: World) -> None:
    world.flow = SIMILAR
    for number in range(300):
        world.gp_put(f"C{number:04d}", Name=f"Firm{number} Dental", Zip=str(10_000 + number))
    world.sync()
    world.sync()
    world.sales_put("a2", name="Firm77 Dentall", zip="10077", type=3)
    with world.store.read() as conn:
        held = similar.cards(conn, range(1, 1000))
    report = world.sync()
    assert len([one for one in held.values() if one[0].startswith("C")]) == 300
    [entry] = world.parked()
    assert [one["key"] for one in evidence(entry)] == ["C0077"] and report.balanced


def test_a_plan_shows_what_the_run_will_park_and_keeps_nothing(world: World) -> None:
    world.flow = SIMILAR
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    world.sales_put("a1", name="Lakesyde Dental", zip="53202", type=3)
    job = world.job()
    _, plans = preview(job)
    planned = {plan.subject: plan.problem for plan in plans}
    job.scratch.close()  # type: ignore[attr-defined]
    with world.store.read() as conn:
        assert similar.cards(conn, range(1, 100)) == {}
    assert {problem.code for problem in planned.values() if problem} == {"similar"}
    world.sync()
    shown = {entry.left_key or entry.right_key: entry.message for entry in world.parked()}
    assert sorted(shown.values()) == sorted(problem.message for problem in planned.values() if problem)


def test_a_store_of_an_earlier_version_is_filled_by_a_full_reading(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.flow = SIMILAR
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    world.sync()
    with world.store.write() as conn:
        for side in ("gp", "sales"):
            similar.clear(conn, Scope("test", "customers", side))
            similar.mark_filled(conn, Scope("test", "customers", side), "")
    report = world.sync()
    assert report.dispositions["unchanged"] == 1 and written(report) == 0
    with world.store.read() as conn:
        assert len(similar.cards(conn, range(1, 1000))) == 2
    world.sales_put("a2", name="Lakesyde Dental", zip="53202", type=3)
    world.sync()
    assert [entry.code for entry in world.parked()] == ["similar"]
    world.store.close()


def test_an_edited_customer_is_found_by_what_it_is_now(world: World) -> None:
    world.flow = SIMILAR
    world.gp_put("LAKESIDE0001", Name="Lakeside Dental", Zip="53202")
    world.sync()
    world.gp_put("LAKESIDE0001", Name="Zeta Foods", Zip="10001")
    world.sync()
    world.sales_put("a2", name="Lakesyde Dental", zip="53202", type=3)
    world.sales_put("a3", name="Zetta Foods", zip="10001", type=3)
    world.sync()
    assert {entry.right_key for entry in world.parked()} == {"a3"}
