"""A clerk's desk for the tests of the GP simulator: a served site, and a client made of `requests` that is not ours."""

import base64
import json
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote

import requests

from gp365_sim.core.clock import Clock
from gp365_sim.core.server import Door, serving
from gp365_sim.core.tls import certificate
from gp365_sim.gp.app import GpSystem, Manner, build
from gp365_sim.gp.users import User
from gp365_sim.samples import fabrikam

CLERK = User("FABRIKAM\\gpsvc", "Correct-Horse-1")
FABRIKAM = "/GPService/Tenants(DefaultTenant)/Companies(Fabrikam,%20Inc.)"


def basic(user=CLERK, password=None):
    """The header of Basic authentication."""
    text = f"{user.name}:{user.password if password is None else password}"
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def key(*parts):
    """A key as it stands in an address."""
    return "(" + ";".join(quote(part, safe="") for part in parts) + ")"


@dataclass
class Desk:
    """A served GP and a session that knows its certificate authority."""

    url: str
    system: GpSystem
    clock: Clock
    certificate: object
    session: requests.Session

    @property
    def company(self):
        return self.system.world.company

    def ask(self, method, path, payload=None, *, headers=None, **more):
        """One request; a path beginning with / is absolute, others lie in the company Fabrikam."""
        address = self.url + (path if path.startswith("/") else f"{FABRIKAM}/{path}")
        sent = {**basic(), **(headers or {})}
        if payload is not None:
            more["data"] = json.dumps({"Payload": payload})
            sent = {"Content-Type": "application/json", "Accept": "application/json", **sent}
        return self.session.request(method, address, headers=sent, **more)

    def read(self, path):
        """The records at a path, whatever wraps them, texts without padding."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return records(answer)

    def door(self, method, path, body=None):
        """One request to the control door."""
        return self.session.request(method, f"{self.url}/_sim/{path}", json=body)

    def row(self, table, row_key):
        """One row as the control door shows it, or None."""
        rows = self.door("GET", f"rows/{table}/{quote(row_key, safe='')}").json()["rows"]
        return rows[0] if rows else None


def records(answer):
    """Take the records out of an answer of any profile."""
    found = json.loads(answer.content, parse_float=Decimal)
    if isinstance(found, dict) and len(found) == 1:
        found = next(iter(found.values()))
    rows = found if isinstance(found, list) else [found]
    return [
        {name: value.rstrip() if isinstance(value, str) else value for name, value in row.items()}
        for row in rows
    ]


@contextmanager
def desk(folder, manner=None, *, users=(CLERK,), samples=None, **more):
    """Serve a site while the block runs."""
    clock = Clock()
    system = build(clock, samples or fabrikam(), users, manner or Manner(), **more)
    tls = certificate(folder)
    door = Door(system.app, _bound(), tls)
    with serving(door), requests.Session() as session:
        session.trust_env = False
        session.verify = str(tls.ca_file)
        yield Desk(door.url, system, clock, tls, session)


def _bound():
    """A free port; the protocol is named because asyncio turns Nagle's delay off only where it is."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    bound.listen(64)
    return bound
