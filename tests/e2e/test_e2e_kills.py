"""A sync that is killed at any named point, in any state of its writes: a new process ends it as if nothing had been."""

from __future__ import annotations

import pytest
from e2e_site import GP, SALES, Site, World, world

from gp365.sync.points import POINTS


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_first_sync_is_ended_by_a_new_process_as_if_nothing_had_been(
    fresh: Site, undisturbed: World, point: str
) -> None:
    """What may still be on its way to GP waits (exit code 1) until the longest reply is over, and is never sent twice."""
    fresh.killed_at(point)
    again = fresh.in_child("sync")
    assert again.code in (0, 1), again.err
    assert again.balanced
    assert len(fresh.rows(SALES, "accounts")) <= len(undisturbed["accounts"])
    assert len(fresh.rows(GP, "RM00101")) <= len(undisturbed["RM00101"])
    fresh.settled()
    assert world(fresh) == undisturbed
    assert fresh.sync().written == 0


def test_a_sync_killed_between_an_update_and_its_outcome_loses_and_doubles_nothing(fresh: Site) -> None:
    assert fresh.sync().code == 0
    fresh.edit_account_of("ADAMPARK0001", address1_line1="5 Edited Street", address2_line1="7 Dock Road")
    fresh.put(GP, "RM00102", "ASTORSUI0001;PRIMARY", ADDRESS1="6 Edited Street")
    fresh.killed_at("sent")
    fresh.edit_account_of("ADAMPARK0001", address1_line1="8 Edited Again")
    again = fresh.in_child("sync")
    assert again.balanced
    fresh.settled()
    codes = {
        row["ADRSCODE"]: row["ADDRESS1"]
        for row in fresh.rows(GP, "RM00102")
        if row["CUSTNMBR"] == "ADAMPARK0001"
    }
    assert codes == {"PRIMARY": "8 Edited Again", "SHIPTO": "7 Dock Road"}
    assert fresh.account_of("ASTORSUI0001")["address1_line1"] == "6 Edited Street"
    assert fresh.sync().written == 0
