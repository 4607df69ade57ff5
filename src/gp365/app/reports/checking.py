"""Checking a report with the public key alone: its signature, and the digests of the page and workbook that show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gp365.app.reports.signing import digest_of, fingerprint_of, is_signed, key_given, public_of
from gp365.app.reports.written import SIGNATURE, SIGNATURE_FORMAT
from gp365.model.errors import Gp365Error, Misconfigured

_SHOWN = (".html", ".xlsx")


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file of a report: `ok` None where it is not here."""

    file: str
    ok: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class VerifyOut:
    """Whether a report is as it was signed, and by which key. `key_given` false: by the key that came along with it."""

    file: str
    agrees: bool
    key_given: bool
    fingerprint: str
    checks: list[FileCheck]
    pair: str = ""
    flow: str = ""
    verdict: str = ""
    ended: datetime | None = None
    exit_code: int = 0


def verify_report(path: Path, key: str | None = None) -> VerifyOut:
    """Check a report by any of its files; no project is needed. Misconfigured("usage") if its files cannot be read."""
    document = _document_of(path)
    signature = document.with_name(document.name + SIGNATURE)
    for needed in (document, signature):
        if not needed.is_file():
            fix = "Keep the .json and the .json.sig beside it."
            raise Misconfigured("usage", f"{needed.name} is not there.", value=str(needed), fix=fix)
    told = _loaded(signature)
    public, fingerprint = _key(told, key)
    checks = [_signed(document, told, public, given=key is not None)]
    head = _loaded(document) if checks[0].ok else {}
    checks += [_shows(document, one) for one in _files(head)]
    agrees = all(one.ok is not False for one in checks) and _is_named(path, document, checks)
    return VerifyOut(
        str(path),
        agrees,
        key is not None,
        fingerprint,
        checks,
        str(head.get("pair") or ""),
        str(head.get("flow") or ""),
        str(head.get("verdict") or ""),
        datetime.fromisoformat(str(head["ended"])) if head.get("ended") else None,
        0 if agrees else 4,
    )


def _document_of(path: Path) -> Path:
    if path.name.endswith(SIGNATURE):
        return path.with_name(path.name.removesuffix(SIGNATURE))
    return path.with_suffix(".json") if path.suffix.lower() in _SHOWN else path


def _loaded(path: Path) -> dict[str, Any]:
    try:
        held: Any = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _files(head: dict[str, Any]) -> list[dict[str, str]]:
    return list(head.get("files") or ())


def _key(told: dict[str, Any], key: str | None) -> tuple[Ed25519PublicKey | None, str]:
    """Take the key that was given, else the one that came along."""
    if key is not None:
        public = key_given(key)
        return public, fingerprint_of(public)
    try:
        public = public_of(str(told.get("public_key") or ""))
    except Gp365Error:
        return None, ""
    return public, fingerprint_of(public)


def _signed(
    document: Path, told: dict[str, Any], public: Ed25519PublicKey | None, *, given: bool
) -> FileCheck:
    name = document.name
    if public is None or told.get("format") != SIGNATURE_FORMAT:
        return FileCheck(name, ok=False, text="its signature cannot be read")
    if not is_signed(public, digest_of(document), str(told.get("signature") or "")):
        whose = "with the given key" if given else "with the key beside it"
        return FileCheck(name, ok=False, text=f"is not what was signed {whose}")
    return FileCheck(name, ok=True, text="is what was signed")


def _shows(document: Path, one: dict[str, str]) -> FileCheck:
    path = document.with_name(Path(one["name"]).name)
    if not path.is_file():
        return FileCheck(path.name, ok=None, text="is not here")
    if digest_of(path) != one["sha256"]:
        return FileCheck(path.name, ok=False, text="was changed since the report was signed")
    return FileCheck(path.name, ok=True, text="is the one that the report names")


def _is_named(path: Path, document: Path, checks: list[FileCheck]) -> bool:
    """Tell whether the file that was asked about is one of those that were checked and found right."""
    if path.suffix.lower() not in _SHOWN:
        return True
    return any(one.file == path.name and one.ok for one in checks) or path == document
