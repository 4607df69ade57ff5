"""HTTP over real loopback servers: what is repeated, what is not, and what the caller learns about a lost answer."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gp365.model.errors import Misconfigured, Unauthorised
from gp365.wire.calls import CallFailed, LogLine
from gp365.wire.connection import certificate_of
from gp365.wire.http import HttpClient
from gp365.wire.retries import Retries
from gp365.wire.trust import Trust
from wire.conftest import VirtualTime
from wire.wire_server import Certificates, Reply, Request, Server

Serve = Callable[..., Server]


def client_of(server: Server, virtual: VirtualTime | None = None, **more: object) -> HttpClient:
    clock = {"clock": virtual.clock} if virtual else {}
    return HttpClient(server.url + "/api", system="sales", trust=Trust(), **clock, **more)  # type: ignore[arg-type]


def script(*replies: Reply) -> Callable[[Request], Reply]:
    left = iter(replies)
    return lambda request: next(left)


def test_a_read_is_tried_again_until_the_system_is_up(serve: Serve, virtual: VirtualTime) -> None:
    server = serve(script(Reply(503), Reply(500), Reply(cut=0), Reply(body=b"there")))
    answer = client_of(server, virtual).request("GET", "rows")
    assert (answer.status, answer.body, answer.repeated) == (200, b"there", True)
    assert virtual.sleeps == pytest.approx([0.375, 0.75, 1.5])


def test_a_write_whose_answer_is_lost_is_sent_once_and_said_to_be_in_doubt(
    serve: Serve, virtual: VirtualTime
) -> None:
    server = serve(script(Reply(cut=0)))
    with pytest.raises(CallFailed) as caught:
        client_of(server, virtual).request("POST", "rows", content=b"{}")
    assert (caught.value.code, caught.value.maybe_sent, caught.value.system) == ("answer-cut", True, "sales")
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_error_on_a_write_leaves_it_in_doubt(
    serve: Serve, virtual: VirtualTime, status: int
) -> None:
    server = serve(script(Reply(status, body=b"bad gateway")))
    with pytest.raises(CallFailed, match="bad gateway") as caught:
        client_of(server, virtual).request("PATCH", "rows(1)", content=b"{}")
    assert (caught.value.maybe_sent, caught.value.status) == (True, status)


def test_a_write_that_was_turned_away_unprocessed_is_sent_again(serve: Serve, virtual: VirtualTime) -> None:
    busy = {"Retry-After": "7"}
    server = serve(script(Reply(429, busy), Reply(503, busy), Reply(408), Reply(204)))
    answer = client_of(server, virtual).request("POST", "rows", content=b"{}")
    assert (answer.status, answer.repeated) == (204, False)
    assert virtual.sleeps == pytest.approx([7.35, 7.35, 1.5])


def test_a_write_that_may_be_repeated_is_repeated_and_says_so(serve: Serve, virtual: VirtualTime) -> None:
    server = serve(script(Reply(cut=0), Reply(412, body=b"{}")))
    answer = client_of(server, virtual).request("PATCH", "rows(1)", content=b"{}", idempotent=True)
    assert (answer.status, answer.repeated) == (412, True)


def test_a_failure_after_a_doubtful_attempt_stays_doubtful(serve: Serve, virtual: VirtualTime) -> None:
    replies = iter([Reply(cut=0)])

    def app(request: Request) -> Reply:
        return next(replies, Reply(429))

    client = client_of(serve(app), virtual, retries=Retries(attempts=3))
    with pytest.raises(CallFailed) as caught:
        client.request("PATCH", "rows(1)", content=b"{}", idempotent=True)
    assert (caught.value.code, caught.value.maybe_sent) == ("throttled", True)


def test_an_error_of_the_server_on_a_write_goes_to_the_caller(serve: Serve, virtual: VirtualTime) -> None:
    server = serve(script(Reply(500, body=b"Item class is missing")))
    answer = client_of(server, virtual).request("POST", "rows", content=b"{}")
    assert (answer.status, answer.text, len(server.requests)) == (500, "Item class is missing", 1)


def test_a_date_in_retry_after_is_waited_for(serve: Serve, virtual: VirtualTime) -> None:
    later = {"Retry-After": "Mon, 04 May 2026 12:00:30 GMT"}
    server = serve(script(Reply(429, later), Reply(200)))
    client_of(server, virtual).request("GET", "rows")
    assert virtual.sleeps == pytest.approx([30.5])


def test_a_storm_of_429_ends_with_the_budget_and_names_the_wish(serve: Serve, virtual: VirtualTime) -> None:
    server = serve(lambda _: Reply(429, {"Retry-After": "200"}))
    client = client_of(server, virtual, retries=Retries(attempts=50, seconds=900))
    with pytest.raises(CallFailed) as caught:
        client.request("POST", "rows", content=b"{}")
    assert (caught.value.code, caught.value.after_s, caught.value.maybe_sent) == ("throttled", 200.0, False)
    assert len(server.requests) == 5
    assert virtual.seconds <= 900


def test_a_server_that_is_down_is_unreachable_and_nothing_was_sent(virtual: VirtualTime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = HttpClient(f"http://127.0.0.1:{port}", system="gp", trust=Trust(), clock=virtual.clock)
    with pytest.raises(CallFailed) as caught:
        client.request("POST", "rows", content=b"{}")
    assert (caught.value.code, caught.value.maybe_sent, len(virtual.sleeps)) == ("unreachable", False, 7)


def test_a_host_that_does_not_exist_is_unreachable(virtual: VirtualTime) -> None:
    client = HttpClient("http://gp.invalid", system="gp", trust=Trust(), retries=Retries(attempts=1))
    with pytest.raises(CallFailed) as caught:
        client.request("GET", "rows")
    assert caught.value.code == "unreachable"


CUT_BODIES = {
    "length": b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nonly this",
    "chunked": b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "chunk": b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nhello",
    "head": b"HTTP/1.1 200 X\r\nContent-Le",
    "garbage": b"SSH-2.0-OpenSSH_9.2\r\n",
    "gzip": b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 30\r\n\r\n"
    + gzip.compress(b"x" * 5000)[:30],
    "not gzip": b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
}


@pytest.mark.parametrize("kind", CUT_BODIES)
def test_an_answer_that_ends_half_way_is_never_taken_for_whole(
    serve: Serve, virtual: VirtualTime, kind: str
) -> None:
    server = serve(lambda _: Reply(raw=CUT_BODIES[kind]))
    with pytest.raises(CallFailed) as caught:
        client_of(server, virtual, retries=Retries(attempts=2)).request("GET", "rows")
    assert (caught.value.code, len(server.requests)) == ("answer-cut", 2)


def test_a_body_without_length_that_tls_does_not_close_properly_is_cut(
    serve: Serve, certificates: Certificates, virtual: VirtualTime
) -> None:
    server = serve(lambda _: Reply(raw=b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\nhalf of it"), tls=True)
    client = HttpClient(
        server.url,
        system="gp",
        trust=Trust(certificates.ca_file),
        clock=virtual.clock,
        retries=Retries(attempts=1),
    )
    with pytest.raises(CallFailed, match="before its answer was complete"):
        client.request("GET", "rows")


def test_a_silent_server_is_left_after_the_time_allowed(serve: Serve) -> None:
    hold = threading.Event()

    def app(request: Request) -> Reply:
        hold.wait(5)
        return Reply()

    client = client_of(serve(app), retries=Retries(attempts=1))
    with pytest.raises(CallFailed, match=r"did not answer within 0\.2 s") as caught:
        client.request("POST", "rows", content=b"{}", timeout_s=0.2)
    hold.set()
    assert caught.value.maybe_sent


def test_connections_are_kept_and_a_closed_one_is_noticed_before_a_write(serve: Serve) -> None:
    server = serve(lambda request: Reply(body=request.body))
    client = client_of(server)
    client.request("GET", "a")
    client.request("POST", "b", content=b"1")
    assert server.connections == 1
    server.drop_connections()
    assert client.request("POST", "c", content=b"2").body == b"2"
    assert (server.connections, client.tally.by_method) == (2, {"GET": 1, "POST": 2})


def test_a_refusal_sent_before_the_whole_body_was_read_is_still_heard(virtual: VirtualTime) -> None:
    """A server may answer 413 and hang up while we still write."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve_one() -> None:
        sock, _ = listener.accept()
        sock.recv(1000)
        sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1_000_000):
            pass
        sock.close()

    threading.Thread(target=serve_one, daemon=True).start()
    client = HttpClient(f"http://127.0.0.1:{listener.getsockname()[1]}", system="sales", trust=Trust())
    answer = client.request("POST", "rows", content=b"x" * 3_000_000)
    listener.close()
    assert (answer.status, answer.body) == (413, b"big")


