"""Webhooks of the simulators as a process of their own: whom they trust, and how they end."""

import json
import subprocess
import sys
import threading
import time

import pytest
import requests
from simhooks_desk import Hooks, Receiver, receiving_socket, until

from gp365_sim.core.server import Door, serving
from gp365_sim.core.tls import certificate


class Sales:
    """The organisation as its administrator reaches it, by what sim.json tells."""

    def __init__(self, told):
        self._told, self._session = told["dataverse"], requests.Session()
        self._session.verify, self._session.trust_env = told["ca_file"], False
        self._token = self._session.post(
            f"{self._told['url']}/{self._told['tenant_id']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self._told["provision_client_id"],
                "client_secret": self._told["provision_client_secret"],
                "scope": f"{self._told['url']}/.default",
            },
        ).json()["access_token"]

    def ask(self, method, path, body=None, *, as_app=None):
        where, sent = f"{self._told['url']}/api/data/v9.2/{path}", {"Authorization": f"Bearer {self._token}"}
        return self._session.request(method, where, json=body, headers=sent)

    def values(self, path):
        return self.ask("GET", path).json()["value"]

    def door(self, method, path, body=None):
        return self._session.request(method, f"{self._told['control']}/{path}", json=body)


@pytest.fixture
def site(tmp_path):
    order = [sys.executable, "-m", "gp365_sim", "--dir", str(tmp_path)]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(order, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        until(lambda: (tmp_path / "sim.json").exists() or process.poll() is not None, 60)
        yield process, Sales(json.loads((tmp_path / "sim.json").read_text("utf-8")))
    finally:
        process.kill()
        process.wait(20)


def test_simulators_trust_their_own_authority_and_end_at_once_with_calls_under_way(site, tmp_path):
    process, sales = site
    receiver, (bound, url) = Receiver(), receiving_socket(https=True)
    with serving(Door(receiver, bound, certificate(tmp_path / "secrets"))):
        hooks = Hooks(sales, receiver, url)
        hooks.listen("Create")
        sales.ask("POST", "accounts", {"name": "A"})
        assert [each.attributes()["name"] for each in hooks.settled()] == ["A"]
        receiver.hold = threading.Event()
        for number in range(20):
            sales.ask("POST", "accounts", {"name": f"n{number}"})
        until(lambda: hooks.shown()["under_way"] == 20)
        began = time.monotonic()
        process.terminate()
        code = process.wait(30)
        assert time.monotonic() - began < 20
        receiver.hold.set()
    assert code == 0 or sys.platform == "win32"
    assert "Traceback" not in (tmp_path / "said").read_text("utf-8")
