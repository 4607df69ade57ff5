"""Write docs/commands.md and the JSON Schemas of all answers from the commands themselves.

python tools/write_commands.py          writes them
python tools/write_commands.py --check  ends 1 if one is not as it would be written
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from gp365.cli.answers import ANSWERS, schemas
from gp365.cli.program import app

ROOT = Path(__file__).resolve().parents[1]
BEGINNING = """\
# Commands

Generated from the commands by `tools/write_commands.py`.

A command works on a project folder: the one of `-C DIR`, else of the variable `GP365_DIR`, else the current one.
`-C`, `--json` and `--pair` may stand before the command's name or after it. With `--json` a command prints exactly one
JSON document on standard output and everything else on standard error; an error is
`{"error": {"code", "message", "system", "record", "field", "value", "fix"}}`. The schemas are in `docs/json`.

## Exit codes

| code | meaning |
|---|---|
| 0 | done |
| 1 | done, and records are parked, rejected, waiting, or still to be tried again |
| 2 | the command or the settings are wrong (also an unknown company, a faulty flow or lookup) |
| 3 | a system is unreachable or refuses us |
| 4 | the three counts of a run, a reconciliation, or the check of a report do not agree; a write, read back, is not there |
| 5 | stopped for a person: a guard holds something, a plan whose records have moved, or of another version of its flow |
| 6 | an error of gp365 itself, or a full disk |
| 130 | interrupted; the progress is kept |

Where several apply, the first of 6, 4, 3, 2, 5, 1 counts. `plan` ends 0 with or without changes; `demo` ends 0 when
exactly the planned conflict is parked and exactly the planned record is rejected.

## Plan files

`plan --out FILE` of one flow writes FILE. Of several flows it writes one file each, with the flow's name put before the
ending: `first.jsonl` becomes `first.customers.jsonl` and `first.customer_cards.jsonl` (with several pairs also the
pair's name). `apply first.jsonl` takes them all. Only the flows whose files are given are run. What follows from an
approved line is done with it: a customer that GP completes from its class, its card, a parent that it waited for.

## For tests

`GP365_HOLD_AT="POINT:FILE"` makes a run write FILE when it reaches the point (observed, claimed, intent, sent, recorded,
verified, closed) and then wait for ever, so that a test can kill it there.

"""


def page() -> str:
    """Return docs/commands.md."""
    return BEGINNING + "\n".join(line for words, command in commands() for line in _section(words, command))


def commands() -> Iterator[tuple[str, Any]]:
    """Give every command with its words, in order."""
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from ((f"{name} {inner}", each) for inner, each in command.commands.items())
        else:
            yield name, command


def _section(words: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and each.name != "help"]
    yield f"## `gp365 {' '.join([words, *(_shown(each) for each in arguments)])}`"
    yield ""
    yield command.help
    yield ""
    yield "| argument or option | meaning |"
    yield "|---|---|"
    for each in arguments:
        yield f"| `{_shown(each)}` | {each.help} |"
    for each in options:
        yield f"| `{', '.join(each.opts)}` | {each.help}{_default(each)} |"
    yield ""
    yield f"With `--json`: `docs/json/{words.replace(' ', '-')}.schema.json`."
    yield ""


def _shown(argument: Any) -> str:
    name = argument.metavar or str(argument.name).upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _default(option: Any) -> str:
    return "" if option.default in (None, "", False) or option.is_flag else f" Default: {option.default}."


def pages() -> dict[Path, str]:
    """Return every generated file with its text."""
    found = {ROOT / "docs" / "commands.md": page()}
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        found[ROOT / "docs" / "json" / f"{name}.schema.json"] = text
    return found


def stale() -> list[Path]:
    """Name the generated files that are not as they would be written."""
    return [path for path, text in pages().items() if not path.exists() or path.read_text("utf-8") != text]


def main() -> int:
    """Write or check the files."""
    old = stale()
    if "--check" in sys.argv:
        for path in old:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run python tools/write_commands.py\n")
        return 1 if old else 0
    written = pages()
    for path in old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written[path], "utf-8", newline="\n")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    assert {words for words, _ in commands()} == set(ANSWERS)
    sys.exit(main())
