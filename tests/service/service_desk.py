"""A desk with a running service: people edit in two systems of memory, and see what arrives on the other side."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.actions_desk import Desk, make_desk
from app.app_folder import SETTINGS
from gp365.app.project import Project
from gp365.app.service.service import Service
from gp365.cli import main
from gp365.store import hints
from gp365.store.hints import Hint

FAST = "poll = {shortest_s = 1.0, longest_s = 1.0}\n"
SELDOM = "poll = {shortest_s = 3600.0, longest_s = 3600.0}\n"


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Served:
    """A desk, its project as the service has it open, and the service."""

    desk: Desk
    project: Project
    service: Service

    def hint(self, table: str, key: str, system: str = "gp") -> None:
        """Tell the service of a record, as its door does."""
        with self.project.store.write() as conn:
            hints.keep(conn, [Hint(system, table, key, "Update", "", "", datetime.now(UTC))])
        self.service.wake()

    def quiet(self) -> None:
        until(self.service.is_quiet)


def until(true: Callable[[], Any], timeout_s: float = 60) -> float:
    """Wait until something is true; how long that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < timeout_s
        time.sleep(0.02)
    return time.monotonic() - began


def desk_with(path: Path, service: str, first_sync: str = "service") -> Desk:
    """Make a desk whose settings have this [service] table; usually the service begins flows by itself."""
    path.mkdir(parents=True, exist_ok=True)
    desk = make_desk(path)
    desk.folder.write("gp365.toml", f'{SETTINGS}\n[service]\nfirst_sync = "{first_sync}"\n{service}')
    return desk


@contextmanager
def served(desk: Desk, **named: Any) -> Iterator[Served]:
    """Run the service of a desk for the block, once it has done what there was to do."""
    with desk.open() as project:
        service = Service(project, **named)
        service.start()
        try:
            made = Served(desk, project, service)
            made.quiet()
            yield made
        finally:
            assert service.stop(60)


def command(desk: Desk, *arguments: str) -> Answer:
    """Give a command as a person does at the same machine."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["-C", str(desk.path), *arguments])
    return Answer(code, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
