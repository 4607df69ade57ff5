"""Both simulated systems through settings, provisioning, flows and jobs: what a newcomer does, over the real protocols."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gp365.app.actions.doctor import doctor
from gp365.app.actions.flows import flows_check
from gp365.app.actions.provision import provision_apply, provision_plan, provision_remove
from gp365.app.actions.simulators import Simulators, running_simulators, simulators
from gp365.app.assembly import Assembly, assemble
from gp365.app.project import open_project
from gp365.model.errors import Conflict, Misconfigured
from gp365.store import lease as leases
from gp365.sync.cycle import sync
from gp365.sync.equation import Report


@pytest.fixture
def untouched(tmp_path: Path) -> Iterator[Assembly]:
    """A project whose organisation nobody has provisioned."""
    with (
        simulators(tmp_path) as started,
        open_project(started.folder, actor="tester") as project,
        assemble(project) as made,
    ):
        yield made


@pytest.fixture
def assembly(running: Simulators) -> Iterator[Assembly]:
    with open_project(running.folder, actor="tester") as project, assemble(project) as made:
        yield made


def door(running: Simulators, system: str, method: str, path: str, body: Any = None) -> Any:
    """Use the control door as a user of the system."""
    context = ssl.create_default_context(cafile=str(running.description["ca_file"]))
    request = urllib.request.Request(
        f"{running.description[system]['control']}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, context=context) as answer:
        return json.load(answer)


def pass_time(running: Simulators, seconds: float) -> None:
    """Let simulated time pass instead of ours."""
    door(running, "dataverse", "POST", "/clock", {"advance_s": seconds})


@pytest.fixture(scope="module")
def provisioned(running: Simulators) -> Simulators:
    with open_project(running.folder, actor="tester") as project, assemble(project) as made:
        provision_apply(made, sleep=lambda seconds: pass_time(running, seconds))
    return running


def synced(assembly: Assembly) -> list[Report]:
    """Run every flow of the pair once."""
    project = assembly.project
    with project.locked():
        with project.store.write() as conn:
            lease = leases.take(conn, "worker", "test", 600.0)
        assembly.begin_run("fabrikam")
        reports: list[Report] = []
        for job in assembly.jobs("fabrikam"):
            job.lease = lease
            reports.append(sync(job))
        with project.store.write() as conn:
            leases.release(conn, lease)
    return reports


def account(running: Simulators, name: str) -> dict[str, Any]:
    rows = door(running, "dataverse", "GET", "/rows/accounts")["rows"]
    return next(row for row in rows if row["name"].casefold() == name.casefold())


def changed_settings(running: Simulators, tmp_path: Path, old: str, new: str) -> Path:
    """Copy the project with one text of its settings replaced."""
    for name in (
        "ca.pem",
        "secrets/gp-password",
        "secrets/sales-client-secret",
        "secrets/provision-client-secret",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((running.folder / name).read_bytes())
    text = (running.folder / "gp365.toml").read_text("utf-8")
    assert old in text
    (tmp_path / "gp365.toml").write_text(text.replace(old, new, 1), "utf-8")
    return tmp_path


def test_before_provisioning_doctor_says_what_to_do_and_flows_do_not_run(untouched: Assembly) -> None:
    report = doctor(untouched)
    missing = [one for one in report.findings if one.code == "not-provisioned"]
    assert report.exit_code == 0
    assert any("gp365 provision apply" in one.fix for one in missing)
    with pytest.raises(Misconfigured) as caught:
        untouched.jobs("fabrikam")
    assert caught.value.code == "not-provisioned"


def test_a_plan_of_provisioning_changes_nothing(untouched: Assembly) -> None:
    first, second = provision_plan(untouched), provision_plan(untouched)
    assert first == second
    assert not first.nothing_to_do
    assert {term.term for term in first.terms} >= {"Net 30", "EOM", "2% 10/Net 30"}


def test_after_provisioning_there_is_nothing_to_do_and_terms_have_options(
    provisioned: Simulators, assembly: Assembly
) -> None:
    assert provision_plan(assembly).nothing_to_do
    table = assembly.project.lookups["payment_terms"]
    assert table.to("gp", "sales", "Net 30") == "1"
    eom = table.to("gp", "sales", "EOM")
    assert eom is not None
    assert int(eom) >= 365_000_000
    assert provision_apply(assembly, sleep=lambda seconds: None).lookups == ()


def test_a_sites_own_line_for_a_term_is_kept(provisioned: Simulators, assembly: Assembly) -> None:
    path = provisioned.folder / "lookups" / "payment_terms.csv"
    before = path.read_text("utf-8")
    try:
        path.write_text(before.replace("Due 20th,365000006", "Due 20th,3"), "utf-8")
        assembly.project.reload()
        provision_apply(assembly, sleep=lambda seconds: None)
        assert "Due 20th,3," in path.read_text("utf-8")
    finally:
        path.write_text(before, "utf-8")


def test_doctor_shows_every_entity_and_what_is_not_served(
    provisioned: Simulators, assembly: Assembly
) -> None:
    report = doctor(assembly)
    assert report.exit_code == 0
    entities = {(line.system, line.entity): line for line in report.entities}
    customer = entities[("gp", "customer")]
    assert (customer.channel, customer.writes) == ("rest", "whole")
    assert "BillTo.Email" in customer.not_served
    assert entities[("sales", "account")].deletions_seen
    assert any("contact_email" in one.text and one.code == "not-served" for one in report.findings)
    assert all(one.fix for one in report.findings if one.level == "error")


def test_the_shipped_flows_are_sound_on_both_systems(provisioned: Simulators, assembly: Assembly) -> None:
    checked = flows_check(assembly)
    assert [(one.flow, one.sound) for one in checked] == [("customers", True), ("customer_cards", True)]
    [note] = [found for one in checked for found in one.findings]
    assert (note.code, note.row) == ("not-served", "contact_email")


def test_a_password_that_gp_refuses_is_exit_3(provisioned: Simulators, tmp_path: Path) -> None:
    folder = changed_settings(provisioned, tmp_path, "lanes = 2", "lanes = 1")
    (folder / "secrets" / "gp-password").write_text("wrong")
    with open_project(folder) as project, assemble(project) as made:
        report = doctor(made)
    assert report.exit_code == 3
    assert "login-refused" in {one.code for one in report.findings if one.system == "gp"}
    assert any(one.system == "sales" and one.level == "ok" for one in report.findings)


def test_an_unknown_company_is_exit_2_and_named(provisioned: Simulators, tmp_path: Path) -> None:
    folder = changed_settings(provisioned, tmp_path, "Fabrikam, Inc.", "Fabrikam")
    with open_project(folder) as project, assemble(project) as made:
        report = doctor(made)
    assert report.exit_code == 2
    [found] = [one for one in report.findings if one.code == "company-unknown" and one.subject == "company"]
    assert "Fabrikam, Inc." in found.text + found.fix


def test_a_missing_secret_is_exit_2_and_named(provisioned: Simulators, tmp_path: Path) -> None:
    folder = changed_settings(provisioned, tmp_path, "secrets/gp-password", "secrets/nothing")
    with open_project(folder) as project, assemble(project) as made:
        report = doctor(made)
    assert report.exit_code == 2
    assert any("secrets/nothing" in one.text for one in report.findings if one.code == "secret-missing")


def test_a_field_added_by_a_sites_file_alone_goes_both_ways(
    provisioned: Simulators, assembly: Assembly
) -> None:
    flows = provisioned.folder / "flows"
    flows.mkdir(exist_ok=True)
    row = "web: {gp: UserDefined1, sales: websiteurl, owner: ask}"
    (flows / "customers.yaml").write_text(f"flow: customers\nfields:\n  {row}\n", "utf-8")
    assembly.project.reload()
    synced(assembly)
    coho = account(provisioned, "coho winery")
    door(
        provisioned,
        "dataverse",
        "PUT",
        f"/rows/accounts/{coho['accountid']}",
        {"websiteurl": "https://coho.example"},
    )
    door(provisioned, "gp", "PUT", "/rows/RM00101/PLAZAONE0001", {"USERDEF1": "www.plaza.example"})
    synced(assembly)
    gp = {row["CUSTNMBR"]: row for row in door(provisioned, "gp", "GET", "/rows/RM00101")["rows"]}
    assert gp["COHOWINE0001"]["USERDEF1"].strip() == "https://coho.example"
    assert account(provisioned, "Plaza One")["websiteurl"] == "www.plaza.example"
    reports = synced(assembly)
    assert all(report.balanced and not any(report.write_requests.values()) for report in reports)


def test_new_customers_have_class_currency_and_no_credit(provisioned: Simulators, assembly: Assembly) -> None:
    synced(assembly)
    gp = {row["CUSTNMBR"].strip(): row for row in door(provisioned, "gp", "GET", "/rows/RM00101")["rows"]}
    coffee = gp["GRANVILL0001"]
    assert (coffee["CUSTCLAS"].strip(), coffee["CURNCYID"].strip()) == ("CANADA", "Z-C$")
    assert (int(coffee["CRLMTTYP"]), float(coffee["CRLMTAMT"])) == (0, 0.0)
    assert int(coffee["KPTRXHST"]) == 1


def test_what_the_class_gives_a_new_customer_is_on_its_account_after_the_same_run(
    provisioned: Simulators, assembly: Assembly
) -> None:
    synced(assembly)
    synced(assembly)
    values = {
        "name": "Zeta Novelty",
        "customertypecode": 3,
        "address1_line1": "1 A St",
        "address1_country": "USA",
    }
    door(provisioned, "dataverse", "PUT", "/rows/accounts/a1000000-0000-4000-8000-0000000000ff", values)
    synced(assembly)
    assert account(provisioned, "Zeta Novelty")["paymenttermscode"] == 1
    assert all(not any(report.write_requests.values()) for report in synced(assembly))


def test_each_gp_customer_has_a_card_on_its_account(provisioned: Simulators, assembly: Assembly) -> None:
    synced(assembly)
    synced(assembly)
    customers = door(provisioned, "gp", "GET", "/rows/RM00101")["rows"]
    cards = {
        row["gp365_number"]: row
        for row in door(provisioned, "dataverse", "GET", "/rows/gp365_customers")["rows"]
    }
    assert set(cards) == {row["CUSTNMBR"].strip() for row in customers}
    accounts = {
        row["accountid"]: row for row in door(provisioned, "dataverse", "GET", "/rows/accounts")["rows"]
    }
    assert cards["#1"]["gp365_numberkey"] == "_231"
    hospital = cards["MIDCITYH0001"]
    assert hospital["gp365_company"] == "TWO"
    assert hospital["gp365_name"] == "MIDCITYH0001 Mid-City Hospital"
    assert hospital["_transactioncurrencyid_value"] == assembly.project.lookups["currencies"].to(
        "currency", "sales", "USD"
    )
    parent = accounts[hospital["_gp365_accountid_value"]]["_gp365_parentcardid_value"]
    assert parent == cards["NORTHERN0001"]["gp365_customerid"]


def test_provisioning_is_not_taken_away_while_cards_exist(
    provisioned: Simulators, assembly: Assembly
) -> None:
    synced(assembly)
    with pytest.raises(Conflict):
        provision_remove(assembly, sleep=lambda seconds: None)


def test_simulators_that_do_not_run_are_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No simulators"):
        running_simulators(tmp_path)


def test_a_prospect_enters_at_its_first_opportunity_where_the_pair_says_so(tmp_path: Path) -> None:
    with simulators(tmp_path) as started:
        path = tmp_path / "gp365.toml"
        own = path.read_text("utf-8").partition("\n")[2]
        path.write_text(f"{own}\n[pairs.fabrikam.options]\nprospects = true\n", "utf-8")
        with open_project(tmp_path, actor="tester") as project, assemble(project) as made:
            provision_apply(made, sleep=lambda seconds: pass_time(started, seconds))
            synced(made)
            prospect = account(started, "Northwind Traders")
            assert "NORTHWIN0001" not in gp_numbers(started)
            names = ("_parentaccountid_value", "_customerid_value")
            deal = {"name": "First deal", **dict.fromkeys(names, prospect["accountid"])}
            door(
                started, "dataverse", "PUT", "/rows/opportunities/01000000-0000-4000-8000-000000000001", deal
            )
            synced(made)
            assert "NORTHWIN0001" in gp_numbers(started)


def gp_numbers(running: Simulators) -> set[str]:
    return {row["CUSTNMBR"].strip() for row in door(running, "gp", "GET", "/rows/RM00101")["rows"]}
