"""The documents are what the commands say, and what commands print is what the schemas say."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import TypeAdapter

from app.actions_desk import Desk, make_desk
from cli.cli_desk import Answer, Shell
from gp365.cli.answers import ANSWERS, ErrorDocument

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_commands", ROOT / "tools" / "write_commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "project")


@pytest.fixture
def shell(desk: Desk) -> Shell:
    return Shell(desk.path)


def fits(answer: Answer, type_: type) -> Any:
    """Check that a printed document is exactly what its type says: nothing lacks, nothing is beside it."""
    adapter: TypeAdapter[Any] = TypeAdapter(type_)
    read = adapter.validate_json(answer.out)
    assert _times(json.loads(adapter.dump_json(read))) == _times(answer.json)
    return read


def _times(plain: Any) -> Any:
    """Moments may be written with Z or +00:00."""
    if isinstance(plain, dict):
        return {name: _times(part) for name, part in plain.items()}
    if isinstance(plain, list):
        return [_times(part) for part in plain]
    if isinstance(plain, str) and plain.endswith("+00:00"):
        return plain.removesuffix("+00:00") + "Z"
    return plain


def test_the_page_of_commands_and_the_schemas_are_up_to_date(tool: ModuleType) -> None:
    assert [str(path.relative_to(ROOT)) for path in tool.stale()] == []


def test_every_command_and_option_is_in_the_documents(tool: ModuleType) -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    names = {words for words, _ in tool.commands()}
    assert names == set(ANSWERS)
    for words, command in tool.commands():
        _, _, section = page.partition(f"## `gp365 {words}")
        section = section.partition("\n## ")[0]
        for each in command.params:
            assert each.name == "help" or (each.help and each.help in section), (words, each.name)
            assert all(
                option in section for option in each.opts if option.startswith("-") and option != "--help"
            )


def test_every_command_has_json(tool: ModuleType) -> None:
    for words, command in tool.commands():
        assert "--json" in {option for each in command.params for option in each.opts}, words


def test_what_commands_print_is_what_the_schemas_say(desk: Desk, shell: Shell) -> None:
    plans = desk.path / "plans" / "p.jsonl"
    for words, arguments in (
        ("plan", ("--out", str(plans), "--all")),
        ("apply", (str(plans),)),
        ("sync", ()),
        ("status", ()),
        ("history", ("--ledger",)),
        ("doctor", ()),
        ("flows list", ()),
        ("flows show", ("firms",)),
        ("flows check", ()),
        ("secret list", ()),
    ):
        answer = shell.json(*words.split(), *arguments)
        assert answer.code == 0, (words, answer)
        assert answer.err == ""
        fits(answer, ANSWERS[words])


def test_what_waits_for_a_person_is_printed_as_the_schemas_say(desk: Desk, shell: Shell) -> None:
    shell.json("sync")
    desk.gp("CONTOSO0001", Name="Contoso West")
    desk.sales("a1", name="Contoso East")
    assert fits(shell.json("sync"), ANSWERS["sync"]).exit_code == 1
    (entry,) = fits(shell.json("parked", "list"), ANSWERS["parked list"]).entries
    shown = fits(shell.json("parked", "show", str(entry.id)), ANSWERS["parked show"])
    assert shown.values == {"gp": "Contoso West", "sales": "Contoso East"}
    told = fits(shell.json("explain", "sales", "account", "a1"), ANSWERS["explain"])
    assert told.explanations[0].parked[0].id == entry.id
    assert fits(shell.json("parked", "retry", "--all"), ANSWERS["parked retry"]).retried == 1


def test_an_error_is_printed_as_the_schema_says(shell: Shell) -> None:
    for arguments in (("sync", "nowhere"), ("parked", "show", "99"), ("nonsense",), ("plan", "--limit", "x")):
        answer = shell.json(*arguments)
        assert answer.code == 2
        fits(answer, ErrorDocument)


def test_tables_for_people_are_plain_text_and_name_what_matters(desk: Desk, shell: Shell) -> None:
    planned = shell.run("plan", "--limit", "1")
    assert planned.code == 0
    assert "more records (--all shows them)" in planned.out
    assert "\x1b" not in planned.out
    assert "Contoso, Ltd." in shell.run("plan", "--all").out
    assert "the three counts agree" in shell.run("sync").out
    assert "first contact: gp wins" in shell.run("explain", "gp", "customer", "CONTOSO0001", "name").out
    assert "3" in shell.run("status").out
    assert shell.run("history", "--ledger").code == 0
    assert "Nothing is parked." in shell.run("parked", "list").out
    desk.gp("CONTOSO0001", Name="[bold]C[/bold] West")
    assert shell.run("sync").code == 0
    assert "[bold]C[/bold]" in shell.run("explain", "gp", "customer", "CONTOSO0001", "name").out


def test_global_options_stand_before_or_after_the_command(shell: Shell) -> None:
    before = shell.run("--json", "--pair", "main", "status")
    after = shell.run("status", "--json", "--pair", "main")
    assert before.json["flows"][0]["flow"] == after.json["flows"][0]["flow"] == "firms"
    assert shell.run("--version").out.startswith("gp365 ")


def test_the_help_is_quick_and_loads_no_engine() -> None:
    import subprocess
    import sys

    script = (
        "import sys\nfrom gp365.cli import main\nmain(['--help'])\n"
        "assert not {'sqlalchemy', 'pydantic', 'httpx2', 'rich.console'} & set(sys.modules), sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert "sync" in done.stdout
