"""SOAP 1.1 messages: the envelope of a request, that of an answer, and faults in the forms that sites are taken to have.

The exact XML of a fault's detail is public nowhere. Two forms are offered, both assumed: the log id alone as text in the
detail, or no detail and the log id in the fault string.
"""

from typing import Literal

from gp365_sim.gp.soap.errors import BadMessage
from gp365_sim.gp.soap.journal import VALIDATION, Entry
from gp365_sim.gp.soap.schema import GP
from gp365_sim.gp.soap.writing import DECLARED
from gp365_sim.gp.soap.xmltree import BadXml, Node, escaped, parse, quoted

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESSING = "http://schemas.microsoft.com/ws/2005/05/addressing/none"
CONTENT_TYPE = "text/xml; charset=utf-8"
FaultForm = Literal["detail", "faultstring"]
_WORDS = {
    VALIDATION: "Validation exceptions occurred. They are logged under the id given here.",
}
_GENERIC = "An unexpected error occurred. Contact your system administrator."


def body_of(message: bytes) -> Node:
    """Give the element in the body of an envelope. Raises `BadMessage`."""
    try:
        root = parse(message)
    except BadXml as error:
        raise BadMessage(str(error)) from None
    if root.name != (ENVELOPE, "Envelope"):
        raise BadMessage("the message is no SOAP 1.1 envelope.", "VersionMismatch")
    header = root.find((ENVELOPE, "Header"))
    for each in header.children if header else ():
        if each.attributes.get((ENVELOPE, "mustUnderstand")) in ("1", "true"):
            raise BadMessage(f"the header {each.name[1]} is not understood.", "MustUnderstand")
    body = root.find((ENVELOPE, "Body"))
    if body is None or len(body.children) != 1:
        raise BadMessage("the body must hold one element.")
    return body.children[0]


def answered(operation: str, inner: str) -> str:
    """Write the envelope of an answer; without a result it is the empty response element."""
    return _envelope(f'<{operation}Response {DECLARED}>{inner}</{operation}Response>')  # fmt: skip


def bad_message(error: BadMessage) -> str:
    """Write the fault of a message that could not be taken."""
    space = f" xmlns:a={quoted(error.space)}" if error.space else ""
    code = f"{'a' if error.space else 's'}:{error.code}"
    return _fault(f"<faultcode{space}>{code}</faultcode>", str(error), "")


def logged_fault(entry: Entry, form: FaultForm) -> str:
    """Write the fault of an exception that was logged; what was wrong is only in the log."""
    code = f"<faultcode>s:{'Client' if entry.kind == VALIDATION else 'Server'}</faultcode>"
    words = _WORDS.get(entry.kind, _GENERIC)
    if form == "faultstring":
        return _fault(code, f"{words} Log id: {{{entry.log_id.upper()}}}", "")
    return _fault(code, words, f"<detail><string>{entry.log_id}</string></detail>")


def not_supported(action: str) -> BadMessage:
    """Give the refusal of a message whose SOAPAction is missing or that of no operation (WCF's words, in short)."""
    spoken = f"the message with action {action!r} cannot be processed: no operation has it."
    return BadMessage(spoken, "ActionNotSupported", ADDRESSING)


def operation_of(action: str) -> str:
    """Give the operation that a SOAPAction names, empty where it names none of this service."""
    bare = action.strip().strip('"')
    return bare[len(GP) + 1 :] if bare.startswith(f"{GP}/") else ""


def _fault(code: str, words: str, detail: str) -> str:
    string = f'<faultstring xml:lang="en-US">{escaped(words)}</faultstring>'
    return _envelope(f"<s:Fault>{code}{string}{detail}</s:Fault>")


def _envelope(inner: str) -> str:
    return f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{inner}</s:Body></s:Envelope>'
