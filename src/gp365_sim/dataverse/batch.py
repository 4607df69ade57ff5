"""$batch: the multipart forms that clients send, run with the failure rules of the platform.

Source: execute-batch-operations-using-web-api.md; the message about too many operations is recorded by a public project.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import pairwise

from . import refusal
from .address import relative
from .exchange import Answer, Request, dumps, refused
from .organisation import Organisation

OPERATION_LIMIT = 1000
_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
_REQUEST_LINE = re.compile(r"^(GET|POST|PATCH|PUT|DELETE) (\S.*?)(?: HTTP/1\.\d)?$")
_CONTENT_REFERENCE = re.compile(r"^/?\$(\w+)(?=$|/)")
Run = Callable[[Request], Answer]


@dataclass(frozen=True)
class Part:
    """One MIME part; header names in lower case."""

    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True)
class Operation:
    """One request inside a batch with its Content-ID."""

    request: Request
    content_id: str | None


@dataclass(frozen=True)
class ChangeSet:
    operations: tuple[Operation, ...]


def run_batch(org: Organisation, request: Request, run: Run) -> Answer:
    """Run a batch in order; stops at the first failure unless odata.continue-on-error is preferred."""
    items = parse_batch(request)
    if sum(len(i.operations) if isinstance(i, ChangeSet) else 1 for i in items) > OPERATION_LIMIT:
        raise refusal.bad_request(
            "The current change set contains too many operations. A maximum number of "
            f"'{OPERATION_LIMIT}' operations are allowed in a change set"
        )
    known: dict[str, str] = {}
    out: list[bytes] = []
    rows = written = operations = 0
    failed = False
    for item in items:
        if isinstance(item, ChangeSet):
            part, good, touched = _run_change_set(org, item, run, known)
            operations += len(item.operations)
            written += touched
        else:
            answer = _run_one(item, run, known)
            part, good, touched = _http_part(answer, item.content_id), answer.status < 400, answer.rows
            operations += 1
            written += touched * (item.request.method != "GET")
        out.append(part)
        rows += touched
        failed = failed or not good
        if not good and not request.prefer.continue_on_error:
            return _multipart(400, out, rows, _counts(operations, written))
    return _multipart(200, out, rows, _counts(operations, written))


def _counts(operations: int, written: int) -> dict[str, int]:
    return {"operations": operations, "written": written}


def _multipart(status: int, parts: list[bytes], rows: int, counts: dict[str, int]) -> Answer:
    boundary = f"batchresponse_{uuid.uuid4()}"
    kind = f"multipart/mixed; boundary={boundary}"
    return Answer(status, _joined(parts, boundary), (), rows, kind, counts)


def _joined(parts: list[bytes], boundary: str) -> bytes:
    line = f"--{boundary}\r\n".encode()
    return b"".join(line + part for part in parts) + f"--{boundary}--\r\n".encode()


def _run_change_set(
    org: Organisation, item: ChangeSet, run: Run, known: dict[str, str]
) -> tuple[bytes, bool, int]:
    """Run all operations of a change set or none; a failed one answers with a single error part."""
    answers: list[tuple[Answer, str | None]] = []
    try:
        with org.store.atomic():
            for operation in item.operations:
                answer = _run_one(operation, run, known)
                if answer.status >= 400:
                    raise _Failed(answer, operation.content_id)
                answers.append((answer, operation.content_id))
    except _Failed as failure:
        return _http_part(failure.answer, failure.content_id), False, 0
    boundary = f"changesetresponse_{uuid.uuid4()}"
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    body = _joined([_http_part(a, c) for a, c in answers], boundary)
    return head + body, True, sum(a.rows for a, _ in answers)


class _Failed(Exception):
    def __init__(self, answer: Answer, content_id: str | None) -> None:
        super().__init__(content_id)
        self.answer, self.content_id = answer, content_id


def _run_one(operation: Operation, run: Run, known: dict[str, str]) -> Answer:
    request = operation.request
    try:
        request = _resolved(request, known)
    except refusal.Refusal as no:
        return refused(request, no)
    if relative(request.path).lower() == "$batch":
        return refused(request, refusal.bad_request("A batch must not contain another batch."))
    answer = run(request)
    if operation.content_id and answer.status < 400:
        url = next((v for k, v in answer.headers if k == "OData-EntityId"), None)
        known[operation.content_id] = relative(url) if url else request.path
    return answer


def _resolved(request: Request, known: dict[str, str]) -> Request:
    """Put rows made earlier in the place of `$1` in the URL and in @odata.bind and @odata.id values."""
    path = _CONTENT_REFERENCE.sub(lambda m: _reference(m[1], known), request.path)
    if b"$" not in request.body or b"@odata." not in request.body:
        return replace(request, path=path)
    body = request.json()
    for name, value in body.items():
        found = _CONTENT_REFERENCE.match(value) if isinstance(value, str) else None
        if found and name.endswith(("@odata.bind", "@odata.id")):
            body[name] = _reference(found[1], known)
    return replace(request, path=path, body=dumps(body))


def _reference(content_id: str, known: dict[str, str]) -> str:
    if content_id not in known:
        raise refusal.bad_request(
            f"Content-ID Reference: '${content_id}' does not exist in the batch context."
        )
    return known[content_id]


def _http_part(answer: Answer, content_id: str | None) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    if answer.body:
        lines.append(f"Content-Type: {answer.content_type}")
    lines += ["OData-Version: 4.0", *(f"{name}: {value}" for name, value in answer.headers), ""]
    return "\r\n".join(lines).encode() + b"\r\n" + answer.body + b"\r\n"


# --- reading the multipart body --------------------------------------------------------------------------------------


def parse_batch(request: Request) -> list[Operation | ChangeSet]:
    """Read the parts of a batch: quoted or bare boundary, CRLF or LF, any preamble, absolute or relative URLs."""
    parts = split_multipart(request.body, _boundary(request.headers.get("content-type", "")))
    return [_item(request, part) for part in parts]


def _boundary(content_type: str) -> bytes:
    found = _BOUNDARY.search(content_type)
    if found is None or not content_type.lower().startswith("multipart/mixed"):
        raise refusal.bad_request(
            "The content type of a batch request must be 'multipart/mixed' with a 'boundary' parameter."
        )
    return found[1].strip().encode()


def split_multipart(body: bytes, boundary: bytes) -> list[Part]:
    """Cut a multipart body at its delimiter lines; raises 400 where the closing one is missing."""
    pattern = rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)"
    cuts = list(re.finditer(pattern, body))
    if not cuts or cuts[-1][1] is None:
        raise refusal.bad_request("The batch request is not terminated by its closing boundary.")
    return [_part(body[a.end() : b.start()]) for a, b in pairwise(cuts) if a[1] is None]


def _part(raw: bytes) -> Part:
    lines, content = _head(raw.lstrip(b"\r\n"))
    return Part(_headers(lines), content)


def _head(raw: bytes) -> tuple[list[str], bytes]:
    head, _, content = re.sub(rb"\A(.*?)\r?\n\r?\n", rb"\1\0\0", raw, count=1, flags=re.DOTALL).partition(
        b"\0\0"
    )
    return head.decode("utf-8", "replace").splitlines(), content


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _item(outer: Request, part: Part) -> Operation | ChangeSet:
    kind = part.headers.get("content-type", "")
    if kind.lower().startswith("multipart/mixed"):
        return ChangeSet(
            tuple(_in_change_set(outer, p) for p in split_multipart(part.content, _boundary(kind)))
        )
    return _operation(outer, part)


def _in_change_set(outer: Request, part: Part) -> Operation:
    operation = _operation(outer, part)
    if operation.request.method == "GET":
        raise refusal.bad_request("A change set must not contain a GET request.")
    if not operation.content_id:
        raise refusal.bad_request("Content-ID header not present in a request of a change set.")
    return operation


def _operation(outer: Request, part: Part) -> Operation:
    if not part.headers.get("content-type", "").lower().startswith("application/http"):
        raise refusal.bad_request("The content type of a batch part must be 'application/http'.")
    lines, body = _head(part.content.lstrip(b"\r\n"))
    line = _REQUEST_LINE.match(lines[0].strip()) if lines else None
    if line is None:
        raise refusal.bad_request(f"Invalid request line in a batch part: '{lines[0] if lines else ''}'.")
    headers = _headers(lines[1:])
    path, _, query = relative(line[2]).partition("?")
    content_id = part.headers.get("content-id") or headers.get("content-id")
    body = body.strip(b"\r\n \t")
    return Operation(
        Request(line[1], path, query, headers, body, outer.caller, outer.root, in_batch=True), content_id
    )
