"""A distributor's days at sites without GP Service: SQL Server or Web Services alone, rows of the acceptance scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from e2e_channels import SqlDoor, site_over, told_renamed
from e2e_site import GP, SALES, Site
from ways_story import account

NEW = "ad000000-0000-4000-8000-00000000000%d"
CONTACT = "cd000000-0000-4000-8000-000000000001"
WAYS = ("sql", "soap")
HISTORY = ("KPCALHST", "KPDSTHST", "KPERHIST", "KPTRXHST")


@pytest.fixture(scope="module", params=WAYS)
def there(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The sample company after its first sync; every test has firms of its own."""
    with site_over(tmp_path_factory.mktemp("days") / "site", str(request.param)) as made:
        yield made


@pytest.fixture
def way(there: Site) -> str:
    return "soap" if "[systems.gp.soap]" in (there.folder / "gp365.toml").read_text("utf-8") else "sql"


def quiet(at: Site) -> None:
    again = at.sync()
    assert again.balanced
    assert again.written == 0


def rows_of(at: Site, table: str, **columns: str) -> list[dict[str, Any]]:
    return [row for row in at.rows(GP, table) if all(str(row[n]).strip() == v for n, v in columns.items())]


def test_row_1_a_customer_made_in_sales_has_what_its_class_gives_and_its_contacts_mail(there: Site) -> None:
    at = there
    at.put(SALES, "contacts", CONTACT, firstname="Ada", lastname="Lake", emailaddress1="ada@quartz.example")
    account(
        at,
        1,
        "Quartz Optical Group LLC",
        accountnumber="OUR-77",
        **{"primarycontactid@odata.bind": f"/contacts({CONTACT})"},
    )
    done = at.sync()
    assert done.code == 0
    customer = at.customer("QUARTZOP0001")
    assert {customer[role] for role in ("ADRSCODE", "PRBTADCD", "PRSTADCD", "STADDRCD")} == {"PRIMARY"}
    (granted,) = rows_of(at, "RM00201", CLASSID=customer["CUSTCLAS"])
    for name in (*HISTORY, "PYMTRMID", "SALSTERR", "TAXSCHID", "SHIPMTHD", "STMTCYCL", "PRCLEVEL"):
        assert customer[name] == granted[name], name
    assert (customer["CRLMTTYP"], float(customer["CRLMTAMT"])) == (0, 0.0)
    assert customer["CNTCPRSN"] == "Ada Lake"
    (mail,) = rows_of(at, "SY01200", Master_ID="QUARTZOP0001")
    assert (mail["Master_Type"], mail["ADRSCODE"], mail["INET1"]) == ("CUS", "PRIMARY", "ada@quartz.example")
    assert len(rows_of(at, "RM00102", CUSTNMBR="QUARTZOP0001")) == 1
    card = at.card("QUARTZOP0001")
    assert card["_gp365_accountid_value"] == NEW % 1
    assert (card["gp365_creditlimittype"], card.get("gp365_creditlimit")) == (0, None)
    assert at.row(SALES, "accounts", NEW % 1)["accountnumber"] == "OUR-77"
    quiet(at)
    (told,) = at.run("explain", "gp", "customer", "QUARTZOP0001", "contact_email").json["explanations"]
    assert "ada@quartz.example" in str(told)


def test_row_5_a_ship_to_added_in_sales_gets_a_code_of_its_own_and_only_one_role_moves(there: Site) -> None:
    at, number = there, "LASERMES0001"
    before, (primary,) = at.customer(number), rows_of(at, "RM00102", CUSTNMBR=number)
    assert before["PRBTADCD"] == before["PRSTADCD"] == before["STADDRCD"] == before["ADRSCODE"]
    at.edit_account_of(
        number,
        address2_line1="1 Dock Road",
        address2_city="Gary",
        address2_stateorprovince="IN",
        address2_postalcode="46402",
        address2_country="USA",
    )
    assert at.sync().balanced
    after = at.customer(number)
    moved = {name for name in before if after[name] != before[name]} - {
        "DEX_ROW_TS",
        "MODIFDT",
        "INTEGRATIONID",
    }
    assert (moved, after["PRSTADCD"]) == ({"PRSTADCD"}, "SHIPTO")
    held = {row["ADRSCODE"]: row for row in rows_of(at, "RM00102", CUSTNMBR=number)}
    assert set(held) == {primary["ADRSCODE"], "SHIPTO"}
    stamps = ("DEX_ROW_TS", "MODIFDT")
    assert {n: v for n, v in held[primary["ADRSCODE"]].items() if n not in stamps} == {
        n: v for n, v in primary.items() if n not in stamps
    }
    made = held["SHIPTO"]
    assert (made["ADDRESS1"], made["CITY"], made["ZIP"]) == ("1 Dock Road", "Gary", "46402")
    assert made["TAXSCHID"] == primary["TAXSCHID"]
    quiet(at)


