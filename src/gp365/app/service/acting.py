"""Commands that were given while the service holds the folder: each is run as a process of its own, one at a time.

A process, so that it has the folder, the words and the output that it would have had, and so that its faults are its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import IO

import orjson

from gp365.app.project import Project
from gp365.model.errors import Misconfigured, Retry
from gp365.store import actions
from gp365.store.actions import Action

VARIABLE = "GP365_ACTION"
REPEATABLE = frozenset({"sync"})
"""Commands that may simply be done again when the service did not live to see their end: what is in step stays so."""
_WAIT_S = 0.2
_OURS = 6


def run_action(project: Project, action: Action, halt: Callable[[], bool], patience_s: float) -> int | None:
    """Run a waiting command and keep its answer; its exit code, or None if it does not wait any more.

    When `halt` says so it is given `patience_s` to end, and then stopped.
    """
    with project.store.write() as conn:
        if not actions.take(conn, action.id):
            return None
    try:
        process = _begin(project.folder, action)
    except OSError as error:
        _end(project, action, actions.FAILED, _refusal(f"It could not be begun: {error.strerror}."), _OURS)
        return _OURS
    out: list[str] = []
    readers = [
        Thread(target=lambda: out.append(_whole(process.stdout)), daemon=True),
        Thread(target=_tell, args=(project, action, process.stderr), daemon=True),
    ]
    for reader in readers:
        reader.start()
    _wait(process, halt, patience_s)
    for reader in readers:
        reader.join(timeout=5)
    answer = "".join(out).encode()
    code = process.returncode
    whole = code >= 0 and _is_document(answer)
    text = answer if whole else _refusal(f"The command ended with {code} and without an answer.")
    _end(project, action, actions.DONE if whole else actions.FAILED, text, code if whole else _OURS)
    return code


def work_for_service(project: Project, environ: Mapping[str, str] = os.environ) -> None:
    """In the process of a command that the service runs: work under its lock, in the name of who gave the command.

    Misconfigured("folder-locked") where no living service has such a command under way.
    """
    with project.store.read() as conn:
        action = actions.get(conn, environ.get(VARIABLE, ""))
    if action is None or action.state != actions.RUNNING or not project.serving():
        raise Misconfigured("folder-locked", f"{VARIABLE} names no command that a service has under way.")
    project.actor, project.served = action.actor, True


def settle_orphans(project: Project) -> None:
    """Take care of what an earlier service began and did not end: done again, or told as broken off."""
    with project.store.write() as conn:
        for one in actions.orphans(conn):
            if one.command in REPEATABLE:
                actions.again(conn, one.id)
            else:
                actions.end(
                    conn,
                    one.id,
                    actions.FAILED,
                    answer=_refusal("The service ended meanwhile."),
                    exit_code=_OURS,
                )


def words_of(action: Action, folder: Path) -> list[str]:
    """Give the command line under which an action runs: the service's own folder, and always a JSON document."""
    return ["-C", str(folder), "--json", *without_folder(action.arguments)]


def without_folder(arguments: Sequence[str]) -> list[str]:
    """Drop -C, --folder and --json from a command's words."""
    kept: list[str] = []
    skip = False
    for word in arguments:
        if skip:
            skip = False
        elif word in ("-C", "--folder"):
            skip = True
        elif word != "--json" and not word.startswith("--folder=") and not _is_joined(word):
            kept.append(word)
    return kept


def _is_joined(word: str) -> bool:
    return word.startswith("-C") and len(word) > 2


def _begin(folder: Path, action: Action) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  our own program, with the words that a command was given
        [sys.executable, "-m", "gp365", *words_of(action, folder)],
        cwd=action.folder if Path(action.folder).is_dir() else folder,
        env={**os.environ, VARIABLE: action.id, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def _whole(stream: IO[str] | None) -> str:
    return stream.read() if stream is not None else ""


def _tell(project: Project, action: Action, stream: IO[str] | None) -> None:
    for line in stream or ():
        if line.strip():
            with project.store.write() as conn:
                actions.tell(conn, action.id, line.strip())


def _wait(process: subprocess.Popen[str], halt: Callable[[], bool], patience_s: float) -> None:
    left = patience_s
    while True:
        try:
            process.wait(_WAIT_S)
            return
        except subprocess.TimeoutExpired:
            left -= _WAIT_S if halt() else 0
            if left <= 0:
                process.kill()


def _is_document(answer: bytes) -> bool:
    try:
        orjson.loads(answer)
    except orjson.JSONDecodeError:
        return False
    return True


def _refusal(message: str) -> bytes:
    return orjson.dumps({"error": Retry("action-broken-off", message).as_dict()})


def _end(project: Project, action: Action, state: str, answer: bytes, code: int) -> None:
    with project.store.write() as conn:
        actions.end(conn, action.id, state, answer=answer, exit_code=code)
