"""Calls to one organisation's Web API under one credential: JSON in and out, money exact, refusals as errors."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any

from gp365.connectors.dataverse.client import ExactClient, SendBy
from gp365.connectors.dataverse.client import TooLate as TooLate
from gp365.connectors.dataverse.pace import Pace
from gp365.connectors.dataverse.refusals import Refused as Refused
from gp365.connectors.dataverse.refusals import failure
from gp365.connectors.dataverse.settings import Credential, DataverseSettings
from gp365.connectors.dataverse.values import dumps, loads
from gp365.wire import batch
from gp365.wire.calls import Log, Priority, silent
from gp365.wire.clock import Clock
from gp365.wire.execution import ExecutionTime
from gp365.wire.http import HttpClient
from gp365.wire.oauth import App, ClientCertificate, ClientSecret, OAuth
from gp365.wire.odata import Page, ServiceError, ServiceRefused, delta, pages, prefer, service_error, track
from gp365.wire.retries import Retries
from gp365.wire.throttle import Concurrency, RequestBudget, Window
from gp365.wire.trust import Trust

SERVICE = "/api/data/v9.2/"
_JSON = {"Content-Type": "application/json"}
_REPRESENTATION = "return=representation"
_BULK_SHARE = 0.98


class WebApi:
    """One organisation under one credential. Paths continue the service root; nothing here is retried but by the wire."""

    def __init__(
        self,
        settings: DataverseSettings,
        http: HttpClient,
        auth: SendBy,
        budget: RequestBudget,
        clock: Clock,
        priority: Priority = Priority.BULK,
    ) -> None:
        self.settings = settings
        self.system = settings.name
        self.root = settings.url + SERVICE
        self.budget = budget
        self.http = http
        self.auth = auth
        self.clock = clock
        self.write_requests = 0
        self.pace = Pace()
        self._client = ExactClient(http, priority)
        self._lock = Lock()

    def get(
        self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return a document; raise Refused (404 too), Unauthorised or CallFailed."""
        answer = self._client.request("GET", path, params=params, headers=headers)
        if not answer.ok:
            raise failure(service_error(answer.status, answer.body), self.system)
        return answer.json(self.system)

    def pages(self, path: str, params: Mapping[str, str], *, page_rows: int) -> Iterator[Page]:
        """Yield the pages of a query."""
        headers = prefer(None, f"odata.maxpagesize={page_rows}")
        with self._refusals():
            yield from pages(self._client, path, params=params, headers=headers, system=self.system)

    def track(self, path: str, params: Mapping[str, str], *, page_rows: int) -> Iterator[Page]:
        """Yield every row; the last page carries the deltaLink to begin with."""
        with self._refusals():
            yield from track(self._client, path, params=params, page_size=page_rows, system=self.system)

    def delta(self, link: str, *, page_rows: int) -> Iterator[Page]:
        """Yield what changed since the link; raise DeltaExpired where it is refused."""
        with self._refusals():
            yield from delta(self._client, link, page_size=page_rows, system=self.system)

    def read_batch(
        self, paths: Sequence[str], headers: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Return the documents of several GETs in one request; raise for the first that is refused."""
        return [loads(text) for text in self.read_texts(paths, headers)]

    def read_texts(self, paths: Sequence[str], headers: Mapping[str, str] | None = None) -> list[bytes]:
        """Return the documents of several GETs as they came; else as `read_batch`."""
        given = {"Accept": "application/json", **(headers or {})}
        parts = [batch.Part("GET", self.root + path, given) for path in paths]
        with self._refusals():
            answers = batch.send(
                self._client, parts, idempotent=True, system=self.system, continue_on_error=False
            )
        found: list[bytes] = []
        for answer in answers:
            part = answer.answers[0] if answer else None
            if part is None or not part.ok:
                raise failure(
                    service_error(part.status if part else 500, part.body if part else b""), self.system
                )
            found.append(part.body)
        return found

    def ask_batch(self, parts: Sequence[batch.Part]) -> list[batch.PartAnswer]:
        """Return the answer to each of several GETs in one request, refusals among them."""
        with self._refusals():
            answers = batch.send(self._client, parts, idempotent=True, system=self.system)
        missing = ServiceError(500, "", "The batch ended early")
        if any(answer is None or not answer.answers for answer in answers):
            raise failure(missing, self.system)
        return [answer.answers[0] for answer in answers if answer is not None]

    def write_batch(
        self, parts: Sequence[batch.Part], *, kind: str, until: datetime | None = None
    ) -> list[batch.PartAnswer | None]:
        """Send writes as one `$batch` that goes on after an error; None stands for a part that was not reached.

        How long it took is noted for writes of this `kind`.

        Raise Refused where the batch as a whole is refused, CallFailed where the answer is lost.
        """
        self._count()
        with self.auth.until(until), self._refusals():
            answers = batch.send(
                self._client,
                parts,
                system=self.system,
                timeout_s=self.settings.sizes.request_timeout_s,
                came=lambda answer: self.pace.took(kind, len(parts), answer.elapsed_s),
            )
        return [answer.answers[0] if answer and answer.answers else None for answer in answers]

    def bulk(
        self, set_name: str, message: str, targets: Sequence[Mapping[str, Any]], *, until: datetime | None
    ) -> dict[str, Any]:
        """Send CreateMultiple or UpdateMultiple and return its answer ({} for 204)."""
        path = bulk_path(set_name, message)
        self._count()
        with self.auth.until(until):
            answer = self._client.request(
                "POST",
                path,
                params={"tag": self.settings.tag},
                headers=_JSON,
                content=dumps({"Targets": targets}),
                timeout_s=self.settings.sizes.request_timeout_s,
            )
        if not answer.ok:
            raise failure(service_error(answer.status, answer.body), self.system)
        self.pace.took(path, len(targets), answer.elapsed_s)
        return answer.json(self.system) if answer.body else {}

    def part(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        body: Mapping[str, Any],
    ) -> batch.Part:
        """Return one write of a batch that answers with what was stored, marked with our tag."""
        query = "&".join(f"{name}={value}" for name, value in {**params, "tag": self.settings.tag}.items())
        return batch.Part(
            method,
            f"{self.root}{path}?{query}",
            {"Accept": "application/json", "Prefer": _REPRESENTATION, **headers},
            dumps(body),
        )

    def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Post a document, as provisioning does; raise Refused, Unauthorised or CallFailed."""
        return self._send("POST", path, body, headers)

    def put(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Replace a document."""
        return self._send("PUT", path, body, headers)

    def patch(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Change a document; If-Match in the headers keeps it from creating one."""
        return self._send("PATCH", path, body, headers)

    def delete(self, path: str) -> None:
        """Delete a document; one that is not there counts as deleted."""
        self._count()
        answer = self._client.request("DELETE", path, timeout_s=self.settings.sizes.request_timeout_s)
        if not answer.ok and answer.status != 404:
            raise failure(service_error(answer.status, answer.body), self.system)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def _send(
        self, method: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None
    ) -> dict[str, Any]:
        self._count()
        answer = self._client.request(
            method,
            path,
            headers={**_JSON, **(headers or {})},
            content=dumps(body),
            timeout_s=self.settings.sizes.request_timeout_s,
        )
        if not answer.ok:
            raise failure(service_error(answer.status, answer.body), self.system)
        return answer.json(self.system) if answer.body else {}

    def _count(self) -> None:
        with self._lock:
            self.write_requests += 1

    @contextmanager
    def _refusals(self) -> Generator[None]:
        try:
            yield
        except ServiceRefused as refused:
            raise failure(refused.error, self.system) from None


def bulk_path(set_name: str, message: str) -> str:
    """Return the path of a bulk message."""
    return f"{set_name}/Microsoft.Dynamics.CRM.{message}"


def connect(
    settings: DataverseSettings,
    credential: Credential | None = None,
    *,
    log: Log = silent,
    clock: Clock = Clock(),  # noqa: B008 (frozen)
    retries: Retries | None = None,
    budget: RequestBudget | None = None,
    priority: Priority = Priority.BULK,
) -> WebApi:
    """Return the organisation's Web API under a credential (the run-time one unless told); nothing is sent yet.

    Connectors of one organisation may share a `budget`; those of interactive `priority` then go first.
    """
    trust = Trust(settings.ca_file)
    chosen = credential or settings.credential

    def authentication() -> OAuth:
        app = App(settings.tenant_id, chosen.client_id, _proof(chosen), settings.url, settings.authority)
        return OAuth(app, system=settings.name, trust=trust, log=log, clock=clock)

    auth = SendBy(authentication, clock, settings.name)
    shared = budget or budget_of(settings, clock)
    http = HttpClient(
        settings.url + SERVICE,
        system=settings.name,
        trust=trust,
        auth=auth,
        budget=shared,
        retries=retries or Retries(seconds=settings.retry_seconds),
        log=log,
        clock=clock,
        timeout_s=120.0,
    )
    return WebApi(settings, http, auth, shared, clock, priority)


def budget_of(settings: DataverseSettings, clock: Clock) -> RequestBudget:
    """Return a budget for one user of an organisation; what is calm for long is measured by the length of the window."""
    limits = settings.limits
    return RequestBudget(
        window=Window(limits.requests, limits.window_s, bulk_share=_BULK_SHARE),
        concurrency=Concurrency(settings.sizes.lanes * 2, calm_s=limits.window_s / 10),
        execution=ExecutionTime(limits.execution_s, limits.window_s),
        clock=clock,
    )


def _proof(credential: Credential) -> ClientSecret | ClientCertificate:
    if credential.certificate is not None:
        return ClientCertificate(credential.certificate.reveal())
    assert credential.client_secret is not None
    return ClientSecret(credential.client_secret.reveal())
