"""Tokens by OAuth 2.0 client credentials: fetched through msal, shared by threads, renewed before they expire."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from gp365.model.errors import Gp365Error, Misconfigured, Unauthorised
from gp365.wire.calls import Answer, CallFailed, Headers, Log, silent, unauthorised
from gp365.wire.clock import Clock
from gp365.wire.connection import origin_of
from gp365.wire.http import HttpClient
from gp365.wire.redact import SECRETS, redact, register_secret
from gp365.wire.retries import Retries
from gp365.wire.trust import Trust

_RENEW_AT = 0.8  # of the token's life
_PUBLIC_CLOUD = "https://login.microsoftonline.com"
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """The secret of an app registration."""

    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        register_secret(self.secret)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Certificate and private key of an app registration, both as PEM in one text."""

    pem: str = field(repr=False)
    passphrase: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        register_secret(self.passphrase)


@dataclass(frozen=True, slots=True)
class App:
    """Who asks for a token (tenant, client, its credential), where, and for which resource (`https://org…`)."""

    tenant_id: str
    client_id: str
    credential: ClientSecret | ClientCertificate
    resource: str
    authority: str = _PUBLIC_CLOUD


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    renew_at: float
    dead_at: float


class OAuth:
    """Give `Authorization: Bearer …` for an app; implements http.Auth.

    A token is renewed at 80 % of its life by one thread while the others go on with the old one; an expired one makes
    all wait for the same renewal. Raise Unauthorised("token-refused" | "token-not-json" | "certificate") or CallFailed.
    """

    def __init__(
        self,
        app: App,
        *,
        system: str,
        trust: Trust,
        retries: Retries = Retries(attempts=4, seconds=60.0),  # noqa: B008 (frozen)
        log: Log = silent,
        clock: Clock = Clock(),  # noqa: B008 (frozen)
    ) -> None:
        self._app = app
        self._system = system
        self._clock = clock
        self._post = _TokenHttp(system, trust, retries, log, clock)
        self._msal: Any = None
        self._renewing = Lock()
        self._token: _Token | None = None
        self._previous = ""
        self.renewals = 0

    def headers(self) -> Mapping[str, str]:
        """Return the Authorization field with a token that is still good."""
        return {"Authorization": f"Bearer {self._good().text}"}

    def renew(self, used: Mapping[str, str]) -> bool:
        """Fetch a new token unless another thread has replaced the refused one already; return True."""
        with self._renewing:
            token = self._token
            if token is None or used.get("Authorization") == f"Bearer {token.text}":
                self._token = self._fetch()
        return True

    def refusal(self, answer: Headers, body: str) -> Unauthorised:
        """Return the error for a 401 on a new token."""
        said = f": {body.strip()[:300]}" if body.strip() else ""
        return unauthorised(
            "token-refused",
            f"{self._app.resource} refuses a new token of client {self._app.client_id} (HTTP 401){said}",
            self._system,
        )

    def _good(self) -> _Token:
        token, now = self._token, self._clock.now()
        if token is not None and now < token.renew_at:
            return token
        if token is not None and now < token.dead_at:
            return self._early(token)
        with self._renewing:
            token = self._token
            if token is None or self._clock.now() >= token.renew_at:
                self._token = token = self._fetch()
            return token

    def _early(self, token: _Token) -> _Token:
        """Renew a token that is still good; a second thread, or a token service that is down, leaves the old one."""
        if not self._renewing.acquire(blocking=False):
            return token
        try:
            if self._token is token:
                self._token = self._fetch()
            return self._token or token
        except CallFailed:
            return token
        finally:
            self._renewing.release()

    def _fetch(self) -> _Token:
        try:
            app = self._application()
            app.remove_tokens_for_client()
            reply: dict[str, Any] = app.acquire_token_for_client(
                scopes=[self._app.resource.rstrip("/") + "/.default"]
            )
        except Gp365Error:
            raise
        except Exception as exc:  # noqa: BLE001 (msal raises bare ValueError, RuntimeError and its own kinds)
            raise self._unexpected(exc) from None
        if "access_token" not in reply:
            raise self._refused(reply)
        return self._kept(str(reply["access_token"]), float(reply.get("expires_in") or 3599))

    def _kept(self, text: str, life_s: float) -> _Token:
        SECRETS.forget(self._previous)
        self._previous = self._token.text if self._token else ""
        SECRETS.register(text)
        now = self._clock.now()
        self.renewals += 1
        return _Token(text, now + life_s * _RENEW_AT, now + life_s)

    def _application(self) -> Any:
        if self._msal is None:
            msal: Any = importlib.import_module("msal")  # imported late: it loads slowly and carries no types
            authority = self._app.authority.rstrip("/")
            self._msal = msal.ConfidentialClientApplication(
                self._app.client_id,
                client_credential=_credential(self._app.credential),
                authority=f"{authority}/{self._app.tenant_id}",
                instance_discovery=False,  # the authority is a setting; asking the public cloud about it proves nothing
                http_client=self._post,
            )
        return self._msal

    def _unexpected(self, exc: Exception) -> Gp365Error:
        where = f"{self._app.authority}/{self._app.tenant_id}"
        if isinstance(exc, json.JSONDecodeError):
            return unauthorised(
                "token-not-json", f"The token service {where} did not answer with JSON", self._system
            )
        if isinstance(exc, ValueError) and self._post.last_status == 400:
            return unauthorised(
                "token-refused", f"The token service does not know the tenant: {where}", self._system
            )
        said = redact(str(exc)).splitlines()[0][:300] if str(exc) else type(exc).__name__
        return Misconfigured(
            "settings-invalid", f"No token can be asked for at {where}: {said}", system=self._system
        )

    def _refused(self, reply: Mapping[str, Any]) -> Gp365Error:
        error = str(reply.get("error", "unknown"))
        said = " ".join(str(reply.get("error_description", "")).split())
        code = re.search(r"AADSTS\d+", said)
        if error in ("temporarily_unavailable", "server_error"):
            return CallFailed(
                "busy", f"The token service is down: {error}", maybe_sent=False, system=self._system
            )
        plain = said.split(" Trace ID:")[0][:300]
        return unauthorised(
            "token-refused",
            f"The token service refuses client {self._app.client_id}: {code.group(0) if code else error}. {plain}",
            self._system,
        )


