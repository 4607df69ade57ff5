"""The ledger is proved, exported, proved again from the file, and emptied of what need not be kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import time_machine

from app.actions_desk import Desk, make_desk, written
from gp365.app.actions.explain import explain
from gp365.app.actions.explain_recompute import ERASED
from gp365.app.actions.ledger import ledger_export, ledger_verify, ledger_verify_file
from gp365.app.actions.ledger_erase import ledger_erase
from gp365.app.actions.parked import parked_list
from gp365.app.actions.sync import sync
from gp365.app.actions.whatif import whatif
from gp365.model.errors import Misconfigured
from gp365.store import retention, tables
from gp365.store.engine import utc_now


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three firms in step, one of them edited later, another in conflict."""
    desk = make_desk(tmp_path / "project")
    desk.act(sync)
    desk.sales("a1", name="Contoso East")
    desk.act(sync)
    desk.gp("AARONFIT0001", Name="Aaron West")
    (aaron,) = [key for key, row in desk.accounts().items() if row["name"] == "Aaron Fitz"]
    desk.sales(aaron, name="Aaron East")
    desk.act(sync)
    return desk


def test_the_ledger_holds_and_so_does_its_export(desk: Desk, tmp_path: Path) -> None:
    ours = desk.act(ledger_verify)
    assert ours.ok and ours.rows > 6 and [one.chain for one in ours.chains] == ["main/firms"]
    done = desk.act(ledger_export, out=tmp_path / "ledger.jsonl")
    theirs = ledger_verify_file(tmp_path / "ledger.jsonl")
    assert (theirs.ok, theirs.rows, theirs.chains) == (True, ours.rows, ours.chains)
    assert done.rows == ours.rows and done.bytes == (tmp_path / "ledger.jsonl").stat().st_size
    lines = [orjson.loads(line) for line in (tmp_path / "ledger.jsonl").read_bytes().splitlines()]
    assert {line["actor"] for line in lines[1:]} == {"ann@desk"}


def test_an_export_that_fails_leaves_no_file(desk: Desk, tmp_path: Path) -> None:
    with desk.open() as project, project.store.write() as conn:
        conn.execute(tables.ledger.update().values(hash=b""))
        conn.exec_driver_sql("update ledger set payload = x'0300' where position = 3")
    with pytest.raises(ValueError, match="unknown form"):
        desk.act(ledger_export, out=tmp_path / "ledger.jsonl")
    assert list(tmp_path.glob("ledger*")) == []


def test_a_chain_or_a_pair_that_there_is_not_is_refused(desk: Desk) -> None:
    for wrong in ({"pair": "other"}, {"chain": "main/other"}):
        with pytest.raises(Misconfigured):
            desk.act(ledger_export, lambda line: None, **wrong)


def test_a_broken_row_is_named(desk: Desk) -> None:
    with desk.open() as project, project.store.write() as conn:
        conn.execute(tables.ledger.update().where(tables.ledger.c.position == 3).values(actor="bob"))
    found = desk.act(ledger_verify)
    assert not found.ok and found.broken is not None
    assert (found.broken.chain, found.broken.position, found.broken.reason) == (
        "main/firms",
        3,
        "the row was changed",
    )


def test_after_an_erasure_the_chain_holds_and_an_explanation_says_that_it_cannot(desk: Desk) -> None:
    done = desk.act(ledger_erase, older_than=0, even_undo=True)
    (chain,) = done.chains
    assert chain.payloads > 3 and chain.writes >= 3 and chain.inputs >= 3
    assert chain.kept == {
        "open parked entries": 1,
        "payloads of what is open": chain.kept["payloads of what is open"],
    }
    found = desk.act(ledger_verify)
    assert found.ok and found.erased == chain.payloads
    (told,) = desk.act(explain, "gp", "customer", "CONTOSO0001", "name").explanations
    assert told.erased == len(told.events) > 0
    assert told.fields[0].decisions == []
    assert "erased" in told.events[0].what


