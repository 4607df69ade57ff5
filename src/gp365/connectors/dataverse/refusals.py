"""Dataverse's refusals in the words of the errors: which code means what for a record, and for the whole system.

Codes: Microsoft's Web API error pages (compose-http-requests-handle-errors, optimistic-concurrency, api-limits), the others
as public projects record them. HTTP 412 is overloaded, so that the code decides, never the status.
"""

from __future__ import annotations

import re
from enum import StrEnum

from gp365.model.errors import Gp365Error, Rejected, Retry, Unauthorised
from gp365.wire.odata import ServiceError

NO_USER = "0x80072560"
STALE = "0x80060882"
KEY_VIOLATED = "0x80060892"
ALREADY_THERE = "0x80040237"
DUPLICATE_RULE = "0x80040333"
NOT_THERE = "0x80040217"

_FIELD = re.compile(r"'([a-z][a-z0-9_]*)' (?:attribute|on record)", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PRIVILEGE = re.compile(r"\bprv[A-Z]\w+")
_BY_CODE = {
    "0x80044331": "too-long",
    "0x8004432f": "out-of-range",
    "0x80044330": "out-of-range",
    "0x8004431a": "option-unknown",
}


class Fate(StrEnum):
    """What a refusal says about one record."""

    STALE = "stale"
    EXISTS = "exists"
    GONE = "gone"
    LATER = "later"
    REFUSED = "refused"


class Refused(Rejected):
    """A call that Dataverse refused: `status` and `dataverse_code` as it gave them.

    One that a duplicate detection rule refused has the code "candidates", and as its value the ids that it names.
    """

    def __init__(self, error: ServiceError, system: str, **where: str) -> None:
        super().__init__(_code_of(error), words_of(error), system=system, field=_field_of(error), **where)
        self.status = error.status
        self.dataverse_code = error.code
        if error.code == DUPLICATE_RULE:
            self.value = ", ".join(dict.fromkeys(_GUID.findall(f"{error.message} {error.inner}".lower())))
        self.said = error


def words_of(error: ServiceError) -> str:
    """Return the refusal in Dataverse's own words, with the inner message where the outer says little."""
    said = error.message or f"HTTP {error.status}"
    inner = f" ({error.inner})" if error.inner and error.inner not in said else ""
    return f"{said}{inner}{f' [{error.code}]' if error.code else ''}"


def _code_of(error: ServiceError) -> str:
    if error.status == 403:
        return "right-missing"
    if error.code == DUPLICATE_RULE:
        return "candidates"
    return _BY_CODE.get(error.code, "rejected")


def _field_of(error: ServiceError) -> str:
    match = _FIELD.search(error.message)
    return match.group(1) if match else ""


def failure(error: ServiceError, system: str) -> Gp365Error:
    """Return the error of a whole call that was refused."""
    if error.code == NO_USER:
        return Unauthorised("user-missing", words_of(error), system=system)
    if error.status == 403:
        return Unauthorised("right-missing", words_of(error), system=system)
    if error.status == 429 or error.status >= 502:
        return Retry("throttled" if error.status == 429 else "busy", words_of(error), system=system)
    return Refused(error, system)


def fate_of(error: ServiceError) -> Fate:
    """Say what a refusal means for the record that was written."""
    if error.status == 412:
        return _fate_of_412(error)
    if error.status == 404 or error.code == NOT_THERE:
        return Fate.GONE
    if error.status in (408, 429) or error.status >= 500:
        return Fate.LATER
    return Fate.REFUSED


def _fate_of_412(error: ServiceError) -> Fate:
    if error.code in (KEY_VIOLATED, ALREADY_THERE):
        return Fate.EXISTS
    if error.code == DUPLICATE_RULE:
        return Fate.REFUSED
    if error.code == STALE:
        return Fate.STALE
    # The samples of the conditional operations page carry an empty code; then only the words tell.
    words = error.message.casefold()
    return Fate.STALE if "rowversion" in words else Fate.EXISTS if "matching key" in words else Fate.REFUSED


def missing_privilege(error: ServiceError) -> str:
    """Return the privilege that our role lacks for every record, or "" if the refusal concerns one record only."""
    match = _PRIVILEGE.search(error.message) if error.status == 403 else None
    return match.group(0) if match else ""
