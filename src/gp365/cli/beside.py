"""A command that writes, beside a running service: it is handed over, its progress shown, and its answer printed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gp365.cli.output import console, progress_shown, write_error
from gp365.model.errors import Gp365Error, Misconfigured, Retry

if TYPE_CHECKING:
    from gp365.app.project import Project
    from gp365.store.actions import Action

HANDED_OVER = frozenset(
    {
        "apply",
        "sync",
        "undo",
        "replay",
        "parked retry",
        "parked resolve",
        "requests approve",
        "requests refuse",
        "unkept end",
        "ledger erase",
        "provision apply",
        "provision remove",
    }
)
"""What a service runs for a person. Commands that carry a secret are not among them."""
_GROUPS = frozenset(
    {"parked", "requests", "unkept", "ledger", "provision", "secret", "webhooks", "reconcile", "flows", "gp"}
)
_WITH_VALUE = frozenset({"-C", "--folder", "--pair"})
_LOOK_S = 0.2


def command_of(given: Sequence[str]) -> str:
    """Name the command of a command line, such as `sync` or `parked retry`; "" where there is none."""
    words: list[str] = []
    skip = False
    for word in given:
        if skip:
            skip = False
        elif word in _WITH_VALUE:
            skip = True
        elif not word.startswith("-"):
            words.append(word)
            if words[0] not in _GROUPS or len(words) == 2:
                return " ".join(words)
    return ""


def hand_over(given: Sequence[str], folder: Path | None, *, as_json: bool) -> int | None:
    """Have a living service run a command; its exit code. None if there is no service, or it does not run this one."""
    from gp365.app.project import open_project

    command = command_of(given)
    if command not in HANDED_OVER or os.environ.get("GP365_ACTION"):
        return None
    with open_project(folder) as project:
        if not project.serving():
            return None
        done = _followed(project, _kept(project, command, given), as_json)
    return _answered(done, as_json)


def _kept(project: Project, command: str, given: Sequence[str]) -> str:
    from gp365.store import actions

    with project.store.write() as conn:
        return actions.put(conn, command, given, folder=str(Path.cwd()), actor=project.actor)


def _followed(project: Project, id: str, as_json: bool) -> Action:
    """Show how far the command is until it has ended; an interruption leaves it to the service."""
    from gp365.store import actions

    limit = project.settings.service.action_wait_s
    began, told = time.monotonic(), False
    try:
        with progress_shown(quiet=as_json) as progress:
            while True:
                with project.store.read() as conn:
                    found = actions.get(conn, id)
                if found is None or found.ended:
                    break
                progress(found.progress or "gp365 serve does it", 0, 0)
                waited = time.monotonic() - began
                if found.state == actions.WAITING and limit and waited > limit and _withdrawn(project, id):
                    raise Retry("service-busy", f"gp365 serve did not take it up within {limit:g} s.")
                if not told and waited > 5 and not project.serving():
                    told = True
                    sys.stderr.write("gp365: the service has ended; its next start does this command.\n")
                time.sleep(_LOOK_S)
    except KeyboardInterrupt:
        sys.stderr.write("gp365: the service goes on with it; `gp365 history` shows what it did.\n")
        raise
    if found is None:
        raise Misconfigured("usage", "The command was forgotten by the service.")
    return found


def _withdrawn(project: Project, id: str) -> bool:
    from gp365.store import actions

    with project.store.write() as conn:
        return actions.withdraw(conn, id)


def _answered(done: Action, as_json: bool) -> int:
    import orjson

    code = 6 if done.exit_code is None else done.exit_code
    if as_json:
        sys.stdout.write(done.answer.decode())
        if not done.answer.endswith(b"\n"):
            sys.stdout.write("\n")
        return code
    document: dict[str, Any] = orjson.loads(done.answer)
    if set(document) == {"error"}:
        told: Mapping[str, str] = document["error"]
        write_error(Gp365Error(told["code"], told["message"], **_places(told)), as_json=False)
    else:
        _show(done.command, document)
    return code


def _places(told: Mapping[str, str]) -> dict[str, str]:
    return {name: told.get(name, "") for name in ("system", "record", "field", "value", "fix")}


def _show(command: str, document: Mapping[str, Any]) -> None:
    """Show an answer as the command itself would; one that cannot be read back is shown as it came."""
    from pydantic import TypeAdapter, ValidationError

    from gp365.cli.answers import ANSWERS
    from gp365.cli.shown import shown_by

    try:
        told = TypeAdapter(ANSWERS[command]).validate_python(document)
    except ValidationError:
        console().print_json(data=document)
        return
    shown_by(command)(console(), told)
