"""The words of a Windows login: which schemes a server offers, and one security context that answers its challenges.

The login's proof of the password is sent once; who sends it (a lane) decides what a refusal means.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

import spnego
from spnego.channel_bindings import GssChannelBindings

from gp365.wire.calls import Headers
from gp365.wire.redact import register_secret


class LoginFault(Exception):
    """A security context could not be begun or continued; the text is the library's own."""


_NTLM = b"NTLMSSP\x00"
KERBEROS = "Negotiate (Kerberos)"
"""What a report calls a login by a Kerberos ticket."""
_PREFERRED = ("Negotiate", "NTLM", "Basic")


@dataclass(frozen=True, slots=True)
class WindowsLogin:
    """A Windows account as `DOMAIN\\user` or `user@domain`, or (both empty) the account this process runs as.

    Basic is used only if allowed, and then only over verified TLS.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    allow_basic: bool = False

    def __post_init__(self) -> None:
        register_secret(self.password)
        register_secret(base64.b64encode(f"{self.user}:{self.password}".encode()).decode())


def offered(headers: Headers) -> tuple[str, ...]:
    """Return those of Negotiate, NTLM and Basic that a 401 offers, in our order of preference."""
    challenges = ", ".join(headers.all("www-authenticate"))
    plain = re.sub(r'"[^"]*"', '""', challenges)
    named = {match.group(1).lower() for match in re.finditer(r"(?:^|,)\s*([A-Za-z]+)(?=\s|,|$)", plain)}
    return tuple(scheme for scheme in _PREFERRED if scheme.lower() in named)


def challenge(headers: Headers, scheme: str) -> bytes:
    """Return the scheme's challenge in a 401, or b"" where it holds none."""
    for value in headers.all("www-authenticate"):
        match = re.search(rf"(?i)(?:^|,)\s*{scheme}\s+([A-Za-z0-9+/]+=*)\s*(?:,|$)", value)
        if match:
            try:
                return base64.b64decode(match.group(1), validate=True)
            except binascii.Error:
                return b""
    return b""


class Conversation:
    """One login over one connection: `token` goes into the next request, answer() turns a challenge into the next."""

    def __init__(self, scheme: str, login: WindowsLogin, host: str, binding: bytes) -> None:
        """Begin. Raise LoginFault where this machine has no credentials for the scheme."""
        self.scheme = scheme
        self.mechanism = scheme
        self.proved = scheme == "Basic"
        """Whether the password itself was put to the proof: a 401 after that may count towards a lockout."""
        self._seen_ntlm = False
        self._step = 0
        self._context = None
        if scheme == "Basic":
            self._token = f"{login.user}:{login.password}".encode()
        else:
            self._context = _begun(scheme, login, host, binding)
            self._token = _step(self._context, None)
            self._look()

    def _look(self) -> None:
        """Tell Kerberos from NTLM by what is really sent: under Negotiate only the token shows it."""
        self._step = ntlm_step(self._token)
        if self.scheme == "Negotiate" and (self._step or not self._seen_ntlm):
            self.mechanism = "Negotiate (NTLM)" if self._step else KERBEROS
        self._seen_ntlm = self._seen_ntlm or self._step > 0
        self.proved = self.proved or self._step == 3

    @property
    def opening_only(self) -> bool:
        """Say whether the token merely opens NTLM: no server can complete a login with it."""
        return self._step == 1

    @property
    def authorization(self) -> str:
        """Return the value of the next request's Authorization field."""
        return f"{self.scheme} {base64.b64encode(self._token).decode('ascii')}"

    def answer(self, server_token: bytes) -> bool:
        """Take the server's challenge; say whether there is a next token. Raise LoginFault on a bad challenge."""
        if self._context is None:
            return False
        self._token = _step(self._context, server_token)
        self._look()
        return bool(self._token)


def ntlm_step(token: bytes) -> int:
    """Return the type of the NTLM message in a token, bare or inside SPNEGO: 1 opens, 3 proves ([MS-NLMP] 2.2.1), else 0."""
    start = token.find(_NTLM)
    return token[start + 8] if 0 <= start < len(token) - 8 else 0


def _begun(scheme: str, login: WindowsLogin, host: str, binding: bytes) -> spnego.ContextProxy:
    try:
        return spnego.client(
            login.user or None,
            login.password or None,
            hostname=host,
            service="HTTP",  # upper case: MIT Kerberos compares the service's name exactly
            protocol=scheme.lower(),
            channel_bindings=GssChannelBindings(application_data=binding) if binding else None,
        )
    except Exception as exc:  # noqa: BLE001 (see _step)
        raise LoginFault(str(exc)) from None


def _step(context: spnego.ContextProxy, token: bytes | None) -> bytes:
    try:
        return context.step(token) or b""
    except Exception as exc:  # noqa: BLE001 (a damaged token comes out of pyspnego as ValueError, struct.error and others)
        raise LoginFault(str(exc)) from None
