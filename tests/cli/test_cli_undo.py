"""Undo, typed as commands on both simulated systems: shown, carried out, taken back itself, and what is refused."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.actions_desk import make_desk
from cli.cli_desk import Shell, Site
from cli.test_cli_documents import fits
from gp365.app.actions.undo_outputs import UndoOut

SUMS = ".credit_limits"


@dataclass
class Firm:
    """A sample firm that both systems have, and its card."""

    site: Site
    number: str
    id: str

    @property
    def name(self) -> str:
        return str(self.site.row("dataverse", "accounts", self.id)["name"])

    def rename(self, name: str) -> None:
        self.site.put("gp", "RM00101", self.number, CUSTNAME=name)


@pytest.fixture(scope="module")
def live(simulated: Site, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A site that has gone live with the sample firms; each test works on a firm of its own."""
    shell = simulated.project(tmp_path_factory.mktemp("live") / "project")
    assert shell.json("sync").code in (0, 1)
    return shell


@pytest.fixture
def shell(live: Shell, site: Site) -> Shell:
    """The live site, without faults."""
    del site
    return live


def firm(site: Site, place: int) -> Firm:
    cards = sorted(site.rows("dataverse", "gp365_customers"), key=lambda row: str(row["gp365_number"]))
    primary = [card for card in cards if card["gp365_primary"]]
    return Firm(site, primary[place]["gp365_number"], primary[place]["_gp365_accountid_value"])


def run_of(shell: Shell, flow: str = "customers") -> str:
    """Sync, and give the run of a flow."""
    runs = shell.json("sync").json["runs"]
    return next(run["run"] for run in runs if run["flow"] == flow)


def written(shell: Shell) -> int:
    """Sync, and count what was written; a sum over the companies follows what it adds up."""
    runs = [run for run in shell.json("sync").json["runs"] if not run["flow"].endswith(SUMS)]
    return sum(side["created"] + side["updated"] for run in runs for side in run["sides"].values())


def test_a_sync_is_shown_taken_back_and_left_alone_by_the_next_one(shell: Shell, site: Site) -> None:
    one = firm(site, 0)
    before = one.name
    one.rename("Renamed Firm")
    run = run_of(shell)
    assert one.name == "Renamed Firm"
    shown = shell.run("undo", run)
    words = " ".join(shown.out.split())
    assert shown.code == 0 and f"Renamed Firm → {before}" in words and "will differ: gp" in words, shown.out
    told = shell.json("undo", run)
    plan = fits(told, UndoOut)
    assert told.code == 0 and not plan.applied and one.name == "Renamed Firm"
    (field,) = [part for record in plan.records for part in record.fields if part.verdict == "back"]
    assert (field.field, field.side, field.back) == ("name", "sales", before)
    done = shell.json("undo", run, "--apply", "--plan", plan.digest)
    assert done.code == 0, done.out
    assert fits(done, UndoOut).runs[0].balanced and one.name == before
    assert site.row("gp", "RM00101", one.number)["CUSTNAME"].strip() == "Renamed Firm"
    assert written(shell) == 0 and one.name == before
    kinds = [line["kind"] for line in shell.json("history").json["runs"]]
    assert kinds.count("undo") == 1
    back = shell.json("undo", done.json["runs"][0]["run"], "--apply", "--yes")
    assert back.code == 0 and one.name == "Renamed Firm"
    assert written(shell) == 0


def test_what_a_rep_changed_since_is_refused_and_what_was_shown_before_is_stopped(
    shell: Shell, site: Site
) -> None:
    one = firm(site, 1)
    one.rename("Another Name")
    run = run_of(shell)
    digest = shell.json("undo", run).json["digest"]
    site.put("dataverse", "accounts", one.id, name="The Rep's Name")
    stale = shell.json("undo", run, "--apply", "--plan", digest)
    assert (stale.code, stale.error["code"]) == (5, "plan-stale")
    told = shell.json("undo", run, "--apply", "--yes")
    assert told.code == 1 and one.name == "The Rep's Name"
    (record,) = [record for record in told.json["records"] if record["flow"] == "customers"]
    assert record["outcome"] == "refused" and record["fields"][0]["code"] == "changed-since"
    assert "The Rep's Name" in record["fields"][0]["why"]
    shell.json("sync")


