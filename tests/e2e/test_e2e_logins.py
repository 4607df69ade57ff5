"""Windows logins to GP over a whole sync: one handshake per lane, bound to its TLS channel, and refused otherwise."""

from __future__ import annotations

import base64
import ssl
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import spnego
from e2e_site import GP, SALES, Site
from tls_proxy import tls_proxy


def handshakes(at: Site) -> dict[str, Any]:
    return at.door(GP, "GET", "/handshakes")


def served(at: Site) -> int:
    """Count what GP gave or took since the last mark."""
    return sum(one["status"] not in (0, 401) for one in at.requests(GP))


def test_a_whole_sync_needs_one_handshake_for_each_lane_and_binds_it_to_its_channel(fresh: Site) -> None:
    fresh.door(GP, "DELETE", "/handshakes")
    done = fresh.sync()
    assert done.code == 0
    told = handshakes(fresh)
    assert 1 <= told["completed"] <= 2
    assert told["refused"] == 0
    assert [one["completed"] for one in told["connections"]] == [1] * told["completed"]
    assert all(one["channel_bound"] for one in told["connections"])
    assert sum(one["requests"] for one in told["connections"]) > 50


def test_a_wrong_password_is_tried_once_and_nothing_is_written(fresh: Site) -> None:
    """More tries would lock the account of the service."""
    before = (fresh.rows(GP, "RM00101"), fresh.rows(SALES, "accounts"))
    (fresh.folder / "wrong").write_text("not the password", "utf-8")
    fresh.settings('password = {file = "secrets/gp-password"}', 'password = {file = "wrong"}')
    fresh.door(GP, "DELETE", "/handshakes")
    fresh.mark()
    done = fresh.sync()
    assert done.code == 3
    assert "login-refused" in done.out
    assert "not the password" not in done.out + done.err
    assert handshakes(fresh)["completed"] == 0
    assert handshakes(fresh)["refused"] == 1
    assert served(fresh) == 0
    assert (fresh.rows(GP, "RM00101"), fresh.rows(SALES, "accounts")) == before


def test_a_login_through_a_man_in_the_middle_is_refused(fresh: Site, tmp_path: Path) -> None:
    """The middle's certificate is trusted, so TLS is content; the channel binding of the login is not the server's."""
    address = urlsplit(fresh.started.urls["gp"])
    assert address.hostname and address.port
    with tls_proxy(tmp_path / "middle", address.hostname, address.port, fresh.folder / "ca.pem") as middle:
        fresh.settings(f":{address.port}/GPService", f":{middle.port}/GPService")
        fresh.settings('ca_file = "ca.pem"', f'ca_file = "{middle.ca_file.as_posix()}"')
        fresh.door(GP, "DELETE", "/handshakes")
        fresh.mark()
        done = fresh.sync()
    assert done.code == 3
    assert "login-refused" in done.out
    told = handshakes(fresh)
    assert (told["completed"], told["refused"]) == (0, 1)
    assert served(fresh) == 0


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
def test_half_a_handshake_opens_nothing(fresh: Site, scheme: str) -> None:
    """After the first leg alone, a request on the same connection is refused; so is a login ended on another one."""
    address = urlsplit(fresh.started.urls["gp"])
    path = f"{address.path}/Tenants(DefaultTenant)/Companies(Fabrikam,%20Inc.)/Sales/Customers.json"
    trust = ssl.create_default_context(cafile=str(fresh.folder / "ca.pem"))
    told = fresh.started.description["gp"]
    client = spnego.client(told["user"], told["password"], protocol=scheme.lower())
    fresh.door(GP, "DELETE", "/handshakes")

    def ask(line: HTTPSConnection, token: bytes | None) -> tuple[int, str]:
        sent = {} if token is None else {"Authorization": f"{scheme} {base64.b64encode(token).decode()}"}
        line.request("GET", path, headers=sent)
        answer = line.getresponse()
        answer.read()
        return answer.status, answer.headers.get("WWW-Authenticate") or ""

    one, other = (HTTPSConnection(address.netloc, context=trust) for _ in range(2))
    status, challenge = ask(one, client.step())
    assert status == 401
    assert ask(one, None)[0] == 401
    last = client.step(base64.b64decode(challenge.partition(" ")[2].split(",")[0]))
    assert ask(other, last)[0] == 401
    assert ask(one, None)[0] == 401
    assert handshakes(fresh)["completed"] == 0
    one.close()
    other.close()
