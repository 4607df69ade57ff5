"""gp import-help as a command: one document with --json, a plain table without, exit code 2 for what is no help page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from cli.cli_desk import Shell
from gp365.cli.answers import ANSWERS
from gp365_sim.gp.helppage import help_page


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path / "project")
    made.json("init")
    return made


def test_a_saved_page_becomes_lines_of_the_settings(shell: Shell, tmp_path: Path) -> None:
    page = tmp_path / "help.html"
    page.write_text(help_page("DefaultTenant"), "utf-8")
    answer = shell.json("gp", "import-help", str(page))
    adapter: TypeAdapter[Any] = TypeAdapter(ANSWERS["gp import-help"])
    assert answer.code == 0 and answer.err == ""
    assert json.loads(adapter.dump_json(adapter.validate_json(answer.out))) == answer.json
    assert not answer.json["written"]
    shown = shell.run("gp", "import-help", str(page))
    assert "[systems.gp.resources.customer]" in shown.out and 'key = ["CustomerNumber"]' in shown.out
    assert max(len(line) for line in shown.out.splitlines()) <= 120
    before = (shell.folder / "gp365.toml").read_text("utf-8")
    assert shell.run("gp", "import-help", str(page), "--write").code == 0
    after = (shell.folder / "gp365.toml").read_text("utf-8")
    assert after.startswith(before.rstrip()) and "[systems.gp.resources.customer]" in after
    assert shell.json("flows", "list").code == 0


def test_what_is_no_help_page_ends_with_2_and_a_fix(shell: Shell, tmp_path: Path) -> None:
    page = tmp_path / "login.html"
    page.write_text("<html><title>Sign in</title></html>", "utf-8")
    for arguments in ((str(page),), (str(tmp_path / "nowhere.html"),), (str(tmp_path),)):
        answer = shell.json("gp", "import-help", *arguments)
        assert answer.code == 2
        assert answer.error["code"] == "usage" and answer.error["fix"]
