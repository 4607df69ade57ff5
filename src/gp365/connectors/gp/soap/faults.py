"""What a fault of the service means: whose fault it is, in which words, and which of our fields it is about.

The exact form of a fault's detail is published nowhere: the first GUID in it, else in the fault's text, is taken for the
number of the log entry, which the service's own operations explain (Learn cc508744, cc508745, cc508757).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gp365.connectors.gp.soap.answers import Element, children
from gp365.connectors.gp.soap.shapes import shape_of
from gp365.model.errors import Gp365Error, Rejected, Retry, Unauthorised
from gp365.wire.redact import redact

_GUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_PASSING = re.compile(
    r"deadlock|time-?out|timed out|transport-level|connection (?:was|is|has been)|pool|server is busy|out of memory"
    r"|being used by another|locked by",
    re.IGNORECASE,
)
_RIGHTS = re.compile(
    r"AuthorizationException|SecurityException|access (?:is )?denied|not authori[sz]ed|unauthori[sz]ed"
    r"|not have (?:permission|rights|access)|not (?:been )?(?:assigned|granted|permitted)",
    re.IGNORECASE,
)
TAKEN = re.compile(r"already exists?|exists already|duplicate|primary key|cannot insert", re.IGNORECASE)
SYSTEM = "SystemException"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as it came: its code and text, and the number of its log entry, "" for none."""

    code: str
    text: str
    log_id: str

    @classmethod
    def of(cls, envelope: Element) -> Fault | None:
        """Read the fault of an envelope, None where it holds none."""
        found = envelope.at(("Body", "Fault"))
        if found is None:
            return None
        detail = found.child("detail") or found.child("Detail")
        text = found.text_at(("faultstring",)) or found.text_at(("Reason", "Text")) or ""
        code = found.text_at(("faultcode",)) or found.text_at(("Code", "Value")) or ""
        told = _GUID.search(detail.all_text() if detail is not None else "") or _GUID.search(text)
        return cls(code.rpartition(":")[2], text, told.group(0) if told else "")


class Faulted(Exception):
    """A call that ended in a fault; `explained` says what it means."""

    def __init__(self, operation: str, fault: Fault, explained: Gp365Error, *, failed: bool) -> None:
        """`failed`: not the data but the system broke, so that nothing is known about what was done."""
        super().__init__(explained.message)
        self.operation = operation
        self.fault = fault
        self.explained = explained
        self.failed = failed

    @property
    def taken(self) -> bool:
        """Say whether the words are those of a key that exists."""
        return TAKEN.search(self.explained.message) is not None


@dataclass(frozen=True, slots=True)
class Logged:
    """What the service's log says of a fault: messages with properties, or the exception behind it.

    The request that the log holds too (RequestXml) is never read: it may hold personal data.
    """

    messages: tuple[tuple[str, tuple[str, ...]], ...] = ()
    system: bool = False
    words: str = ""

    @classmethod
    def of_result(cls, result: Element | None) -> Logged:
        """Read a ValidationResult."""
        found: list[tuple[str, tuple[str, ...]]] = []
        errors = result.child("Errors") if result is not None else None
        for each in errors.children if errors is not None else ():
            names = tuple(one.text for one in children(each.child("PropertyNames"), "string"))
            found.append(((each.text_at(("Message",)) or "").strip(), names))
        return cls(tuple(found))

    @classmethod
    def of_exception(cls, data: Element | None) -> Logged:
        """Read a LoggedExceptionData without its request."""
        if data is None:
            return cls()
        words: list[str] = []
        inner = data.child("ExceptionDetail")
        while inner is not None:
            words += [inner.text_at(("ExceptionType",)) or "", inner.text_at(("Message",)) or ""]
            inner = inner.child("InnerException")
        result = cls.of_result(data.child("ValidationResult"))
        system = data.text_at(("ExceptionType",)) == SYSTEM
        return cls(result.messages, system, ": ".join(word for word in words if word))


def error_of(
    system: str, operation: str, fault: Fault, logged: Logged, entity: str
) -> tuple[Gp365Error, bool]:
    """Return the error that a fault means, and whether the system failed rather than the data."""
    told = redact("; ".join(message for message, _ in logged.messages if message))
    if told:
        names = [name for _, properties in logged.messages for name in properties]
        field = next((ours for name in names if (ours := field_named(entity, name))), "")
        return Rejected("rejected", f"Dynamics GP refused it: {told}", system=system, field=field), False
    words = redact(logged.words or fault.text or fault.code)[:400]
    if _RIGHTS.search(words):
        return (
            Unauthorised(
                "right-missing",
                f"Dynamics GP does not let our user do {operation}: {words}",
                system=system,
                fix="Give the user's role this operation in the Dynamics Security Console.",
            ),
            False,
        )
    if _PASSING.search(words):
        return Retry("busy", f"GP Web Services failed for the moment: {words}", system=system), True
    seen = f" (log {fault.log_id})" if fault.log_id else ""
    refused = Rejected(
        "rejected",
        f"GP Web Services failed at {operation}: {words}{seen}",
        system=system,
        fix="Look up the log entry in the Dynamics GP Web Services Exception Management Console.",
    )
    return refused, True


def field_named(entity: str, name: str) -> str:
    """Return our field for a property of the service, by its last names; "" for none."""
    wanted = name.replace("/", ".").split(".")
    for places in _all(entity):
        for ours, path in places.items():
            if wanted[-1] in (path[0], path[-1]) and path[-1] != "Id":
                return ours
            if wanted[-1] == path[0] or tuple(wanted[-len(path) :]) == path:
                return ours
    return ""


def _all(entity: str) -> list[Mapping[str, tuple[str, ...]]]:
    shape = shape_of(entity)
    found = [{name: place.path for name, place in shape.whole.items()}]
    if shape.addresses:
        inner = shape_of(shape.addresses)
        found.append(
            {name: place.path for name, place in inner.whole.items() if name not in inner.entity.key}
        )
    return [*found]
