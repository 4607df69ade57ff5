"""The ledger's commands on simulated systems: every written value comes out again, and what is erased stays provable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from cli.cli_desk import Shell, Site


def synced(site: Site, tmp_path: Path) -> Shell:
    """Both systems in step, and one address changed in Sales afterwards."""
    site.reset()
    assert site.json("provision", "apply").code == 0
    shell = site.project(tmp_path / "ledger")
    assert shell.json("sync").code in (0, 1)
    (west, *_) = [
        row for row in site.rows("dataverse", "accounts") if row.get("accountnumber") == "WESTSIDE0001"
    ]
    site.put("dataverse", "accounts", west["accountid"], address1_city="Springfield")
    assert shell.json("sync").code in (0, 1)
    return shell


def written(explained: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in explained["explanations"]:
        for field in one["fields"]:
            for decision in field["decisions"]:
                if decision["recomputed"] is not None:
                    yield field["field"], decision["recomputed"]


@pytest.mark.proof
def test_every_value_that_was_written_is_recomputed_from_the_ledger(site: Site, tmp_path: Path) -> None:
    shell = synced(site, tmp_path)
    seen: list[tuple[str, str, dict[str, Any]]] = []
    for row in site.rows("gp", "RM00101"):
        told = shell.json("explain", "gp", "customer", row["CUSTNMBR"].strip())
        if told.code == 0:
            seen += [(row["CUSTNMBR"], field, one) for field, one in written(told.json)]
    wrong = [one for one in seen if one[2]["agrees"] is not True]
    assert len(seen) > 100
    assert wrong == []
    shown = shell.run("explain", "gp", "customer", "WESTSIDE0001")
    assert "recomputed, agrees" in shown.out and "Springfield" in shown.out


def test_the_ledger_is_proved_exported_emptied_and_replayed(site: Site, tmp_path: Path) -> None:
    shell = synced(site, tmp_path)
    holds = shell.json("ledger", "verify")
    assert holds.code == 0 and holds.json["ok"] and holds.json["rows"] > 5
    file = tmp_path / "ledger.jsonl"
    assert shell.json("ledger", "export", "--out", str(file)).json["rows"] == holds.json["rows"]
    assert shell.run("ledger", "export").out.count("\n") == file.read_bytes().count(b"\n")
    assert (
        Shell(tmp_path).json("ledger", "verify", "--from-export", str(file)).json["chains"]
        == holds.json["chains"]
    )

    lines = file.read_bytes().splitlines(keepends=True)
    row = orjson.loads(lines[2])
    lines[2] = orjson.dumps(row | {"actor": "somebody else"}) + b"\n"
    file.write_bytes(b"".join(lines))
    broken = Shell(tmp_path).run("ledger", "verify", "--from-export", str(file))
    assert broken.code == 4 and "line 3" in broken.out and "the row was changed" in broken.out

    before = shell.json("ledger", "erase", "--older-than", "0", "--even-undo", "--dry-run").json
    done = shell.json("ledger", "erase", "--older-than", "0", "--even-undo").json
    assert [one["payloads"] for one in done["chains"]] == [one["payloads"] for one in before["chains"]]
    again = shell.json("ledger", "verify")
    assert again.code == 0 and again.json["erased"] == sum(one["payloads"] for one in done["chains"]) > 0
    explained = shell.run("explain", "gp", "customer", "WESTSIDE0001")
    assert explained.code == 0 and "cannot be explained" in explained.out

    tried = shell.json("replay", "--record", "gp", "customer", "WESTSIDE0001")
    assert [flow["writes"] for flow in tried.json["flows"]] == [0] * len(tried.json["flows"])
    assert tried.json["flows"]
    requests = site.requests("dataverse", 0)[-1]["n"]
    assert shell.json("replay", "--record", "gp", "customer", "WESTSIDE0001", "--apply").code == 0
    assert {one["method"] for one in site.requests("dataverse", requests)} <= {"GET", "POST"}
    assert "in step" in shell.run("replay", "--record", "gp", "customer", "WESTSIDE0001").out
