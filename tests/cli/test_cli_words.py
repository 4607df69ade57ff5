"""What people read: names that can be copied, words that say what is meant, no figure that means nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.actions_desk import make_desk
from cli.cli_desk import Shell
from gp365.app.actions.look_outputs import ExplainOut, Explanation, FieldState, HistoryOut, RunLine
from gp365.app.actions.undo_outputs import UndoOut, UndoRecord
from gp365.cli.output import console, progress_shown
from gp365.cli.show_explain import show_explain
from gp365.cli.show_look import show_history
from gp365.cli.show_undo import show_undo

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def shown(show: Callable[..., None], what: Any) -> str:
    out = io.StringIO()
    show(console(out), what)
    return out.getvalue()


def test_the_name_of_a_run_stands_in_one_piece() -> None:
    name, flow = "20261124-024739-512e93743aae", "receivable_documents.of_every_company"
    counts = {"considered": 43, "created": 12_345, "updated": 12_345, "unchanged": 12_345}
    run = RunLine(
        name, "fabrikam", flow, "sync", "controller@accounting", "done", NOON, NOON, 0.1, True, True, counts
    )
    assert name in shown(show_history, HistoryOut([run], []))


def test_a_field_that_is_only_read_is_not_called_written() -> None:
    for read_only, word in ((True, "only read"), (False, "written once")):
        one = FieldState("total", "", {"sales": ["totalamount"]}, {"sales": "7"}, {}, [], "", read_only)
        told = Explanation("fabrikam", "invoice_states", 1, "by hand", "open", [], [one], [], [], [])
        assert f"total  {word}" in shown(show_explain, ExplainOut("gp", "sales_invoice", "A", [told]))


def test_a_step_without_a_count_shows_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 100, 10))
    monkeypatch.setattr("time.monotonic", lambda: next(ticks))
    with progress_shown() as progress:
        progress("examining sales", 0, 0)
        progress("customers: read gp", 0, 12)
        progress("customers: read gp", 3, 0)
    assert capsys.readouterr().err.splitlines() == [
        "examining sales",
        "customers: read gp 0 of 12",
        "customers: read gp 3",
    ]


def test_what_is_parked_is_listed_with_its_flow(tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "project")
    shell = Shell(desk.path)
    assert shell.json("sync").code == 0
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.sales("a1", name="Contoso East")
    assert shell.json("sync").code == 1
    head, entry, *_ = shell.run("parked", "list").out.splitlines()
    assert head.split() == ["id", "flow", "record", "field", "cause", "what"]
    assert entry.split()[1] == "firms"


def test_an_undo_that_can_do_nothing_offers_nothing() -> None:
    keys = {"gp": "STDINV2263", "sales": "b1345c2a"}
    refused = UndoRecord("fabrikam", "invoices", "L1", "", keys, "create", "refused", why="no way")
    told = shown(show_undo, UndoOut([], False, "d1gest", {"refused": 1}, [refused], 0, [], 0, 1))
    assert "There is nothing that could be taken back." in told and "--apply" not in told
    assert "\n  STDINV2263  invoices  gp STDINV2263  sales b1345c2a  refused" in told
