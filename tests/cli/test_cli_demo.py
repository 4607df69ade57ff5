"""The demonstration: every figure that it prints is re-checked against the rows of both systems."""

from __future__ import annotations

import json
import os
import signal
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from cli.cli_desk import Answer, Shell
from gp365.cli.answers import ANSWERS


class Played:
    """A demonstration that was kept, with the rows of both systems."""

    def __init__(self, folder: Path, answer: Answer) -> None:
        self.folder, self.answer = folder, answer
        self.sim = json.loads((folder / "sim.json").read_text("utf-8"))

    def rows(self, system: str, table: str) -> list[dict[str, Any]]:
        trust = ssl.create_default_context(cafile=self.sim["ca_file"])
        with urllib.request.urlopen(f"{self.sim[system]['control']}/rows/{table}", context=trust) as answer:
            return json.load(answer)["rows"]

    def told(self, name: str) -> Any:
        return self.answer.json[name]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("demo") / "here"
    answer = Shell(folder.parent).json("demo", "--keep", "--dir", str(folder))
    played = Played(folder, answer)
    yield played
    os.kill(played.sim["pid"], signal.SIGTERM)


def test_it_ends_as_planned_within_a_minute(demo: Played) -> None:
    assert demo.answer.code == 0
    assert demo.told("as_planned")
    assert demo.told("seconds") < 60
    TypeAdapter(ANSWERS["demo"]).validate_json(demo.answer.out)


def test_the_rows_are_as_many_as_the_figures_say(demo: Played) -> None:
    runs = [run for name in ("first", "second", "third") for run in demo.told(name)["runs"]]
    created = {
        (run["flow"], side): sum(
            each["sides"][side]["created"] for each in runs if each["flow"] == run["flow"]
        )
        for run in runs
        for side in ("gp", "sales")
    }
    edited_customers, edited_accounts = 1, 1
    assert len(demo.rows("gp", "RM00101")) == 34 + edited_customers + created["customers", "gp"]
    assert len(demo.rows("dataverse", "accounts")) == 25 + edited_accounts + created["customers", "sales"]
    assert len(demo.rows("dataverse", "gp365_customers")) == created["customer_cards", "sales"]
    assert demo.told("writes")[1] == 0


def test_every_customer_has_one_card_and_one_account_that_is_alike(demo: Played) -> None:
    accounts = {row["accountid"]: row for row in demo.rows("dataverse", "accounts")}
    cards = {row["gp365_number"]: row for row in demo.rows("dataverse", "gp365_customers")}
    customers = demo.rows("gp", "RM00101")
    assert {row["CUSTNMBR"] for row in customers} == set(cards)
    for row in customers:
        card = cards[row["CUSTNMBR"]]
        account = accounts[card["_gp365_accountid_value"]]
        assert account["name"] == row["CUSTNAME"]
        assert (card["gp365_class"] or "") == row["CUSTCLAS"]


def test_edits_travelled_and_the_doubtful_stayed(demo: Played) -> None:
    customers = {row["CUSTNMBR"]: row for row in demo.rows("gp", "RM00101")}
    accounts = {row["name"]: row for row in demo.rows("dataverse", "accounts")}
    cards = {row["gp365_number"]: row for row in demo.rows("dataverse", "gp365_customers")}
    assert float(cards["ADAMPARK0001"]["gp365_creditlimit"]) == 25000
    assert accounts["Fourth Coffee"]["accountnumber"] == "FOURTHCO0001"
    assert customers["ASTORSUI0001"]["PHONE1"].startswith("3125550111")
    assert accounts["Astor Suites"]["telephone1"] == "(312) 555-0999"
    assert "Rheinwerk Anlagenbau GmbH" in accounts
    assert "ADVANCED0001" not in customers and "ADVANCED0001" not in cards
    assert (
        accounts[customers["ADVANPAP0001"]["CUSTNAME"]]["accountid"]
        == cards["ADVANPAP0001"]["_gp365_accountid_value"]
    )
    followed = [run["flow"] for run in demo.told("third")["runs"] if run["events"] == {"renumbered": 1}]
    assert {"customers", "customer_cards"} <= set(followed)
    assert not [row for row in customers.values() if row["CUSTNAME"].startswith("Rheinwerk")]