def _credential(credential: ClientSecret | ClientCertificate) -> str | dict[str, str]:
    if isinstance(credential, ClientSecret):
        return credential.secret
    blocks = {
        ("key" if "KEY" in m.group(1) else "certificate"): m.group(0)
        for m in reversed(list(_PEM.finditer(credential.pem)))
    }
    if set(blocks) != {"key", "certificate"}:
        raise Misconfigured(
            "settings-invalid",
            "The certificate file must hold certificate and private key as PEM",
            field="certificate",
        )
    chosen = {"private_key": blocks["key"], "public_certificate": blocks["certificate"]}
    return chosen | ({"passphrase": credential.passphrase} if credential.passphrase else {})


class _Reply:
    """An answer as msal reads it."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.text = answer.text
        self.headers = dict(answer.headers.fields)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise ValueError(f"HTTP {self.status_code}")


class _TokenHttp:
    """Carry msal's requests over our own client, so that our trust, retries, log and redaction hold for them."""

    def __init__(self, system: str, trust: Trust, retries: Retries, log: Log, clock: Clock) -> None:
        self._made = (system, trust, retries, log, clock)
        self._clients: dict[str, HttpClient] = {}
        self.last_status = 0

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> _Reply:
        return self._ask("GET", url, params, headers, b"")

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | str | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> _Reply:
        form = data if isinstance(data, str) else urlencode(data or {})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", url, params, {**kind, **(headers or {})}, form.encode())

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _ask(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        content: bytes,
    ) -> _Reply:
        client = self._client(url)
        wanted = {"Accept": "application/json", **{k: v for k, v in (headers or {}).items() if v}}
        answer = client.request(
            method, url, params=params, headers=wanted, content=content, idempotent=True, timeout_s=30.0
        )
        self.last_status = answer.status
        if answer.status < 500 and not _is_json_object(answer.body):
            kind = answer.headers.get("content-type", "no content type")
            raise unauthorised(
                "token-not-json",
                f"{origin_of(url)} answered a token request with HTTP {answer.status} and {kind}",
                self._made[0],
            )
        return _Reply(answer)

    def _client(self, url: str) -> HttpClient:
        origin = str(origin_of(url))
        if origin not in self._clients:
            system, trust, retries, log, clock = self._made
            self._clients[origin] = HttpClient(
                origin, system=system, trust=trust, retries=retries, log=log, clock=clock
            )
        return self._clients[origin]


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
