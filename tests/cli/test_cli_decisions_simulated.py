"""A distributor's day, typed as commands on both simulated systems: who is who, one conflict, what decisions do."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from cli.cli_desk import Shell, Site

CUSTOMER = 3
TABLES = (("gp", "RM00101"), ("gp", "RM00102"), ("dataverse", "accounts"), ("dataverse", "gp365_customers"))
TWIN = "a2000000-0000-4000-8000-000000000001"
OTHER = "a2000000-0000-4000-8000-000000000002"
AARON = "a1000000-0000-4000-8000-000000000001"


@pytest.fixture
def shell(site: Site, tmp_path: Path) -> Shell:
    """A site that has gone live with the sample firms; what its samples leave open is decided."""
    site.reset()
    assert site.json("provision", "apply").code == 0
    shell = site.project(tmp_path / "project")
    assert shell.json("sync").code in (0, 1)
    while open_ones := [one for one in parked(shell) if one["code"] == "similar"]:
        assert shell.json("parked", "resolve", str(open_ones[0]["id"]), "--create", "--now").code in (0, 1)
    assert parked(shell) == []
    return shell


def parked(shell: Shell) -> list[dict[str, Any]]:
    return shell.json("parked", "list").json["entries"]


def alone(shell: Shell) -> dict[str, Any]:
    (entry,) = parked(shell)
    return entry


def customers(site: Site) -> set[str]:
    return {row["CUSTNMBR"].strip() for row in site.rows("gp", "RM00101")}


def account(site: Site, name: str) -> dict[str, Any]:
    (found,) = [row for row in site.rows("dataverse", "accounts") if row["name"] == name]
    return found


def written(shell: Shell) -> int:
    return sum(
        side["created"] + side["updated"]
        for run in shell.json("sync").json["runs"]
        for side in run["sides"].values()
    )


def test_a_second_rep_types_a_firm_that_is_there_and_it_becomes_one_customer(
    shell: Shell, site: Site
) -> None:
    before = customers(site)
    lakeside = account(site, "Lakeside Dental Supply LLC")
    site.put(
        "dataverse",
        "accounts",
        TWIN,
        name="Lakeside Dental Supply, L.L.C.",
        address1_postalcode=lakeside["address1_postalcode"],
        address1_city=lakeside["address1_city"],
        address1_country=lakeside["address1_country"],
        customertypecode=CUSTOMER,
    )
    assert shell.json("sync").code == 1
    entry = alone(shell)
    assert entry["code"] in ("candidates", "similar")
    assert entry["keys"] == {"sales": TWIN}
    (key,) = entry["candidates"]
    shown = shell.run("parked", "show", str(entry["id"]))
    assert f"gp365 parked resolve {entry['id']} --link {key}" in shown.out
    assert customers(site) == before
    done = shell.json("parked", "resolve", str(entry["id"]), "--link", key)
    assert done.code == 0, done.out
    assert done.json["decided"][0]["partner"]["name"] == "Lakeside Dental Supply LLC"
    assert shell.json("sync").code == 0
    assert parked(shell) == []
    assert customers(site) == before
    assert written(shell) == 0


def test_an_account_with_the_number_of_another_firm_is_parked_and_nothing_is_written(
    shell: Shell, site: Site
) -> None:
    before = customers(site)
    site.put(
        "dataverse",
        "accounts",
        OTHER,
        name="Contoso Solar Berlin",
        accountnumber="AARONFIT0001",
        address1_city="Berlin",
        address1_postalcode="10115",
        address1_country="USA",
        customertypecode=CUSTOMER,
    )
    assert shell.json("sync").code == 1
    entry = alone(shell)
    assert (entry["code"], entry["candidates"]) == ("number-alone", ["AARONFIT0001"])
    assert customers(site) == before
    refused = shell.json("parked", "resolve", str(entry["id"]), "--take", "gp")
    assert (refused.code, refused.error["code"]) == (2, "resolution-invalid")
    assert shell.json("parked", "resolve", str(entry["id"]), "--create", "--now").code == 0
    assert parked(shell) == []
    (new,) = customers(site) - before
    assert site.row("gp", "RM00101", new)["CUSTNAME"].strip() == "Contoso Solar Berlin"


def both_edit_an_address(site: Site) -> None:
    """A rep corrects the street; in GP somebody corrects the postal code."""
    site.put("dataverse", "accounts", AARON, address1_line1="11404 45 St. South")
    site.put("gp", "RM00102", "AARONFIT0001;PRIMARY", ZIP="60604-1111")


def address(site: Site) -> tuple[tuple[str, str], tuple[str, str]]:
    gp = site.row("gp", "RM00102", "AARONFIT0001;PRIMARY")
    sales = site.row("dataverse", "accounts", AARON)
    return (
        (gp["ADDRESS1"].strip(), gp["ZIP"].strip()),
        (sales["address1_line1"], sales["address1_postalcode"]),
    )


def test_a_street_edited_here_and_a_postal_code_there_is_one_conflict_of_whole_addresses(
    shell: Shell, site: Site
) -> None:
    both_edit_an_address(site)
    before = address(site)
    assert shell.json("sync").code == 1
    entry = alone(shell)
    assert (entry["code"], entry["field"]) == ("conflict", "bill_to")
    assert address(site) == before
    gp, sales = (dict(zip(entry["fields"], entry["values"][side], strict=True)) for side in ("gp", "sales"))
    assert (gp["bill_to.street1"], gp["bill_to.zip"]) == before[0]
    assert (sales["bill_to.street1"], sales["bill_to.zip"]) == before[1]
    assert entry["base"]
    refused = shell.json("parked", "resolve", str(entry["id"]), "--value", "Main Street")
    assert (refused.code, refused.error["code"]) == (2, "resolution-invalid")
    assert shell.json("parked", "resolve", str(entry["id"]), "--take", "sales", "--now").code == 0
    after = address(site)
    assert after[0] == after[1] == before[1]
    assert written(shell) == 0


def test_a_spreadsheet_decides_the_same_conflict(shell: Shell, site: Site, tmp_path: Path) -> None:
    both_edit_an_address(site)
    before = address(site)
    shell.json("sync")
    file = tmp_path / "parked.csv"
    assert shell.json("parked", "list", "--csv", str(file)).json["file"] == str(file)
    with file.open(encoding="utf-8-sig", newline="") as held:
        (row,) = list(csv.DictReader(held))
    assert row["sales key"] == AARON
    row["decision"] = "take gp"
    with file.open("w", encoding="cp1252", newline="") as held:
        out = csv.DictWriter(held, list(row), delimiter=";")
        out.writeheader()
        out.writerow(row)
    assert shell.json("parked", "resolve", "--from", str(file), "--dry-run").json["dry_run"]
    done = shell.run("parked", "resolve", "--from", str(file))
    assert done.code == 0, done.err
    assert "1 decided" in done.out
    assert shell.json("sync").code == 0
    after = address(site)
    assert after[0] == after[1] == before[0]


def test_another_owner_is_tried_on_what_happened_and_no_system_is_asked(shell: Shell, site: Site) -> None:
    both_edit_an_address(site)
    shell.json("sync")
    store = shell.folder / ".gp365" / "gp365.db"
    before = store.read_bytes()
    last = {system: site.door(system, "GET", "/requests")["last"] for system in ("gp", "dataverse")}
    told = shell.json("whatif", "--owner", "customers.bill_to=gp", "--since", "2000-01-01")
    assert told.code == 0, told.out
    (flow,) = told.json["flows"]
    conflict = [one for one in flow["changes"] if one["then"]["verdict"] == "conflict"]
    assert conflict[0]["now"]["written"]["sales"]["bill_to.zip"] == "60604-1111"
    assert "gp instead of ask" in shell.run("whatif", "--owner", "bill_to=gp", "--since", "2000-01-01").out
    assert store.read_bytes() == before
    assert {system: site.door(system, "GET", "/requests")["last"] for system in last} == last


def test_an_assessment_reads_both_systems_and_writes_nothing(site: Site, tmp_path: Path) -> None:
    site.reset()
    assert site.json("provision", "apply").code == 0
    shell = site.project(tmp_path / "project")
    before = [site.rows(system, table) for system, table in TABLES]
    told = shell.json("assess", "--out", str(tmp_path / "before.md"), "--allowance", "1000")
    assert told.code == 0, told.out
    assert [site.rows(system, table) for system, table in TABLES] == before
    flows = {flow["flow"]: flow for flow in told.json["flows"]}
    assert sum(one["count"] for one in flows["customers"]["classes"]) == 44
    assert told.json["allowance"][0]["per_day_assumed"] == 1000
    forecast = told.json["requests"]
    assert (tmp_path / "before.md").read_text("utf-8").startswith("# Assessment")
    runs = shell.json("sync").json["runs"]
    counted = {system: sum(run["requests"].get(system, 0) for run in runs) for system in forecast}
    assert all(abs(forecast[one] - counted[one]) <= max(3, 0.3 * counted[one]) for one in forecast)
