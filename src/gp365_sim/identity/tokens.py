"""Access tokens: issued to applications by the token endpoint, checked by the simulated Dataverse."""

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from cryptography import x509

from gp365_sim.core.clock import Clock

LIFETIME_S = 3599
Mode = Literal["normal", "html", "expired_secret"]


@dataclass(frozen=True)
class Secret:
    """A client secret of an application and when it ends (None: never)."""

    value: str = field(repr=False)
    expires: datetime | None = None


@dataclass(frozen=True)
class Application:
    """An app registration and, if it has one, its application user in the Dataverse environment.

    `user_id` None: registered in Entra, but unknown to Dataverse (403 0x80072560). `roles` are names that the
    simulated Dataverse reads: `"customizer"` may write metadata, `"runtime"` may read and write rows.
    """

    client_id: str
    name: str
    user_id: str | None
    secrets: tuple[Secret, ...] = ()
    certificates: tuple[x509.Certificate, ...] = ()
    roles: frozenset[str] = frozenset({"runtime"})


@dataclass(frozen=True)
class Caller:
    """Who a request comes from: an application user of the environment."""

    client_id: str
    user_id: str
    name: str
    roles: frozenset[str]


@dataclass(frozen=True)
class TokenRefusal:
    """Why a request's token is not accepted: HTTP status, Dataverse error code (may be empty) and message."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class _Issued:
    client_id: str
    audience: str
    expires: datetime


class Tokens:
    """The applications of one tenant and the tokens they hold. Expiry follows the simulated clock."""

    def __init__(
        self,
        clock: Clock,
        tenant_id: str,
        audiences: Iterable[str],
        applications: Iterable[Application],
        other_resources: Iterable[str] = ("https://graph.microsoft.com",),
    ) -> None:
        self.clock = clock
        self.tenant_id = tenant_id
        self.mode: Mode = "normal"
        self._audiences = frozenset(_plain(audience) for audience in audiences)
        self._resources = self._audiences | {_plain(resource) for resource in other_resources}
        self._applications = {app.client_id.lower(): app for app in applications}
        self._issued: dict[str, _Issued] = {}
        self._key = secrets.token_bytes(32)

    @property
    def applications(self) -> tuple[Application, ...]:
        """Return every registered application; those with a `user_id` are users of the environment."""
        return tuple(self._applications.values())

    def application(self, client_id: str) -> Application | None:
        """Find a registered application."""
        return self._applications.get(client_id.lower())

    def knows_resource(self, resource: str) -> bool:
        """Say whether tokens for such a resource are given at all (not: whether Dataverse takes them)."""
        return _plain(resource) in self._resources

    def issue(self, client_id: str, scope: str) -> str:
        """Issue a token of 3599 s for a scope that ends in `/.default`; the caller has proved who it is."""
        now = self.clock.now()
        audience = scope.removesuffix("/.default")
        token = self._signed(client_id, audience, int(now.timestamp()))
        self._drop_old(now)
        self._issued[token] = _Issued(client_id, _plain(audience), now + timedelta(seconds=LIFETIME_S))
        return token

    def check(self, bearer: str | None) -> Caller | TokenRefusal:
        """Return the application user behind a bearer token (with or without the word Bearer).

        No, unknown, expired or foreign-audience token → 401; an application without an application user → 403
        0x80072560 (seen in several public projects; the 401 statuses: Microsoft Learn, "Compose HTTP requests
        and handle errors").
        """
        issued = self._issued.get(_token_of(bearer))
        if issued is None or issued.expires <= self.clock.now():
            return TokenRefusal(401, "", "The access token is missing, invalid or has expired.")
        if issued.audience not in self._audiences:
            return TokenRefusal(401, "", "The access token was issued for another audience.")
        application = self.application(issued.client_id)
        if application is None or application.user_id is None:
            return TokenRefusal(403, "0x80072560", "The user is not a member of the organization.")
        return Caller(application.client_id, application.user_id, application.name, application.roles)

    def revoke_all(self) -> None:
        """Make every issued token invalid, as after a sign-out of all sessions."""
        self._issued.clear()

    def _drop_old(self, now: datetime) -> None:
        if len(self._issued) > 1000:
            self._issued = {token: kept for token, kept in self._issued.items() if kept.expires > now}

    def _signed(self, client_id: str, audience: str, at: int) -> str:
        """Shape the token as a JWT, as Entra does; nobody but us can or should read it."""
        head = {"typ": "JWT", "alg": "HS256"}
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self.tenant_id}/",
            "iat": at,
            "nbf": at,
            "exp": at + LIFETIME_S,
            "appid": client_id,
            "tid": self.tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        text = ".".join(_encoded(json.dumps(part).encode()) for part in (head, claims))
        return f"{text}.{_encoded(hmac.new(self._key, text.encode(), hashlib.sha256).digest())}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _plain(resource: str) -> str:
    return resource.rstrip("/").lower()


def _token_of(bearer: str | None) -> str:
    words = (bearer or "").split()
    return words[-1] if words else ""
