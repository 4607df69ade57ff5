"""OData `$batch`: build one multipart request from many, and match the answer's parts to them.

Source: Dataverse Web API documentation, page "Execute batch operations using the Web API": CRLF line ends, Content-ID in
change sets, at most 1,000 operations, order kept; without continue-on-error the answer ends at the first failure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from gp365.wire.calls import Answer, CallFailed, Headers, Priority, Requests
from gp365.wire.odata import ServiceRefused, prefer, service_error

MOST_OPERATIONS = 1_000
_CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One operation; `url` is absolute, or relative to the service root. If-Match and the like go into `headers`."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Operations that succeed or fail together; no GET."""

    parts: tuple[Part, ...]


Item = Part | ChangeSet


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The answer to one operation."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    content_id: str = ""

    @property
    def ok(self) -> bool:
        """Say whether the status is 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """The answer to one item: one answer per operation, or (`failed`) the one error of a change set rolled back."""

    answers: tuple[PartAnswer, ...]
    failed: bool = False


def build(items: Sequence[Item], boundary: str) -> bytes:
    """Return the multipart body; Content-IDs number the operations of change sets from 1 through the whole batch."""
    lines: list[bytes] = []
    number = 1
    for item in items:
        lines.append(f"--{boundary}".encode())
        if isinstance(item, Part):
            lines += _part_lines(item, "")
            continue
        inner = f"changeset_{number}_{boundary[-32:]}"
        lines += [f'Content-Type: multipart/mixed; boundary="{inner}"'.encode(), b""]
        for part in item.parts:
            lines += [f"--{inner}".encode(), *_part_lines(part, str(number))]
            number += 1
        lines += [f"--{inner}--".encode(), b""]
    lines += [f"--{boundary}--".encode(), b""]
    return _CRLF.join(lines)


def _part_lines(part: Part, content_id: str) -> list[bytes]:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id:
        lines.append(f"Content-ID: {content_id}")
    given = dict(part.headers)
    if part.content and not any(name.lower() == "content-type" for name in given):
        given["Content-Type"] = "application/json; type=entry"
    lines += [
        "",
        f"{part.method} {part.url} HTTP/1.1",
        *(f"{name}: {value}" for name, value in given.items()),
        "",
    ]
    for line in lines:
        if "\r" in line or "\n" in line:
            raise ValueError("a line of a batch part holds a line end")
    return [*(line.encode("utf-8") for line in lines), part.content]


def parse(content_type: str, body: bytes) -> list[ItemAnswer]:
    """Return one ItemAnswer per top-level part; raise ValueError if the body is not whole and well-formed."""
    found: list[ItemAnswer] = []
    for headers, content in _split(content_type, body):
        kind = headers.get("content-type")
        if kind.lower().startswith("multipart/mixed"):
            inner = tuple(_http(sub, text) for sub, text in _split(kind, content))
            found.append(ItemAnswer(inner, failed=any(not answer.ok for answer in inner)))
        else:
            answer = _http(headers, content)
            found.append(ItemAnswer((answer,), failed=not answer.ok))
    return found


def _split(content_type: str, body: bytes) -> Iterator[tuple[Headers, bytes]]:
    """Yield headers and content of each part of a multipart body (RFC 2046 §5.1.1)."""
    match = re.search(r'(?i)boundary\s*=\s*(?:"([^"]+)"|([^;\s]+))', content_type)
    if match is None:
        raise ValueError("the answer names no boundary")
    mark = re.escape(match.group(1) or match.group(2)).encode()
    begins: int | None = None
    for start, end, closing in _delimiters(re.compile(rb"--" + mark + rb"(--)?[ \t]*(?:\r?\n|$)"), body):
        if begins is not None:
            yield _fields(body[begins:start])
        if closing:
            return
        begins = end
    raise ValueError("the answer has no closing boundary")


def _delimiters(line: re.Pattern[bytes], body: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield where each delimiter line starts and ends, the line end before it among it, and whether it closes.

    Its text is looked for first and the line end then: the other way round a pattern stops at every line end.
    """
    left, at = 0, 0
    while (found := line.search(body, at)) is not None:
        start = found.start()
        fresh = start == 0 or (start > left and body[start - 1 : start] == b"\n")
        if not fresh:
            at = start + 1
            continue
        if start:
            start -= 2 if start - 2 >= left and body[start - 2 : start - 1] == b"\r" else 1
        yield start, found.end(), found.group(1) is not None
        left = at = found.end()


