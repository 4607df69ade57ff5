"""The signed report of a reconciliation: what it holds, and that no byte of it can be changed unnoticed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.actions_desk import Desk, make_desk
from gp365.app.actions.reconcile import reconcile, reconcile_key
from gp365.app.actions.reconcile_outputs import ReconcileOut
from gp365.app.actions.sync import sync
from gp365.app.reports.checking import verify_report
from gp365.app.reports.signing import IN_VAULT, PREFIX
from gp365.model.errors import Misconfigured
from gp365.store import ledger, vault


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = make_desk(tmp_path)
    desk.act(sync)
    return desk


def files(done: ReconcileOut) -> dict[str, Path]:
    return {Path(one).suffix: Path(one) for one in done.flows[0].files}


def document(done: ReconcileOut) -> dict[str, Any]:
    return json.loads(files(done)[".json"].read_bytes())


def test_systems_in_step_give_a_report_that_says_so(desk: Desk) -> None:
    done = desk.act(reconcile)
    held = document(done)
    assert done.exit_code == 0
    assert (
        held["verdict"] == "explained"
    )  # the new customer's number is not written to the account that it came from
    assert held["hashes"]["equal"] is True
    assert {one["side"]: one["read"] for one in held["sides"]} == {"gp": 3, "sales": 4}
    assert held["last_clean_run"]["clean"] is True
    assert held["actor"] == "ann@desk"
    assert sorted(files(done)) == [".html", ".json", ".sig", ".xlsx"]


def test_a_missing_record_ends_with_code_4_and_a_parked_one_with_1(desk: Desk) -> None:
    account = desk.account_named("Aaron Fitz")
    person = desk.person("sales")
    (key,) = [key for key, row in person.rows("account").items() if row["name"] == account["name"]]
    person.person_delete("account", key)
    person.close()
    done = desk.act(reconcile)
    assert done.exit_code == 4
    assert (done.flows[0].missing[0].kind, done.flows[0].missing[0].reason.why) == ("gone", "drift")
    desk.act(sync)
    assert desk.act(reconcile).exit_code == 1


def test_every_file_of_a_report_can_be_checked_with_the_public_key_alone(desk: Desk, tmp_path: Path) -> None:
    done, key = desk.act(reconcile), desk.act(reconcile_key)
    public = tmp_path / "auditor.pem"
    public.write_text(key.pem)
    for ending in (".json", ".html", ".xlsx", ".sig"):
        for given in (key.public_key, key.public_key.removeprefix(PREFIX), str(public)):
            told = verify_report(files(done)[ending], given)
            assert (told.agrees, told.exit_code, told.key_given) == (True, 0, True)
            assert told.fingerprint == key.fingerprint
            assert (told.pair, told.flow, told.verdict) == ("main", "firms", "explained")


def test_a_changed_byte_of_any_file_is_noticed(desk: Desk) -> None:
    held = files(desk.act(reconcile))
    for ending in (".json", ".html", ".xlsx"):
        path, right = held[ending], held[ending].read_bytes()
        for at in (len(right) // 3, len(right) - 1):
            path.write_bytes(right[:at] + bytes([right[at] ^ 1]) + right[at + 1 :])
            assert verify_report(path).exit_code == 4
            assert verify_report(held[".json"]).exit_code == 4
        path.write_bytes(right)
        assert verify_report(path).exit_code == 0


def test_a_report_that_somebody_else_signed_is_refused_by_the_key_that_is_known(desk: Desk) -> None:
    path = files(desk.act(reconcile))[".json"]
    own = desk.act(reconcile_key).public_key
    other = PREFIX + _base64(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert verify_report(path, own).exit_code == 0
    told = verify_report(path, other)
    assert (told.agrees, told.exit_code) == (False, 4)


def _base64(raw: bytes) -> str:
    import base64

    return base64.b64encode(raw).decode()


def test_what_is_no_key_and_a_report_without_signature_are_refused(desk: Desk) -> None:
    held = files(desk.act(reconcile))
    with pytest.raises(Misconfigured):
        verify_report(held[".json"], "no key")
    held[".sig"].unlink()
    with pytest.raises(Misconfigured):
        verify_report(held[".json"])


def test_a_copied_page_beside_another_report_is_refused(desk: Desk) -> None:
    first, second = files(desk.act(reconcile)), files(desk.act(reconcile))
    assert first[".json"] != second[".json"]
    second[".html"].write_bytes(first[".html"].read_bytes() + b"<!-- -->")
    assert verify_report(second[".html"]).exit_code == 4
    assert verify_report(first[".html"]).exit_code == 0


def test_names_are_texts_whatever_they_begin_with(desk: Desk) -> None:
    desk.gp("CONTOSO0001", Name="=1+1 <b>&")
    held = files(desk.act(reconcile))
    page = held[".html"].read_text("utf-8")
    assert "=1+1 &lt;b&gt;&amp;" in page
    assert "<b>" not in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    with zipfile.ZipFile(held[".xlsx"]) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
        names = book.read("xl/workbook.xml").decode()
    assert all("<f>" not in sheet for sheet in sheets)
    assert any("=1+1 &lt;b&gt;&amp;" in sheet for sheet in sheets)
    for name in ("Summary", "Totals", "Differences", "Singles"):
        assert f'name="{name}"' in names


def test_the_private_key_stays_in_the_vault(desk: Desk) -> None:
    done = desk.act(reconcile)
    first, second = desk.act(reconcile_key), desk.act(reconcile_key)
    assert first == second
    with desk.open() as project:
        key = vault.open_key(project.store, project.ring)
        with project.store.read() as conn:
            private = vault.get_secret(conn, key, IN_VAULT)
    for path in (*files(done).values(), *(desk.path / ".gp365").rglob("*")):
        assert not path.is_file() or private.encode() not in path.read_bytes()


def test_the_ledger_names_the_digest_of_the_report(desk: Desk) -> None:
    done = desk.act(reconcile)
    with desk.open() as project, project.store.read() as conn:
        (row,) = ledger.history(conn, kinds=["reconcile"])
        assert ledger.verify(conn).broken_at is None
    assert ledger.decode(row)["report"] == done.flows[0].digest
    assert row.disposition == "explained"


def test_a_sample_stands_in_the_report_with_all_values(desk: Desk) -> None:
    held = document(desk.act(reconcile, sample=2))
    assert len(held["sample"]) == 2
    assert held["sample_seed"]
    assert set(held["sample"][0]["fields"]) == set(held["compared"])
