"""Every difference carries its reason; what nothing explains is drift."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from gp365.model.entity import FieldDescription, FieldType
from gp365.model.values import fingerprint
from gp365.store import ledger, links, work
from gp365.sync.agreed import pack_pairs, unpack_pairs
from gp365.sync.reconcile import Difference, Missing, Reconciliation, Single, Why, note
from gp365.sync.reconcile.found import FieldDifference, Reason
from sync.engine_world import FLOW, World, account, customer, flow_with, make_world, replace
from sync.planted_defects import in_step, look
from sync.undo_world import quiet, undo, undo_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return in_step(tmp_path, 12)


def account_of(world: World, number: str) -> str:
    return next(str(link.right_key) for link in world.links() if link.left_key == number)


def only(told: Reconciliation) -> tuple[Difference, FieldDifference]:
    (found,) = told.differences
    (one,) = found.fields
    return found, one


def missing(told: Reconciliation) -> Missing:
    (found,) = told.missing
    return found


def single(told: Reconciliation, key: str) -> Single:
    (found,) = [one for one in told.singles if one.key == key]
    return found


def silently(world: World, key: str, **values: object) -> None:
    """Change an account so that no feed shows it, as a restored row or a broken feed would."""
    row = world.sales.system.tables["account"].find((key,))
    assert row is not None
    row.values.update(values)  # type: ignore[attr-defined]


def test_a_change_that_no_sync_has_seen_yet_is_explained(world: World) -> None:
    world.gp_put("C0003", Phone="70155512340000")
    told = look(world)
    found, one = only(told)
    assert (found.left_key, one.field, one.reason.why) == ("C0003", "phone", Why.CHANGED)
    assert told.verdict == "explained"


def test_a_change_that_the_last_clean_sync_should_have_seen_is_drift(world: World) -> None:
    silently(world, account_of(world, "C0003"), zip="99999")
    told = look(world)
    _, one = only(told)
    assert (one.field, one.reason.why) == ("address.zip", Why.DRIFT)
    assert told.verdict == "drift"
    assert len(told.blocks.unequal) == 1


def test_a_difference_that_the_agreed_values_hide_is_drift(world: World) -> None:
    """Somebody changed our store so that neither side seems to have moved; no row of the ledger says so."""
    key = account_of(world, "C0003")
    silently(world, key, phone="nobody knows")
    (link,) = [one for one in world.links() if one.right_key == key]
    job = world.job()
    record = world.sales.get("account", [(key,)], job.right.fields)[(key,)]
    pairs = unpack_pairs(link.agreed)
    pairs["phone"] = (pairs["phone"][0], ("nobody knows",))
    print_ = fingerprint(record.values, job.right.fields, job.flow.digest)
    with world.store.write() as conn:
        links.update(conn, [replace(link, agreed=pack_pairs(pairs), right_print=print_)])
    told = look(world)
    _, one = only(told)
    assert (one.field, one.reason.why) == ("phone", Why.DRIFT)


def test_a_conflict_is_explained_by_its_entry(world: World) -> None:
    world.gp_put("C0003", Name="Contoso West")
    world.sales_put(account_of(world, "C0003"), name="Contoso East")
    world.sync()
    (entry,) = world.parked()
    told = look(world)
    _, one = only(told)
    assert (one.field, one.reason.why, one.reason.entry) == ("name", Why.CONFLICT, entry.id)
    assert (one.left, one.right) == (("Contoso West",), ("Contoso East",))
    assert told.verdict == "parked"


def test_a_difference_that_was_held_names_the_row_of_the_ledger(world: World) -> None:
    key = account_of(world, "C0003")
    world.sales_put(key, contact="Ann Bell")
    assert world.sync().clean
    world.clock.advance(3600)
    world.sales_put(key, contact=None)  # an empty value does not clear there
    assert world.sync().clean
    world.clock.advance(3600)
    told = look(world)
    _, one = only(told)
    assert (one.field, one.reason.why) == ("contact", Why.HELD)
    with world.store.read() as conn:
        rows = ledger.for_subject(conn, "test", "customers", told_subject(told))
    assert one.reason.ledger in {row.id for row in rows}
    assert told.verdict == "explained"


def test_what_was_held_when_two_records_were_matched_is_held(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.gp_put("C0001", Name="Contoso", Zip="58102", Contact="Ann Bell")
    world.sales_put("a1", name="Contoso", zip="58102", number="C0001", type=3)
    assert world.sync().clean
    told = look(world)
    _, one = only(told)
    assert (one.field, one.reason.why) == ("contact", Why.HELD)
    world.store.close()


def test_what_an_undo_left_different_is_held(tmp_path: Path) -> None:
    world = undo_world(tmp_path)
    world.gp_put("C0001", Name="Contoso", Zip="58102", Phone="70155500010000")
    world.sync()
    world.clock.advance(3600)
    world.gp_put("C0001", Phone="70155500020000")
    world.sync()
    world.clock.advance(3600)
    assert undo(world).back
    for _ in range(2):
        _, one = only(look(world))
        assert (one.field, one.reason.why) == ("phone", Why.HELD)
        quiet(world)  # the sync after the undo leaves it as it is, and says so
        world.clock.advance(3600)
    world.store.close()


def told_subject(told: Reconciliation) -> str:
    return only(told)[0].subject


def test_queued_work_is_in_flight(world: World) -> None:
    silently(world, account_of(world, "C0003"), zip="99999")
    with world.store.write() as conn:
        work.enqueue(conn, "test", "customers", [("gp", "C0003", "hint")])
    _, one = only(look(world))
    assert one.reason.why is Why.IN_FLIGHT


def test_a_deleted_record_is_missing_and_a_parked_one_is_explained(world: World) -> None:
    world.gp.person_delete("customer", ("C0003",))
    told = look(world)
    found = missing(told)
    assert (found.kind, found.side, found.reason.why) == ("gone", "gp", Why.DRIFT)
    assert told.verdict == "drift"
    world.sync()
    told = look(world)
    assert (missing(told).reason.why, missing(told).reason.code) == (Why.PARKED, "target-gone")
    assert told.verdict == "parked"


def test_a_renumbered_customer_is_not_taken_for_gone(world: World) -> None:
    world.gp.person_rename("customer", ("C0003",), ("Z9999",))
    told = look(world)
    assert missing(told).reason.why is Why.CHANGED
    assert "Z9999" in missing(told).reason.text
    assert single(told, "Z9999").reason.why is Why.CHANGED
    assert told.counts.drift == 0


def test_another_record_under_a_linked_number_is_shown(world: World) -> None:
    world.gp.person_delete("customer", ("C0003",))
    world.gp_put("C0003", Name="Somebody else")
    found = missing(look(world))
    assert (found.kind, found.side) == ("another", "gp")


def test_a_hidden_record_is_hidden_and_not_gone(world: World) -> None:
    world.sales.person_hide("account", (account_of(world, "C0003"),))
    told = look(world)
    assert (missing(told).kind, missing(told).reason.why) == ("hidden", Why.HIDDEN)
    assert told.counts.drift == 0


def test_records_that_match_and_are_not_linked_are_shown(world: World) -> None:
    world.gp_put("N0001", Name="Northwind", Zip="58102")
    world.sales_put("n1", name="Northwind", zip="58102", type=8)
    found = missing(look(world))
    assert (found.kind, found.keys) == ("unlinked", ("N0001", "n1"))


def test_a_record_that_a_condition_leaves_out_is_filtered(world: World) -> None:
    world.sales_put("p1", name="A prospect", type=8)
    told = look(world)
    assert single(told, "p1").reason.why is Why.FILTERED
    assert told.verdict == "equal"


def test_a_record_that_every_clean_sync_has_passed_over_is_drift(world: World) -> None:
    world.sales_put("x1", name="Left behind", zip="58102", type=3)
    world.sales.person_hide("account", ("x1",))
    assert world.sync().clean
    world.clock.advance(3600)
    assert world.sync().clean
    world.sales.person_hide("account", ("x1",), hidden=False)
    assert single(look(world), "x1").reason.why is Why.DRIFT


def test_totals_differ_by_what_the_listed_pairs_differ_by(world: World) -> None:
    world.gp_put("C0001", Limit=Decimal("5000.50"))
    world.sales_put(account_of(world, "C0002"), limit=None)
    (total,) = look(world).totals
    held = {str(Why.CHANGED): total.difference}
    assert total.difference == Decimal("5000.50") - Decimal(1007) + Decimal(1014)
    assert total.explained == held
    assert total.pairs == 2


def test_values_of_a_secured_column_are_not_told(tmp_path: Path) -> None:
    described = account()
    fields = {**described.fields, "limit": replace(described.fields["limit"], secured=True)}
    world = make_world(tmp_path, sales=replace(described, fields=fields))
    world.gp_put("C0001", Name="Contoso", Zip="58102", Limit=Decimal("31337.25"))
    world.sync()
    world.clock.advance(3600)
    world.gp_put("C0001", Limit=Decimal("41337.25"))
    told = look(world, sample=1)
    _, one = only(told)
    assert (one.field, one.masked, one.left, one.right) == ("limit", True, (), ())
    assert "1337" not in f"{list(told.differences)}{told.sample}{told.totals}"
    world.store.close()


def test_nothing_is_written_but_one_row_of_the_ledger(world: World) -> None:
    world.gp_put("C0003", Name="Contoso West")

    def state() -> tuple[object, ...]:
        with world.store.read() as conn:
            queued = [work.pending(conn, "test", "customers", world.clock())]
        return world.customers(), world.accounts(), world.links(), world.parked(), queued

    before = state()
    told = look(world)
    assert state() == before
    note(told, "0" * 64, {"drift": 0})
    assert state() == before
    with world.store.read() as conn:
        (row,) = ledger.history(conn, kinds=["reconcile"])
    assert (row.actor, row.disposition) == ("tester", "explained")
    assert world.chain_holds()


def test_a_sample_is_the_same_for_who_draws_again_with_its_seed(world: World) -> None:
    told = look(world, sample=3)
    again = look(world, sample=3, seed=told.seed)
    other = look(world, sample=3, seed="another")
    assert [one.subject for one in told.sample] == [one.subject for one in again.sample]
    assert len(told.sample) == len(other.sample) == 3
    assert {name: left for name, left, _ in told.sample[0].fields}["name"] is not None


def test_a_field_that_is_written_on_create_only_is_named_as_such(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.sales_put("a1", name="Lakeside Dental", zip="58102", type=3)
    world.sync()
    told = look(world)
    _, one = only(told)
    assert (one.field, one.reason) == ("number", Reason(Why.CREATE_ONLY, "written on create only"))
    assert told.blocks.unequal == []  # it is not kept in step, and so no part of the hash totals
    assert FLOW["fields"]["number"]["create_only"]
    world.store.close()


def test_quantities_have_no_currency_and_days_no_total(tmp_path: Path) -> None:
    more = (
        FieldDescription("Aged", FieldType.DATE),
        FieldDescription("Pieces", FieldType.DECIMAL, decimals=2),
    )
    gp, sales = (
        replace(made, fields={**made.fields, **{one.name: one for one in more}})
        for made in (customer(), account())
    )
    world = make_world(tmp_path, gp=gp, sales=sales)
    world.flow = flow_with(
        pieces={"gp": "Pieces", "sales": "Pieces", "owner": "gp"},
        aged={"gp": ["Aged", "Limit"], "sales": "Aged", "owner": "gp", "convert": "as_of"},
    )
    world.gp_put("AAA1", Name="Zeta", Zip="58102", Limit=Decimal(10), Pieces=Decimal(3))
    world.sync()
    told = look(world)
    assert {(one.field, one.currency) for one in told.totals} == {("limit", "USD"), ("pieces", "")}
    world.store.close()
