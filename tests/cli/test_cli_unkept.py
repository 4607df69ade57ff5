"""A system that says "done" and keeps nothing: the commands say so until it is healed, or a person ends it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from app.actions_desk import Desk, make_desk
from cli.cli_desk import Shell
from gp365.app.actions.look_outputs import StatusOut
from gp365.app.actions.outputs import SyncOut, UnkeptOut
from gp365.app.actions.unkept import UnkeptList
from gp365.connectors.memory.faults import Faults
from gp365.connectors.memory.system import MemorySystem
from gp365.connectors.memory.table import Row


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "project")


@pytest.fixture
def shell(desk: Desk) -> Shell:
    made = Shell(desk.path)
    assert made.json("sync").code in (0, 1)
    return made


class Liar:
    """Sales acknowledges updates and lets stand what stood there, as long as it is asked to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lying = True
        lose = MemorySystem.lose

        def take_unkept(_: Faults) -> bool:
            return self.lying

        monkeypatch.setattr(Faults, "take_unkept", take_unkept)

        def only_sales(system: MemorySystem, entity: str, before: Row) -> None:
            if entity == "account":
                lose(system, entity, before)

        monkeypatch.setattr(MemorySystem, "lose", only_sales)


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch, shell: Shell) -> Liar:
    del shell
    return Liar(monkeypatch)


def rename(desk: Desk) -> None:
    desk.gp("AARONFIT0001", Name="Aaron Fitz and Sons")


def test_a_write_that_is_not_there_ends_the_sync_by_4_and_is_named_everywhere(
    desk: Desk, shell: Shell, liar: Liar
) -> None:
    rename(desk)
    done = shell.json("sync")
    assert done.code == 4
    TypeAdapter(SyncOut).validate_json(done.out, strict=False)
    unkept = [one for run in done.json["runs"] for one in run["verified"]["unkept"]]
    assert unkept and unkept[0]["system"] == "sales"
    assert unkept[0]["fields"] == [
        {"field": "name", "acknowledged": "Aaron Fitz and Sons", "found": "Aaron Fitz"}
    ]
    status = shell.json("status")
    TypeAdapter(StatusOut).validate_json(status.out, strict=False)
    assert [one["key"] for flow in status.json["flows"] for one in flow["unkept"]] == [unkept[0]["key"]]
    assert "NOT KEPT" in shell.run("status").out and "Aaron Fitz and Sons" in shell.run("status").out
    assert "NOT KEPT" in shell.run("sync").out
    runs = shell.json("history").json["runs"]
    assert "mismatched" in {run["state"] for run in runs}
    told = shell.run("explain", "gp", "customer", "AARONFIT0001").out
    assert "mismatch" in told and "acknowledged was Aaron Fitz and Sons" in told.replace("\n", " ")
    assert shell.json("ledger", "verify").code == 0
    assert liar.lying


def test_it_heals_by_itself_when_the_system_keeps_what_it_says(desk: Desk, shell: Shell, liar: Liar) -> None:
    liar.lying = False
    rename(desk)
    assert shell.json("sync").code in (0, 1)
    liar.lying = True
    desk.gp("AARONFIT0001", Name="Aaron Daughters")
    assert shell.json("sync").code == 4
    liar.lying = False
    number = shell.json("unkept", "list").json["unkept"][0]["number"]
    healed = shell.json("sync")
    assert healed.code in (0, 1), healed.out
    assert desk.account_named("Aaron Daughters")
    assert shell.json("unkept", "list").json == {"unkept": []}
    assert shell.json("unkept", "end", str(number)).error["code"] == "unkept-unknown"


def test_a_person_ends_one_that_is_settled_otherwise(desk: Desk, shell: Shell, liar: Liar) -> None:
    rename(desk)
    assert shell.json("sync").code == 4
    listed = shell.json("unkept", "list")
    TypeAdapter(UnkeptList).validate_json(listed.out, strict=False)
    [one] = listed.json["unkept"]
    assert "unkept end" in shell.run("unkept", "list").out
    ended = shell.json("unkept", "end", str(one["number"]), "--reason", "the plug-in is right")
    TypeAdapter(UnkeptOut).validate_json(ended.out, strict=False)
    assert ended.code == 0 and ended.json["key"] == one["key"]
    assert shell.json("unkept", "list").json == {"unkept": []}
    rows = shell.json("history", "--ledger", "--limit", "100").json["rows"]
    assert any(row["disposition"] == "ended" and "the plug-in is right" in row["summary"] for row in rows)
    assert shell.json("ledger", "verify").code == 0
    assert liar.lying
