"""The second sync writes nothing and reads its own echoes once; the third asks each tracked table one question."""

from __future__ import annotations

from math import ceil

from e2e_counts import KEYS_PER_READ, PAGE, TRACKED, asked, lists_of_gp, stamped_by_us
from e2e_site import Site

LISTS = {"Customers.json": 1, "CustomerAddresses.json": 1}


def test_the_second_sync_is_quiet_and_the_third_asks_once_a_table(fresh: Site) -> None:
    """Echoes in more pages than one are counted where there are as many (test_e2e_size)."""
    assert fresh.sync().code == 0
    ours = stamped_by_us(fresh)
    assert ours["accounts"] > 0
    assert ours["gp365_customers"] == 43
    fresh.mark()
    second = fresh.sync()
    assert second.code == 0
    assert second.written == second.write_requests == 0
    deltas, others = asked(fresh)
    assert deltas == {table: max(1, ceil(ours[table] / PAGE)) for table in TRACKED}
    newest_contacts = 1
    assert others <= ceil(ours["accounts"] / KEYS_PER_READ) + newest_contacts
    fresh.mark()
    third = fresh.sync()
    assert third.written == third.write_requests == 0
    assert asked(fresh) == (dict.fromkeys(TRACKED, 1), 0)
    assert lists_of_gp(fresh) == LISTS
