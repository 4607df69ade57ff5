"""Messages to the service: what its own description says about order, namespaces and types is kept to by zeep."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from threading import Lock
from typing import Any, cast

from gp365.connectors.gp.soap.answers import Unreadable, whole
from gp365.connectors.gp.soap.settings import SoapSettings, native
from gp365.model.contract import Scratch
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.wire.calls import CallFailed, Requests
from gp365.wire.redact import redact

GP = "http://schemas.microsoft.com/dynamics/gp/2006/01"
COMMON = "http://schemas.microsoft.com/dynamics/2006/01"
SECURITY = "http://schemas.microsoft.com/dynamics/security/2006/01"
_NATIVE = b"http://schemas.microsoft.com/dynamics/gp/2010/01"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


class Messages:
    """Write messages by the service's description (WSDL), which is read once and kept in a file of the scratch."""

    def __init__(self, settings: SoapSettings, scratch: Scratch) -> None:
        self._settings = settings
        self._scratch = scratch
        self._lock = Lock()
        self._client: Any = None

    def open(self, via: Requests) -> None:
        """Read the description if it has not been read; Misconfigured where it is another endpoint's or no description."""
        with self._lock:
            if self._client is None:
                self._client = self._load(via)

    def knows(self, operation: str) -> bool:
        """Say whether the service describes an operation."""
        return operation in self._client.service._binding._operations

    def typed(self, space: str, name: str, **members: Any) -> Any:
        """Return a value that says its type, where a message has the type's base."""
        return self._client.get_type(f"{{{space}}}{name}")(**members)

    def write(self, operation: str, parts: Mapping[str, Any], tail: Any = None) -> bytes:
        """Return the envelope; `tail` is an element that ends the operation's.

        Misconfigured("not-served") where the description has no such operation, type or field.
        """
        from gp365.connectors.gp.soap.transport import written

        try:
            envelope = self._client.create_message(self._client.service, operation, **parts)
        except Exception as fault:  # noqa: BLE001 (zeep says this in a dozen ways: TypeError, ValidationError, LookupError …)
            raise Misconfigured(
                "not-served",
                f"The description of GP Web Services has no place for what {operation} is sent: "
                f"{redact(str(fault))[:200]}",
                system=self._settings.name,
                value=operation,
            ) from None
        if tail is not None:
            body = envelope.find(f"{{{_SOAP}}}Body")
            body[0].append(deepcopy(tail))
        return written(envelope)

    def element(self, body: bytes, path: str, renamed: str) -> Any:
        """Return an element of an answer as it stands there, under another name, to be sent back."""
        from zeep import loader

        found = cast("Any", loader).parse_xml(body, None).find(f".//{{{GP}}}{path}")
        if found is not None:
            found.tag = f"{{{GP}}}{renamed}"
        return found

    def _load(self, via: Requests) -> Any:
        from gp365.connectors.gp.soap.transport import client

        kept: dict[str, Any] = {}

        def fetch(target: str) -> bytes:
            if target not in kept:
                kept[target] = self._scratch.file()
                kept[target].write_bytes(self._fetched(via, target))
            return kept[target].read_bytes()

        try:
            return client(f"{self._settings.base}?wsdl", fetch)
        except Gp365Error:
            raise
        except Exception as fault:  # noqa: BLE001 (zeep and lxml raise of many kinds)
            raise self._no_description(f"it cannot be read: {redact(str(fault))[:200]}") from None

    def _fetched(self, via: Requests, target: str) -> bytes:
        answer = via.request("GET", target, timeout_s=self._settings.timeout_s)
        if answer.status != 200:
            raise self._no_description(f"it answers HTTP {answer.status}")
        if _NATIVE in answer.body[:4000] or b"SecureConversationToken" in answer.body:
            raise native(self._settings)
        try:
            whole(answer.body)
        except Unreadable as fault:
            raise CallFailed(
                "answer-unreadable",
                f"The description of GP Web Services cannot be read: {fault}",
                maybe_sent=True,
                system=self._settings.name,
            ) from None
        return answer.body

    def _no_description(self, why: str) -> Misconfigured:
        return Misconfigured(
            "not-served",
            f"{self._settings.base}?wsdl is no description of GP Web Services: {why}.",
            system=self._settings.name,
            field="url",
            value=self._settings.url,
            fix="Give the legacy endpoint, http://HOST:48620/DynamicsGPWebServices, and see that the service runs.",
        )