def test_compressed_answers_are_opened(serve: Serve) -> None:
    text = b"row," * 10_000
    server = serve(lambda _: Reply(headers={"Content-Encoding": "gzip"}, body=gzip.compress(text)))
    assert client_of(server).request("GET", "rows").body == text
    assert server.requests[0].headers["accept-encoding"] == "gzip"


def test_a_long_list_is_read_as_a_stream_and_its_connection_used_again(serve: Serve) -> None:
    rows = b"".join(b"%d," % n for n in range(400_000))
    server = serve(lambda _: Reply(body=rows))
    client = client_of(server)
    with client.stream("GET", "rows") as answer:
        first = answer.read(10)
        parts = [len(part) for part in answer]
    assert (answer.status, first) == (200, rows[:10])
    assert max(parts) <= 65_536
    with client.stream("GET", "rows") as answer:
        assert answer.read() == rows
    assert server.connections == 1


def test_a_stream_that_is_left_early_gives_up_its_connection(serve: Serve) -> None:
    server = serve(lambda _: Reply(body=b"x" * 5_000_000))
    client = client_of(server)
    with client.stream("GET", "rows") as answer:
        answer.read(10)
    with client.stream("GET", "rows") as answer:
        assert len(answer.read()) == 5_000_000
    assert server.connections == 2


