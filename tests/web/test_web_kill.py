"""A door that is killed under load: whatever it had answered 200 is there, whatever it had not may be sent again."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID

from door_desk import context

from gp365.store import hints
from gp365.store.engine import open_store

CODE = "code-of-the-door-of-this-test"
KILLS = 4


@contextmanager
def _door(folder: Path, name: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = folder / name
    child = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("door_child.py")), str(folder / "gp365.db"), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DOOR_CODE": CODE},
    )
    try:
        end = monotonic() + 60
        while not port.exists():
            assert child.poll() is None and monotonic() < end
            sleep(0.02)
        yield child, int(port.read_text())
    finally:
        child.kill()
        child.communicate()


def _send(port: int, keys: list[str], answered: set[str]) -> None:
    """Post one key after the other until the door is gone."""
    line = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        for key in keys:
            line.request("POST", f"/hooks/sales?code={CODE}", json.dumps(context(PrimaryEntityId=key)))
            answer = line.getresponse()
            answer.read()
            if answer.status == 200:
                answered.add(key)
    except (OSError, HTTPException):
        return
    finally:
        line.close()


def test_no_webhook_that_was_answered_is_lost_when_the_door_is_killed(tmp_path: Path) -> None:
    chance = random.Random(365)
    answered: set[str] = set()
    for kill in range(KILLS):
        keys = [str(UUID(int=chance.getrandbits(128))) for _ in range(4000)]
        with _door(tmp_path, f"port-{kill}") as (child, port):
            senders = [
                threading.Thread(target=_send, args=(port, keys[one::8], answered)) for one in range(8)
            ]
            before = len(answered)
            for sender in senders:
                sender.start()
            wanted, end = before + chance.randint(5, 120), monotonic() + 30
            while len(answered) < wanted and monotonic() < end:
                sleep(0.001)
            child.kill()
            for sender in senders:
                sender.join()
            assert len(answered) > before
    store = open_store(tmp_path / "gp365.db")
    with store.read() as conn:
        kept = {one.key for one in hints.take(conn, "sales", 100_000)}
    store.close()
    assert answered <= kept
