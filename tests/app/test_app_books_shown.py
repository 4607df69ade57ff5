"""Dynamics GP's own difference, as it is shown: in the signed document, on the page, in the workbook, on the screen."""

from __future__ import annotations

import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from app.actions_desk import make_desk
from gp365.app.actions import reconcile as action
from gp365.app.actions.reconcile_outputs import ReconcileOut
from gp365.app.project import Project
from gp365.app.reports.checking import verify_report
from gp365.cli.show_reconcile import show_reconcile
from gp365.connectors.gp.books import AccountBooks, Books, CustomerBooks
from gp365.sync.job import Job

ONE = CustomerBooks("AARON <1>", Decimal("1280.00001"), Decimal("1273"), Decimal("0.5"))
WRONG = Books(
    "USD",
    43,
    Decimal("1280.00001"),
    Decimal("1273"),
    Decimal("0.5"),
    12,
    (ONE,),
    (AccountBooks("000-1200-00", Decimal("1273")),),
)


def _told(path: Path, books: Books, monkeypatch: pytest.MonkeyPatch) -> tuple[ReconcileOut, dict[str, Path]]:
    def read(_project: Project, _job: Job) -> Books:
        return books

    with monkeypatch.context() as patch:
        patch.setattr(action, "_books", read)
        done = make_desk(path).act(action.reconcile)
    return done, {Path(name).suffix: Path(name) for name in done.flows[0].files}


def _screen(done: ReconcileOut) -> str:
    console = Console(file=io.StringIO(), width=200)
    show_reconcile(console, done)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_gps_own_difference_stands_in_every_form_of_the_report_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, files = _told(tmp_path, WRONG, monkeypatch)
    assert done.exit_code == 1 and done.flows[0].report.verdict != "drift"
    held = json.loads(files[".json"].read_bytes())["books"]
    assert (held["agrees"], held["difference"], held["differing"]) == (False, "7.50001", 12)
    assert held["listed"] == [
        {
            "customer": "AARON <1>",
            "documents": "1280.00001",
            "balance": "1273",
            "waiting": "0.5",
            "difference": "7.50001",
        }
    ]
    page = files[".html"].read_text("utf-8")
    assert "Dynamics GP against itself" in page and "GP&#x27;s own, no drift" in page
    assert "AARON &lt;1&gt;" in page and "7.50001" in page and "12 customers in all" in page
    with zipfile.ZipFile(files[".xlsx"]) as book:
        names = book.read("xl/workbook.xml").decode()
        texts = (
            book.read("xl/sharedStrings.xml").decode() if "xl/sharedStrings.xml" in book.namelist() else ""
        )
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
    assert "GP itself" in names and "AARON &lt;1&gt;" in texts + sheet and "7.50001" in sheet
    assert verify_report(files[".json"]).exit_code == 0
    screen = _screen(done)
    assert "GP's own, no drift" in screen and "control account 000-1200-00, USD" in screen
    assert "AARON <1>: documents 1280.00001" in screen and "12 customers in all" in screen


def test_where_gp_agrees_with_itself_or_cannot_be_compared_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, files = _told(tmp_path / "one", Books("USD", 2), monkeypatch)
    assert "agrees with itself" in files[".html"].read_text("utf-8") and "agrees with itself" in _screen(done)
    done, files = _told(tmp_path / "two", Books("USD", left_out="gp serves no apply."), monkeypatch)
    assert "was not compared with itself: gp serves no apply." in files[".html"].read_text("utf-8")
    assert done.exit_code == 0 and "gp serves no apply." in _screen(done)
