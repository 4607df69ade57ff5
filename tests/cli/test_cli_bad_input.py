"""Bad input: each a clear message naming system, record, field, value and fix, and the right exit code; no secret shows."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import uuid4

import pytest

from cli.cli_desk import CANARY, Answer, Shell, Site
from gp365.store import engine

CUSTOMER = {"customertypecode": 3, "address1_line1": "1 Main St", "address1_city": "Chicago"}


def refused(answer: Answer, code: int, name: str) -> dict[str, str]:
    """Check an error document: exit code, error code, a message and a fix."""
    assert answer.code == code, answer.out + answer.err
    error = answer.error
    assert error["code"] == name
    assert error["message"]
    assert error["fix"]
    return error


def new_account(site: Site, **values: object) -> str:
    """Let a salesperson make a customer account."""
    key = str(uuid4())
    site.put("dataverse", "accounts", key, **(CUSTOMER | {"address1_country": "USA"} | values))
    return key


@pytest.fixture
def project(site: Site, tmp_path: Path) -> Shell:
    return site.project(tmp_path / "project")


def test_a_wrong_password_is_an_exit_of_3(site: Site, tmp_path: Path) -> None:
    shell = site.project(tmp_path / "project", "secrets/gp-password", "wrong")
    (shell.folder / "wrong").write_text("notThePassword", "utf-8")
    answer = shell.json("sync")
    assert answer.code == 3
    (run,) = answer.json["runs"]
    assert run["stopped"]["code"] == "login-refused"
    assert run["stopped"]["system"] == "gp"
    assert run["stopped"]["fix"]
    assert run["balanced"]
    (skipped,) = answer.json["skipped"]
    assert skipped["flow"] == "customer_cards"
    said = shell.run("sync")
    assert said.code == 3
    assert "notThePassword" not in said.out + said.err


def test_an_expired_client_secret_is_an_exit_of_3(site: Site, project: Shell) -> None:
    site.door("dataverse", "POST", "/token", {"mode": "expired_secret", "revoke": True})
    error = refused(project.json("sync"), 3, "token-refused")
    assert error["system"] == "sales"
    assert "expired" in error["message"] + error["fix"]


def test_a_token_reply_that_is_not_json_is_an_exit_of_3(site: Site, project: Shell) -> None:
    site.door("dataverse", "POST", "/token", {"mode": "html", "revoke": True})
    refused(project.json("sync"), 3, "token-not-json")


def test_a_missing_secret_file_is_an_exit_of_2(site: Site, tmp_path: Path) -> None:
    shell = site.project(tmp_path / "project", "secrets/gp-password", "nowhere")
    answer = shell.json("sync")
    assert answer.code == 2, answer.out
    stopped = answer.stopped
    assert stopped["code"] == "secret-missing"


def test_a_secret_in_plain_text_is_refused_and_not_repeated(site: Site, tmp_path: Path) -> None:
    shell = site.project(tmp_path / "project", '{file = "secrets/gp-password"}', '"CANARYplain99"')
    error = refused(shell.json("sync"), 2, "secret-plain")
    assert "line" in error["message"]
    (shell.folder / "gp365.toml").unlink()  # it holds the secret by this test's own hand


def test_an_unknown_company_is_an_exit_of_2(site: Site, tmp_path: Path) -> None:
    shell = site.project(tmp_path / "project", "Fabrikam, Inc.", "Contoso Nowhere")
    answer = shell.json("sync")
    assert answer.code == 2
    stopped = answer.stopped
    assert stopped["code"] == "company-unknown"
    assert "Contoso Nowhere" in stopped["message"] + stopped["value"]


def test_settings_that_are_no_toml_name_the_line(project: Shell) -> None:
    with (project.folder / "gp365.toml").open("a", encoding="utf-8") as out:
        out.write("\n[systems.gp\n")
    error = refused(project.json("sync"), 2, "settings-invalid")
    assert "line" in error["message"]


def test_an_unknown_field_in_a_flow_names_file_and_line(project: Shell) -> None:
    flow = project.folder / "flows" / "ours.yaml"
    flow.parent.mkdir()
    flow.write_text("format: 1\nflow: customers\nfields:\n  web: {gp: WebSite, sales: websiteurl}\n", "utf-8")
    error = refused(project.json("sync"), 2, "flow-field")
    assert "flows/ours.yaml, line 4" in error["message"]
    assert "WebSite" in error["message"] + error["value"]


def test_a_doubled_key_in_yaml_names_the_line(project: Shell) -> None:
    flow = project.folder / "flows" / "ours.yaml"
    flow.parent.mkdir()
    flow.write_text("format: 1\nflow: customers\nfields:\n  fax: null\n  fax: null\n", "utf-8")
    error = refused(project.json("sync"), 2, "flow-invalid")
    assert "line 5" in error["message"]


def test_norway_is_a_country_and_never_false(site: Site, project: Shell) -> None:
    key = new_account(site, name="Fjord Trading", address1_country="NO", address1_city="Bergen")
    assert project.json("sync").code == 0
    (customer,) = [row for row in site.rows("gp", "RM00101") if row["CUSTNAME"] == "Fjord Trading"]
    assert (customer["COUNTRY"], customer["CUSTCLAS"]) == ("Norway", "EUROPE")
    assert site.row("dataverse", "accounts", key)["address1_country"] == "NO"


def test_a_name_in_japanese_is_parked_and_told(site: Site, project: Shell) -> None:
    key = new_account(site, name="東京貿易株式会社")
    try:
        assert project.json("sync").code == 1
        found = project.json("parked", "list", "--code", "not-in-code-page").json["entries"]
        assert {one["keys"]["sales"] for one in found} == {key}
        (entry,) = [one for one in found if not one["field"]]
        assert entry["evidence"]["field"] == "name"
        assert entry["evidence"]["value"] == "東京貿易株式会社"
        assert entry["fix"]
    finally:
        site.door("dataverse", "DELETE", f"/rows/accounts/{key}")


def test_a_name_of_160_characters_is_cut_to_64_and_counted(site: Site, project: Shell) -> None:
    name = "Sixtyfour " * 16
    key = new_account(site, name=name.strip().ljust(160, "x"))
    planned = project.json("plan", "--all").json["flows"][0]
    assert planned["cut"] == 1
    (shown,) = [one for one in planned["records"] if one["keys"] == {"sales": key}]
    (field,) = [one for one in shown["fields"] if one["field"] == "name"]
    assert field["cut"]
    done = project.json("sync")
    assert done.code == 0
    assert done.json["runs"][0]["cut"] == 1
    (customer,) = [row for row in site.rows("gp", "RM00101") if row["CUSTNAME"].startswith("Sixtyfour")]
    assert customer["CUSTNAME"] == name[:64].rstrip()
    assert len(site.row("dataverse", "accounts", key)["name"]) == 160


def test_payment_terms_without_an_option_are_parked_and_told(site: Site, project: Shell) -> None:
    project.json("sync")
    site.put("gp", "SY03300", "NET 77", DUEDTDS=77)
    held = site.row("gp", "RM00101", "PLAZAONE0001")["PYMTRMID"]
    site.put("gp", "RM00101", "PLAZAONE0001", PYMTRMID="NET 77")
    try:
        assert project.json("sync").code == 1
        (entry,) = project.json("parked", "list", "--code", "lookup-missing").json["entries"]
        assert entry["field"] == "terms"
        assert entry["values"]["gp"] == "NET 77"
        assert entry["keys"]["gp"] == "PLAZAONE0001"
    finally:
        site.put("gp", "RM00101", "PLAZAONE0001", PYMTRMID=held)


def test_an_account_edited_under_our_hands_is_planned_again(site: Site, project: Shell) -> None:
    key = "a1000000-0000-4000-8000-000000000013"
    project.json("sync")
    site.put("gp", "RM00101", "MARGIEST0001", CUSTNAME="Margie's Travels", FAX="31255577770000")
    site.faults("dataverse", {"do": "slow", "path": r"\$batch", "seconds": 2})
    process = project.start("sync", "--json")
    until = time.monotonic() + 30
    while not site.door("dataverse", "GET", "/faults")["faults"][0]["fired"]:
        assert process.poll() is None
        assert time.monotonic() < until
    site.put("dataverse", "accounts", key, fax="(847) 555-9999")
    answer = project.ended(process)
    account = site.row("dataverse", "accounts", key)
    assert account["name"] == "Margie's Travels"
    assert account["fax"] == "(847) 555-9999"
    assert answer.code == 1
    (entry,) = project.json("parked", "list", "--code", "conflict").json["entries"]
    assert entry["field"] == "fax"
    site.put("gp", "RM00101", "MARGIEST0001", FAX="84755599990000")


def test_a_storm_of_429_past_the_budget_is_an_exit_of_3(site: Site, tmp_path: Path) -> None:
    shell = site.project(tmp_path / "project", 'kind = "dataverse"', 'kind = "dataverse"\nretry_seconds = 1')
    site.faults("dataverse", {"do": "429", "path": "/api/data/", "times": 0, "retry_after_s": 60})
    began = time.monotonic()
    answer = shell.json("sync")
    assert answer.code == 3
    stopped = answer.stopped
    assert stopped["code"] == "throttled"
    assert time.monotonic() - began < 30


def test_a_full_disk_is_an_exit_of_6_and_the_next_sync_goes_on(
    site: Site, project: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.run("status").code == 0
    size = (project.folder / ".gp365" / "gp365.db").stat().st_size
    with monkeypatch.context() as full:
        # SQLite's own limit gives exactly the error that a full disk gives (SQLITE_FULL).
        limit = (*engine._PRAGMAS, f"PRAGMA max_page_count={size // 4096 + 8}")
        full.setattr(engine, "_PRAGMAS", limit)
        answer = project.json("sync")
        assert answer.code == 6
        assert answer.stopped["code"] == "disk-full"
        assert answer.stopped["fix"]
    answer = project.json("sync")
    assert answer.code == 0, answer.out
    numbers = [row["gp365_numberkey"] for row in site.rows("dataverse", "gp365_customers")]
    assert len(numbers) == len(set(numbers))


def test_a_secret_of_the_vault_is_in_no_byte_of_the_database(site: Site, tmp_path: Path) -> None:
    shell = site.project(tmp_path / "project", '{file = "secrets/gp-password"}', '{vault = "gp"}')
    told = shell.run("secret", "set", "gp", stdin="CANARYgpPassword51\n")
    assert told.code == 0, told.err
    listed = shell.json("secret", "list").json["secrets"]
    assert [one["present"] for one in listed if one["name"] == "gp"] == [True]
    assert shell.json("sync").code == 0
    assert CANARY.encode() not in (shell.folder / ".gp365" / "gp365.db").read_bytes()
