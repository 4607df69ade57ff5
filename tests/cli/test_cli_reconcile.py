"""`gp365 reconcile`, `reconcile verify` and `reconcile key` at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from app.actions_desk import Desk, make_desk
from cli.cli_desk import Shell, Site
from gp365.cli.answers import ANSWERS


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path)


@pytest.fixture
def shell(desk: Desk) -> Shell:
    shell = Shell(desk.path)
    shell.json("sync")
    return shell


def test_a_reconciliation_is_printed_as_the_schema_says(desk: Desk, shell: Shell) -> None:
    for words in (("reconcile",), ("reconcile", "firms"), ("reconcile", "run", "--pair", "main")):
        answer = shell.json(*words)
        assert (answer.code, answer.err) == (0, "")
        TypeAdapter(ANSWERS["reconcile run"]).validate_json(answer.out)
    assert len(list((desk.path / "reports").glob("*.json"))) == 3


def test_a_report_is_checked_without_a_project(desk: Desk, shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "for the auditor"
    assert shell.run("reconcile", "--out", str(out)).code == 0
    (report,) = out.glob("*.json")
    key = shell.json("reconcile", "key").json["public_key"]
    nowhere = Shell(tmp_path / "no project here")
    answer = nowhere.json("reconcile", "verify", str(report), "--key", key)
    assert answer.code == 0
    assert TypeAdapter(ANSWERS["reconcile verify"]).validate_json(answer.out).agrees
    report.write_bytes(report.read_bytes().replace(b'"drift": 0', b'"drift": 1'))
    answer = nowhere.json("reconcile", "verify", str(report), "--key", key)
    assert (answer.code, answer.json["agrees"]) == (4, False)
    assert "NOT" in nowhere.run("reconcile", "verify", str(report)).out


def test_what_differs_is_shown_with_its_reason(desk: Desk, shell: Shell) -> None:
    desk.gp("CONTOSO0001", Name="Contoso West")
    answer = shell.run("reconcile")
    assert answer.code == 0
    assert "Contoso West" in answer.out
    assert "changed-since-last-sync" in answer.out


def test_an_unknown_flow_and_a_missing_report_are_refused(shell: Shell) -> None:
    assert shell.json("reconcile", "nowhere").code == 2
    assert shell.json("reconcile", "verify", "nowhere.json").code == 2


def test_both_simulated_systems_agree_after_a_sync(site: Site, tmp_path: Path) -> None:
    shell = site.project(tmp_path / "project")
    assert shell.json("sync").code == 0
    answer = shell.json("reconcile")
    assert answer.code == 0
    customers, cards = (one["report"] for one in answer.json["flows"])
    assert (customers["counts"]["drift"], cards["verdict"]) == (0, "equal")
    assert cards["hashes"]["equal"] is True
    (total,) = cards["totals"]
    assert (total["field"], total["currency"], total["difference"]) == ("credit.limit", "USD", "0")
    assert total["linked"]["gp"] == total["linked"]["sales"] != "0"
    account = site.rows("dataverse", "accounts")[0]["accountid"]
    site.put("dataverse", "accounts", account, telephone1="701-555-0199")
    answer = shell.json("reconcile", "customers")
    (found,) = [one for one in answer.json["flows"][0]["differences"] if account in one["keys"].values()]
    (phone,) = [one for one in found["fields"] if one["field"] == "phone"]
    assert phone["reason"]["why"] == "changed-since-last-sync"
    assert answer.code == 0
