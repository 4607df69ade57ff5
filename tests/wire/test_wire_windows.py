"""Windows logins over real NTLM and Negotiate handshakes, with the channel binding required by the server."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import spnego
from hypothesis import given
from hypothesis import strategies as st

from gp365.model.errors import Unauthorised
from gp365.wire.calls import CallFailed, Headers, Priority
from gp365.wire.handshake import Conversation, LoginFault, WindowsLogin, challenge, ntlm_step, offered
from gp365.wire.retries import Retries
from gp365.wire.trust import Trust
from gp365.wire.windows import Lanes
from wire.conftest import VirtualTime
from wire.wire_server import PASSWORD, USER, App, Certificates, Reply, Request, Server, WindowsApp

pytestmark = pytest.mark.usefixtures("windows_users")
Serve = Callable[..., Server]


def echo(request: Request) -> Reply:
    return Reply(body=request.body or request.target.encode())


class Site:
    """A server that wants a Windows login, and lanes to it."""

    def __init__(self, serve: Serve, certificates: Certificates, app: App = echo, **windows: object) -> None:
        self.windows = WindowsApp(app, **{"binding": certificates.binding(), **windows})  # type: ignore[arg-type]
        self.server = serve(self.windows, tls=True)
        self.trust = Trust(certificates.ca_file)

    def lanes(self, *, password: str = PASSWORD, allow_basic: bool = False, **more: object) -> Lanes:
        settings = {"lanes": 1, "spacing_s": 0.0, "retries": Retries(attempts=2, first_pause_s=0.01), **more}
        login = WindowsLogin(USER, password, allow_basic)
        return Lanes(self.server.url, system="gp", trust=self.trust, login=login, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("schemes", [("Negotiate", "NTLM"), ("NTLM",), ("Negotiate",)])
def test_one_handshake_serves_all_requests_of_a_lane(
    serve: Serve, certificates: Certificates, schemes: tuple[str, ...]
) -> None:
    site = Site(serve, certificates, schemes=schemes)
    lanes = site.lanes()
    for n in range(10):
        assert lanes.request("GET", f"a{n}").body == f"/a{n}".encode()
    assert (site.windows.handshakes, site.server.connections, lanes.tally.total) == (1, 1, 10)
    report = lanes.report()
    assert (report.handshakes, report.bound, report.every_request) == (1, True, False)
    assert report.mechanism == ("NTLM" if schemes == ("NTLM",) else "Negotiate (NTLM)")
    assert report.certificate is not None


def test_the_body_of_a_write_is_sent_once_although_the_login_takes_three_requests(
    serve: Serve, certificates: Certificates
) -> None:
    site = Site(serve, certificates)
    lanes = site.lanes()
    assert lanes.request("POST", "rows", content=b"body").body == b"body"
    assert [len(request.body) for request in site.server.requests] == [0, 0, 4]
    assert (lanes.tally.by_method, lanes.tally.handshake_legs) == ({"POST": 1}, 2)


def test_twenty_calls_at_once_over_three_lanes_need_three_handshakes(
    serve: Serve, certificates: Certificates
) -> None:
    meet = threading.Barrier(3, timeout=10)

    def app(request: Request) -> Reply:
        if request.target.startswith("/first"):
            meet.wait()
        return echo(request)

    site = Site(serve, certificates, app)
    lanes = site.lanes(lanes=3)
    lanes.request("GET", "warm")
    answers: list[bytes] = []

    def ask(path: str) -> None:
        answers.append(lanes.request("GET", path).body)

    threads = [
        threading.Thread(target=ask, args=(f"first{n}" if n < 3 else f"r{n}",), daemon=True)
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(answers) == 20
    assert (site.windows.handshakes, site.server.connections, site.windows.refusals) == (3, 3, 0)


def test_a_wrong_password_is_tried_once_and_then_the_lanes_stop_until_reset(
    serve: Serve, certificates: Certificates
) -> None:
    site = Site(serve, certificates)
    lanes = site.lanes(password="canary-Wrong-1", lanes=4)
    errors: list[Unauthorised] = []

    def ask(n: int) -> None:
        try:
            lanes.request("POST", f"r{n}", content=b"x")
        except Unauthorised as exc:
            errors.append(exc)

    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert site.windows.refusals == 1
    assert [error.code for error in errors] == ["login-refused"] * 8
    assert "FABRIKAM\\gpsvc" in str(errors[0])
    assert "channel binding" in str(errors[0])
    assert "canary" not in "".join(str(vars(error)) for error in errors)
    before = len(site.server.requests)
    lanes.reset()
    with pytest.raises(Unauthorised):
        lanes.request("GET", "again")
    assert (site.windows.refusals, len(site.server.requests) - before) == (2, 3)


def test_a_wrong_channel_binding_is_refused_and_named_as_a_possible_cause(
    serve: Serve, certificates: Certificates
) -> None:
    site = Site(serve, certificates, binding=certificates.binding(name="other.example"))
    with pytest.raises(Unauthorised, match="channel binding does not fit") as caught:
        site.lanes().request("GET", "rows")
    assert (caught.value.code, site.windows.refusals, site.windows.handshakes) == ("login-refused", 1, 0)


def test_the_binding_follows_the_hash_of_the_certificates_signature(
    serve: Serve, certificates: Certificates
) -> None:
    windows = WindowsApp(echo, binding=certificates.binding(digest="sha384"))
    server = serve(windows, tls=True, digest="sha384")
    lanes = Lanes(
        server.url, system="gp", trust=Trust(certificates.ca_file), login=WindowsLogin(USER, PASSWORD)
    )
    assert lanes.request("GET", "x").ok
    assert len(windows.binding) == len(b"tls-server-end-point:") + 48


@pytest.mark.parametrize("leg", [1, 2])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_cut_in_the_middle_of_a_login(
    serve: Serve, certificates: Certificates, leg: int, method: str
) -> None:
    site = Site(serve, certificates)
    site.windows.cut_at_leg = leg
    with pytest.raises(CallFailed) as caught:
        site.lanes().request(method, "rows", content=b"x" if method == "POST" else b"")
    carried = method == "GET" or leg == 2  # the proof travels with the call itself
    assert (caught.value.code, caught.value.maybe_sent) == ("answer-cut", carried)
    site.windows.cut_at_leg = 0
    assert site.lanes().request(method, "rows").ok


def test_a_lane_logs_in_again_when_its_connection_was_closed(
    serve: Serve, certificates: Certificates
) -> None:
    site = Site(serve, certificates)
    lanes = site.lanes()
    lanes.request("GET", "a")
    site.server.drop_connections()
    assert lanes.request("POST", "b", content=b"kept").body == b"kept"
    assert (site.windows.handshakes, lanes.report().handshakes) == (2, 2)


def test_a_server_that_forgot_the_login_is_logged_in_to_again_on_a_new_connection(
    serve: Serve, certificates: Certificates
) -> None:
    forget = threading.Event()

    def app(request: Request) -> Reply:
        return echo(request)

    site = Site(serve, certificates, app)
    lanes = site.lanes()
    lanes.request("GET", "a")
    lanes.request("GET", "b")
    for request in site.server.requests:
        request.connection.clear()
    forget.set()
    assert lanes.request("POST", "c", content=b"x").body == b"x"
    assert (site.windows.handshakes, site.server.connections) == (2, 2)


def test_a_service_that_wants_a_login_with_every_request_is_learned(
    serve: Serve, certificates: Certificates
) -> None:
    site = Site(serve, certificates, every_request=True)
    lanes = site.lanes()
    for n in range(6):
        assert lanes.request("POST", "rows", content=b"%d" % n).body == b"%d" % n
    assert lanes.report().every_request
    bodies = [request.body for request in site.server.requests if request.body]
    assert len(bodies) == 8, "two bodies were sent in vain before it was learned"
    assert site.server.connections == 3


def test_a_lane_keeps_its_spacing_from_the_end_of_a_call(
    serve: Serve, certificates: Certificates, virtual: VirtualTime
) -> None:
    site = Site(serve, certificates)
    lanes = site.lanes(spacing_s=0.15, clock=virtual.clock)
    with lanes.lane() as lane:
        for _ in range(3):
            lane.request("GET", "a")
        virtual.sleep(0.1)
        with lane.stream("GET", "b") as answer:
            virtual.sleep(5.0)
            answer.read()
        lane.request("GET", "c")
    assert virtual.sleeps == pytest.approx([0.15, 0.15, 0.1, 0.05, 5.0, 0.15])


def test_a_reread_and_its_write_go_over_the_same_lane(serve: Serve, certificates: Certificates) -> None:
    site = Site(serve, certificates)
    lanes = site.lanes(lanes=2)
    with lanes.lane() as held, lanes.lane() as other:
        other.request("GET", "other")
        held.request("GET", "re-read")
        held.request("PATCH", "write", content=b"x")
    used = {request.target: request.connection["number"] for request in site.server.requests}
    assert used["/re-read"] == used["/write"] != used["/other"]


def test_an_interactive_caller_gets_the_next_free_lane(serve: Serve, certificates: Certificates) -> None:
    lanes = Site(serve, certificates).lanes()
    order: list[str] = []

    def take(name: str, priority: Priority) -> None:
        with lanes.lane(priority):
            order.append(name)

    with lanes.lane():
        threads = [threading.Thread(target=take, args=("bulk", Priority.BULK), daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        person = threading.Thread(target=take, args=("person", Priority.INTERACTIVE), daemon=True)
        person.start()
        while not lanes.wanted(Priority.INTERACTIVE):
            assert person.is_alive()
            person.join(0.001)
    for thread in [*threads, person]:
        thread.join(10)
    assert order == ["person", "bulk", "bulk", "bulk"]


def test_basic_is_used_only_where_it_is_allowed(serve: Serve, certificates: Certificates) -> None:
    site = Site(serve, certificates, schemes=("Basic",))
    with pytest.raises(Unauthorised, match="offers: Basic") as caught:
        site.lanes().request("GET", "rows")
    assert caught.value.code == "scheme-missing"
    assert all("authorization" not in request.headers for request in site.server.requests)
    lanes = site.lanes(allow_basic=True)
    assert lanes.request("GET", "rows").ok
    assert lanes.report().mechanism == "Basic"


def test_basic_never_goes_over_plain_http(serve: Serve) -> None:
    server = serve(WindowsApp(echo, schemes=("Basic",)))
    lanes = Lanes(server.url, system="gp", trust=Trust(), login=WindowsLogin(USER, PASSWORD, True))
    with pytest.raises(Unauthorised):
        lanes.request("GET", "rows")
    assert all("authorization" not in request.headers for request in server.requests)


def test_a_place_that_needs_no_login_is_read_and_written_without(
    serve: Serve, certificates: Certificates
) -> None:
    server = serve(echo, tls=True)
    lanes = Lanes(
        server.url, system="gp", trust=Trust(certificates.ca_file), login=WindowsLogin(USER, PASSWORD)
    )
    assert lanes.request("GET", "help").body == b"/help"
    assert lanes.request("POST", "rows", content=b"x").body == b"x"
    assert [request.headers.get("authorization") for request in server.requests] == [None] * 3


def test_a_busy_answer_to_the_opening_of_a_login_means_that_nothing_was_sent(
    serve: Serve, certificates: Certificates
) -> None:
    site = Site(serve, certificates)
    busy = [False]

    def app(request: Request) -> Reply:
        return Reply(502) if busy[0] and "authorization" in request.headers else site.windows(request)

    site.server.app = app
    lanes = site.lanes()
    busy[0] = True
    with pytest.raises(CallFailed) as caught:
        lanes.request("POST", "rows", content=b"x")
    assert (caught.value.code, caught.value.maybe_sent) == ("busy", False)
    busy[0] = False
    assert lanes.request("POST", "rows", content=b"x").ok


def test_a_server_that_carries_out_an_empty_opening_leaves_the_write_in_doubt(
    serve: Serve, certificates: Certificates
) -> None:
    site = Site(serve, certificates)

    def app(request: Request) -> Reply:
        return Reply(200) if "authorization" in request.headers else site.windows(request)

    site.server.app = app
    with pytest.raises(CallFailed, match="empty opening") as caught:
        site.lanes().request("POST", "rows", content=b"x")
    assert caught.value.maybe_sent


class Ticket:
    """A Kerberos context as pyspnego gives one: a single opaque token, no NTLM in it."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self, token: bytes | None) -> bytes | None:
        self.steps += 1
        if token == b"krb-error":
            raise ValueError("as a Kerberos library puts it")
        return b"kerberos ap-req" if token is None else None


