"""Simulators for tests, begun in a fraction of the time: forked from a process that has loaded and warmed them once.

A simulator takes over a second of processor time to begin, nearly all of it for imports and for building metadata that
every world has in common, and the suite begins hundreds. What is forked is the same program with the same arguments.
Where the platform cannot fork (Windows), simulators begin as a process of their own, as everywhere outside these tests.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import pytest

from gp365.app.actions import simulators

MODULE = "gp365_sim"
QUICK = ("--dataverse-key-seconds", "0.1")
"""What simulators do sooner here than by themselves, unless a test says otherwise: the index of a key is built."""
_LOOK_S = 0.01
_FILES = 4096


class Born:
    """A forked process, with as much of `subprocess.Popen` as who starts simulators uses."""

    def __init__(self, pid: int, told: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._told = told
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        with self._lock, contextlib.suppress(BlockingIOError):
            if self.returncode is None:
                # The nursery writes the exit code when it has reaped the child; its own end is the child's, too.
                self.returncode = int(self._told.recv(16) or -signal.SIGKILL)
                self._told.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(MODULE, timeout or 0.0)
            time.sleep(_LOOK_S)
        return code

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Nursery:
    """The process that simulators are forked from; begun when the first one is wanted."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._lock = threading.Lock()

    def begin(
        self, command: Sequence[str], *, stdout: IO[bytes], start_new_session: bool = False, **_: Any
    ) -> Any:
        """Begin simulators in place of `subprocess.Popen`, which takes whatever else is begun."""
        if tuple(command[1:3]) != ("-m", MODULE):
            return subprocess.Popen(command, stdout=stdout, start_new_session=start_new_session, **_)
        with self._lock:
            line = self._line or self._open()
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            order = json.dumps({"argv": list(command[2:]), "session": start_new_session})
            with theirs:
                socket.send_fds(line, [order.encode()], [stdout.fileno(), theirs.fileno()])
            return Born(int(line.recv(32)), ours)

    def _open(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
            )
        self._line = ours
        return ours

    def close(self) -> None:
        if self._line is not None and self._process is not None:
            self._line.close()
            self._process.wait()


@contextmanager
def nursed() -> Generator[None]:
    """Have simulators of this process begun by a nursery while the block runs."""
    if not hasattr(os, "fork"):
        yield
        return
    nursery = Nursery()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulators, "begin_process", nursery.begin)
        yield
    nursery.close()


# inside the nursery


def _warm() -> None:
    """Begin and end simulators once: what they build on first use stands then for all who are forked."""
    for module in ("anyio._backends._asyncio", f"{MODULE}.__main__"):
        import_module(module)
    from gp365_sim.start import Order, run

    class _Up(BaseException):
        pass

    def up(_: Path) -> None:
        raise _Up

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, contextlib.suppress(_Up):
        run(Order(Path(folder)), up)


class _Children:
    """Who was forked, and where to tell how each ended."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.told: dict[int, tuple[socket.socket, bool]] = {}
        self.wake, self.bell = socket.socketpair()
        self.wake.setblocking(False)
        self.bell.setblocking(False)
        signal.set_wakeup_fd(self.bell.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def fork(self, order: dict[str, Any], log: int, told: int) -> None:
        pid = os.fork()
        if pid == 0:
            self._live(order, log, told)
        os.close(log)
        self.told[pid] = (socket.socket(fileno=told), bool(order["session"]))
        self.line.send(str(pid).encode())

    def _live(self, order: dict[str, Any], log: int, told: int) -> None:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if order["session"]:
                os.setsid()
            nothing = os.open(os.devnull, os.O_RDONLY)
            for number, into in ((nothing, 0), (log, 1), (log, 2)):
                os.dup2(number, into)
            os.closerange(3, _FILES)
            random.seed()
            sys.argv = [MODULE, *QUICK, *order["argv"][1:]]
            from gp365_sim.__main__ import main

            code = main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        except BaseException:  # noqa: BLE001 (as at the top of any program: it is printed)
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.wake.recv(4096)
        while self.told:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            told, _ = self.told.pop(pid)
            with told, contextlib.suppress(OSError):
                told.send(str(os.waitstatus_to_exitcode(status)).encode())

    def end(self) -> None:
        """End those who should not outlive the tests."""
        for pid, (_, stays) in self.told.items():
            if not stays:
                os.kill(pid, signal.SIGTERM)


def _nurse(line: socket.socket) -> None:
    _warm()
    if threading.active_count() > 1:
        raise RuntimeError(f"threads would not live in a fork: {threading.enumerate()}")
    gc.collect()
    gc.freeze()
    children = _Children(line)
    with selectors.DefaultSelector() as selector:
        selector.register(line, selectors.EVENT_READ)
        selector.register(children.wake, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is children.wake:
                    children.reap()
                    continue
                order, files, _, _ = socket.recv_fds(line, 65536, 2)
                if not order:
                    children.end()
                    return
                children.fork(json.loads(order), *files)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _nurse(socket.socket(fileno=int(sys.argv[1])))
