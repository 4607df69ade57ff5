"""Parked entries go to a spreadsheet and come back decided, whatever Excel does to the file in between."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.actions_desk import Desk, make_desk
from gp365.app.actions.parked import parked_list
from gp365.app.actions.resolve import Given, resolve
from gp365.app.actions.resolve_csv import guarded, read_lines, unguarded
from gp365.app.actions.resolve_file import resolve_file
from gp365.app.actions.sync import sync
from gp365.model.errors import Misconfigured

Rows = list[dict[str, str]]
FIRMS = ("Alpine Ski", "Blue Yonder", "City Power", "Datum")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Four firms whose names were changed on both sides, and an account with a number that another firm has."""
    desk = make_desk(tmp_path / "project")
    for number, name in enumerate(FIRMS):
        desk.gp(f"F{number}", Name=name, Country="USA")
        desk.sales(f"f{number}", name=name, number=f"F{number}", country="United States", kind=3)
    desk.act(sync)
    for number, name in enumerate(FIRMS):
        desk.gp(f"F{number}", Name=f"{name} West")
        desk.sales(f"f{number}", name=f"{name} East")
    desk.sales("x1", name="=cmd|' /C calc'!A0", number="F0", country="Germany", kind=3)
    desk.act(sync)
    return desk


def written(desk: Desk) -> tuple[Path, Rows]:
    file = desk.path / "parked.csv"
    done = desk.act(parked_list, csv=file, limit=1)
    assert (done.file, len(done.entries)) == (str(file), 1)
    with file.open(encoding="utf-8-sig", newline="") as held:
        rows = list(csv.DictReader(held))
    assert len(rows) == done.total == 5
    return file, rows


def save(file: Path, rows: Rows, **form: str) -> None:
    text = io.StringIO(newline="")
    out = csv.DictWriter(text, list(rows[0]), delimiter=form.get("delimiter", ","))
    out.writeheader()
    out.writerows(rows)
    lines = text.getvalue().replace("\r\n", form.get("newline", "\r\n"))
    file.write_bytes((form.get("first", "") + lines).encode(form.get("encoding", "utf-8-sig")))


def of(rows: Rows, key: str) -> dict[str, str]:
    (row,) = [row for row in rows if key in (row["gp key"], row["sales key"])]
    return row


def test_the_file_holds_what_a_person_needs_to_decide(desk: Desk) -> None:
    file, rows = written(desk)
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    row = of(rows, "F1")
    assert (row["field"], row["cause"]) == ("name", "conflict")
    assert (row["gp value"], row["sales value"]) == ("Blue Yonder West", "Blue Yonder East")
    assert (row["gp agreed"], row["sales agreed"]) == ("Blue Yonder", "Blue Yonder")
    assert of(rows, "x1")["candidate 1"] == "F0"
    assert row["decision"] == ""


def test_no_cell_is_a_formula_and_the_text_comes_back_as_it_was(desk: Desk) -> None:
    file, rows = written(desk)
    assert of(rows, "x1")["sales name"] == "'=cmd|' /C calc'!A0"
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())
    names = {line.cell("sales name") for line in read_lines(file)}
    assert "=cmd|' /C calc'!A0" in names