def test_a_created_customer_and_its_card_go_out_of_use_and_are_never_made_again(
    shell: Shell, site: Site
) -> None:
    before = {row["CUSTNMBR"].strip() for row in site.rows("gp", "RM00101")}
    new = "a2000000-0000-4000-8000-000000000009"
    site.put(
        "dataverse",
        "accounts",
        new,
        name="Zebra Optics",
        address1_line1="1 Light Way",
        address1_city="Chicago",
        address1_postalcode="60601",
        address1_country="USA",
        customertypecode=3,
    )
    run = run_of(shell)
    (number,) = {row["CUSTNMBR"].strip() for row in site.rows("gp", "RM00101")} - before
    told = shell.json("undo", run, "--apply", "--yes")
    assert told.code == 0, told.out
    assert card_of(site, number)["statecode"] == 1
    row = site.row("gp", "RM00101", number)
    assert (row["HOLD"], row["INACTIVE"]) == (1, 1)
    assert account_named(site, "Zebra Optics")["statecode"] == 0, "the rep's account is the rep's"
    assert written(shell) == 0
    site.put("dataverse", "accounts", new, telephone1="3125550199")
    assert written(shell) == 0
    assert len(site.rows("gp", "RM00101")) == len(before) + 1


def test_a_created_account_is_deactivated_after_its_card(shell: Shell, site: Site) -> None:
    site.put(
        "gp", "RM00101", "YAKTOURS0001", CUSTNAME="Yak Tours", ADRSCODE="PRIMARY", CUSTCLAS="USA-ILMO-T1"
    )
    site.put(
        "gp", "RM00102", "YAKTOURS0001;PRIMARY", ADDRESS1="1 Hill", CITY="Chicago", ZIP="60699", COUNTRY="USA"
    )
    run = run_of(shell)
    made = account_named(site, "Yak Tours")
    told = shell.json("undo", run, "--apply", "--yes")
    assert told.code == 0, told.out
    assert [one["flow"] for one in told.json["runs"]] == ["customer_cards", "customers"]
    assert account_named(site, "Yak Tours")["statecode"] == 1 and made["statecode"] == 0
    assert card_of(site, "YAKTOURS0001")["statecode"] == 1
    assert written(shell) == 0
    back = shell.json("undo", told.json["runs"][-1]["run"], "--apply", "--yes")
    assert back.code == 0 and account_named(site, "Yak Tours")["statecode"] == 0


def card_of(site: Site, number: str) -> dict[str, Any]:
    (found,) = [row for row in site.rows("dataverse", "gp365_customers") if row["gp365_number"] == number]
    return found


def account_named(site: Site, name: str) -> dict[str, Any]:
    (found,) = [row for row in site.rows("dataverse", "accounts") if row["name"] == name]
    return found


def test_the_last_writes_of_one_account_are_taken_back(shell: Shell, site: Site) -> None:
    one = firm(site, 2)
    before = one.name
    one.rename("A Third Name")
    run_of(shell)
    told = shell.json("undo", "sales", "account", one.id.upper(), "--apply", "--yes")
    assert told.code == 0, told.out
    assert one.name == before and written(shell) == 0


def test_a_system_that_is_down_ends_with_its_own_code_and_the_undo_goes_on_later(
    shell: Shell, site: Site
) -> None:
    one = firm(site, 3)
    before = one.name
    one.rename("A Fourth Name")
    run = run_of(shell)
    site.door("dataverse", "POST", "/token", {"mode": "normal", "revoke": True})
    site.faults("dataverse", {"method": "GET", "path": ".*", "times": 1000, "do": "503", "retry_after_s": 0})
    assert shell.json("undo", run, "--apply", "--yes").code == 3
    site.door("dataverse", "DELETE", "/faults")
    assert shell.json("undo", run, "--apply", "--yes").code == 0
    assert one.name == before and written(shell) == 0


def test_an_undo_of_nothing_known_is_a_usage_error(tmp_path: Path) -> None:
    shell = Shell(make_desk(tmp_path / "project").path)
    for arguments, code in (
        (("nowhere",), "run-unknown"),
        (("a", "b"), "run-unknown"),
        (("gp", "customer", "X"), "record-unknown"),
        (("a", "b", "c", "d"), "usage"),
        (("nowhere", "--since", "2026-01-01"), "usage"),
    ):
        told = shell.json("undo", *arguments)
        assert (told.code, told.error["code"]) == (2, code), arguments


def test_nobody_there_to_be_asked_needs_a_yes(tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "project")
    shell = Shell(desk.path)
    run = shell.json("sync").json["runs"][0]["run"]
    told = shell.json("undo", run, "--apply")
    assert (told.code, told.error["code"]) == (2, "usage")


@pytest.mark.parametrize("point", ["intent", "sent", "recorded"])
def test_an_undo_that_is_killed_half_way_goes_on_when_it_is_called_again(
    shell: Shell, site: Site, tmp_path: Path, point: str
) -> None:
    one = firm(site, {"intent": 4, "sent": 5, "recorded": 6}[point])
    before = one.name
    one.rename(f"Killed at {point}")
    run = run_of(shell)
    held = tmp_path / "held"
    process = shell.start("undo", run, "--apply", "--yes", "--json", GP365_HOLD_AT=f"{point}:{held}")
    until = time.monotonic() + 60
    while not held.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    process.kill()
    process.communicate()
    told = shell.json("undo", run, "--apply", "--yes")
    assert told.code == 0, told.out
    assert one.name == before
    assert written(shell) == 0