def test_row_22_a_renumbered_customer_keeps_its_account_and_its_card(there: Site, way: str) -> None:
    """The Web Services give no note index: there a person says which customer goes on, and nothing is written before."""
    at, number, renamed = there, "ADVANCED0001", "ADVANCED0009"
    account_id, card = at.account_of(number)["accountid"], at.card(number)["gp365_customerid"]
    tables = ((GP, "RM00101"), (SALES, "accounts"), (SALES, "gp365_customers"))
    counts = [len(at.rows(system, table)) for system, table in tables]
    at.door(GP, "POST", "/renumber", {"from": number, "to": renamed})
    done = at.sync()
    assert done.balanced
    assert done.total("created") == 0
    if way == "soap":
        assert done.written == 0
        told_renamed(at, number, renamed)
    assert at.card(renamed)["gp365_customerid"] == card
    assert at.card(renamed)["_gp365_accountid_value"] == account_id
    assert [row for row in at.rows(SALES, "gp365_customers") if row["gp365_number"] == number] == []
    assert [len(at.rows(system, table)) for system, table in tables] == counts
    at.edit_account_of(renamed, telephone1="(219) 555-0177")
    assert at.sync().balanced
    (address,) = rows_of(at, "RM00102", CUSTNMBR=renamed)
    assert address["PHONE1"].startswith("2195550177")
    assert "renumbered" in str(at.run("explain", "gp", "customer", renamed).json)
    quiet(at)


FEW = {"sql": 3, "soap": 9}
"""Questions of a poll over both flows: each asks for what is new, over SOAP also for the changed keys of customers and
addresses, which tell deletions. Once beside them: over SQL what would tell a restored company, over SOAP the service's
description, the company and the currencies."""


def test_a_poll_without_change_asks_little_and_writes_nothing(there: Site, way: str) -> None:
    at, door = there, SqlDoor.of(there)
    assert at.sync_later(60) == 0
    until = monotonic() + 20
    while True:  # what is younger than two seconds is read once more: its tick may not be over
        after = door.last
        done = at.sync()
        assert done.code == 0
        assert done.written == done.write_requests == 0
        asked = sum(run["requests"].get("gp", 0) for run in done.json["runs"])
        if asked <= FEW[way] or monotonic() > until:
            break
    assert asked <= FEW[way]
    texts = [one["text"] for one in door.asked(after)]
    polls = [text for text in texts if "DEX_ROW_TS" in text]
    others = [text for text in texts if text not in polls]
    assert len(polls) == (2 if way == "sql" else 0)
    assert all("MIN([t].[NOTEINDX])" in text for text in others)
    assert not any("EXEC" in text for text in texts)


def test_undo_puts_back_what_a_sync_wrote(there: Site) -> None:
    at, number = there, "NETWORKS0001"
    before = [row["ADDRESS1"] for row in rows_of(at, "RM00102", CUSTNMBR=number)]
    at.edit_account_of(number, address1_line1="404 Undone Street")
    done = at.sync()
    assert [row["ADDRESS1"] for row in rows_of(at, "RM00102", CUSTNMBR=number)] != before
    run = next(one["run"] for one in done.json["runs"] if one["flow"] == "customers")
    undone = at.run("undo", run, "customers", "--apply", "--yes")
    assert undone.code == 0, undone.out + undone.err
    assert [row["ADDRESS1"] for row in rows_of(at, "RM00102", CUSTNMBR=number)] == before
