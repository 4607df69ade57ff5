"""Parked: one open entry per subject and field, and a decision that counts only for what was shown."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from gp365.model.values import pack, unpack
from gp365.store import parked, work
from gp365.store.engine import Store
from gp365.store.lease import Lease
from gp365.store.parked import NewParked
from gp365.store.work import Claim

PLACE = ("fabrikam", "customers")
NAME = NewParked(
    *PLACE, "L1", "name", "conflict", "Both sides changed the name.", "Decide.", "AARONFIT0001", "guid-1",
    pack({"left": ["Aaron Fitz"], "right": ["Aaron & Fitz"]}), "r1",
)  # fmt: skip


def _put(store: Store, *entries: NewParked) -> list[int]:
    with store.write() as conn:
        return parked.put(conn, entries)


def test_a_parked_field_is_shown_as_it_was_parked(store: Store, clock) -> None:
    (number,) = _put(store, NAME)
    with store.read() as conn:
        one = parked.show(conn, number)
        assert one is not None and parked.show(conn, number + 1) is None
        assert parked.open_for(conn, *PLACE, ["L1", "L2"]) == {"L1": [one]}
        assert parked.list_open(conn, "fabrikam") == [one] and parked.list_open(conn, "contoso") == []
    assert NewParked(**{name: getattr(one, name) for name in NewParked.__dataclass_fields__}) == NAME
    assert (one.state, one.made_at, one.resolution) == ("open", clock(), None)


def test_the_same_conflict_seen_again_keeps_its_number_and_its_decision(store: Store, clock) -> None:
    (number,) = _put(store, NAME)
    with store.write() as conn:
        assert parked.resolve(conn, number, {"take": "gp", "value": Decimal("1500.00")}, "anna")
    clock.forward(60)
    assert _put(store, replace(NAME, run="r2", message="Still.")) == [number]
    with store.read() as conn:
        one = parked.show(conn, number)
    assert one is not None and one.resolution is not None
    assert unpack(one.resolution) == {"take": "gp", "value": Decimal(1500)}
    assert (one.resolved_by, one.run, one.seen_at, one.made_at < one.seen_at) == ("anna", "r2", clock(), True)


def test_a_conflict_over_other_values_is_a_new_one_and_the_old_decision_is_gone(store: Store) -> None:
    (old,) = _put(store, NAME)
    with store.write() as conn:
        parked.resolve(conn, old, {"take": "gp"}, "anna")
    (new,) = _put(store, replace(NAME, shown=pack({"left": ["Fitz"], "right": ["Aaron & Fitz"]})))
    assert new != old
    with store.write() as conn:
        (one,) = parked.open_for(conn, *PLACE, ["L1"])["L1"]
        ended = parked.show(conn, old)
        assert (one.id, one.resolution) == (new, None)
        assert ended is not None and ended.state == "ended" and ended.ended_at is not None
        assert not parked.resolve(conn, old, {"take": "sales"}, "bert")  # too late


def test_entries_of_other_fields_subjects_and_flows_stand_beside_each_other(store: Store) -> None:
    entries = [NAME, replace(NAME, field="phone"), replace(NAME, subject="L2"), replace(NAME, flow="cards")]
    first = _put(store, *entries, NAME)
    assert len(set(first)) == 4 and first[0] == first[4]
    with store.write() as conn:
        parked.end(conn, *PLACE, [("L1", "name"), ("L2", "phone"), ("L9", "")])
        assert {(one.subject, one.field, one.flow) for one in parked.list_open(conn)} == {
            ("L1", "phone", "customers"),
            ("L2", "name", "customers"),
            ("L1", "name", "cards"),
        }
        assert [one.id for one in parked.list_open(conn, *PLACE, limit=1, after_id=first[1])] == [first[2]]
    assert _put(store, NAME)[0] not in first  # it came back after it had ended: a new one


def test_what_was_parked_for_a_single_record_belongs_to_its_link_afterwards(
    store: Store, lease: Lease
) -> None:
    single = replace(NAME, subject="gp:A", field="")
    (whole, phone, taken) = _put(
        store, single, replace(single, field="phone"), replace(single, subject="L7", field="phone")
    )
    other = replace(single, flow="cards")
    _put(store, other)
    with store.write(lease) as conn:
        work.enqueue(conn, *PLACE, [("gp", "A", "feed")])
        work.claim(conn, *PLACE, [Claim("gp:A", (("gp", "A", 1),))], lease, "r1")
        parked.rename_subject(conn, *PLACE, "gp:A", "L7")
        parked.become_links(conn, *PLACE, {})
        found = parked.open_for(conn, *PLACE, ["gp:A", "L7"])
        assert {name: [one.id for one in ones] for name, ones in found.items()} == {"L7": [whole, taken]}
        doubled = parked.show(conn, phone)
        assert doubled is not None and doubled.state == "ended"
        assert "gp:A" in parked.open_for(conn, "fabrikam", "cards", ["gp:A"])
        assert work.claim(conn, *PLACE, [Claim("L7", (("sales", "1", 0),))], lease, "r1") == []