@pytest.fixture
def ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine have a Kerberos ticket: Negotiate then needs one leg."""
    ntlm = spnego.client

    def client(*args: Any, protocol: str, **more: Any) -> Any:
        return Ticket() if protocol == "negotiate" else ntlm(*args, protocol=protocol, **more)

    monkeypatch.setattr(spnego, "client", client)


@pytest.mark.usefixtures("ticket")
def test_with_a_kerberos_ticket_the_write_goes_with_the_first_token(
    serve: Serve, certificates: Certificates
) -> None:
    def app(request: Request) -> Reply:
        if request.headers.get("authorization") or request.connection.get("user"):
            request.connection["user"] = True
            return echo(request)
        return Reply(401, {"WWW-Authenticate": "Negotiate"})

    server = serve(app, tls=True)
    lanes = Lanes(
        server.url,
        system="gp",
        trust=Trust(certificates.ca_file),
        login=WindowsLogin(USER, PASSWORD),
        lanes=1,
    )
    assert lanes.request("POST", "rows", content=b"once").body == b"once"
    assert [request.body for request in server.requests] == [b"", b"once"]
    assert lanes.report().mechanism == "Negotiate (Kerberos)"


@pytest.mark.usefixtures("ticket")
def test_a_refused_ticket_is_followed_by_one_try_of_ntlm(serve: Serve, certificates: Certificates) -> None:
    site = Site(serve, certificates)

    def app(request: Request) -> Reply:
        if request.headers.get("authorization", "").startswith("Negotiate"):
            return Reply(401, {"WWW-Authenticate": "NTLM"})
        return site.windows(request)

    site.server.app = app
    lanes = site.lanes()
    assert lanes.request("POST", "rows", content=b"x").body == b"x"
    assert (lanes.report().mechanism, site.windows.handshakes) == ("NTLM", 1)


@pytest.mark.usefixtures("ticket")
def test_a_refused_ticket_with_nothing_else_on_offer_is_a_refused_login(
    serve: Serve, certificates: Certificates
) -> None:
    server = serve(lambda _: Reply(401, {"WWW-Authenticate": "Negotiate"}), tls=True)
    lanes = Lanes(
        server.url, system="gp", trust=Trust(certificates.ca_file), login=WindowsLogin(USER, PASSWORD)
    )
    for _ in range(2):
        with pytest.raises(Unauthorised, match="Kerberos") as caught:
            lanes.request("GET", "rows")
        assert caught.value.code == "login-refused"
    assert len(server.requests) == 2


LAST_WORDS = [b"ap-rep of the server", b"krb-error"]
"""Apache answers a valid ticket of an account that may not enter with 401 and its own last token."""


@pytest.mark.usefixtures("ticket")
@pytest.mark.parametrize("last_word", LAST_WORDS)
def test_a_ticket_that_is_answered_and_still_refused_is_a_refused_login(
    serve: Serve, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, last_word: bytes
) -> None:
    monkeypatch.delenv("NTLM_USER_FILE")
    token = base64.b64encode(last_word).decode()
    offers = f"WWW-Authenticate: Negotiate {token}\r\nWWW-Authenticate: NTLM"
    raw = f"HTTP/1.1 401 X\r\n{offers}\r\nContent-Length: 0\r\n\r\n".encode()
    server = serve(lambda _: Reply(raw=raw), tls=True)
    lanes = Lanes(server.url, system="gp", trust=Trust(certificates.ca_file), login=WindowsLogin())
    for _ in range(2):
        with pytest.raises(
            Unauthorised, match="does not accept the Kerberos ticket for HTTP/localhost"
        ) as no:
            lanes.request("GET", "rows")
        assert (no.value.code, "setspn -Q HTTP/localhost" in no.value.fix) == ("login-refused", True)
    assert len(server.requests) == 2


@pytest.mark.usefixtures("ticket")
@pytest.mark.parametrize("last_word", LAST_WORDS)
def test_a_ticket_that_is_answered_and_still_refused_is_followed_by_the_password(
    serve: Serve, certificates: Certificates, last_word: bytes
) -> None:
    site = Site(serve, certificates)
    token = base64.b64encode(last_word).decode()

    def app(request: Request) -> Reply:
        if request.headers.get("authorization", "").startswith("Negotiate"):
            return Reply(401, {"WWW-Authenticate": f"Negotiate {token}"})
        return site.windows(request)

    site.server.app = app
    lanes = site.lanes()
    assert lanes.request("POST", "rows", content=b"x").body == b"x"
    assert (lanes.report().mechanism, site.windows.handshakes) == ("NTLM", 1)


class Kdc:
    """Stands for the KDC that pyspnego asks: it refuses, and the library's words are kept as MIT Kerberos gives them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
        self.asked = 0
        others = spnego.client

        def client(*args: Any, protocol: str, **more: Any) -> Any:
            if protocol != "kerberos":
                return others(*args, protocol=protocol, **more)
            self.asked += 1
            raise fault

        monkeypatch.setattr(spnego, "client", client)


