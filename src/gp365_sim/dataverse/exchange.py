"""A request and its answer as values, so that a part of a batch and a request of its own take the same way."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from gp365_sim.identity.tokens import Caller

from . import refusal

JSON_TYPE = "application/json; odata.metadata=minimal"


@dataclass(frozen=True)
class Preferences:
    """What the Prefer header asks for."""

    representation: bool = False
    page_size: int | None = None
    annotations: str = ""
    track_changes: bool = False
    continue_on_error: bool = False


@dataclass(frozen=True)
class Request:
    """One operation. `path` is relative to the service root and still percent-encoded; header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    caller: Caller
    root: str
    in_batch: bool = False

    @property
    def prefer(self) -> Preferences:
        return read_preferences(self.headers.get("prefer", ""))

    def json(self) -> dict[str, Any]:
        """Give the body as an object; decimals keep every digit. Raises 400 for anything else."""
        try:
            value = json.loads(self.body or b"null", parse_float=Decimal)
        except ValueError as error:
            raise refusal.bad_payload("", f"Invalid JSON. {error}") from error
        if not isinstance(value, dict):
            raise refusal.bad_payload("", "An object was expected in the body.")
        return value  # pyright: ignore[reportUnknownVariableType]


@dataclass(frozen=True)
class Answer:
    """What goes back; `rows` counts the rows read or written, for the recorder and the execution time."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    rows: int = 0
    content_type: str = JSON_TYPE
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])


def read_preferences(header: str) -> Preferences:
    """Read a Prefer header: several preferences, separated by commas outside of quotes."""
    values: dict[str, str] = {}
    for part in _comma_parts(header):
        name, _, value = part.strip().partition("=")
        values[name.strip().lower()] = value.strip().strip('"')
    size = values.get("odata.maxpagesize", "")
    return Preferences(
        representation=values.get("return") == "representation",
        page_size=int(size) if size.isdigit() and int(size) > 0 else None,
        annotations=values.get("odata.include-annotations", ""),
        track_changes="odata.track-changes" in values,
        continue_on_error=values.get("odata.continue-on-error", "false") in {"", "true"},
    )


def _comma_parts(text: str) -> list[str]:
    parts = [""]
    quoted = False
    for sign in text:
        quoted ^= sign == '"'
        if sign == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def dumps(value: Any) -> bytes:
    """Write JSON; a Decimal goes out with the digits that it has."""
    return orjson.dumps(value, default=_decimal)


def _decimal(value: object) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f").encode())
    raise TypeError(type(value).__name__)


def no_content(*headers: tuple[str, str], rows: int = 0) -> Answer:
    return Answer(204, headers=headers, rows=rows)


def json_answer(value: Any, *headers: tuple[str, str], status: int = 200, rows: int = 0) -> Answer:
    return Answer(status, dumps(value), headers, rows)


def refused(request: Request | None, no: refusal.Refusal) -> Answer:
    """Give the error envelope; with annotations preferred it carries the details that the platform adds.

    Source: compose-http-requests-handle-errors.md, "Include more details with errors".
    """
    error: dict[str, Any] = {"code": no.code, "message": no.message}
    if request is not None and request.prefer.annotations == "*":
        bare = no.code.removeprefix("0x")
        error["@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus"] = "0"
        error["@Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode"] = "0"
        error["@Microsoft.PowerApps.CDS.HelpLink"] = (
            f"http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException%3a{bare}&client=platform"
        )
        error["@Microsoft.PowerApps.CDS.TraceText"] = ""
        error["@Microsoft.PowerApps.CDS.InnerError.Message"] = no.message
    return Answer(no.status, dumps({"error": error}), (("REQ_ID", str(uuid.uuid4())), *no.headers))
