"""The log: a JSON object per line with what it is about, without secrets, turned when it has grown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gp365.app.log import About, LogFile
from gp365.wire.calls import LogLine
from gp365.wire.redact import register_secret

CANARY = 'CANARY-"quoted"-7f3a9c'


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "gp365.log").read_text("utf-8").splitlines()]


def test_every_line_says_how_bad_it_is_and_what_it_is_about(tmp_path: Path) -> None:
    log = LogFile(tmp_path)
    log.note("page", about=About(run="r1", pair="main", flow="firms", key="AARON"), planned=3)
    log.note("error", trail="a\nb")
    log.call(
        LogLine(datetime(2026, 1, 1, tzinfo=UTC), "gp", "GET", "https://x/", 1, 0, 0.1, 0, "unreachable")
    )
    log.close()
    page, error, call = lines(tmp_path)
    assert {name: page[name] for name in ("level", "what", "run", "pair", "flow", "key", "planned")} == {
        "level": "info",
        "what": "page",
        "run": "r1",
        "pair": "main",
        "flow": "firms",
        "key": "AARON",
        "planned": 3,
    }
    assert (error["level"], error["trail"]) == ("error", "a\nb")
    assert "run" not in error
    assert (call["level"], call["system"], call["failure"]) == ("warning", "gp", "unreachable")


@pytest.mark.parametrize(
    "facts",
    [
        {"headers": {"authorization": f"Bearer {CANARY}", "Cookie": "a=b"}},
        {"text": f"Authorization: Basic {CANARY}"},
        {"client_secret": CANARY},
        {"key": CANARY, CANARY: "name"},
        {"many": [CANARY, {"deep": (CANARY,)}], "object": Path(CANARY)},
    ],
)
def test_a_line_stays_json_whatever_is_masked_in_it(tmp_path: Path, facts: dict[str, Any]) -> None:
    register_secret(CANARY)
    log = LogFile(tmp_path)
    log.note("said", **facts)
    log.close()
    [line] = lines(tmp_path)
    assert line["what"] == "said"
    assert CANARY not in str(line)
    assert "CANARY" not in (tmp_path / "gp365.log").read_text("utf-8")


def test_a_log_that_has_grown_is_turned_and_the_last_few_are_kept(tmp_path: Path) -> None:
    log = LogFile(tmp_path, limit_bytes=500, kept=3)
    for number in range(60):
        log.note("line", number=number)
    log.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "gp365.log",
        "gp365.log.1",
        "gp365.log.2",
        "gp365.log.3",
    ]
    kept = [json.loads(line)["number"] for n in ("3", "2", "1") for line in _of(tmp_path, f"gp365.log.{n}")]
    kept += [one["number"] for one in lines(tmp_path)]
    assert kept == list(range(kept[0], 60))


def test_a_log_that_another_process_keeps_open_grows_on_instead_of_failing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "in use")  # what Windows answers

    monkeypatch.setattr(Path, "replace", refused)
    log = LogFile(tmp_path, limit_bytes=500)
    for number in range(60):
        log.note("line", number=number)
    log.close()
    assert [one["number"] for one in lines(tmp_path)] == list(range(60))


def _of(folder: Path, name: str) -> list[str]:
    return (folder / name).read_text("utf-8").splitlines()