def test_a_stream_begins_again_only_at_its_head(serve: Serve, virtual: VirtualTime) -> None:
    server = serve(script(Reply(503), Reply(body=b"x" * 1000, cut=500)))
    with pytest.raises(CallFailed) as caught, client_of(server, virtual).stream("GET", "rows") as answer:
        answer.read()
    assert (caught.value.code, len(server.requests)) == ("answer-cut", 2)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("Customers", "/api/Customers"),
        ("Companies(Fabrikam, Inc.)/x", "/api/Companies(Fabrikam,%20Inc.)/x"),
        ("Customers(#1)", "/api/Customers(%231)"),
        ("Customers(A%2FB)", "/api/Customers(A%2FB)"),
        ("a:b/c", "/api/a:b/c"),
        ("Söhne", "/api/S%C3%B6hne"),
        ("/other", "/other"),
        ("", "/api/"),
    ],
)
def test_paths_reach_the_server_as_they_were_meant(serve: Serve, path: str, target: str) -> None:
    server = serve(lambda _: Reply())
    client_of(server).request("GET", path)
    assert server.requests[0].target == target


def test_parameters_are_encoded_so_that_values_cannot_become_syntax(serve: Serve) -> None:
    server = serve(lambda _: Reply())
    client_of(server).request("GET", "rows", params={"$filter": "name eq 'A&B + 50%#'", "$top": "1"})
    assert server.requests[0].target == "/api/rows?$filter=name%20eq%20'A%26B%20%2B%2050%25%23'&$top=1"


