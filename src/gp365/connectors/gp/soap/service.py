"""One company's Web Services as calls: an object by key, a list while it comes in, a write; each in a context.

The context names company, culture and currency view; writes also take the policy that the service itself gives for the
operation, sent back unchanged (Learn cc508728, cc508733). Operations are known by SOAPAction and the body's element.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from gp365.connectors.gp.soap.answers import Cut, Element, Reader, Unreadable, whole
from gp365.connectors.gp.soap.faults import Fault, Faulted, Logged, error_of
from gp365.connectors.gp.soap.messages import COMMON, GP, SECURITY, Messages
from gp365.connectors.gp.soap.settings import ASMX, SoapSettings, native
from gp365.connectors.gp.soap.shapes import ORGANISATION, shape_of
from gp365.connectors.gp.soap.values import MONEY
from gp365.model.contract import Scratch
from gp365.model.errors import Gp365Error, Misconfigured, Rejected, Unauthorised
from gp365.wire.calls import Answer, CallFailed, Requests

_ITEM = 5
_LONGEST_FAULT = 1_000_000
_HEAD = 400
"""A fault names itself within so many bytes; some servers send one with status 200."""


@dataclass(slots=True)
class _Known:
    """What was learned about the service since the channel was made, and in this run."""

    lock: RLock = field(default_factory=RLock)
    company_id: int | None = None
    policies: dict[str, Any] = field(default_factory=dict[str, Any])
    currency: str = ""
    ids: dict[str, str] | None = None


class Service:
    """Ask one company's service; `via` is a held lane or any free one."""

    def __init__(self, settings: SoapSettings, scratch: Scratch) -> None:
        self.settings = settings
        self.messages = Messages(settings, scratch)
        self.written = 0
        """Requests that write."""
        self._known = _Known(company_id=settings.company_id, currency=settings.currency)

    # reading

    def ask(self, via: Requests, operation: str, entity: str, **parts: Any) -> Element | None:
        """Return what an operation gives, None for nothing. Raises Faulted, CallFailed, Unauthorised, Misconfigured."""
        body = self._answer(via, operation, entity, parts, idempotent=True).body
        found = self._response(operation, self._whole(operation, body)).child(f"{operation}Result")
        if found is not None:
            self._notice(found)
        return found

    @contextmanager
    def items(self, via: Requests, entity: str, criteria: Mapping[str, Any]) -> Generator[Iterator[Element]]:
        """Yield the items of an entity's list while it comes in; errors as ask(), and while iterating."""
        shape = shape_of(entity)
        given = {**criteria, **({"Scope": shape.scope} if shape.scope else {})}
        content = self._message(via, shape.listing, entity, {"criteria": given})
        with via.stream(
            "POST",
            ASMX,
            headers=_headers(shape.listing),
            content=content,
            idempotent=True,
            timeout_s=self.settings.timeout_s,
        ) as streamed:
            if streamed.status == 200:
                yield self._read(shape.listing, streamed)
                return
            body = streamed.read(_LONGEST_FAULT)
            while len(body) < _LONGEST_FAULT and (more := streamed.read(_LONGEST_FAULT)):
                body += more
            status = streamed.status
        raise self._failure(via, shape.listing, entity, status, body)

    def _read(self, operation: str, parts: Any) -> Iterator[Element]:
        reader = Reader(_ITEM)
        try:
            yield from reader.read(parts)
            self._response(operation, reader.root)
        except Cut:
            raise CallFailed(
                "answer-cut",
                f"The answer of {operation} ended half-way",
                maybe_sent=True,
                system=self.settings.name,
            ) from None
        except Unreadable as fault:
            raise self._unreadable(operation, fault) from None

    # writing

    def write(self, via: Requests, operation: str, entity: str, **parts: Any) -> None:
        """Do a Create or Update, which answers nothing but that it was done. Errors as ask()."""
        policy = self.policy(via, operation)
        with self._known.lock:
            self.written += 1
        answer = self._answer(via, operation, entity, parts, idempotent=False, tail=policy)
        self._response(operation, self._whole(operation, answer.body))

    def policy(self, via: Requests, operation: str) -> Any:
        """Return the policy for an operation as the service gives it, asked once in a run."""
        with self._known.lock:
            if operation not in self._known.policies:
                body = self._answer(
                    via, "GetPolicyByOperation", "customer", {"operation": operation}, idempotent=True
                ).body
                found = self.messages.element(body, "GetPolicyByOperationResult", "policy")
                if found is None:
                    raise Misconfigured(
                        "not-served",
                        f"GP Web Services give no policy for {operation}.",
                        system=self.settings.name,
                        value=operation,
                    )
                self._known.policies[operation] = found
            return self._known.policies[operation]

    # what is known of the site

    def begin_run(self) -> None:
        """Forget policies and currencies, which people may have changed."""
        with self._known.lock:
            self._known.policies.clear()
            self._known.ids = None

    def currencies(self, via: Requests) -> Mapping[str, str]:
        """Return CURNCYID by ISO code, read once in a run; a code that two currencies have is left out."""
        with self._known.lock:
            if self._known.ids is None:
                found: dict[str, str] = {}
                twice: set[str] = set()
                try:
                    with self.items(via, "currency", {}) as items:
                        for each in items:
                            code, name = each.text_at(("Key", "ISOCode")), each.text_at(("Id",))
                            if code and name:
                                twice |= {code} & set(found)
                                found[code] = name.rstrip(" ")
                except (Faulted, Misconfigured, Unauthorised):
                    found = {}
                ids = {code: name for code, name in found.items() if code not in twice}
                own, own_id = self.settings.currency, self.settings.currency_id
                self._known.ids = {**ids, own: own_id} if own and own_id else ids
            return self._known.ids

    def iso_of(self, via: Requests, currency: str) -> str:
        """Return the ISO code of a CURNCYID; Rejected where it has none."""
        found = next((code for code, name in self.currencies(via).items() if name == currency), "")
        if currency and not found:
            raise Rejected(
                "rejected",
                f"The currency {currency} has no ISO code of its own in Dynamics GP, and amounts over SOAP carry ISO codes.",
                system=self.settings.name,
                field="CurrencyID",
                value=currency,
                fix=f'If it is the functional currency: currency_id = "{currency}" in [systems.{self.settings.name}.soap].',
            )
        return found

    def currency(self) -> str:
        """Return the ISO code of the functional currency: of the settings, else as the last amount that came had it."""
        return self._known.currency

    def _notice(self, found: Element) -> None:
        """Learn the functional currency from an amount of a customer: the context asks for local amounts."""
        if not self._known.currency:
            for path in (
                ("CreditLimit", "PeriodAmount"),
                ("CreditLimit", "Amount"),
                ("Aging", "BalanceAmount"),
            ):
                amount = found.at(path)
                if amount is not None and amount.child(MONEY) is not None:
                    self._known.currency = amount.text_at(("Currency",)) or ""
                    return

    def company_names(self, via: Requests) -> dict[str, int]:
        """Return the companies that the service shows us, their numbers by name."""
        with self.items(via, ORGANISATION, {}) as items:
            return {
                (each.text_at(("Name",)) or "").rstrip(" "): int(each.text_at(("Key", "Id")) or 0)
                for each in items
            }

    def company_id(self, via: Requests) -> int:
        """Return the company's number, looked up by its name where the settings give none."""
        with self._known.lock:
            if self._known.company_id is None:
                names = self.company_names(via)
                wanted = self.settings.company.strip().casefold()
                found = [number for name, number in names.items() if name.casefold() == wanted]
                if not found:
                    raise self.company_unknown(names)
                self._known.company_id = found[0]
            return self._known.company_id

    def company_unknown(self, names: Mapping[str, int]) -> Misconfigured:
        """Return the error that names the companies which the service shows."""
        shown = "; ".join(names) or "none"
        return Misconfigured(
            "company-unknown",
            f"GP Web Services show no company {self.settings.company!r} to us; they show: {shown}.",
            system=self.settings.name,
            field="company",
            value=self.settings.company,
            fix="Write the company's name as GP shows it, and see that Web Services are enabled for the company.",
        )

    # one call

    def _answer(
        self,
        via: Requests,
        operation: str,
        entity: str,
        parts: Mapping[str, Any],
        *,
        idempotent: bool,
        tail: Any = None,
    ) -> Answer:
        content = self._message(via, operation, entity, parts, tail)
        answer = via.request(
            "POST",
            ASMX,
            headers=_headers(operation),
            content=content,
            idempotent=idempotent,
            timeout_s=self.settings.timeout_s,
        )
        if answer.status == 200 and not self._holds_fault(operation, answer.body):
            return answer
        raise self._failure(via, operation, entity, answer.status, answer.body)

    def _holds_fault(self, operation: str, body: bytes) -> bool:
        """Say whether an answer with status 200 holds a fault, as some servers send it."""
        return b"Fault" in body[:_HEAD] and Fault.of(self._whole(operation, body)) is not None

    def _message(
        self, via: Requests, operation: str, entity: str, parts: Mapping[str, Any], tail: Any = None
    ) -> bytes:
        self.messages.open(via)
        return self.messages.write(operation, {**parts, "context": self._context(via, entity)}, tail)

    def _context(self, via: Requests, entity: str) -> dict[str, Any]:
        context: dict[str, Any] = {"CultureName": self.settings.culture, "CurrencyType": "Local"}
        if entity != ORGANISATION:
            context["OrganizationKey"] = self.messages.typed(COMMON, "CompanyKey", Id=self.company_id(via))
        if self.settings.role:
            context["RoleKey"] = self.messages.typed(SECURITY, "RoleKey", Id=self.settings.role)
        return context

    def _whole(self, operation: str, body: bytes) -> Element:
        try:
            return whole(body)
        except Unreadable as fault:
            raise self._unreadable(operation, fault) from None

    def _response(self, operation: str, envelope: Element | None) -> Element:
        """Return the operation's answer; what is no answer must not be taken for one that names nothing."""
        found = envelope.at(("Body", f"{operation}Response")) if envelope is not None else None
        if found is None:
            raise self._unreadable(operation, Unreadable("it is no answer of this operation"))
        return found

    def _failure(
        self, via: Requests, operation: str, entity: str, status: int, body: bytes
    ) -> Gp365Error | Faulted:
        """Return what an answer other than 200 means; a fault is looked up in the service's log."""
        if status == 403:
            return Unauthorised(
                "right-missing",
                f"The server does not let {self.settings.user} use GP Web Services (HTTP 403).",
                system=self.settings.name,
            )
        if status == 401:
            return Unauthorised(
                "login-refused", "GP Web Services refuse the login.", system=self.settings.name
            )
        try:
            envelope = whole(body)
        except Unreadable:
            return self._no_service(status)
        if envelope.at(("Body", "Fault", "Reason")) is not None:
            return native(self.settings)
        fault = Fault.of(envelope)
        if fault is None:
            return self._no_service(status)
        logged = self._logged(via, fault) if not operation.startswith("GetLogged") else Logged()
        error, failed = error_of(self.settings.name, operation, fault, logged, entity)
        return Faulted(operation, fault, error, failed=failed)

    def _logged(self, via: Requests, fault: Fault) -> Logged:
        if not fault.log_id:
            return Logged()
        try:
            found = Logged.of_result(
                self.ask(via, "GetLoggedValidationResultByKey", "customer", logId=fault.log_id)
            )
            if found.messages:
                return found
        except (Faulted, Gp365Error):
            pass
        try:
            return Logged.of_exception(
                self.ask(via, "GetLoggedExceptionDataByKey", "customer", logId=fault.log_id)
            )
        except (Faulted, Gp365Error):
            return Logged()

    def _no_service(self, status: int) -> Gp365Error:
        if status >= 500:
            return CallFailed(
                "busy",
                f"The server answers HTTP {status}",
                maybe_sent=True,
                status=status,
                system=self.settings.name,
            )
        return Misconfigured(
            "not-served",
            f"There are no GP Web Services at {self.settings.base} (HTTP {status}).",
            system=self.settings.name,
            field="url",
            value=self.settings.url,
        )

    def _unreadable(self, operation: str, fault: Exception) -> CallFailed:
        return CallFailed(
            "answer-unreadable",
            f"The answer of {operation} cannot be read: {fault}",
            maybe_sent=True,
            system=self.settings.name,
        )


def _headers(operation: str) -> dict[str, str]:
    return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{GP}/{operation}"'}