def test_an_explanation_of_a_row_whose_write_was_erased_says_so(desk: Desk) -> None:
    with desk.open() as project, project.store.write() as conn:
        conn.execute(tables.intent.update().values(planned=retention.ERASED_WRITE, before_image=b"{}"))
    (told,) = desk.act(explain, "gp", "customer", "CONTOSO0001", "name").explanations
    found = told.fields[0].decisions[0].recomputed
    assert found is not None and (found.agrees, found.why) == (None, ERASED)


def test_after_an_erasure_the_next_sync_writes_nothing(desk: Desk) -> None:
    desk.act(ledger_erase, older_than=0, even_undo=True)
    assert written(desk.act(sync, full=True)) == 0
    assert len(desk.act(parked_list).entries) == 1
    desk.gp("CONTOSO0001", Name="Contoso North")
    assert written(desk.act(sync)) == 1
    assert desk.act(whatif, ["name=gp"], utc_now() - timedelta(days=9)).flows
    assert desk.act(ledger_verify).ok


def test_what_undo_may_need_is_kept_for_its_days(desk: Desk) -> None:
    done = desk.act(ledger_erase, older_than=0)
    assert sum(chain.payloads + chain.writes for chain in done.chains) == 0
    assert done.for_undo > 6
    with time_machine.travel(utc_now() + timedelta(days=31)):
        later = desk.act(ledger_erase, older_than=0)
    assert sum(chain.payloads + chain.writes for chain in later.chains) == done.for_undo - open_payloads(
        later
    )


def open_payloads(done) -> int:
    return sum(chain.kept.get("payloads of what is open", 0) for chain in done.chains)


def test_without_a_word_the_settings_say_how_long(desk: Desk) -> None:
    with pytest.raises(Misconfigured) as refused:
        desk.act(ledger_erase)
    assert refused.value.code == "usage"
    text = (desk.path / "gp365.toml").read_text("utf-8")
    desk.folder.write("gp365.toml", f"{text}\n[ledger]\nkeep_payloads_days = 90\n")
    assert sum(chain.payloads for chain in desk.act(ledger_erase).chains) == 0
    with time_machine.travel(utc_now() + timedelta(days=91)):
        assert sum(chain.payloads for chain in desk.act(ledger_erase).chains) > 3


def test_one_person_is_forgotten_by_either_key(desk: Desk) -> None:
    subject = ("gp", "customer", "contoso0001")
    tried = desk.act(ledger_erase, subject=subject, even_undo=True, dry_run=True, reason="asked by letter 12")
    assert texts(desk, "Contoso East") > 0
    done = desk.act(ledger_erase, subject=subject, even_undo=True, reason="asked by letter 12")
    assert done.chains == tried.chains and done.chains[0].writes == 2
    assert texts(desk, "Contoso East") == 0 and texts(desk, "CONTOSO LTD") == 0
    assert texts(desk, "Aaron Fitz") > 0
    assert desk.act(ledger_verify).ok
    again = desk.act(ledger_erase, subject=("sales", "account", "a1"), even_undo=True)
    assert sum(one.payloads + one.writes for one in again.chains) == 0
    assert texts(desk, "asked by letter 12") > 0


def texts(desk: Desk, text: str) -> int:
    """Count where a text stands in ledger, writes and their inputs."""
    with desk.open() as project, project.store.read() as conn:
        held = [
            value
            for table in (tables.ledger, tables.intent, tables.input_body)
            for row in conn.execute(table.select())
            for value in row
            if isinstance(value, bytes)
        ]
    return sum(text.encode() in value for value in held)


def test_a_record_that_no_flow_reads_is_refused(desk: Desk) -> None:
    with pytest.raises(Misconfigured) as refused:
        desk.act(ledger_erase, subject=("gp", "vendor", "X"))
    assert refused.value.code == "entity-unknown"
