"""One company's Service Based Architecture as calls: read an object, stream a list, create, change.

What an answer means is decided here; who asks again, and when, is the wire's affair. Statuses and error bodies of the
service are documented nowhere, so that every reading is defensive (assumed).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Any

from gp365.connectors.gp.rest.listing import Cut, Refused, Unreadable, objects
from gp365.connectors.gp.rest.names import Names
from gp365.connectors.gp.rest.payload import faults, parsed, refusal_words, request_body, single_object
from gp365.connectors.gp.rest.url import help_path, list_path, object_path
from gp365.connectors.gp.settings import GpSettings, Resource
from gp365.connectors.gp.tables import NAMES
from gp365.model.errors import Gp365Error, Misconfigured, Rejected, Unauthorised
from gp365.wire.calls import Answer, CallFailed, Requests, Streamed
from gp365.wire.redact import redact

_JSON = {"Accept": "application/json"}
_SENDS = {"Accept": "application/json", "Content-Type": "application/json"}
_NOT_OFFERED = frozenset({405, 501})
_TAKEN = re.compile(r"\b(already exists?|exists already|duplicate key|duplicate record)\b", re.IGNORECASE)
_SHORT = 500
"""Rows that are read of a list which only has to answer: a short one to its end, so that the lane keeps its login."""


class NotShown(Rejected):
    """A record that exists and that the service does not show to our user, though it shows others."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the service answered to a write: `stored` is the object that it returned, None if it returned none.

    `refusal` holds its own words where it refused; `missing`: there is no such object; `failed`: an error of the
    server (HTTP 500) that says nothing about whether the write was done; `taken`: the key exists already, by the
    service's status or words (assumed).
    """

    stored: dict[str, Any] | None = None
    refusal: Rejected | None = None
    missing: bool = False
    failed: bool = False
    taken: bool = False

    @property
    def done(self) -> bool:
        """Say whether the write was done."""
        return self.refusal is None and not self.missing


@dataclass(slots=True)
class _Known:
    """What has been learned about the service since the connector was made."""

    lock: Lock = field(default_factory=Lock)
    warm: bool = False
    proven: set[str] = field(default_factory=set[str])


class Service:
    """Ask one company's service; `via` is a held lane or any free one."""

    def __init__(self, settings: GpSettings) -> None:
        self.settings = settings
        self._known = _Known()
        self._names = {name: Names.of(name, settings.names.get(name, {})) for name in NAMES}

    def resource(self, entity: str) -> Resource:
        """Return where an entity is served; Misconfigured("not-served") if nowhere."""
        found = self.settings.resources.get(entity)
        if found is None:
            raise self._not_served(entity, "it is not in the resource map")
        return found

    def read(self, via: Requests, entity: str, key: Sequence[str]) -> dict[str, Any] | None:
        """Return one object, or None if there is none.

        A 404 counts as "no such record" only when the resource has been seen to answer; otherwise it may be the
        company's or the resource's (Misconfigured). A 403 is the record's own (NotShown) where the resource answers for
        others (assumed). Raises CallFailed, Unauthorised, Misconfigured.
        """
        answer = via.request(
            "GET",
            object_path(self.settings, self.resource(entity), key),
            headers=_JSON,
            timeout_s=self._timeout(),
        )
        if answer.status == 403 and entity in self._known.proven:
            raise self._not_shown(answer.body)
        self._check_rights(answer.status, answer.body, entity)
        if answer.status in (404, 410):
            self._prove(via, entity)
            return None
        document = self._document(answer, entity)
        self._known.proven.add(entity)
        found = single_object(document)
        return None if found is None else self._names[entity].ours(found)

    @contextmanager
    def rows(self, via: Requests, entity: str, query: str = "") -> Generator[Iterator[dict[str, Any]]]:
        """Yield the objects of a list while it comes in; errors as read(), and while iterating."""
        path = list_path(self.settings, self.resource(entity)) + (f"?{query}" if query else "")
        with via.stream("GET", path, headers=_JSON, timeout_s=self._timeout()) as streamed:
            status, body = streamed.status, b""
            if status == 200:
                self._known.warm = True
                self._known.proven.add(entity)
                yield map(self._names[entity].ours, self._readable(entity, streamed))
                return
            body = streamed.read(4096)
        raise self._refused_list(via, entity, status, body)

    def create(self, via: Requests, entity: str, members: Mapping[str, Any]) -> Said:
        """POST an object to its list; the key stands in the payload only (LBMC blog, SBA.md)."""
        path = list_path(self.settings, self.resource(entity)).removesuffix(".json")
        return self._sent(via, "POST", path, entity, members)

    def change(self, via: Requests, entity: str, key: Sequence[str], members: Mapping[str, Any]) -> Said:
        """PATCH an object; the key stands in the address and again in the payload (LBMC blog)."""
        path = object_path(self.settings, self.resource(entity), key).removesuffix(".json")
        return self._sent(via, "PATCH", path, entity, members)

    def help_status(self, via: Requests) -> int:
        """Return the status of the discovery page; Unauthorised and CallFailed as read()."""
        return via.request("GET", help_path(self.settings), timeout_s=self._timeout()).status

    def first_row(self, via: Requests, entity: str) -> dict[str, Any] | None:
        """Return the first object of a list, None if it is empty; errors as read()."""
        with self.rows(via, entity) as found:
            first = next(found, None)
            for _ in islice(found, _SHORT):
                pass
            return first

    def company_names(self, via: Requests) -> list[str]:
        """Return the display names of the companies that the service shows us, [] where it does not list them."""
        try:
            with self.rows(via, "company") as found:
                return [name for each in found if (name := _company_name(each))]
        except Gp365Error:
            return []

    def _sent(self, via: Requests, method: str, path: str, entity: str, members: Mapping[str, Any]) -> Said:
        answer = via.request(
            method,
            path,
            headers=_SENDS,
            content=request_body(self._names[entity].theirs(members)),
            timeout_s=self._timeout(),
        )
        self._check_rights(answer.status, answer.body, entity)
        if answer.status in (404, 410) and method != "POST":
            return Said(missing=True)
        if not answer.ok:
            refusal = self._refusal(answer.body, answer.status)
            taken = answer.status == 409 or _TAKEN.search(refusal.message) is not None
            return Said(refusal=refusal, failed=answer.status >= 500, taken=taken)
        try:
            document = parsed(answer.body)
        except ValueError:
            return Said()
        if told := faults(document):
            named = refusal_words(answer.body)[1]
            refusal = self._rejected(told, named, answer.status)
            return Said(refusal=refusal, taken=_TAKEN.search(told) is not None)
        stored = single_object(document)
        return Said(stored=None if stored is None else self._names[entity].ours(stored))

    def _document(self, answer: Answer, entity: str) -> Any:
        if not answer.ok:
            raise self._rejected(refusal_words(answer.body)[0], "", answer.status)
        try:
            document = parsed(answer.body)
        except ValueError:
            raise self._unreadable(entity, "it is not JSON") from None
        if told := faults(document):
            raise self._rejected(told, "", answer.status)
        self._known.warm = True
        return document

    def _readable(self, entity: str, streamed: Streamed) -> Iterator[dict[str, Any]]:
        try:
            yield from objects(streamed)
        except Unreadable as fault:
            raise self._unreadable(entity, str(fault)) from None
        except Cut:
            raise CallFailed(
                "answer-cut",
                f"The list of {entity} ended half-way",
                maybe_sent=True,
                system=self.settings.name,
            ) from None
        except Refused as fault:
            raise self._rejected(str(fault), "", 200) from None

    def _refused_list(self, via: Requests, entity: str, status: int, body: bytes) -> Gp365Error:
        self._check_rights(status, body, entity)
        told = refusal_words(body)[0]
        if status in (404, 410):
            return self.absent(via, entity, told)
        return self._rejected(told, "", status)

    def _prove(self, via: Requests, entity: str) -> None:
        """Look whether the resource answers at all, once; a long list is not read to its end."""
        if entity not in self._known.proven:
            self.first_row(via, entity)

    def absent(self, via: Requests, entity: str, told: str) -> Misconfigured:
        """Return what a 404 of a whole resource means: another company name, or a resource that is not there."""
        names = [] if entity == "company" else self.company_names(via)
        if names and self.settings.company.casefold() not in {name.casefold() for name in names}:
            return self.company_unknown(names)
        return self._not_served(entity, f"the service answers 404: {told}")

    def company_unknown(self, names: Sequence[str]) -> Misconfigured:
        """Return the error that names the companies which the service shows."""
        return Misconfigured(
            "company-unknown",
            f"Dynamics GP shows no company {self.settings.company!r} to us; it shows: {'; '.join(names)}.",
            system=self.settings.name,
            field="company",
            value=self.settings.company,
            fix="Write the company's display name as GP shows it.",
        )

    def _check_rights(self, status: int, body: bytes, entity: str) -> None:
        if status == 403:
            raise Unauthorised(
                "right-missing",
                f"Dynamics GP does not let {self.settings.user} use {entity}: {redact(refusal_words(body)[0])}",
                system=self.settings.name,
                fix="Give the user the window behind the resource in GP's User Security, for this company.",
            )
        if status == 401:
            raise Unauthorised("login-refused", "Dynamics GP refuses the login.", system=self.settings.name)
        if status in _NOT_OFFERED:
            raise self._not_served(entity, f"the service answers {status}: {redact(refusal_words(body)[0])}")

    def _not_shown(self, body: bytes) -> NotShown:
        return NotShown(
            "right-missing",
            f"Dynamics GP does not show this record to {self.settings.user}: {redact(refusal_words(body)[0])}",
            system=self.settings.name,
            fix="Check the filters of the roles that the user has.",
        )

    def _refusal(self, body: bytes, status: int) -> Rejected:
        told, named = refusal_words(body)
        return self._rejected(told, named, status)

    def _rejected(self, told: str, named: str, status: int) -> Rejected:
        return Rejected(
            "rejected",
            f"Dynamics GP refused it (HTTP {status}): {redact(told) or 'it gave no reason'}",
            system=self.settings.name,
            field=named,
        )

    def _unreadable(self, entity: str, why: str) -> CallFailed:
        return CallFailed(
            "answer-unreadable",
            f"The answer for {entity} cannot be read: {why}",
            maybe_sent=True,
            system=self.settings.name,
        )

    def _not_served(self, entity: str, why: str) -> Misconfigured:
        return Misconfigured(
            "not-served",
            f"Dynamics GP does not serve {entity} over SBA: {why}",
            system=self.settings.name,
            value=entity,
        )

    def _timeout(self) -> float:
        """The first call may have to start a GP runtime; later ones do not."""
        return self.settings.timeout_s if self._known.warm else self.settings.first_timeout_s


def _company_name(row: Mapping[str, Any]) -> str:
    named = [str(row[name]) for name in ("CompanyName", "Name", "DisplayName") if row.get(name)]
    return (named or [str(value) for value in row.values() if isinstance(value, str)] or [""])[0].rstrip(" ")
