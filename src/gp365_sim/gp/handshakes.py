"""Windows authentication as the GP service asks for it: real handshakes, one state per TCP connection.

Schemes: NTLM and Basic by the GP engineering team's blog on service based architecture authentication; Negotiate is
what a service set to Windows normally offers beside them (assumed). Channel bindings: RFC 5929 tls-server-end-point.
"""

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal, Protocol

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from gp365_sim.gp import ntlm
from gp365_sim.gp.users import Accounts, User

Scheme = Literal["Negotiate", "NTLM", "Basic"]
SCHEMES: tuple[Scheme, ...] = ("Negotiate", "NTLM", "Basic")
STATE = "gp.windows"
_OPTIONS = spnego.NegotiateOptions.use_negotiate | spnego.NegotiateOptions.use_ntlm


class Line(Protocol):
    """What authentication needs of a TCP connection."""

    state: dict[str, object]
    peer_certificate_binding: bytes


@dataclass(eq=False)
class Seat:
    """What one TCP connection has shown of itself."""

    number: int
    scheme: str = ""
    user: User | None = None
    last_user: str = ""
    completed: int = 0
    refused: int = 0
    requests: int = 0
    bound: bool = False
    pending: spnego.ContextProxy | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Admission:
    """The outcome for one request: the user, or None and what `WWW-Authenticate` has to say."""

    user: User | None
    challenges: tuple[str, ...] = ()


class Gate:
    """Lets requests in by Windows authentication and keeps count of handshakes per connection."""

    def __init__(self, accounts: Accounts, schemes: Sequence[Scheme], *, require_binding: bool) -> None:
        self._accounts = accounts
        self._schemes: tuple[Scheme, ...] = tuple(schemes)
        self._require_binding = require_binding
        self._seats: dict[int, Seat] = {}
        self._numbers = count(1)

    def admit(self, line: Line, authorization: str) -> Admission:
        """Judge a request by its `Authorization` header and its connection.

        A connection that has completed a handshake stays admitted without a header; one in the middle of a handshake
        that sends anything but the next leg is refused and has to begin again.
        """
        seat = self._seat(line)
        scheme, _, text = authorization.partition(" ")
        known: Scheme | None = next((each for each in self._schemes if each.lower() == scheme.lower()), None)
        if authorization and known is None:
            return self._refuse(seat)
        if known == "Basic":
            return self._basic(seat, text)
        if known is not None:
            return self._leg(seat, line, known, text)
        if seat.pending is not None:
            return self._refuse(seat)
        if seat.user is None:
            return Admission(None, self._schemes)
        seat.requests += 1
        return Admission(seat.user)

    def report(self) -> dict[str, object]:
        """Tell what every connection has done, and the sums."""
        lines = [
            {
                "connection": seat.number,
                "scheme": seat.scheme,
                "user": seat.last_user,
                "completed": seat.completed,
                "refused": seat.refused,
                "requests": seat.requests,
                "channel_bound": seat.bound,
            }
            for seat in self._seats.values()
        ]
        return {
            "connections": lines,
            "completed": sum(seat.completed for seat in self._seats.values()),
            "refused": sum(seat.refused for seat in self._seats.values()),
        }

    def forget(self) -> None:
        """Drop the counts of the past; connections that are open stay admitted."""
        for seat in self._seats.values():
            seat.completed = seat.refused = seat.requests = 0
        self._seats.clear()

    def _seat(self, line: Line) -> Seat:
        seat = line.state.get(STATE)
        if not isinstance(seat, Seat):
            seat = line.state[STATE] = Seat(next(self._numbers))
        return self._seats.setdefault(seat.number, seat)

    def _refuse(self, seat: Seat) -> Admission:
        seat.pending = seat.user = None
        seat.refused += 1
        return Admission(None, self._schemes)

    def _basic(self, seat: Seat, text: str) -> Admission:
        """Judge `domain\\user:password`, anew for each request: Basic leaves nothing on the connection."""
        try:
            name, _, password = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return self._refuse(seat)
        user = self._accounts.find(name)
        if user is None or user.password != password:
            return self._refuse(seat)
        seat.scheme, seat.last_user = "Basic", user.name
        seat.requests += 1
        return Admission(user)

    def _leg(self, seat: Seat, line: Line, scheme: Scheme, text: str) -> Admission:
        """Take one leg of a Negotiate or NTLM handshake."""
        try:
            token = base64.b64decode(text, validate=True)
        except binascii.Error:
            return self._refuse(seat)
        pending = seat.pending if seat.scheme == scheme and not ntlm.is_negotiate(token) else None
        try:
            context = pending or self._begin(scheme)
            seat.scheme, seat.pending, seat.user = scheme, context, None
            reply = self._step(context, line, token)
        except (SpnegoError, ValueError, LookupError, struct.error):
            return self._refuse(seat)
        answer = f"{scheme} {base64.b64encode(reply).decode()}" if reply else ""
        if not context.complete:
            return Admission(None, (answer,)) if answer else self._refuse(seat)
        return self._seated(seat, context, token, answer)

    def _begin(self, scheme: Scheme) -> spnego.ContextProxy:
        with self._accounts.offered():
            return spnego.server(protocol=scheme.lower(), options=_OPTIONS)

    def _step(self, context: spnego.ContextProxy, line: Line, token: bytes) -> bytes | None:
        """Feed one token; a binding is checked when it was sent, and demanded where the setting says so."""
        bindings: GssChannelBindings | None = GssChannelBindings(
            application_data=line.peer_certificate_binding
        )
        if ntlm.is_authenticate(token) and ntlm.channel_binding(token) is None:
            if self._require_binding:
                raise ValueError("channel binding is required and was not sent")
            bindings = None
        with self._accounts.offered():
            return context.step(token, channel_bindings=bindings)

    def _seated(self, seat: Seat, context: spnego.ContextProxy, token: bytes, answer: str) -> Admission:
        user = self._accounts.find(context.client_principal or "")
        if user is None:
            return self._refuse(seat)
        seat.pending, seat.user, seat.last_user = None, user, user.name
        seat.completed += 1
        seat.requests += 1
        seat.bound = ntlm.channel_binding(token) is not None
        return Admission(user, (answer,) if answer else ())
