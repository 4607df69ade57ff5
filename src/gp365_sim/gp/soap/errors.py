"""The ways in which a call of the service can end without a result."""

from collections.abc import Sequence
from dataclasses import dataclass


class BadMessage(Exception):
    """The message itself cannot be taken: no operation has run, nothing is logged.

    `code` is the local part of the fault code, `space` its namespace where that is not SOAP's own.
    """

    def __init__(self, message: str, code: str = "Client", space: str = "", status: int = 500) -> None:
        super().__init__(message)
        self.code = code
        self.space = space
        self.status = status


@dataclass(frozen=True)
class Finding:
    """One rule that the data breaks, with the properties that are to blame."""

    message: str
    object_type: str
    properties: tuple[str, ...] = ()
    code: str = "RuleViolated"


class Invalid(Exception):
    """A validation exception: the data breaks a rule of GP; the log has the findings."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(each.message for each in findings))
        self.findings = tuple(findings)


class Failed(Exception):
    """A system exception: anything else; the caller only learns to ask the administrator, the log tells the rest."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def invalid(message: str, object_type: str, *properties: str, code: str = "RuleViolated") -> Invalid:
    """Give a validation exception with one finding."""
    return Invalid([Finding(message, object_type, properties, code)])
