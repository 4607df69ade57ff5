"""The list of requests a simulated system has answered, so that a test can count what a client cost."""

from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime

from starlette.types import Scope

NOTE = "gp365.note"


@dataclass(frozen=True, slots=True)
class Request:
    """One finished request; `status` is 0 when the connection was cut without an answer."""

    n: int
    at: datetime
    method: str
    path: str
    query: str
    status: int
    rows: int
    bytes: int


class Recorder:
    """Keeps the last `keep` requests of one system, numbered from 1 in the order of their ends."""

    def __init__(self, keep: int = 200_000) -> None:
        self._requests: deque[Request] = deque(maxlen=keep)
        self.last = 0

    def add(
        self, *, at: datetime, method: str, path: str, query: str, status: int, rows: int, size_bytes: int
    ) -> Request:
        """Append one request and return it with its number."""
        self.last += 1
        request = Request(self.last, at, method, path, query, status, rows, size_bytes)
        self._requests.append(request)
        return request

    def after(self, n: int) -> list[dict[str, object]]:
        """Return the requests numbered above `n`, oldest first, as JSON-ready dicts."""
        found: list[dict[str, object]] = []
        for request in reversed(self._requests):
            if request.n <= n:
                break
            found.append(asdict(request))
        found.reverse()
        return found

    def clear(self) -> None:
        """Forget the requests; numbering goes on, so a number held by a client stays meaningful."""
        self._requests.clear()


def note_rows(scope: Scope, rows: int) -> None:
    """Tell the recorder how many rows this request read or wrote; harmless without a recorder around."""
    note = scope.get(NOTE)
    if note is not None:
        note["rows"] = rows
