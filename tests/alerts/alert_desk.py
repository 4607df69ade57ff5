"""What tests of alerts share: a project, a clock moved by hand, what stands, and receivers of HTTP and mail."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from app.app_folder import SETTINGS, make_folder
from gp365.app.actions.running import Ran
from gp365.app.alerts.channels import Channel, Sent
from gp365.app.alerts.watch import Watch
from gp365.app.project import Project, open_project
from gp365.app.service.standing import FlowStanding, Standing, SystemStanding
from gp365.sync.equation import Report, SideReport

CHANNEL = """
[alerts]
{more}
[alerts.channels.desk]
address = {{file = "secrets/desk"}}
"""
BEGAN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class HandClock:
    """A clock that moves only when it is told to."""

    def __init__(self, at: datetime = BEGAN) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at


@dataclass
class ListChannel:
    """A channel that keeps what it is given; while `broken` it takes nothing."""

    got: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    broken: bool = False
    tried: int = 0

    def send(self, title: str, body: str, *, good: bool) -> Sent:
        del good
        self.tried += 1
        if self.broken:
            return Sent("no connection")
        self.got.append((title, body))
        return Sent()

    @property
    def titles(self) -> list[str]:
        return [title for title, _ in self.got]


@dataclass
class Desk:
    """A project whose alerts are looked at."""

    folder: Path
    clock: HandClock
    project: Project
    channel: ListChannel
    watch: Watch
    began: datetime = BEGAN

    def look(
        self,
        *flows: FlowStanding,
        systems: tuple[SystemStanding, ...] = (),
        ran: Ran | None = None,
        **more: Any,
    ):
        standing = Standing(self.clock(), self.began, flows, systems, **more)
        made = self.watch.look(standing, ran, self.clock())
        self.watch.deliver()
        return made

    def after(self, seconds: float, *flows: FlowStanding, **more: Any):
        """Let time pass and look."""
        self.clock.forward(seconds)
        return self.look(*flows, **more)

    def restart(self, more: str = "") -> None:
        """Open the project and the watch anew, as a new process would."""
        self.close()
        if more:
            write_settings(self.folder, more)
        self.project = self.reopened()
        self.watch = Watch(self.project, open_channel=self._open)
        self.began = self.clock()

    def reopened(self) -> Project:
        """Open the project anew."""
        return open_project(self.folder, actor="tester", clock=self.clock)

    def close(self) -> None:
        self.watch.close(5)
        self.project.close()

    def _open(self, name: str) -> Channel:
        del name
        return self.channel


def write_settings(folder: Path, more: str) -> None:
    (folder / "gp365.toml").write_text(SETTINGS + CHANNEL.format(more=more), "utf-8", newline="\n")


def make_desk(path: Path, more: str = "") -> Desk:
    make_folder(path)
    write_settings(path, more)
    clock, channel = HandClock(), ListChannel()
    project = open_project(path, actor="tester", clock=clock)
    return Desk(path, clock, project, channel, Watch(project, open_channel=lambda _: channel))


def firms(**more: Any) -> FlowStanding:
    """A flow that is well, or not."""
    given: dict[str, Any] = {"lag_s": 5.0, "success_at": BEGAN, "systems": ("gp", "sales"), "balanced": True}
    return FlowStanding("main", "firms", **given | more)


def report(run: str = "r1", *, considered: int = 0, requests: int = 0, **ended: int) -> Report:
    """A run that ended well."""
    sides = {side: SideReport(considered, 0, 0, 0) for side in ("gp", "sales")}
    sent = {"gp": requests, "sales": 0}
    return Report(run, "firms", "main", considered, ended, {}, sides, sent, {}, 1.5, True, True)


def ran(*reports: Report) -> Ran:
    return Ran([(one, 1) for one in reports])


@dataclass
class Receiver:
    """A server on a free port of this machine, and what it was sent."""

    port: int
    got: list[Any]
    status: list[int]


@contextmanager
def http_receiver(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Receive JSON by HTTP, with `tls` by HTTPS; `status` is what is answered next, the last one for ever."""
    got: list[Any] = []
    status = [200]

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            code = status.pop(0) if len(status) > 1 else status[0]
            got.append(
                {"path": self.path, "headers": dict(self.headers), "body": json.loads(body), "code": code}
            )
            self.send_response(code)
            answer = b"ok" if code == 200 else b""  # as Slack's page on incoming webhooks has it
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with _serving(server):
        yield Receiver(server.server_address[1], got, status)


@contextmanager
def mail_receiver() -> Iterator[Receiver]:
    """Receive mail by SMTP (RFC 5321, as much of it as a client needs)."""
    got: list[Any] = []

    class Take(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    got.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Take)
    server.daemon_threads = True
    with _serving(server):
        yield Receiver(server.server_address[1], got, [])


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
