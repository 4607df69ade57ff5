"""Writing a report: workbook and page first, then the JSON document that names their digests, then its signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from gp365.app.reports.document import write_document
from gp365.app.reports.head import FileHead, Head, head_of
from gp365.app.reports.lines import Lines
from gp365.app.reports.page import write_page
from gp365.app.reports.signing import ReportKey, digest_of
from gp365.app.reports.workbook import write_workbook
from gp365.connectors.gp.books import Books
from gp365.sync.reconcile.result import Reconciliation

SIGNATURE = ".sig"
SIGNATURE_FORMAT = "gp365 signature 1"


@dataclass(frozen=True, slots=True)
class Report:
    """A report on disk: its head, the digest of its JSON document, and its files, the document first."""

    head: Head
    digest: str
    files: tuple[Path, ...]


def write_report(
    found: Reconciliation,
    folder: Path,
    key: ReportKey,
    names_of: Mapping[str, str] | None = None,
    books: Books | None = None,
) -> Report:
    """Write a report of a reconciliation into a folder; `names_of` says what people call a system, by its name.

    `books` are what GP says of the same money in its own places, where the flow shows balances.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = _stem(folder, found)
    head, lines = head_of(found, key.public, key.fingerprint, names_of, books), Lines(found)
    page, book, document = (folder / f"{stem}{ending}" for ending in (".html", ".xlsx", ".json"))
    write_page(page, head, lines)
    write_workbook(book, head, lines)
    head = replace(head, files=[FileHead(one.name, digest_of(one)) for one in (page, book)])
    digest = write_document(document, head, lines)
    signature = document.with_name(document.name + SIGNATURE)
    signature.write_bytes(_signature(document.name, digest, key))
    return Report(head, digest, (document, page, book, signature))


def _stem(folder: Path, found: Reconciliation) -> str:
    """Name the files by what was reconciled and when; no report takes the place of another."""
    at: datetime = found.ended.astimezone(UTC)
    stem = f"reconcile-{found.job.pair}-{found.job.flow.name}-{at:%Y%m%dT%H%M%SZ}"
    names = (stem, *(f"{stem}-{number}" for number in range(2, 1000)))
    return next((name for name in names if not (folder / f"{name}.json").exists()), stem)


def _signature(name: str, digest: str, key: ReportKey) -> bytes:
    told = {
        "format": SIGNATURE_FORMAT,
        "algorithm": "Ed25519",
        "file": name,
        "sha256": digest,
        "public_key": key.public,
        "fingerprint": key.fingerprint,
        "signature": key.sign(digest),
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
