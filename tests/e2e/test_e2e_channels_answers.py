"""Answers of the Web Services that are lost, and a sync that is killed before it records them: nothing is doubled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from e2e_channels import SqlDoor, site_over
from e2e_site import GP, SALES, Row, Site
from ways_story import account

NEW = "ad000000-0000-4000-8000-00000000000%d"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_over(tmp_path_factory.mktemp("answers") / "site", "soap") as made:
        yield made


def named(at: Site, name: str) -> list[Row]:
    return [row for row in at.rows(GP, "RM00101") if row["CUSTNAME"] == name]


def made_once(at: Site, name: str, number: int) -> None:
    (made,) = named(at, name)
    assert at.card(made["CUSTNMBR"])["_gp365_accountid_value"] == NEW % number
    codes = [row["ADRSCODE"] for row in at.rows(GP, "RM00102") if row["CUSTNMBR"] == made["CUSTNMBR"]]
    assert sorted(codes) == ["PRIMARY", "SHIPTO"]
    assert len([row for row in at.rows(SALES, "accounts") if row["name"] == name]) == 1
    assert at.sync().written == 0


@pytest.mark.parametrize("fault", ["reset", "lost_reply"])
def test_a_write_whose_answer_is_lost_is_settled_and_done_once(there: Site, fault: str) -> None:
    """`reset`: the connection went before the service had done it; `lost_reply`: after."""
    at, door, number = there, SqlDoor.of(there, "soap"), 1 if fault == "reset" else 2
    name = f"Sounding {fault.title()} Works"
    account(at, number, name, address2_line1="1 Dock Road", address2_city="Gary")
    at.edit_account_of("ASTORSUI0001", telephone1=f"(312) 555-01{number}0")
    door.faults(
        {"path": "CreateCustomer$", "do": fault, "times": 1},
        {"path": "UpdateCustomer$", "do": fault, "times": 1},
    )
    assert at.sync().balanced
    assert door.fired() == [1, 1]
    at.settled()
    assert at.row(GP, "RM00102", "ASTORSUI0001;PRIMARY")["PHONE1"] == f"31255501{number}00000"
    made_once(at, name, number)


def test_a_sync_killed_before_it_records_what_the_service_answered_makes_no_second_customer(
    there: Site,
) -> None:
    at, name = there, "Walrus Tusk Carvers"
    account(at, 3, name, address2_line1="1 Dock Road", address2_city="Gary")
    at.edit_account_of("ADAMPARK0001", telephone1="(317) 555-0142")
    at.killed_at("sent")
    assert len(named(at, name)) == 1
    assert at.sync().balanced
    at.settled()
    assert at.row(GP, "RM00102", "ADAMPARK0001;PRIMARY")["PHONE1"] == "31755501420000"
    made_once(at, name, 3)
