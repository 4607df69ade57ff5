"""The report as JSON: its head, then the listings, one finding a line, written as a stream. These bytes are the truth."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from gp365.app.reports.head import Head
from gp365.app.reports.lines import Lines
from gp365.model.values import decimal_text


def write_document(path: Path, head: Head, lines: Lines) -> str:
    """Write a report and return the SHA-256 of its bytes."""
    listings: dict[str, Iterable[Any]] = {
        "missing": lines.missing(),
        "differences": lines.differences(),
        "singles": lines.singles(),
        "sample": lines.sample(),
    }
    digest = sha256()
    with path.open("wb") as file:

        def put(piece: bytes) -> None:
            file.write(piece)
            digest.update(piece)

        put(_json(head, indent=True).rstrip().removesuffix(b"}").rstrip())
        for name, found in listings.items():
            put(f',\n  "{name}": ['.encode())
            for number, one in enumerate(found):
                put((b",\n    " if number else b"\n    ") + _json(one))
            put(b"\n  ]")
        put(b"\n}\n")
    return digest.hexdigest()


def _json(one: Any, *, indent: bool = False) -> bytes:
    option = orjson.OPT_PASSTHROUGH_DATETIME | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(one, default=_plain, option=option)


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