def test_the_edits_of_the_last_run_were_taken_back_and_stay_so(demo: Played) -> None:
    customers = {row["CUSTNMBR"]: row for row in demo.rows("gp", "RM00101")}
    accounts = {row["name"]: row for row in demo.rows("dataverse", "accounts")}
    assert demo.told("undone")["outcomes"] == {"back": 4}
    assert customers["AARONFIT0001"]["ADDRESS1"] == "11403 45 St. South"
    assert accounts["Aaron Fitz Electrical"]["address1_line1"] == "500 Michigan Avenue"
    assert float(accounts["Adam Park Resort"]["creditlimit"]) == 15000
    assert accounts["Fourth Coffee"]["statecode"] == 1
    fourth = {run["flow"]: run for run in demo.told("fourth")["runs"]}
    assert fourth["customers"]["updated"] == fourth["customer_cards"]["updated"] == 0


def test_the_reports_are_signed_and_every_difference_is_explained(demo: Played) -> None:
    for flow in demo.told("reconciled")["flows"]:
        assert flow["report"]["counts"]["drift"] == 0
        assert Shell(demo.folder).run("reconcile", "verify", flow["files"][0]).code == 0
        page = next(Path(one) for one in flow["files"] if one.endswith(".html")).read_text("utf-8")
        gp, sales = flow["report"]["sides"]
        assert gp["name"] == "Fabrikam, Inc. (TWO)" and "." in sales["name"]
        assert f'<td>{gp["name"]}<br><small class="soft">{gp["organisation"]}</small></td>' in page
        assert f"<td>{sales['name']}<" in page


def test_every_flow_has_a_line_and_wrote_nothing_the_second_time(demo: Played) -> None:
    lines = {line["flow"]: line for line in demo.told("flows")}
    assert {"customers", "customer_cards", "receivables"} <= set(lines)
    for line in lines.values():
        assert line["balanced"] and line["written"] >= line["considered"] / 2, line
        assert (line["written_again"], line["parked"]) == (0, 0), line
    assert all(lines[flow]["considered"] for flow in ("customers", "customer_cards", "receivables"))
    assert sum(line["written"] for line in lines.values()) == demo.told("writes")[0]


def test_the_payment_that_somebody_posted_stands_on_the_card(demo: Played) -> None:
    [payment] = [row for row in demo.rows("gp", "RM20101") if row["DOCNUMBR"].strip() == "PYMNT10013"]
    number = payment["CUSTNMBR"].strip()
    [summary] = [row for row in demo.rows("gp", "RM00103") if row["CUSTNMBR"].strip() == number]
    [card] = [row for row in demo.rows("dataverse", "gp365_customers") if row["gp365_number"] == number]
    assert float(card["gp365_balance"]) == float(summary["CUSTBLNC"])
    assert float(card["gp365_lastpayment"]) == float(summary["LPYMTAMT"]) == 150


def test_the_planned_conflict_is_parked_and_the_planned_record_rejected(demo: Played) -> None:
    kinds = {entry["kind"]: entry for entry in demo.told("parked")["entries"]}
    assert set(kinds) == {"parked", "rejected"}
    assert kinds["parked"]["field"] == "phone"
    assert "payment terms do not exist" in kinds["rejected"]["message"]


def test_the_plan_had_said_what_the_first_sync_did(demo: Played) -> None:
    first = demo.told("first")["runs"][0]
    plan = demo.told("plan")["flows"][0]
    assert plan["created"]["sales"] == first["sides"]["sales"]["created"]
    assert plan["created"]["gp"] == first["sides"]["gp"]["created"]
    assert plan["considered"] == first["considered"]


def test_it_can_be_played_on(demo: Played) -> None:
    shell = Shell(demo.folder)
    assert shell.json("status").json["flows"][0]["parked"] == 2
    assert shell.run("sync").code == 1
    assert shell.json("parked", "retry", "--code", "rejected").json["retried"] == 1
    assert shell.json("sync").json["runs"][0]["rejected"] == 1
    planned = shell.json("provision", "plan", "--place-forms").json
    asked = {step["id"].partition(".")[0] for step in planned["steps"] if step["state"] == "make"}
    assert asked == {
        "publish",
        *(f"place:{one}" for one in ("account", "opportunity", "quote", "salesorder")),
    }
    said = shell.run("provision", "plan").out
    assert "nothing to do" in said and "run `gp365 provision apply --place-forms`" in " ".join(said.split())


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    answer = Shell(tmp_path).json("demo", "--dir", str(tmp_path))
    assert answer.code == 2
    assert answer.error["code"] == "usage"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_it_shows_its_steps_to_people_and_leaves_nothing_behind(tmp_path: Path) -> None:
    answer = Shell(tmp_path).run("demo", "--dir", str(tmp_path / "here"))
    assert answer.code == 0, answer.err
    for words in (
        "doctor",
        "provision",
        "first contact: gp wins",
        "the three counts agree",
        "0 rows written",
    ):
        assert words in answer.out
    assert "1 conflict parked, 1 record rejected by GP" in answer.out
    assert not (tmp_path / "here" / "sim.json").exists()
