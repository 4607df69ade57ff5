"""OData literals, and filters over many values cut to the length that a URL may have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import quote
from uuid import UUID

Value = str | int | bool | Decimal | UUID | datetime | date | None
LONGEST_URL = 32_768
"""Bytes of a GET's URL that Dataverse takes (64 KB inside $batch)."""


def literal(value: Value) -> str:
    """Return a value as it stands in $filter or a key: text quoted with doubled apostrophes, times in UTC."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without a zone has no OData literal")
        return value.astimezone(UTC).isoformat(timespec="auto").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def key_segment(keys: Sequence[tuple[str, Value]]) -> str:
    """Return `(a='1',b=2)` for a URL path, each value percent-encoded."""
    return "(" + ",".join(f"{name}={quote(literal(value), safe=_SAFE)}" for name, value in keys) + ")"


_SAFE = "'-._~:"


def any_of(column: str, values: Sequence[Value]) -> str:
    """Return a $filter that holds for any of the values."""
    return " or ".join(f"{column} eq {literal(value)}" for value in values)


def in_list(column: str, values: Sequence[Value]) -> str:
    """Return Dataverse's own query function In, which is shorter than a chain of `or`; values go as text."""
    listed = ",".join(literal(value if isinstance(value, str) else literal(value)) for value in values)
    return f"Microsoft.Dynamics.CRM.In(PropertyName={literal(column)},PropertyValues=[{listed}])"


def filters(
    values: Iterable[Value],
    render: Callable[[Sequence[Value]], str],
    *,
    room: int = LONGEST_URL - 2_048,
    most: int = 1_000,
) -> Iterator[tuple[tuple[Value, ...], str]]:
    """Yield (values, filter) so that each encoded filter fits into `room` bytes and holds at most `most` values.

    `room` is what the rest of the URL leaves. A single value that is longer comes alone: the service then refuses it.
    """
    pending: list[Value] = []
    size = 0
    for value in values:
        alone = encoded_length(render([value]))
        more = encoded_length(render([value, value])) - alone
        if pending and (len(pending) >= most or size + more > room):
            yield tuple(pending), render(pending)
            pending = []
        size = size + more if pending else alone
        pending.append(value)
    if pending:
        yield tuple(pending), render(pending)


def encoded_length(text: str) -> int:
    """Return how many bytes a query text takes once it is percent-encoded."""
    return len(quote(text, safe="$'(),:;@/!*-._~"))
