"""Kerberos against real parts: an MIT KDC, Apache with mod_auth_gssapi, and our lanes in an environment with the extra."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from proof import kerberos_venv
from proof.kerberos_apache import FILES, Apache, Seen, logins_by_connection, readable
from proof.kerberos_apache import PROGRAMS as SERVER_PROGRAMS
from proof.kerberos_realm import PROGRAMS as REALM_PROGRAMS
from proof.kerberos_realm import REALM, Realm, missing_packages
from wire.wire_server import make_certificates

pytestmark = pytest.mark.proof

NTLM_USER, PASSWORD = "GP365\\gpsvc", "canary-Pa ss-7719"
TYPED = f"typed@{REALM}"
MARKS = count(1)


@dataclass
class Place:
    """The realm, two web servers and the Python of the client. `stranger` holds a key that the KDC does not know."""

    realm: Realm
    apache: Apache
    stranger: Apache
    python: Path
    ca_file: Path
    keytab: Path
    service_keytab: Path
    figures: dict[str, Any] = field(default_factory=dict[str, Any])

    def ask(self, figure: str, *, ticket: str = "", server: Apache | None = None, **task: Any) -> Told:
        """Let the client do a task in a process of its own and tell what came of it, on its side and on the server's."""
        mark = f"m{next(MARKS)}"
        server = server or self.apache
        account = self.client({"url": server.url, "mark": mark, **task}, ticket)
        seen = [] if "binding" in task else server.seen(mark, account["requests"])
        told = Told(account, seen)
        self.figures[figure] = told.figures()
        return told

    def client(self, task: Mapping[str, Any], ticket: str = "") -> dict[str, Any]:
        """Run the client's process with a task and return the account that it gives."""
        extra = {"KRB5CCNAME": ticket} if ticket else {}
        paths = os.pathsep.join(str(kerberos_venv.ROOT / name) for name in ("src", "tests"))
        done = subprocess.run(
            [str(self.python), "-m", "proof.kerberos_client"],
            env=self.realm.environment(PYTHONPATH=paths, KRB5_KTNAME=str(self.service_keytab), **extra),
            input=json.dumps({"ca_file": str(self.ca_file), **task}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "canary" not in done.stdout + done.stderr
        return json.loads(done.stdout)


@dataclass(frozen=True)
class Told:
    account: Mapping[str, Any]
    seen: list[Seen]

    @property
    def statuses(self) -> set[int]:
        return {answer.get("status", 0) for answer in self.account["answers"]}

    @property
    def error(self) -> Mapping[str, str]:
        """The one error that every call ended in."""
        errors = {json.dumps(answer, sort_keys=True) for answer in self.account["answers"]}
        assert len(errors) == 1
        return json.loads(errors.pop())

    @property
    def users(self) -> set[str]:
        return {request.user for request in self.seen if request.status == 200}

    def figures(self) -> dict[str, Any]:
        account = self.account
        kept = {name: account[name] for name in ("mechanism", "bound", "handshakes", "requests", "seconds")}
        refused = {answer["code"] for answer in account["answers"] if "code" in answer}
        return {"calls": len(account["answers"]), **kept, "errors": sorted(refused)}


@pytest.fixture(scope="module")
def python(pytestconfig: pytest.Config) -> Path:
    """The client's Python: the one named by the variable, or one that is made once and kept in pytest's cache."""
    folder = kerberos_venv.given() or pytestconfig.cache.mkdir("kerberos-venv")
    to_make = kerberos_venv.given() is None and not kerberos_venv.is_made(folder)
    programs = {**REALM_PROGRAMS, **SERVER_PROGRAMS, **(kerberos_venv.PROGRAMS if to_make else {})}
    missing = {*missing_packages(programs), *(name for path, name in FILES.items() if not path.exists())}
    if missing:
        pytest.fail(
            f"The Kerberos proof needs these Debian packages: {' '.join(sorted(missing))}", pytrace=False
        )
    if to_make:
        kerberos_venv.make(folder)
    return kerberos_venv.python(folder)


@pytest.fixture(scope="module")
def place(python: Path, pytestconfig: pytest.Config) -> Iterator[Place]:
    # Not pytest's own temporary folder: Apache's children run as an account that may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="gp365-kerberos-"))
    folder.chmod(0o755)
    began = time.monotonic()
    place = _place(folder, python)
    try:
        place.realm.start()
        _accounts(place)
        place.apache.start(place.realm.environment())
        place.stranger.start(place.realm.environment())
        place.figures["ready"] = {"seconds": round(time.monotonic() - began, 3)}
        yield place
    finally:
        place.stranger.stop()
        place.apache.stop()
        place.realm.stop()
        shutil.rmtree(folder, ignore_errors=True)
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():  # type: ignore[union-attr]
        print("\n" + json.dumps({"kerberos": place.figures}))


def _place(folder: Path, python: Path) -> Place:
    certificates_folder = folder / "certificates"
    certificates_folder.mkdir()
    certificates = make_certificates(certificates_folder)
    certificates.server()
    pem = certificates_folder / "localhost-30-sha256.pem"
    users = folder / "users"
    # Two accounts as Windows knows them: DOMAIN\\user, and a user principal name, which stands alone without a domain.
    lines = f"{NTLM_USER.replace(chr(92), ':')}:{PASSWORD}\n:{TYPED}:{PASSWORD}\n"
    users.write_text(lines, encoding="utf-8")
    realm = Realm(folder / "realm")
    apache = Apache(folder / "apache", pem, folder / "apache.keytab", users)
    stranger = Apache(folder / "stranger", pem, folder / "stranger.keytab", users)
    keytabs = (realm.folder / "gpsvc.keytab", realm.folder / "HTTP-localhost.keytab")
    return Place(realm, apache, stranger, python, certificates.ca_file, *keytabs)


def _accounts(place: Place) -> None:
    """Make the accounts, and for the stranger the same service with another key, as of another service account."""
    folder = place.realm.folder.parent
    place.realm.account("gpsvc")
    place.realm.account("typed", PASSWORD)
    shutil.copy(place.realm.account("HTTP/localhost"), folder / "apache.keytab")
    elsewhere = Realm(folder / "elsewhere")
    elsewhere.create()
    shutil.copy(elsewhere.account("HTTP/localhost"), folder / "stranger.keytab")
    readable(folder / "apache.keytab", folder / "stranger.keytab", folder / "users")


@pytest.fixture(scope="module")
def ticket(place: Place) -> str:
    return place.realm.ticket("gpsvc", place.keytab)


def test_a_ticket_logs_in_every_lane_once_and_the_server_sees_the_account(place: Place, ticket: str) -> None:
    told = place.ask("ticket", ticket=ticket, lanes=3, callers=8, calls=120)
    assert told.statuses == {200}
    assert told.users == {f"gpsvc@{REALM}"}
    assert (told.account["mechanism"], told.account["bound"]) == ("Negotiate (Kerberos)", True)
    logins = logins_by_connection(told.seen)
    assert set(logins.values()) == {1}
    assert told.account["handshakes"] == len(logins) == len({request.port for request in told.seen}) <= 3
    assert len(told.seen) == 120 + 1, "one question for the schemes, then only the calls themselves"


def test_a_ticket_of_a_named_user_is_used_and_no_other(place: Place, ticket: str) -> None:
    told = place.ask("ticket of a named user", ticket=ticket, user=f"gpsvc@{REALM}")
    assert (told.statuses, told.users) == ({200}, {f"gpsvc@{REALM}"})
    error = place.ask("ticket of another user", ticket=ticket, user=TYPED).error
    assert error["code"] == "scheme-missing"
    assert f"Can't find client principal {TYPED}" in error["message"]


def test_the_body_of_a_write_with_a_ticket_is_sent_once(place: Place, ticket: str) -> None:
    told = place.ask("writes with a ticket", ticket=ticket, method="POST", bytes=5000, calls=5)
    assert told.statuses == {200}
    assert [(request.method, request.length) for request in told.seen] == [("GET", 0)] + [("POST", 5000)] * 5


def test_the_channel_binding_of_the_tls_connection_is_inside_the_ticket(place: Place, ticket: str) -> None:
    told = place.ask("bound", ticket=ticket, binding="right", lanes=2, callers=4, calls=40)
    assert told.statuses == {200}
    assert set(told.account["users"]) == {f"gpsvc@{REALM}"}
    assert told.account["channel_bound"] == [True] * told.account["handshakes"]
    assert told.account["refusals"] == []


def test_a_ticket_that_is_bound_to_another_tls_connection_is_refused(place: Place, ticket: str) -> None:
    told = place.ask("bound to another", ticket=ticket, binding="wrong", calls=3)
    assert told.account["refusals"] == ["BadChannelBindingsError"], "the lanes stop after the first refusal"
    assert told.error["code"] == "login-refused"
    assert "channel binding does not fit" in told.error["message"]


def test_without_a_ticket_the_password_logs_in_by_ntlm(place: Place) -> None:
    told = place.ask("no ticket, password", user=NTLM_USER, password=PASSWORD, lanes=2, callers=4, calls=40)
    assert (told.statuses, told.users) == ({200}, {NTLM_USER})
    assert (told.account["mechanism"], told.account["bound"]) == ("Negotiate (NTLM)", True)
    logins = logins_by_connection(told.seen)
    assert set(logins.values()) == {2}, "NTLM needs two requests a login"
    assert told.account["handshakes"] == len(logins) <= 2


def test_without_a_ticket_and_a_password_the_error_says_what_is_missing(place: Place) -> None:
    error = place.ask("no ticket, no password").error
    assert (error["error"], error["code"]) == ("Unauthorised", "scheme-missing")
    assert "No Kerberos credentials available" in error["message"]
    assert "kinit" in error["fix"]


def test_an_expired_ticket_is_named_as_such_and_a_password_helps(place: Place) -> None:
    expired = place.realm.expired_ticket("gpsvc", place.keytab)
    error = place.ask("expired ticket", ticket=expired).error
    assert (error["error"], error["code"]) == ("Unauthorised", "scheme-missing")
    assert "Kerberos says: Ticket expired." in error["message"]
    told = place.ask("expired ticket, password", ticket=expired, user=NTLM_USER, password=PASSWORD)
    assert (told.statuses, told.account["mechanism"]) == ({200}, "Negotiate (NTLM)")


def test_a_server_name_that_the_kdc_does_not_know_is_named(place: Place, ticket: str) -> None:
    url = place.apache.url.replace("localhost", "127.0.0.1")
    error = place.ask("no such SPN", ticket=ticket, url=url).error
    assert error["code"] == "scheme-missing"
    assert f"Server HTTP/127.0.0.1@{REALM} not found in Kerberos database" in error["message"]


def test_a_ticket_for_another_key_is_refused_and_then_the_password_is_tried(
    place: Place, ticket: str
) -> None:
    told = place.ask("wrong key", ticket=ticket, server=place.stranger, calls=3)
    assert (told.error["error"], told.error["code"]) == ("Unauthorised", "login-refused")
    assert "does not accept the Kerberos ticket for HTTP/localhost" in told.error["message"]
    assert [request.status for request in told.seen] == [401, 401], "asked once, tried once, then stopped"
    assert "gss_accept_sec_context() failed" in place.stranger.errors()
    told = place.ask("wrong key, password", user=TYPED, password=PASSWORD, server=place.stranger, calls=3)
    assert (told.statuses, told.account["mechanism"]) == ({200}, "NTLM")
    assert [request.scheme for request in told.seen][:4] == ["", "Negotiate", "NTLM", "NTLM"]


def test_a_ticket_of_an_account_that_may_not_enter_is_refused(place: Place, ticket: str) -> None:
    told = place.ask("may not enter", ticket=ticket, path="other", calls=3)
    assert told.error["code"] == "login-refused"
    assert {request.user for request in told.seen if request.scheme} == {f"gpsvc@{REALM}"}
    assert len(told.seen) == 2


def test_a_password_gets_its_own_ticket_where_the_user_is_named_with_its_realm(place: Place) -> None:
    told = place.ask("password at the KDC", user=TYPED, password=PASSWORD, lanes=2, callers=4, calls=40)
    assert (told.statuses, told.users) == ({200}, {TYPED})
    assert told.account["mechanism"] == "Negotiate (Kerberos)"
    assert set(logins_by_connection(told.seen).values()) == {1}


def test_a_wrong_password_reaches_the_kdc_once_and_the_server_never(place: Place) -> None:
    before = place.realm.log.count("PREAUTH_FAILED")
    told = place.ask("wrong password", user=TYPED, password="canary-wrong", lanes=2, callers=4, calls=8)
    assert told.error["code"] == "login-refused"
    assert f"KDC refuses the login of {TYPED}: the password is wrong" in told.error["message"]
    assert place.realm.log.count("PREAUTH_FAILED") - before == 1
    assert [request.scheme for request in told.seen] == [""]


def test_doctor_shows_by_which_scheme_the_login_was_done(place: Place) -> None:
    login = {"doctor": True, "url": place.apache.url, "user": TYPED, "password": PASSWORD}
    found = place.client(login)
    assert found["text"].startswith(
        "Logged in by Negotiate (Kerberos), with channel binding; offered: Negotiate"
    )
    assert (found["level"], found["facts"]["scheme"]) == ("OK", "Negotiate (Kerberos)")
    found = place.client({**login, "user": NTLM_USER})
    assert found["facts"]["scheme"] == "Negotiate (NTLM)"
    place.figures["doctor"] = found["text"]
