"""Long lists: unpaged, streamed, and cheap enough to hold."""

import tracemalloc

import pytest
from simgp_desk import CLERK, desk, records

from gp365_sim.core.clock import Clock
from gp365_sim.gp.app import Manner, build
from gp365_sim.samples import generated

COUNT = 3000


@pytest.mark.parametrize("profile", ["bare", "payload", "container"])
def test_a_long_list_is_streamed_whole_and_in_key_order(tmp_path, profile):
    with desk(tmp_path, Manner(profile=profile), samples=generated(COUNT, 0, 0)) as site:
        answer = site.ask("GET", "Sales/Customers.json", stream=True)
        assert "Content-Length" not in answer.headers
        pieces = [len(piece) for piece in answer.iter_content(None)]
        assert len(pieces) > COUNT / 250 and max(pieces) < 2_000_000
        numbers = [row["CustomerNumber"] for row in records(site.ask("GET", "Sales/Customers.json"))]
        assert len(numbers) == COUNT and numbers == sorted(numbers)


def test_a_list_under_way_is_not_disturbed_by_writes(tmp_path):
    with desk(tmp_path, samples=generated(COUNT, 0, 0)) as site:
        answer = site.ask("GET", "Sales/Customers.json", stream=True)
        first = answer.raw.read(100)
        last = max(row["CUSTNMBR"] for row in site.door("GET", "rows/RM00101").json()["rows"])
        assert site.door("DELETE", f"rows/RM00101/{last}").status_code == 200
        assert last.encode() in first + answer.raw.read()


@pytest.mark.proof
def test_a_hundred_thousand_customers_are_held_and_listed(tmp_path):
    with desk(tmp_path, samples=generated(100_000, 0, 0)) as site:
        for path, table in (("Sales/Customers.json", "RM00101"), ("Sales/CustomerAddresses.json", "RM00102")):
            answer = site.ask("GET", path, stream=True)
            found = sum(
                piece.count(b'"ModifiedDate"') for piece in answer.iter_lines(1 << 20, delimiter=b"},")
            )
            assert found == len(site.company[table]) >= 100_000


def test_a_customer_with_its_addresses_costs_a_few_kilobytes():
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        system = build(Clock(), generated(COUNT, 0, 0), [CLERK])
        per_customer = (tracemalloc.get_traced_memory()[0] - before) / COUNT
    finally:
        tracemalloc.stop()
    assert len(system.world.company["RM00101"]) == COUNT
    assert per_customer < 6_000