def _fields(piece: bytes) -> tuple[Headers, bytes]:
    """Part header fields from what follows the first empty line."""
    if piece.startswith((b"\r\n", b"\n")):
        return Headers(), piece.split(b"\n", 1)[1]
    head, separator, content = _partition(piece)
    if not separator:
        content = b""
    pairs = [line.partition(":") for line in head.decode("utf-8", "replace").splitlines() if line.strip()]
    return Headers(tuple((name.strip(), value.strip()) for name, _, value in pairs)), content


def _partition(piece: bytes) -> tuple[bytes, bytes, bytes]:
    match = re.search(rb"\r?\n\r?\n", piece)
    if match is None:
        return piece, b"", b""
    return piece[: match.start()], match.group(0), piece[match.end() :]


def _http(outer: Headers, content: bytes) -> PartAnswer:
    line, _, rest = content.lstrip(b"\r\n").partition(b"\n")
    match = re.match(rb"HTTP/\d(?:\.\d)?\s+(\d{3})\b", line)
    if match is None:
        raise ValueError("a part of the answer is no HTTP answer")
    headers, body = _fields(rest)
    length = headers.get("content-length")
    if length.isdecimal() and len(body) >= int(length):
        body = body[: int(length)]
    return PartAnswer(
        int(match.group(1)), headers, body, outer.get("content-id") or headers.get("content-id")
    )


def send(
    client: Requests,
    items: Sequence[Item],
    *,
    path: str = "$batch",
    continue_on_error: bool = True,
    headers: Mapping[str, str] | None = None,
    idempotent: bool = False,
    priority: Priority = Priority.BULK,
    timeout_s: float | None = None,
    system: str = "",
    came: Callable[[Answer], None] = lambda _: None,
) -> list[ItemAnswer | None]:
    """Send the items in order and return an answer for each; None stands for those that were not reached.

    `came` is told of the answer to the batch as a whole, before it is looked at.

    Raise ServiceRefused if the batch as a whole was refused, CallFailed("answer-unreadable", maybe_sent=True) if the
    answer cannot be matched, ValueError above 1,000 operations.
    """
    if sum(1 if isinstance(item, Part) else len(item.parts) for item in items) > MOST_OPERATIONS:
        raise ValueError(f"a batch holds at most {MOST_OPERATIONS} operations")
    if not items:
        return []
    boundary = f"batch_{uuid4().hex}"
    given = {**(headers or {}), "Content-Type": f'multipart/mixed; boundary="{boundary}"'}
    answer = client.request(
        "POST",
        path,
        headers=prefer(given, "odata.continue-on-error") if continue_on_error else given,
        content=build(items, boundary),
        idempotent=idempotent,
        priority=priority,
        timeout_s=timeout_s,
    )
    came(answer)
    return _matched(items, answer, system)


def _matched(items: Sequence[Item], answer: Answer, system: str) -> list[ItemAnswer | None]:
    kind = answer.headers.get("content-type")
    if not kind.lower().startswith("multipart/mixed"):
        if not answer.ok:
            raise ServiceRefused(service_error(answer.status, answer.body), answer)
        raise _unreadable(f"it is {kind or 'of no kind'} instead of multipart/mixed", answer, system)
    try:
        found = parse(kind, answer.body)
    except ValueError as exc:
        raise _unreadable(str(exc), answer, system) from None
    # Fewer answers than items are right only where the batch stopped at an error.
    stopped = bool(found) and found[-1].failed
    if len(found) > len(items) or (len(found) < len(items) and not stopped):
        raise _unreadable(f"it holds {len(found)} answers to {len(items)} operations", answer, system)
    for item, given in zip(items, found, strict=False):
        if isinstance(item, ChangeSet) and not given.failed and len(given.answers) != len(item.parts):
            raise _unreadable("a change set has another number of answers than operations", answer, system)
    return [*found, *([None] * (len(items) - len(found)))]


def _unreadable(why: str, answer: Answer, system: str) -> CallFailed:
    return CallFailed(
        "answer-unreadable",
        f"The answer to a batch cannot be read: {why}",
        maybe_sent=True,
        status=answer.status,
        system=system,
    )
