"""The commands of deciding, typed in a folder with two systems in files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from app.actions_desk import Desk, make_desk
from cli.cli_desk import Shell


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make_desk(tmp_path / "project")
    assert Shell(desk.path).json("sync").code == 0
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.sales("a1", name="Contoso East")
    return desk


@pytest.fixture
def shell(desk: Desk) -> Shell:
    shell = Shell(desk.path)
    assert shell.json("sync").code == 1
    return shell


def only(shell: Shell) -> str:
    (entry,) = shell.json("parked", "list").json["entries"]
    return str(entry["id"])


def test_a_decision_is_shown_with_who_took_it_until_it_is_carried_out(shell: Shell) -> None:
    number = only(shell)
    done = shell.run("parked", "resolve", number, "--take", "gp")
    assert done.code == 0
    assert "sales name will be Contoso West" in done.out
    assert "decided: take gp" in shell.run("parked", "list").out
    assert "the next sync carries it out" in shell.run("parked", "show", number).out
    assert shell.json("sync").code == 0
    assert shell.run("parked", "list").out == "Nothing is parked.\n"


def test_a_wrong_decision_ends_2_with_what_to_do(shell: Shell) -> None:
    number = only(shell)
    for arguments, code in (
        ((number, "--link", "a1"), "resolution-invalid"),
        ((number, "--value", "Contoso 東京"), "not-in-code-page"),
        ((number,), "usage"),
        ((number, "--take", "gp", "--create"), "usage"),
        ((), "usage"),
        ((number, "--take", "gp", "--from", "x.csv"), "usage"),
        (("4711", "--take", "gp"), "parked-unknown"),
        (("--from", "missing.csv"), "resolution-invalid"),
    ):
        answer = shell.json("parked", "resolve", *arguments)
        assert (answer.code, answer.error["code"]) == (2, code), arguments
        assert answer.error["fix"]


def decide(file: Path, decision: str) -> None:
    with file.open(encoding="utf-8-sig", newline="") as held:
        (row,) = list(csv.DictReader(held))
    with file.open("w", encoding="utf-8", newline="") as held:
        out = csv.DictWriter(held, list(row))
        out.writeheader()
        out.writerow(row | {"decision": decision})


def test_a_file_with_a_faulty_line_ends_2_and_names_it(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "parked.csv"
    shell.run("parked", "list", "--csv", str(file))
    decide(file, "take slaes")
    told = shell.run("parked", "resolve", "--from", str(file))
    assert told.code == 2
    assert "line 2, entry" in told.out
    assert "is no decision" in told.out
    decide(file, "take sales")
    assert shell.run("parked", "resolve", "--from", str(file)).code == 0
    assert shell.run("sync").code == 0


def test_whatif_and_assess_answer_in_plain_words(shell: Shell) -> None:
    told = shell.run("whatif", "--owner", "name=sales", "--since", "2026-01-01")
    assert told.code == 0
    assert "sales instead of ask" in told.out
    assert "Nothing was written." in told.out
    assert shell.json("whatif", "--owner", "nmae=sales", "--since", "2026-01-01").error["fix"]
    assert "to do first" in shell.run("assess").out
    assert "stops" not in shell.run("assess", "--out", str(shell.folder / "before.md")).err
