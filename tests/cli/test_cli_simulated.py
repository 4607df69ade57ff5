"""Whole commands on both simulated systems: plan and apply against a bare sync, pairs that stop alone, forecasts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.cli_desk import Site

TABLES = (("gp", "RM00101"), ("gp", "RM00102"), ("dataverse", "accounts"), ("dataverse", "gp365_customers"))
# Moments, versions, what GP draws in the order of arrival, and marks drawn from the moment of the samples.
DRAWN = {
    *(
        "NOTEINDX",
        "DEX_ROW_ID",
        "DEX_ROW_TS",
        "createdon",
        "modifiedon",
        "versionnumber",
        "overriddencreatedon",
    ),
    *("INTEGRATIONID", "gp365_reference", "gp365_customerid", "accountid", "_gp365_accountid_value"),
    "_gp365_parentcardid_value",
}


@pytest.fixture
def fresh(site: Site) -> Site:
    site.reset()
    assert site.json("provision", "apply").code == 0
    return site


def world(site: Site) -> dict[str, list[list[tuple[str, Any]]]]:
    """Everything that both systems hold, but for moments and drawn marks."""
    found: dict[str, list[list[tuple[str, Any]]]] = {}
    for system, table in TABLES:
        rows = [
            sorted((k, str(v)) for k, v in row.items() if k not in DRAWN) for row in site.rows(system, table)
        ]
        found[table] = sorted(rows)
    return found


def test_plan_and_apply_leave_the_same_rows_as_a_bare_sync(fresh: Site, tmp_path: Path) -> None:
    one = fresh.project(tmp_path / "one")
    assert one.json("plan", "--out", str(tmp_path / "first.jsonl")).code == 0
    assert {path.name for path in tmp_path.glob("*.jsonl")} == {
        "first.customers.jsonl",
        "first.customer_cards.jsonl",
    }
    applied = one.json("apply", str(tmp_path / "first.jsonl"))
    assert applied.code == 0, applied.out
    assert applied.json["moved"] == []
    by_plan = world(fresh)
    fresh.reset()
    assert fresh.json("provision", "apply").code == 0
    assert fresh.project(tmp_path / "two").json("sync").code == 0
    assert world(fresh) == by_plan


def test_a_plan_shows_cards_with_the_accounts_that_it_would_make(fresh: Site, tmp_path: Path) -> None:
    shell = fresh.project(tmp_path / "project")
    customers, cards = shell.json("plan", "--all").json["flows"]
    assert cards["outcomes"]["created"] == 34
    assert "waiting" not in cards["outcomes"]
    made = {
        record["keys"]["gp"]: record["writes"][0]["key"]
        for record in customers["records"]
        if new_account(record)
    }
    shown = {record["keys"]["gp"]: account_of(record) for record in cards["records"]}
    assert made
    assert {number: shown[number] for number in made} == made
    assert cards["follow"] == customers["created"]["gp"]
    assert any("contact_email" in note for note in customers["not_served"])


def test_the_forecast_is_within_a_fifth_of_what_is_counted(fresh: Site, tmp_path: Path) -> None:
    shell = fresh.project(tmp_path / "project")
    forecast = shell.json("plan").json["requests"]
    runs = shell.json("sync").json["runs"]
    counted = {system: sum(run["requests"].get(system, 0) for run in runs) for system in forecast}
    for system, number in forecast.items():
        assert abs(number - counted[system]) <= max(2, 0.2 * counted[system]), (forecast, counted)


@pytest.mark.parametrize(
    ("system", "path"),
    [("gp", "/Sales/Customers$"), ("dataverse", "CreateMultiple"), ("dataverse", r"\$batch")],
)
def test_a_lost_reply_doubles_nothing_and_loses_nothing(
    fresh: Site, tmp_path: Path, system: str, path: str
) -> None:
    fresh.faults(system, {"do": "lost_reply", "method": "POST", "path": path, "nth": 1, "times": 1})
    shell = fresh.project(tmp_path / "project")
    done = shell.json("sync")
    assert done.code == 0, done.out
    (fault,) = fresh.door(system, "GET", "/faults")["faults"]
    assert fault["fired"] == 1
    assert len(fresh.rows("gp", "RM00101")) == 43
    assert len(fresh.rows("dataverse", "accounts")) == 44
    assert len(fresh.rows("dataverse", "gp365_customers")) == 43
    again = shell.json("sync").json["runs"]
    assert sum(one["created"] + one["updated"] for run in again for one in run["sides"].values()) == 0


def new_account(record: dict[str, Any]) -> bool:
    return any(write["op"] == "create" and write["side"] == "sales" for write in record["writes"])


def account_of(record: dict[str, Any]) -> str:
    (field,) = [field for field in record["fields"] if field["field"] == "account"]
    return field["new"]


def test_the_second_sync_writes_nothing_and_the_third_asks_once_a_table(fresh: Site, tmp_path: Path) -> None:
    shell = fresh.project(tmp_path / "project")
    assert shell.json("sync").code == 0
    second = shell.json("sync").json["runs"]
    assert len(second) == 3  # customers, cards, and the sums over all companies
    assert not any(side["created"] + side["updated"] for run in second for side in run["sides"].values())
    last = fresh.door("dataverse", "GET", "/requests")["last"]
    assert shell.json("sync").code == 0
    asked = [one["path"] + "?" + one["query"] for one in fresh.requests("dataverse", last)]
    deltas = [one for one in asked if "deltatoken" in one]
    assert sorted(table_of(one) for one in deltas) == ["accounts", "contacts", "gp365_customers"]


def table_of(request: str) -> str:
    return request.partition("?")[0].rpartition("/")[2]


def test_a_system_that_is_down_stops_its_own_pair_only(fresh: Site, tmp_path: Path) -> None:
    shell = fresh.project(tmp_path / "project")
    (shell.folder / "word").write_text("x7y8z9w0", "utf-8")
    with (shell.folder / "gp365.toml").open("a", encoding="utf-8") as out:
        out.write(
            '\n[systems.down]\nkind = "gp"\nurl = "https://127.0.0.1:9/GPService"\ncompany = "Down"\n'
            'interid = "DOWN"\nuser = "X\\\\y"\npassword = {file = "word"}\nretry_seconds = 0\n'
            '[pairs.broken]\ngp = "down"\nsales = "sales"\nflows = ["customers"]\n'
            '[pairs.broken.options]\nroute_by = "every"\n[pairs.fabrikam.options]\nroute_by = "every"\n'
        )
    answer = shell.json("sync")
    assert answer.code == 3
    good = [run for run in answer.json["runs"] if run["pair"] == "fabrikam"]
    assert len(fresh.rows("dataverse", "gp365_customers")) == 43
    assert all(run["stopped"] is None for run in good)
    (bad,) = [run["stopped"] for run in answer.json["runs"] if run["pair"] == "broken"]
    assert (bad["code"], bad["system"]) == ("unreachable", "down")
    only = shell.json("sync", "--pair", "fabrikam")
    assert only.code == 0
