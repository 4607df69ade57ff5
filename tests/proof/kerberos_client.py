"""The client's side of the Kerberos proof, run in an environment that has the extra: one task in, one account of it out.

Reads a task as JSON from standard input, asks over `Lanes`, and prints as JSON what came back and how the login was done.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gssapi
from gssapi.raw import ChannelBindings
from spnego.exceptions import SpnegoError

from gp365.connectors.gp.connector import GpConnector
from gp365.connectors.gp.settings import GpSettings
from gp365.model.errors import Gp365Error
from gp365.wire.handshake import WindowsLogin
from gp365.wire.retries import Retries
from gp365.wire.trust import Trust
from gp365.wire.windows import Lanes
from wire.wire_server import Reply, Server, WindowsApp, make_certificates


def lanes_of(task: dict[str, Any], url: str, ca_file: Path) -> Lanes:
    return Lanes(
        url,
        system="gp",
        trust=Trust(ca_file),
        login=WindowsLogin(task.get("user", ""), task.get("password", "")),
        lanes=task.get("lanes", 1),
        spacing_s=0.0,
        retries=Retries(attempts=1),
    )


def account_of(task: dict[str, Any], lanes: Lanes) -> dict[str, Any]:
    """Ask `calls` times from `callers` threads at once; return statuses, errors, seconds and the login's report."""
    path, method = task.get("path", "rows"), task.get("method", "GET")
    params = {"mark": task.get("mark", "")}
    content = b"x" * task.get("bytes", 0)

    def ask(_: int) -> dict[str, Any]:
        try:
            return {"status": lanes.request(method, path, params=params, content=content).status}
        except Gp365Error as exc:
            return {"error": type(exc).__name__, "code": exc.code, "message": str(exc), "fix": exc.fix}

    began = time.monotonic()
    with ThreadPoolExecutor(task.get("callers", 1)) as callers:
        answers = list(callers.map(ask, range(task.get("calls", 1))))
    seconds = time.monotonic() - began
    report = lanes.report()
    lanes.close()
    return {
        "answers": answers,
        "mechanism": report.mechanism,
        "bound": report.bound,
        "handshakes": report.handshakes,
        "offered": list(report.offered),
        "requests": lanes.tally.total + lanes.tally.handshake_legs,
        "seconds": round(seconds, 3),
    }


class Acceptor:
    """One login as MIT Kerberos itself accepts it, with the channel binding that the server knows."""

    def __init__(self, binding: bytes, account: dict[str, Any]) -> None:
        self.complete = False
        self._binding = ChannelBindings(application_data=binding)
        self._account = account

    def step(self, token: bytes) -> bytes:
        try:
            done = gssapi.raw.accept_sec_context(token, channel_bindings=self._binding)
        except gssapi.raw.GSSError as exc:
            self._account["refusals"].append(type(exc).__name__)
            raise SpnegoError(base_error=exc) from exc
        self.complete = not done.more_steps
        self._account["users"].append(gssapi.raw.display_name(done.initiator_name, False).name.decode())
        self._account["channel_bound"].append(gssapi.RequirementFlag.channel_bound in done.flags)
        return bytes(done.token or b"")


class TicketApp(WindowsApp):
    """A page behind Negotiate that checks the channel binding, as Extended Protection does and Apache's module does not."""

    def __init__(self, binding: bytes, account: dict[str, Any]) -> None:
        super().__init__(lambda _: Reply(body=b"rows"), schemes=("Negotiate",), binding=binding)
        self._account = account

    def _acceptor(self, scheme: str) -> Any:
        return Acceptor(self.binding, self._account)


def against_own_acceptor(task: dict[str, Any]) -> dict[str, Any]:
    """Ask a server in this process whose channel binding is that of its own certificate, or of another."""
    account: dict[str, Any] = {"users": [], "channel_bound": [], "refusals": []}
    with tempfile.TemporaryDirectory() as folder:
        certificates = make_certificates(Path(folder))
        name = "localhost" if task["binding"] == "right" else "other.example"
        server = Server(TicketApp(certificates.binding(name=name), account), certificates.server())
        told = account_of(task, lanes_of(task, server.url, certificates.ca_file))
        server.close()
    return {**told, **account, "connections": server.connections}


class Typed:
    """A secret as somebody types it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text


def doctors_account(task: dict[str, Any]) -> dict[str, Any]:
    """Let the GP connector look at a server as `gp365 doctor` does, and return what it finds about the login."""
    settings = GpSettings(
        name="gp",
        url=task["url"],
        company="Fabrikam, Inc.",
        user=task["user"],
        password=Typed(task["password"]),
        ca_file=Path(task["ca_file"]),
        spacing_ms=0,
    )
    connector = GpConnector(settings, scratch=None, retries=Retries(attempts=1))  # type: ignore[arg-type]
    found = {finding.subject: finding for finding in connector.check()}
    login = found["authentication"]
    return {
        "level": login.level.name,
        "text": login.text,
        "facts": dict(login.facts),
        "code": login.code,
    }


def main() -> None:
    task = json.load(sys.stdin)
    if task.get("doctor"):
        told = doctors_account(task)
    elif "binding" in task:
        told = against_own_acceptor(task)
    else:
        told = account_of(task, lanes_of(task, task["url"], Path(task["ca_file"])))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