@given(st.text(alphabet="=+-@'a;\t\n ＝1", max_size=8))
def test_every_text_survives_being_made_harmless(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@"))


def test_decisions_of_a_file_are_taken_line_by_line(desk: Desk) -> None:
    file, rows = written(desk)
    of(rows, "F0")["decision"] = "take gp"
    of(rows, "F1")["decision"] = "Take  Sales"
    of(rows, "F2").update({"decision": "value", "value": "City Power North"})
    of(rows, "x1")["decision"] = "ignore"
    save(file, rows)
    done = desk.act(resolve_file, file)
    assert (len(done.decided), done.undecided, done.unchanged, done.faults) == (4, 1, 0, [])
    assert done.exit_code == 0
    again = desk.act(resolve_file, file)
    assert (len(again.decided), again.unchanged) == (0, 4)
    desk.act(sync)
    names = [desk.customers()[f"F{number}"]["Name"] for number in range(3)]
    assert names == ["Alpine Ski West", "Blue Yonder East", "City Power North"]
    assert desk.accounts()["f2"]["name"] == "City Power North"


Habit = Callable[[Path, Rows], None]


def semicolons(file: Path, rows: Rows) -> None:
    save(file, rows, delimiter=";", newline="\n", encoding="utf-8")


def old_windows(file: Path, rows: Rows) -> None:
    save(file, rows, delimiter=";", encoding="cp1252")


def unicode_text(file: Path, rows: Rows) -> None:
    save(file, rows, delimiter="\t", encoding="utf-16")


def other_columns(file: Path, rows: Rows) -> None:
    keep = ["Print", "value", "DECISION ", "Id"]
    moved = [{name: row[name.strip().casefold()] for name in keep} for row in rows]
    save(file, moved, newline="\r", first="sep=,\r\n", encoding="utf-8")


@pytest.mark.parametrize("habit", [semicolons, old_windows, unicode_text, other_columns])
def test_what_excel_makes_of_the_file_is_still_read(desk: Desk, habit: Habit) -> None:
    file, rows = written(desk)
    of(rows, "F3").update({"decision": "value", "value": "Dätum; größer"})
    habit(file, rows)
    done = desk.act(resolve_file, file)
    assert (done.faults, done.undecided) == ([], 4)
    assert done.decided[0].writes["gp"] == {"name": "Dätum; größer"}


def test_faulty_lines_are_named_and_the_others_are_taken(desk: Desk) -> None:
    file, rows = written(desk)
    of(rows, "F0")["decision"] = "take gp"
    of(rows, "F1").update({"decision": "value", "value": "A name that is too long for Dynamics GP"})
    of(rows, "F2")["decision"] = "link F1"
    of(rows, "F3")["decision"] = "tkae gp"
    of(rows, "x1")["decision"] = "link NOBODY"
    twice = dict(of(rows, "F0"))
    unknown = dict(of(rows, "F0")) | {"id": "4711"}
    save(file, [*rows, twice, unknown])
    done = desk.act(resolve_file, file)
    assert done.exit_code == 2
    assert [one.keys["gp"] for one in done.decided] == ["F0"]
    told = {fault.line: fault for fault in done.faults}
    order = {key: rows.index(of(rows, key)) + 2 for key in ("F1", "F2", "F3", "x1")}
    assert {line: fault.error.code for line, fault in told.items()} == {
        order["F1"]: "too-long",
        order["F2"]: "resolution-invalid",
        order["F3"]: "resolution-invalid",
        order["x1"]: "record-unknown",
        7: "resolution-invalid",
        8: "parked-unknown",
    }
    assert told[order["F1"]].error.field == "name"
    assert told[order["F1"]].error.value == "A name that is too long for Dynamics GP"
    assert all(fault.error.fix and fault.error.record for fault in done.faults)


def test_a_line_that_shows_other_values_than_today_decides_nothing(desk: Desk) -> None:
    file, rows = written(desk)
    for key in ("F0", "F1"):
        of(rows, key)["decision"] = "take gp"
    save(file, rows)
    desk.sales("f0", name="Alpine Ski South")
    desk.act(sync)
    desk.sales("f1", name="Blue Yonder South")
    done = desk.act(resolve_file, file)
    assert [fault.error.code for fault in done.faults] == ["resolution-stale", "resolution-stale"]
    assert done.decided == []


def test_a_dry_run_checks_a_file_and_decides_nothing(desk: Desk) -> None:
    file, rows = written(desk)
    of(rows, "F0")["decision"] = "take gp"
    save(file, rows)
    done = desk.act(resolve_file, file, dry_run=True)
    assert (done.dry_run, len(done.decided)) == (True, 1)
    assert desk.act(parked_list).decided == 0


def test_a_decision_that_stands_is_in_the_file_and_reading_it_changes_nothing(desk: Desk) -> None:
    (first, *_) = [one for one in desk.act(parked_list).entries if one.field == "name"]
    desk.act(resolve, first.id, Given(value="-5 Degrees"))
    file, rows = written(desk)
    (row,) = [row for row in rows if row["id"] == str(first.id)]
    assert (row["decision"], row["value"]) == ("value", "'-5 Degrees")
    assert row["decided by"] == "ann@desk"
    done = desk.act(resolve_file, file)
    assert (done.unchanged, done.decided, done.faults) == (1, [], [])


@pytest.mark.parametrize(
    "text", ["", "name,what\n1,2\n", "id,print\n1,2\n", "id,id,print,decision\n1,1,2,3\n"]
)
def test_a_file_that_is_something_else_is_refused(desk: Desk, text: str) -> None:
    file = desk.path / "other.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(Misconfigured) as refused:
        desk.act(resolve_file, file)
    assert refused.value.code == "resolution-invalid"
    with pytest.raises(Misconfigured):
        desk.act(resolve_file, desk.path / "missing.csv")
