"""OData v4 as Dataverse speaks it: pages, change tracking, and the error envelope.

Sources: Dataverse Web API documentation, pages "Page results", "Use change tracking to synchronize data with external
systems" and "Compose HTTP requests and handle errors".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson

from gp365.wire.calls import Answer, CallFailed, Priority, Requests

Row = dict[str, Any]
_KEPT = frozenset({401, 403, 408, 429})


class DeltaExpired(Exception):
    """The delta token is too old (7 days by default) or unknown: read everything again."""


@dataclass(frozen=True, slots=True)
class ServiceError:
    """A refusal in the service's own words; `code` is lower-case hexadecimal such as 0x80060892, or empty."""

    status: int
    code: str
    message: str
    inner: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, and the links to what follows; `deleted` holds the ids that a delta reports as gone."""

    rows: tuple[Row, ...]
    deleted: tuple[str, ...] = ()
    next_link: str = ""
    delta_link: str = ""


class ServiceRefused(Exception):
    """A read was answered with an error that only the connector can translate into what to do next."""

    def __init__(self, error: ServiceError, answer: Answer) -> None:
        super().__init__(f"HTTP {error.status} {error.code} {error.message}")
        self.error = error
        self.answer = answer


def service_error(status: int, body: bytes) -> ServiceError:
    """Read the error envelope of an answer that is not 2xx; a body of another kind becomes the message."""
    try:
        document = orjson.loads(body)
        error = cast(Row, document["error"])
        inner = error.get("innererror") or error.get("@Microsoft.PowerApps.CDS.InnerError.Message") or ""
        inner_text = str(cast(Row, inner).get("message", "")) if isinstance(inner, dict) else str(inner)
        return ServiceError(
            status, str(error.get("code") or "").lower(), str(error.get("message") or ""), inner_text
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return ServiceError(status, "", body[:300].decode("utf-8", "replace").strip())


def rows_of(answer: Answer, system: str = "") -> Page:
    """Read a collection answer; raise CallFailed("answer-unreadable") if it is none."""
    document = answer.json(system)
    value = cast(Row, document).get("value") if isinstance(document, dict) else None
    if not isinstance(value, list):
        raise CallFailed(
            "answer-unreadable",
            "The answer holds no list of rows",
            maybe_sent=False,
            status=answer.status,
            system=system,
        )
    whole = cast(Row, document)
    rows = cast(list[Row], value)
    return Page(
        tuple(row for row in rows if not is_deleted(row)),
        tuple(str(row["id"]) for row in rows if is_deleted(row)),
        str(whole.get("@odata.nextLink") or ""),
        str(whole.get("@odata.deltaLink") or ""),
    )


def is_deleted(row: Row) -> bool:
    """Say whether a row of a delta reports a deletion."""
    return "id" in row and ("reason" in row or str(row.get("@odata.context", "")).endswith("/$deletedEntity"))


def pages(
    client: Requests,
    path: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    priority: Priority = Priority.BULK,
    system: str = "",
) -> Iterator[Page]:
    """Yield the pages of a query; the nextLink is used as it is and the same headers (Prefer) go with every page.

    Raise ServiceRefused for an error answer.
    """
    link, query = path, params
    seen: set[str] = set()
    while link:
        answer = client.request("GET", link, params=query, headers=headers, priority=priority)
        if not answer.ok:
            raise ServiceRefused(service_error(answer.status, answer.body), answer)
        page = rows_of(answer, system)
        if page.next_link in seen:
            raise CallFailed(
                "answer-unreadable",
                "A nextLink leads back to an earlier page",
                maybe_sent=False,
                system=system,
            )
        seen.add(page.next_link)
        yield page
        link, query = page.next_link, None


def track(
    client: Requests,
    path: str,
    *,
    params: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
    page_size: int = 5000,
    priority: Priority = Priority.BULK,
    system: str = "",
) -> Iterator[Page]:
    """Yield every row and, on the last page, the deltaLink to begin with; Dataverse refuses $filter and $orderby here."""
    wanted = prefer(headers, "odata.track-changes", f"odata.maxpagesize={page_size}")
    yield from pages(client, path, params=params, headers=wanted, priority=priority, system=system)


def delta(
    client: Requests,
    delta_link: str,
    *,
    headers: Mapping[str, str] | None = None,
    page_size: int = 5000,
    priority: Priority = Priority.BULK,
    system: str = "",
) -> Iterator[Page]:
    """Yield what changed since a deltaLink; the last page carries the next one.

    Raise DeltaExpired when the service refuses the link twice: which code an expired token gets is not documented, so
    that every 4xx but 401, 403, 408 and 429 counts.
    """
    wanted = prefer(headers, f"odata.maxpagesize={page_size}")
    for last in (False, True):
        begun = False
        try:
            for page in pages(client, delta_link, headers=wanted, priority=priority, system=system):
                begun = True
                yield page
            return
        except ServiceRefused as refused:
            status = refused.error.status
            if not 400 <= status < 500 or status in _KEPT:
                raise
            if last or begun:
                raise DeltaExpired(str(refused)) from None


def prefer(headers: Mapping[str, str] | None, *wishes: str) -> dict[str, str]:
    """Return the headers with these wishes added to their Prefer field; a wish of the same name is not repeated."""
    given = dict(headers or {})
    name = next((key for key in given if key.lower() == "prefer"), "Prefer")
    old = [wish.strip() for wish in given.get(name, "").split(",") if wish.strip()]
    names = {wish.split("=")[0].lower() for wish in old}
    given[name] = ",".join(old + [wish for wish in wishes if wish.split("=")[0].lower() not in names])
    return given
