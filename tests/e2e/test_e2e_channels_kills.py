"""A sync over SQL Server that is killed at any named point: a new process ends it as if nothing had been."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from e2e_channels import SqlDoor, site_over
from e2e_site import GP, SALES, Site
from ways_story import account

from gp365.sync.points import POINTS

FIRMS = (
    "Quartz Optical Group",
    "Bergamot Tea Traders",
    "Fjord Turbine Works",
    "Ivory Piano Movers",
    "Kestrel Falconry",
    "Obsidian Knife Makers",
)
NEW = "ad000000-0000-4000-8000-00000000000%d"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_over(tmp_path_factory.mktemp("kills") / "site", "sql") as made:
        yield made


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_sync_loses_and_doubles_nothing(there: Site, point: str) -> None:
    """A customer to be made, an edit of each side; what the dead process held in SQL Server is rolled back."""
    at, number = there, POINTS.index(point) + 1
    name, phone = FIRMS[number - 1], f"(312) 555-01{number}0"
    street = f"{number}{number} {name.split()[0]} Road"
    account(at, number, name, address1_line1=street, address2_line1="1 Dock Road", address2_city="Gary")
    at.edit_account_of("ASTORSUI0001", telephone1=phone)
    at.put(GP, "RM00102", "ADAMPARK0001;PRIMARY", ADDRESS2=f"{number} Edited Street")
    count = len(at.rows(GP, "RM00101"))
    at.killed_at(point)
    assert at.sync().balanced
    at.settled()
    (made,) = [row for row in at.rows(GP, "RM00101") if row["CUSTNAME"] == name]
    assert len(at.rows(GP, "RM00101")) == count + 1
    codes = [row["ADRSCODE"] for row in at.rows(GP, "RM00102") if row["CUSTNMBR"] == made["CUSTNMBR"]]
    assert sorted(codes) == ["PRIMARY", "SHIPTO"]
    assert at.card(made["CUSTNMBR"])["_gp365_accountid_value"] == NEW % number
    assert at.row(GP, "RM00102", "ASTORSUI0001;PRIMARY")["PHONE1"] == f"31255501{number}00000"
    assert at.account_of("ADAMPARK0001")["address1_line2"] == f"{number} Edited Street"
    assert len([row for row in at.rows(SALES, "accounts") if row["name"] == name]) == 1
    sessions = SqlDoor.of(at).ask("GET", "/sessions")["sessions"]
    assert not any(one["transactions"] for one in sessions)
    assert at.sync().written == 0


def test_a_sync_killed_while_it_waits_for_the_answer_to_its_commit_is_settled(there: Site) -> None:
    """The server rolls the transaction of the dead connection back; the next process finds out and does it again."""
    at, door, name = there, SqlDoor.of(there), "Walrus Tusk Carvers"
    account(at, 9, name, address1_line1="99 Walrus Road", address2_line1="1 Dock Road", address2_city="Gary")
    door.faults({"match": "^COMMIT$", "do": "slow", "seconds": 20})
    process = at.child("sync")
    try:
        while not door.ask("GET", "/faults")["faults"][0]["fired"]:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
    finally:
        process.kill()
        process.communicate()
    assert door.fired() == [1]
    assert at.sync().balanced
    at.settled()
    (made,) = [row for row in at.rows(GP, "RM00101") if row["CUSTNAME"] == name]
    assert at.card(made["CUSTNMBR"])["_gp365_accountid_value"] == NEW % 9
    assert at.sync().written == 0
