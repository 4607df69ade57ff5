"""What goes to the terminal: one JSON document, tables for people, progress and errors on standard error.

Nothing here fails because a console cannot show a character, and no error text leaves without being redacted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

import orjson

from gp365.model.errors import Gp365Error
from gp365.wire.redact import redact

if TYPE_CHECKING:
    from rich.console import Console

    from gp365.app.actions.running import Progress

PLAIN_WIDTH = 120
_EVERY_S = 2.0
_BARS = 3  # older ones are hidden


def prepare_streams() -> None:
    """Let streams replace what their encoding cannot hold (a Windows console with code page 1252)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def console(stream: TextIO | None = None) -> Console:
    """Return a console on a stream (standard output); into a pipe it writes plain text of a fixed width."""
    from rich.console import Console

    file = stream or sys.stdout
    width = None if file.isatty() else PLAIN_WIDTH
    return Console(file=file, width=width, highlight=False, emoji=False, soft_wrap=False)


def write_json(document: Any) -> None:
    """Write one JSON document to standard output, as UTF-8."""
    text = orjson.dumps(document, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text.decode())
    else:
        sys.stdout.flush()
        buffer.write(text)
        buffer.flush()


def _plain(value: object) -> Any:
    if isinstance(value, Decimal | date | datetime):
        return str(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    raise TypeError(type(value).__name__)


def write_error(error: Gp365Error, *, as_json: bool) -> None:
    """Show an error: what, where, which value, and the fix."""
    told = {name: redact(str(value)) for name, value in error.as_dict().items()}
    if as_json:
        write_json({"error": told})
        return
    sys.stderr.write(f"gp365: {told['message']} [{told['code']}]\n")
    for name in ("system", "record", "field", "value"):
        if told[name]:
            sys.stderr.write(f"  {name:<7} {told[name]}\n")
    if told["fix"]:
        sys.stderr.write(f"  fix     {told['fix']}\n")


@contextmanager
def progress_shown(*, quiet: bool = False) -> Generator[Progress]:
    """Give a progress callback: bars on a terminal, now and then a line elsewhere, nothing when quiet."""
    if os.environ.get("GP365_ACTION"):
        yield _Lines()  # for the service, which shows it to whoever gave the command
    elif quiet:
        yield _nothing
    elif sys.stderr.isatty():
        with _bars() as callback:
            yield callback
    else:
        yield _Lines()


def _nothing(what: str, done: int, total: int) -> None:
    del what, done, total


@contextmanager
def _bars() -> Generator[Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(
        *columns,
        console=console(sys.stderr),
        transient=True,
        redirect_stdout=False,  # else standard output would come out at standard error
        redirect_stderr=False,
    ) as shown:

        def callback(what: str, done: int, total: int) -> None:
            name = what if done or total else ""  # steps without a count share one line
            if name not in tasks:
                for old in list(tasks.values())[:-_BARS]:
                    shown.update(old, visible=False)
                tasks[name] = shown.add_task(what, total=None)
            shown.update(tasks[name], description=what, completed=done, total=total or None)

        yield callback


class _Lines:
    """Progress as lines, at most one in two seconds."""

    def __init__(self) -> None:
        from time import monotonic

        self._now = monotonic
        self._last = monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._now() - self._last >= _EVERY_S:
            self._last = self._now()
            number = f" {done}{f' of {total}' if total else ''}" if done or total else ""
            sys.stderr.write(f"{what}{number}\n")
            sys.stderr.flush()
