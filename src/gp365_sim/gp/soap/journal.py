"""What the service logs: one entry per exception under a GUID, which the caller gets and can look up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from gp365_sim.gp.soap.errors import Failed, Finding, Invalid
from gp365_sim.gp.soap.reading import Obj

VALIDATION, SYSTEM = "ValidationException", "SystemException"
_SPACE = "Microsoft.Dynamics.GP.BusinessLogic"


@dataclass(frozen=True)
class Entry:
    """One logged exception; `request` is the message that caused it and may hold personal data."""

    log_id: str
    at: datetime
    user: str
    company: str
    operation: str
    kind: str
    message: str
    exception: str
    findings: tuple[Finding, ...]
    request: str = field(repr=False)


class Journal:
    """The exception log of the service, oldest first."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def note(
        self, error: Invalid | Failed, *, at: datetime, user: str, company: str, operation: str, request: str
    ) -> Entry:
        """Write an exception down and give its entry."""
        invalid = isinstance(error, Invalid)
        entry = Entry(
            log_id=str(uuid4()),
            at=at,
            user=user,
            company=company,
            operation=operation,
            kind=VALIDATION if invalid else SYSTEM,
            message=str(error),
            exception=f"{_SPACE}.ValidationException" if invalid else f"{_SPACE}.{error.kind}",
            findings=error.findings if invalid else (),
            request=request,
        )
        self._entries[entry.log_id] = entry
        return entry

    def find(self, log_id: str) -> Entry | None:
        """Find an entry by its id."""
        return self._entries.get(log_id)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()


def validation_result(entry: Entry) -> Obj:
    """Give the ValidationResult of an entry; the ids of findings are texts like GUIDs, here one per kind."""
    return {"Errors": [_error(each) for each in entry.findings], "Warnings": []}


def _error(finding: Finding) -> Obj:
    return {
        "Id": FINDING_IDS.get(finding.code, FINDING_IDS["RuleViolated"]),
        "Message": finding.message,
        "ObjectType": finding.object_type,
        "PropertyNames": list(finding.properties),
    }


FINDING_IDS: Mapping[str, str] = {
    name: f"c1d8f1e2-0000-4000-8000-{number:012d}"
    for number, name in enumerate(
        (
            "RuleViolated",
            "RecordNotFound",
            "DuplicateKey",
            "InvalidValue",
            "KeyMissing",
            "ParentNotFound",
            "BatchLocked",
        ),
        1,
    )
}
"""The id of a finding by the code of its refusal (values assumed)."""


def logged(entry: Entry) -> Obj:
    """Give the LoggedExceptionData of an entry, the request with it."""
    return {
        "BusinessObjectType": entry.findings[0].object_type if entry.findings else "",
        "ExceptionDetail": {
            "ExceptionType": entry.exception,
            "Message": entry.message,
            "Source": "DynamicsGP",
        },
        "ExceptionType": entry.kind,
        "LogId": entry.log_id,
        "LoggedDate": entry.at,
        "RequestXml": entry.request,
        "ServiceType": "DynamicsGPService",
        "User": entry.user,
        "ValidationResult": validation_result(entry) if entry.findings else None,
    }


def logged_summary(entry: Entry) -> Obj:
    """Give the LoggedExceptionDataSummary of an entry."""
    return {
        "BusinessExceptionType": entry.kind,
        "BusinessObjectType": entry.findings[0].object_type if entry.findings else "",
        "CompanyName": entry.company,
        "LogId": entry.log_id,
        "LoggedDate": entry.at,
        "Message": entry.message,
        "ServiceType": "DynamicsGPService",
        "User": entry.user,
    }
