"""Runs a command of gp365 as a process that can die at any moment of a run, by its own hand or by its parent's.

CRASH in the environment is JSON: `ahead_s` sets the clock, `phase` names a file that says the last moment passed,
`counts` one that says at a regular end how often each was and when first, `kill` ([moment, occasion]) where it kills
itself, `plant` a rule that is taken out.
"""

from __future__ import annotations

import functools
import json
import os
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from gp365.app import project
from gp365.app.actions import replay, running, undo
from gp365.cli import main
from gp365.sync import judging, match, page, send, settle
from gp365.sync.undo import run as undo_run
from gp365.wire.connection import Connection

MOMENTS = (
    "opened",  # settings are read, both systems are described
    "observed",  # a feed page is stored
    "claimed",  # a page of subjects is claimed
    "opening",  # intents are written, not yet committed
    "intent",  # the page's intents are committed, nothing is sent
    "left",  # the bytes of a writing call have left
    "landed",  # the answer to a writing call has come, nobody has read it
    "answered",  # all writes of a page to one side are answered
    "sent",  # the page's writes are answered, nothing is recorded
    "recording",  # outcomes are written, not yet committed
    "recorded",  # the page's outcomes are committed
    "closed",  # the run is closed
)
_WIDTH = 16
_ANSWER_S = 10.0


class Moments:
    """Counts the moments that a run passes, and kills the process at one of them."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.counts: Counter[str] = Counter()
        self.first: dict[str, float] = {}
        self._kill = tuple(order.get("kill") or ())
        self._phase = Path(order["phase"]).open("wb", buffering=0)  # noqa: SIM115 (as long as the process)
        self._lock = Lock()

    def reach(self, moment: str) -> None:
        with self._lock:
            self.counts[moment] += 1
            self.first.setdefault(moment, time.monotonic())
            self._phase.seek(0)
            self._phase.write(moment.encode().ljust(_WIDTH))
            if self._kill == (moment, self.counts[moment]):
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def watch(moments: Moments) -> None:
    """Have every moment of a run told."""

    def probe() -> Callable[[str], None]:
        moments.reach("opened")
        return moments.reach

    running.probe_of = undo.probe_of = replay.probe_of = probe
    _after(page, "open_intents", moments, "opening")
    _after(undo_run, "open_intents", moments, "opening")
    _after(page, "record", moments, "recording")
    _after(undo_run, "_look_again", moments, "recording")
    _after(send, "_write", moments, "answered")
    _watch_calls(moments)


def _after(module: Any, name: str, moments: Moments, moment: str) -> None:
    act: Callable[..., Any] = getattr(module, name)

    @functools.wraps(act)
    def watched(*given: Any, **named: Any) -> Any:
        done = act(*given, **named)
        moments.reach(moment)
        return done

    setattr(module, name, watched)


def _watch_calls(moments: Moments) -> None:
    write, head = Connection._write, Connection._head
    writing: set[int] = set()

    def watched_write(at: Connection, data: bytes) -> OSError | None:
        failed = write(at, data)
        if is_writing(data):
            writing.add(id(at))
            moments.reach("left")
        return failed

    def watched_head(at: Connection, deadline: float) -> Any:
        if id(at) in writing:
            writing.discard(id(at))
            sock = at._socket
            if sock is not None and sock.fileno() >= 0 and select.select([sock], [], [], _ANSWER_S)[0]:
                moments.reach("landed")
        return head(at, deadline)

    Connection._write, Connection._head = watched_write, watched_head  # type: ignore[method-assign]


def is_writing(data: bytes) -> bool:
    """Tell whether a request writes rows: a batch may also only read, and a login writes nothing."""
    method, _, rest = data.partition(b" ")
    target, _, body = rest.partition(b" ")
    if target.endswith(b"/$batch"):
        return b"\nPATCH " in body or b"\nPOST " in body
    return method in (b"POST", b"PATCH") and b"/token" not in target


def plant(rule: str) -> None:
    """Take a rule of the engine out: our mark is looked for in settling, in matching, and where a key is taken."""
    if rule == "an open intent counts as done":
        settle._state = lambda *_: settle.SETTLED  # type: ignore[assignment]
    elif rule == "our mark is not looked for":
        settle._marked = lambda *_: False  # type: ignore[assignment]
        match._mark = lambda *_: "no mark"  # type: ignore[assignment]
        judging._is_ours = lambda *_: False  # type: ignore[assignment]
    else:
        raise SystemExit(f"no rule {rule!r} can be taken out")


def ahead(seconds: float) -> None:
    """Live so many seconds in the future."""
    later = timedelta(seconds=seconds)
    opened = project.open_project
    project.open_project = functools.partial(opened, clock=lambda: datetime.now(UTC) + later)  # type: ignore[assignment]


if __name__ == "__main__":
    order = json.loads(os.environ["CRASH"])
    watched = Moments(order)
    watch(watched)
    ahead(float(order.get("ahead_s", 0)))
    if order.get("plant"):
        plant(order["plant"])
    watched.reach("began")
    code = main(sys.argv[1:])
    watched.reach("ended")
    told = {
        "counts": watched.counts,
        "first": {name: at - watched.first["began"] for name, at in watched.first.items()},
    }
    Path(order["counts"]).write_text(json.dumps(told), "utf-8")
    sys.exit(code)
