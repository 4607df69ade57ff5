"""`$batch`: what we build is read back by another parser, and every shape of answer finds its operations."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gp365.wire.batch import ChangeSet, Item, ItemAnswer, Part, _delimiters, build, parse, send
from gp365.wire.calls import CallFailed
from gp365.wire.http import HttpClient
from gp365.wire.odata import ServiceRefused
from gp365.wire.trust import Trust
from wire.wire_server import Reply, Request, Server

Serve = Callable[..., Server]
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789()='", min_size=1, max_size=20)
BODIES = st.one_of(st.just(b""), st.text(max_size=60).map(lambda t: t.encode("utf-8", "ignore")))
PARTS = st.builds(
    Part,
    st.sampled_from(["POST", "PATCH", "DELETE"]),
    NAMES.map(lambda name: f"/api/data/v9.2/{name}"),
    st.dictionaries(st.sampled_from(["If-Match", "If-None-Match", "Prefer"]), st.just('W/"1"')),
    BODIES,
)
ITEMS = st.lists(
    st.one_of(PARTS, st.lists(PARTS, min_size=1, max_size=4).map(lambda p: ChangeSet(tuple(p)))), max_size=6
)


def read_with_the_standard_library(body: bytes, boundary: str) -> Message:
    head = f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode()
    return email.message_from_bytes(head + body, policy=email.policy.HTTP)


@given(ITEMS.filter(bool))
def test_another_parser_reads_what_we_build(items: list[Item]) -> None:
    whole = read_with_the_standard_library(build(items, "batch_1"), "batch_1")
    read = list(whole.iter_parts())  # type: ignore[attr-defined]
    assert len(read) == len(items)
    content_ids = []
    for item, part in zip(items, read, strict=True):
        inner = list(part.iter_parts()) if isinstance(item, ChangeSet) else [part]
        operations = item.parts if isinstance(item, ChangeSet) else (item,)
        assert len(inner) == len(operations)
        for operation, found in zip(operations, inner, strict=True):
            assert found["Content-Type"] == "application/http"
            payload = found.get_payload(decode=True)
            assert payload.startswith(f"{operation.method} {operation.url} HTTP/1.1\r\n".encode())
            content_ids += [found["Content-ID"]] if isinstance(item, ChangeSet) else []
    assert content_ids == [str(n + 1) for n in range(len(content_ids))]


def test_the_bytes_of_a_batch_are_those_of_the_documentation() -> None:
    items = [
        ChangeSet((Part("PATCH", "/accounts(1)", {"If-Match": 'W/"5"'}, b'{"name":"A"}'),)),
        Part("GET", "/accounts?$top=1", {"Accept": "application/json"}),
    ]
    assert build(items, "batch_b").decode().split("\r\n") == [
        "--batch_b",
        'Content-Type: multipart/mixed; boundary="changeset_1_batch_b"',
        "",
        "--changeset_1_batch_b",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "Content-ID: 1",
        "",
        "PATCH /accounts(1) HTTP/1.1",
        'If-Match: W/"5"',
        "Content-Type: application/json; type=entry",
        "",
        '{"name":"A"}',
        "--changeset_1_batch_b--",
        "",
        "--batch_b",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        "GET /accounts?$top=1 HTTP/1.1",
        "Accept: application/json",
        "",
        "",
        "--batch_b--",
        "",
    ]


def test_a_line_end_in_a_header_is_refused() -> None:
    with pytest.raises(ValueError, match="line end"):
        build([Part("GET", "/a", {"If-Match": "x\r\nEvil: 1"})], "b")


def part_text(status: int, body: str = "", content_id: str = "", end: str = "\r\n") -> str:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {content_id}"] if content_id else []
    lines += ["", f"HTTP/1.1 {status} Words", "OData-Version: 4.0", 'ETag: W/"9"', "", body]
    return end.join(lines)


def answer_text(parts: list[str | list[str]], end: str = "\r\n", preamble: str = "") -> bytes:
    text = preamble
    for part in parts:
        if isinstance(part, str):
            text += f"--batchresponse_1{end}{part}{end}"
            continue
        text += f"--batchresponse_1{end}Content-Type: multipart/mixed; boundary=changesetresponse_2{end}{end}"
        text += (
            "".join(f"--changesetresponse_2{end}{inner}{end}" for inner in part)
            + f"--changesetresponse_2--{end}"
        )
    return (text + f"--batchresponse_1--{end}").encode()


KIND = "multipart/mixed; boundary=batchresponse_1"
ANSWERS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([200, 204, 404, 412]), st.text("{}\"':, äé☃a1-", max_size=40)),
        st.lists(
            st.tuples(st.sampled_from([201, 204]), st.text("{}ab", max_size=10)), min_size=1, max_size=3
        ),
    ),
    max_size=6,
)


@given(ANSWERS, st.sampled_from(["\r\n", "\n"]), st.sampled_from(["", "preamble\r\n"]))
def test_every_answer_is_found_with_its_status_and_body(
    given_: list[object], end: str, preamble: str
) -> None:
    parts: list[str | list[str]] = []
    for item in given_:
        if isinstance(item, list):
            parts.append([part_text(status, body, str(n), end) for n, (status, body) in enumerate(item)])
        else:
            parts.append(part_text(*item, end=end))  # type: ignore[misc]
    found = parse(KIND, answer_text(parts, end, preamble))
    assert len(found) == len(given_)
    for item, answer in zip(given_, found, strict=True):
        expected = item if isinstance(item, list) else [item]
        assert [(a.status, a.body.decode()) for a in answer.answers] == expected
        assert answer.failed == any(status >= 400 for status, _ in expected)
        assert all(a.headers.get("etag") == 'W/"9"' for a in answer.answers)
        if isinstance(item, list):
            assert [a.content_id for a in answer.answers] == [str(n) for n in range(len(item))]


@given(st.binary(max_size=200))
def test_nonsense_is_refused_and_never_half_read(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"answer|part"):
        parse(KIND, body)


@given(ANSWERS.filter(bool), st.data())
def test_an_answer_cut_anywhere_is_noticed(given_: list[object], data: st.DataObject) -> None:
    parts = [
        part_text(*item) if isinstance(item, tuple) else [part_text(*i) for i in item] for item in given_
    ]  # type: ignore[misc,attr-defined]
    whole = answer_text(parts)
    cut = data.draw(st.integers(0, len(whole) - len("--batchresponse_1--\r\n") - 1))
    with pytest.raises(ValueError, match=r"answer|part"):
        parse(KIND, whole[:cut])


def client_of(server: Server) -> HttpClient:
    return HttpClient(server.url + "/api/data/v9.2", system="sales", trust=Trust())


def replying(status: int, parts: list[str | list[str]]) -> Callable[[Request], Reply]:
    return lambda request: Reply(status, {"Content-Type": KIND}, answer_text(parts))


def statuses(answers: list[ItemAnswer | None]) -> list[list[int] | None]:
    return [[a.status for a in answer.answers] if answer else None for answer in answers]


def test_with_continue_on_error_every_operation_gets_its_own_answer(serve: Serve) -> None:
    server = serve(replying(200, [part_text(204), part_text(412, '{"error":{}}'), part_text(204)]))
    answers = send(
        client_of(server), [Part("PATCH", "/a", {}, b"{}")] * 3, headers={"Prefer": "return=minimal"}
    )
    assert statuses(answers) == [[204], [412], [204]]
    request = server.requests[0]
    assert request.target == "/api/data/v9.2/$batch"
    assert request.headers["prefer"] == "return=minimal,odata.continue-on-error"


def test_without_it_what_comes_after_the_first_failure_was_not_reached(serve: Serve) -> None:
    server = serve(replying(400, [part_text(204), part_text(404)]))
    answers = send(client_of(server), [Part("PATCH", "/a", {}, b"{}")] * 4, continue_on_error=False)
    assert statuses(answers) == [[204], [404], None, None]
    assert "prefer" not in server.requests[0].headers


def test_a_change_set_answers_whole_or_with_one_error(serve: Serve) -> None:
    sets: list[Item] = [ChangeSet((Part("POST", "/a", {}, b"{}"), Part("POST", "/b", {}, b"{}")))] * 2
    server = serve(replying(200, [[part_text(204, "", "1"), part_text(204, "", "2")], part_text(412)]))
    answers = send(client_of(server), sets)
    assert statuses(answers) == [[204, 204], [412]]
    assert [answer.failed for answer in answers if answer] == [False, True]


@pytest.mark.parametrize(
    "parts",
    [
        [part_text(204)],
        [part_text(204)] * 3,
        [[part_text(204, "", "1")], part_text(204)],
    ],
)
def test_an_answer_that_does_not_fit_the_question_leaves_the_writes_in_doubt(
    serve: Serve, parts: list[str | list[str]]
) -> None:
    items: list[Item] = [ChangeSet((Part("POST", "/a"), Part("POST", "/b"))), Part("POST", "/c")]
    with pytest.raises(CallFailed) as caught:
        send(client_of(serve(replying(200, parts))), items)
    assert (caught.value.code, caught.value.maybe_sent) == ("answer-unreadable", True)


def test_a_batch_refused_as_a_whole_carries_the_services_words(serve: Serve) -> None:
    body = b'{"error":{"code":"0x80060888","message":"Content-ID is missing"}}'
    server = serve(lambda _: Reply(400, {"Content-Type": "application/json"}, body))
    with pytest.raises(ServiceRefused) as caught:
        send(client_of(server), [Part("GET", "/a")])
    assert (caught.value.error.code, caught.value.error.message) == ("0x80060888", "Content-ID is missing")


def test_too_many_operations_are_refused_before_anything_is_sent(serve: Serve) -> None:
    server = serve(lambda _: Reply())
    with pytest.raises(ValueError, match="1000"):
        send(client_of(server), [Part("GET", "/a")] * 1001)
    assert send(client_of(server), []) == []
    assert server.requests == []


@given(
    st.lists(
        st.sampled_from([b"--m", b"--", b"-", b"m", b"\r", b"\n", b"\r\n", b" ", b"\t", b"x"]), max_size=24
    )
)
def test_delimiters_are_whole_lines_wherever_their_text_stands(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    lines = re.finditer(rb"(?:^|\r?\n)--m(--)?[ \t]*(?:\r?\n|$)", body)
    found = _delimiters(re.compile(rb"--m(--)?[ \t]*(?:\r?\n|$)"), body)
    assert list(found) == [(one.start(), one.end(), one.group(1) is not None) for one in lines]