def test_without_ticket_and_password_the_reason_is_said_in_kerberos_own_words(
    serve: Serve, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NTLM_USER_FILE")
    words = "SpnegoError (7): Major (458752): No credentials, Minor (2529639053): Ticket expired, Context: Processing"
    Kdc(monkeypatch, RuntimeError(words))
    site = Site(serve, certificates)
    lanes = Lanes(site.server.url, system="gp", trust=site.trust, login=WindowsLogin())
    with pytest.raises(Unauthorised, match="Kerberos says: Ticket expired\\.") as caught:
        lanes.request("GET", "rows")
    assert (caught.value.code, "kinit" in caught.value.fix) == ("scheme-missing", True)
    assert len(site.server.requests) == 1


class KdcFault(Exception):
    def __init__(self, err_code: int) -> None:
        super().__init__("as the KDC puts it")
        self.err_code = err_code


@pytest.mark.parametrize(
    ("number", "said"), [(24, "the password is wrong"), (18, "locked or disabled"), (23, "has expired")]
)
def test_a_password_that_the_kdc_refuses_is_not_tried_by_ntlm_too(
    serve: Serve, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    kdc = Kdc(monkeypatch, KdcFault(-1765328384 + number))
    site = Site(serve, certificates)
    login = WindowsLogin("gpsvc@FABRIKAM.TEST", "canary-Wrong-2")
    lanes = Lanes(site.server.url, system="gp", trust=site.trust, login=login)
    for _ in range(2):
        with pytest.raises(Unauthorised, match=said) as caught:
            lanes.request("POST", "rows", content=b"x")
        assert caught.value.code == "login-refused"
    assert (kdc.asked, site.windows.refusals, len(site.server.requests)) == (1, 0, 1)
    assert "canary" not in str(vars(caught.value))


def test_an_account_that_the_kdc_does_not_know_is_still_tried_by_ntlm(
    serve: Serve, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    Kdc(monkeypatch, KdcFault(-1765328378))
    site = Site(serve, certificates)
    login = WindowsLogin("gpsvc@FABRIKAM.TEST", PASSWORD)
    with pytest.raises(Unauthorised, match=r"Negotiate \(NTLM\)"):
        Lanes(site.server.url, system="gp", trust=site.trust, login=login).request("GET", "rows")
    assert site.windows.refusals == 1


@given(st.binary(max_size=300))
def test_a_nonsense_challenge_never_escapes_as_a_foreign_error(token: bytes) -> None:
    for scheme in ("NTLM", "Negotiate"):
        talk = Conversation(scheme, WindowsLogin(USER, PASSWORD), "localhost", b"")
        assert talk.opening_only
        for answer in (token, b"NTLMSSP\0\x02\0\0\0" + token):
            try:
                talk.answer(answer)
            except LoginFault:
                return


def test_the_schemes_of_a_401_are_read_in_any_form() -> None:
    one = Headers((("WWW-Authenticate", 'Basic realm="NTLM, Negotiate", NTLM'),))
    assert offered(one) == ("NTLM", "Basic")
    many = Headers(
        (("www-authenticate", "NTLM"), ("WWW-Authenticate", "Negotiate"), ("WWW-Authenticate", "Bearer x"))
    )
    assert offered(many) == ("Negotiate", "NTLM")
    assert offered(Headers()) == ()
    assert challenge(Headers((("WWW-Authenticate", "Negotiate YWJj"),)), "Negotiate") == b"abc"
    assert challenge(Headers((("WWW-Authenticate", "Negotiate"),)), "Negotiate") == b""


def test_a_login_never_shows_its_password() -> None:
    login = WindowsLogin(USER, "canary-pw-55")
    assert "canary" not in repr(login)
    assert ntlm_step(base64.b64decode("TlRMTVNTUAADAAAA")) == 3
    assert re.fullmatch(r"WindowsLogin\(.*allow_basic=False\)", repr(login))
