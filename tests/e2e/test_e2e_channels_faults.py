"""What SQL Server does to a sync: lost answers, deadlocks, logins, rights, and a setting that forbids writing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from e2e_channels import SqlDoor, over, site_over
from e2e_site import GP, SALES, Site
from ways_story import account

from gp365.connectors.gp.sql.role import script

NEW = "ad000000-0000-4000-8000-00000000000%d"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_over(tmp_path_factory.mktemp("faults") / "site", "sql") as made:
        yield made


@pytest.fixture
def there(lived: Site) -> Site:
    """The site with its own settings again."""
    over("sql", lived)
    SqlDoor.of(lived).ask("DELETE", "/faults")
    return lived


def named(at: Site, text: str) -> list[str]:
    return [row["CUSTNMBR"] for row in at.rows(GP, "RM00101") if text in row["CUSTNAME"]]


@pytest.mark.parametrize("fault", ["reset", "lost_reply"])
def test_a_commit_whose_answer_is_lost_is_settled_and_makes_no_second_customer(
    there: Site, fault: str
) -> None:
    """`reset`: the connection went before COMMIT was done; `lost_reply`: after."""
    at, door, name = there, SqlDoor.of(there), f"Sounding {fault.title()} Works"
    account(at, 1 if fault == "reset" else 2, name)
    at.edit_account_of("ASTORSUI0001", telephone1="(312) 555-01" + ("77" if fault == "reset" else "88"))
    door.faults({"match": "^COMMIT$", "do": fault, "times": 2})
    done = at.sync()
    assert done.code in (0, 1)
    assert done.balanced
    assert door.fired() == [2]
    at.settled()
    assert len(named(at, name)) == 1
    phone = at.row(GP, "RM00102", "ASTORSUI0001;PRIMARY")["PHONE1"]
    assert phone == ("31255501770000" if fault == "reset" else "31255501880000")
    assert at.sync().written == 0


def test_deadlocks_and_waits_for_locks_are_tried_again_in_the_same_sync(there: Site) -> None:
    at, door = there, SqlDoor.of(there)
    account(at, 3, "Deadlock Marine Supply")
    at.edit_account_of("ADAMPARK0001", telephone1="(317) 555-0142")
    door.faults(
        {"match": "EXEC .*taUpdateCreateCustomerRcd", "do": "1205"},
        {"match": "EXEC .*taUpdateCreateCustomerRcd", "do": "1222", "nth": 2},
        {"match": r"FROM \[TWO\].\[dbo\].\[RM00101\]", "do": "1205"},
    )
    done = at.sync()
    assert done.code == 0, done.out
    assert door.fired() == [1, 1, 1]
    assert len(named(at, "Deadlock Marine")) == 1
    assert at.row(GP, "RM00102", "ADAMPARK0001;PRIMARY")["PHONE1"] == "31755501420000"
    assert at.sync().written == 0


def test_a_server_that_hangs_up_while_it_is_read_is_asked_again(there: Site) -> None:
    at, door = there, SqlDoor.of(there)
    at.put(GP, "RM00101", "AARONFIT0001", HOLD=1)
    door.faults(
        {"match": "DEX_ROW_TS", "do": "reset"}, {"match": "AS .k. ORDER BY", "do": "lost_reply", "nth": 3}
    )
    done = at.sync()
    assert done.code == 0, done.out
    assert door.fired() == [1, 1]
    assert at.card("AARONFIT0001")["gp365_hold"] is True


def test_a_refused_login_is_tried_once_and_ends_with_3_and_what_to_do(there: Site) -> None:
    """More tries would lock the login."""
    at, door = there, SqlDoor.of(there)
    (at.folder / "wrong").write_text("not the password", "utf-8")
    at.settings('{file = "secrets/sql-password"}', '{file = "wrong"}')
    door.faults({"match": "^LOGIN$", "do": "slow", "times": 0})
    done = at.sync()
    assert done.code == 3
    assert "login-refused" in done.out
    assert "not the password" not in done.out + done.err
    assert door.ask("GET", "/faults")["faults"][0]["seen"] == 1
    shown = at.run("doctor")
    assert shown.code == 3
    assert "gp365" in shown.out


@pytest.mark.parametrize("database", ["NOPE", "A-1]B", "'; --"])
def test_a_database_that_is_no_company_ends_with_2_and_names_those_that_are(
    there: Site, database: str
) -> None:
    over("sql", there, database=database)
    done = there.sync()
    assert done.code == 2, done.out
    assert "company-unknown" in done.out or "settings-invalid" in done.out
    assert "database" in done.out


def test_read_only_refuses_the_flow_and_says_which_line_to_change(there: Site) -> None:
    before = there.rows(GP, "RM00101")
    over("sql", there, read_only=True)
    there.edit_account_of("MAGNIFIC0001", telephone1="(312) 555-0155")
    done = there.sync()
    assert done.code == 2
    fault = done.json["error"]
    assert fault["code"] == "not-served"
    assert "customer on gp serves no create" in fault["message"]
    assert "create: false" in fault["fix"]
    assert "[systems.gp.sql] has read_only = true" in fault["fix"]
    assert there.rows(GP, "RM00101") == before


def grants(text: str) -> dict[str, list[str]]:
    found = re.findall(r"GRANT (SELECT|EXECUTE) ON \[dbo\]\.\[(\w+)\]", text)
    return {name: [right] for right, name in found if not name.startswith("gp365_")}


def least(at: Site, *, without: str = "") -> None:
    """Use a login that has what the script for the administrator grants, and nothing else."""
    company, _, system = script().partition("-- system database")
    held: Mapping[str, Any] = {"TWO": grants(company), "DYNAMICS": grants(system)}
    held["TWO"].pop(without, None)
    SqlDoor.of(at).login(user="least", password="Least-Rights-1", roles={}, grants=held)
    (at.folder / "least").write_text("Least-Rights-1", "utf-8")
    at.settings('user = "gp365"', 'user = "least"')
    at.settings('{file = "secrets/sql-password"}', '{file = "least"}')


def test_the_rights_of_the_script_suffice_for_the_whole_customers_flow(tmp_path: Path) -> None:
    with site_over(tmp_path / "site", "sql", synced=False) as at:
        least(at)
        assert at.run("provision", "apply").code == 0
        assert at.sync().code == 0
        account(at, 4, "Least Rights Bakery", address2_line1="1 Dock Road", address2_city="Gary")
        at.edit_account_of("ASTORSUI0001", telephone1="(312) 555-0166")
        assert at.sync().code == 0
        assert len(named(at, "Least Rights")) == 1
        users = {one["user"] for one in SqlDoor.of(at).ask("GET", "/sessions")["sessions"]}
        assert users <= {"least"}
        assert at.sync().written == 0


def test_without_the_right_to_call_econnect_nothing_is_written_and_the_script_is_named(there: Site) -> None:
    least(there, without="taCreateCustomerAddress")
    there.edit_account_of("COHOWINE0001", telephone1="(206) 555-0123")
    done = there.sync()
    assert done.code == 2, done.out
    assert "gp365-role.sql" in done.out
    assert there.row(GP, "RM00102", "COHOWINE0001;PRIMARY")["PHONE1"] != "20655501230000"


HOSTILE = {
    5: "'; DROP TABLE RM00101; --",
    6: "Bracket ] [dbo] Ltd",
    7: '%#$!<> & "Co" ? @x',
    8: "Trailing blanks   ",
    9: "Ærøskøbing Ñandú & Çelik €",
}


def test_hostile_texts_pass_through_and_every_row_stays(there: Site) -> None:
    at = there
    before = len(at.rows(GP, "RM00101"))
    for number, name in HOSTILE.items():
        account(
            at,
            number,
            name,
            address1_line1=name,
            address1_city=f"Town {number}",
            address1_postalcode=f"5320{number}",
        )
    at.put(
        GP,
        "RM00101",
        "X'Y]Z--",
        CUSTNAME="'); DELETE FROM RM00102; --",
        ADRSCODE="PRIMARY",
        FRSTINDT="1900-01-01",
    )
    done = at.sync()
    assert done.balanced
    made = {row["CUSTNAME"] for row in at.rows(GP, "RM00101")} & {name.rstrip() for name in HOSTILE.values()}
    assert made == {name.rstrip() for name in HOSTILE.values()}
    assert len(at.rows(GP, "RM00101")) == before + len(HOSTILE) + 1
    assert at.card("X'Y]Z--")["gp365_name"].endswith("'); DELETE FROM RM00102; --")
    at.put(GP, "RM00101", "X'Y]Z--", HOLD=1)
    assert at.sync().balanced
    assert at.card("X'Y]Z--")["gp365_hold"] is True
    assert at.sync().written == 0
    for number in HOSTILE:
        assert at.row(SALES, "accounts", NEW % number)["name"] == HOSTILE[number]