def test_a_link_to_another_host_is_not_followed(serve: Serve) -> None:
    server = serve(lambda _: Reply())
    with pytest.raises(Misconfigured, match="leads away"):
        client_of(server).request("GET", "https://evil.example/rows")
    assert server.requests == []


def test_the_log_tells_every_attempt_and_no_secret(serve: Serve, virtual: VirtualTime) -> None:
    lines: list[LogLine] = []
    server = serve(script(Reply(503), Reply(200, {"REQ_ID": "abc-1"})))
    client = client_of(server, virtual, log=lines.append)
    client.request(
        "GET",
        "hook?code=canary-1",
        params={"client_secret": "canary-2"},
        headers={"Authorization": "Bearer canary-3x"},
    )
    assert [(line.attempt, line.status, line.failure) for line in lines] == [(1, 503, "busy"), (2, 200, "")]
    assert (lines[0].pause_s, lines[1].request_id) == (0.375, "abc-1")
    assert "canary" not in str(lines)


def test_a_page_of_a_proxy_is_no_json_answer(serve: Serve) -> None:
    server = serve(lambda _: Reply(body=b"<html>Sign in</html>"))
    with pytest.raises(CallFailed, match="Sign in") as caught:
        client_of(server).request("GET", "rows").json("sales")
    assert caught.value.code == "answer-unreadable"


CERTIFICATES = {
    "unknown authority": ({}, None, "its authority is unknown|not in the CA file"),
    "another name": ({"name": "other.example"}, "ca", "issued for another name"),
    "expired": ({"days": -3}, "ca", "has expired"),
}


@pytest.mark.parametrize("kind", CERTIFICATES)
def test_a_bad_certificate_is_refused_and_the_message_says_why(
    serve: Serve, certificates: Certificates, kind: str
) -> None:
    made, ca, reason = CERTIFICATES[kind]
    server = serve(lambda _: Reply(), tls=True, **made)
    client = HttpClient(server.url, system="gp", trust=Trust(certificates.ca_file if ca else None))
    with pytest.raises(Unauthorised, match=reason) as caught:
        client.request("GET", "rows")
    assert (caught.value.code, caught.value.system, server.requests) == ("certificate", "gp", [])


def test_a_trusted_certificate_is_accepted_and_described(serve: Serve, certificates: Certificates) -> None:
    server = serve(lambda _: Reply(body=b"ok"), tls=True)
    trust = Trust(certificates.ca_file)
    assert HttpClient(server.url, system="gp", trust=trust).request("GET", "").body == b"ok"
    facts = certificate_of(server.url, trust, "gp")
    assert facts is not None
    assert (facts.subject, facts.names) == ("CN=localhost", ("localhost", "127.0.0.1"))


@pytest.mark.parametrize("content", [None, b"no certificate in here"])
def test_a_ca_file_that_cannot_be_used_is_a_fault_of_the_settings(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        Trust(path).context()
    assert (caught.value.code, caught.value.field) == ("settings-invalid", "ca_file")


def test_many_threads_share_one_client(serve: Serve) -> None:
    server = serve(lambda request: Reply(body=request.target.encode()))
    client = client_of(server)
    seen: dict[int, bytes] = {}

    def ask(n: int) -> None:
        for i in range(20):
            seen[n * 20 + i] = client.request("GET", f"r{n}-{i}").body

    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {n * 20 + i: f"/api/r{n}-{i}".encode() for n in range(6) for i in range(20)}
    assert server.connections <= 6
    assert client.tally.total == 120


@pytest.fixture(autouse=True)
def no_thread_is_left_in_error() -> Iterator[None]:
    failures: list[threading.ExceptHookArgs] = []
    before, threading.excepthook = threading.excepthook, failures.append
    yield
    threading.excepthook = before
    assert failures == []
