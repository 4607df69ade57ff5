"""One lane: one keep-alive connection that is logged in to Windows and used by one caller at a time.

It asks for the schemes, answers challenges, notices when the server has forgotten it, and keeps its spacing.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from threading import Lock
from typing import Unpack

from gp365.model.errors import Unauthorised
from gp365.wire.asking import Asking, Opened, Wire
from gp365.wire.calls import Answer, Call, CallFailed, Meant, Streamed, unauthorised
from gp365.wire.connection import Connection
from gp365.wire.gate import Place
from gp365.wire.handshake import KERBEROS, Conversation, LoginFault, WindowsLogin, challenge, offered
from gp365.wire.kerberos import password_fault, refused_ticket, ticket_fault
from gp365.wire.retries import READS, failure_of
from gp365.wire.trust import Trust, server_end_point

_BEFORE_LOGIN = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that may come from something in front of the service: they do not prove that the login was accepted."""

_WHY_REFUSED = (
    "Either the password is wrong or the account is locked, or the TLS connection is ended by a proxy in between"
    " so that its channel binding does not fit (Extended Protection); a server shows both as 401."
)


class SharedLogin:
    """What the lanes of one set know together about the login."""

    def __init__(self, login: WindowsLogin) -> None:
        self.login = login
        self.proving = Lock()
        self.lock = Lock()
        self.offered: tuple[str, ...] = ()
        self.proved = False
        self.refusal: Unauthorised | None = None
        self.mechanism = ""
        self.binding = b""
        self.certificate = b""
        self.handshakes = 0
        self.forgets = 0
        """Connections in a row that wanted a second login at their second request."""

    @property
    def every_request(self) -> bool:
        """Say whether the server wants a login with every request.

        Services hosted on http.sys do so unless unsafeConnectionNtlmAuthentication is set (WCF, HttpTransportElement).
        """
        return self.forgets >= 2


class Lane:
    """One connection of a set at one place of its gate, held by one caller: a re-read and its write go over the same one."""

    def __init__(
        self, wire: Wire, trust: Trust, login: SharedLogin, place: Place, *, connect_s: float
    ) -> None:
        self._wire = wire
        self._origin = wire.origin
        self._trust = trust
        self._login = login
        self._place = place
        self._connect_s = connect_s
        self._connection: Connection | None = None
        self._served = 0
        self._refused_by = ""
        self._asking = Asking(wire, self._open)

    def request(self, method: str, path: str, **meant: Unpack[Meant]) -> Answer:
        """Return the whole answer of any final status; errors as HttpClient.request."""
        return self._asking.request(self._asking.call(method, path, meant))

    @contextmanager
    def stream(self, method: str, path: str, **meant: Unpack[Meant]) -> Generator[Streamed]:
        """Yield the answer while its body is on the wire; the lane asks nothing else meanwhile."""
        call = self._asking.call(method, path, meant)
        with self._asking.stream(call) as streamed:
            yield streamed

    def close(self) -> None:
        """Hang up; the next request connects and logs in again."""
        connection, self._connection = self._connection, None
        self._served = 0
        if connection is not None:
            connection.close()

    # one attempt

    def _open(self, call: Call) -> Opened:
        self._stop_if_refused()
        self._place.begin()
        if self._connection is None or not self._connection.alive():
            self.close()
        if self._served == 0 or self._login.every_request:
            return self._logged_in(call)
        opened = self._send(call, {})
        if opened.status != 401:
            self._served += 1
            return opened
        # The server has forgotten this connection's login. Log in on a new one: an empty opening request on a
        # connection that is logged in after all would be carried out.
        with self._login.lock:
            self._login.forgets = self._login.forgets + 1 if self._served == 1 else 0
        opened.refused()
        self.close()
        return self._logged_in(call)

    def _stop_if_refused(self) -> None:
        refusal = self._login.refusal
        if refusal is not None:
            raise Unauthorised(refusal.code, refusal.message, system=refusal.system, fix=refusal.fix)

    def _send(self, call: Call, authorization: Mapping[str, str], *, leg: bool = False) -> Opened:
        connection = self._connected()
        if leg:
            self._wire.tally.count_leg()
        else:
            self._wire.tally.count(call.method)
        try:
            status, headers = connection.send(
                call.method, call.target, {**call.headers, **authorization}, call.content, call.timeout_s
            )
        except BaseException:
            self._ended()
            self.close()
            raise
        opened = Opened(status, headers, connection, lambda _kept: None)
        opened.then(self._ended)
        return opened

    def _ended(self) -> None:
        self._place.end()

    def _connected(self) -> Connection:
        if self._connection is None or not self._connection.is_open:
            self.close()
            connection = Connection(
                self._origin, self._trust, system=self._wire.system, connect_s=self._connect_s
            )
            connection.open()
            self._connection = connection
        return self._connection

    # the login

    def _logged_in(self, call: Call) -> Opened:
        """Send the call with a login. The first login of a set goes alone, so that a bad password is tried once."""
        with nullcontext() if self._login.proved else self._login.proving:
            self._stop_if_refused()
            if not self._login.offered:
                opened = self._ask_schemes(call)
                if opened is not None:
                    return opened
            self._stop_before_ntlm()
            self._refused_by = ""
            for scheme in self._usable():
                opened = self._converse(scheme, call)
                if opened is not None:
                    return opened
            if self._refused_by:
                raise self._refuse(self._refused_by)
        raise self._no_credentials() if self._usable() else self._no_scheme()

    def _ask_schemes(self, call: Call) -> Opened | None:
        """Ask without credentials which schemes there are; return the answer of a place that needs no login."""
        opened = self._send(replace(call, method="GET", content=b""), {}, leg=True)
        if opened.status == 401:
            return self._note_schemes(opened)
        if call.method == "GET":
            self._wire.tally.count(call.method)
            return opened
        opened.close()
        # Some services show pages to everybody and ask for a login only when something is posted to them.
        opened = self._send(call, {})
        return self._note_schemes(opened) if opened.status == 401 else opened

    def _note_schemes(self, opened: Opened) -> None:
        with self._login.lock:
            self._login.offered = offered(opened.headers)
        opened.refused()

    def _usable(self) -> tuple[str, ...]:
        basic = self._login.login.allow_basic and self._origin.scheme == "https"
        return tuple(scheme for scheme in self._login.offered if scheme != "Basic" or basic)

    def _no_scheme(self) -> Unauthorised:
        names = ", ".join(self._login.offered) or "none that we know"
        message = f"{self._origin} takes no login that we may use; it offers: {names}"
        return unauthorised("scheme-missing", message, self._wire.system)

    def _no_credentials(self) -> Unauthorised:
        """Return the error of a login that could not even be begun: no password, and no ticket for a reason it names."""
        login = self._login.login
        return unauthorised(
            "scheme-missing",
            f"{self._origin} offers {', '.join(self._login.offered)}, but there is neither a password nor a Kerberos "
            f"ticket for {login.user or 'the account of this process'}. {ticket_fault(login, self._origin.host)}",
            self._wire.system,
            "Get a ticket (kinit, or a keytab), or set user and password.",
        )

    def _stop_before_ntlm(self) -> None:
        """Refuse a password that the KDC refuses: tried by NTLM as well, it would count twice towards a lockout."""
        if self._login.proved or "Negotiate" not in self._login.offered:
            return
        fault = password_fault(self._login.login, self._origin.host)
        if fault:
            raise self._stop(unauthorised("login-refused", fault, self._wire.system))

    def _converse(self, scheme: str, call: Call) -> Opened | None:
        """Log in by one scheme and send the call; None where the server or this machine does not do the scheme."""
        connection = self._connected()
        binding = server_end_point(connection.certificate) if connection.certificate else b""
        try:
            talk = Conversation(scheme, self._login.login, self._origin.host, binding)
        except LoginFault:
            return None
        while True:
            opened = self._leg(talk, call)
            if opened.status != 401:
                self._welcome(talk, opened, binding)
                return opened
            asked = challenge(opened.headers, scheme)
            opened.refused()
            if asked and not talk.proved and connection.is_open and self._answered(talk, asked):
                continue
            if talk.proved:
                raise self._refuse(talk.mechanism)
            self.close()
            if asked and talk.opening_only:
                raise self._hung_up()
            self._refused_by = talk.mechanism
            return None

    def _leg(self, talk: Conversation, call: Call) -> Opened:
        """Send the next step: with the call itself, or empty where the step cannot complete the login anyway."""
        fields = {"Authorization": talk.authorization}
        if not (talk.opening_only and call.method not in READS):
            return self._send(call, fields, leg=talk.opening_only)
        try:
            opened = self._send(replace(call, content=b""), fields, leg=True)
        except CallFailed as failure:
            failure.maybe_sent = False  # nothing of the call has gone out yet
            raise
        if opened.status in _BEFORE_LOGIN:
            raise self._turned_away(opened)
        if opened.status != 401:
            opened.close()
            raise CallFailed(
                "answer-unreadable",
                f"{self._origin} answered HTTP {opened.status} to the empty opening of a login instead of asking on",
                maybe_sent=True,
                status=opened.status,
                system=self._wire.system,
            )
        return opened

    def _turned_away(self, opened: Opened) -> CallFailed:
        """Return the failure for a busy answer to an empty leg: nothing of the call was sent, whatever the status."""
        said = opened.refused()[:300].strip()
        self.close()
        now = self._wire.clock.utc_now()
        probe = Call("GET", "/")
        failure = failure_of(probe, opened.status, opened.headers, now, self._wire.system, said)
        assert failure is not None
        failure.maybe_sent = False
        return failure

    def _answered(self, talk: Conversation, asked: bytes) -> bool:
        try:
            return talk.answer(asked)
        except LoginFault as exc:
            if talk.mechanism == KERBEROS:
                return False  # the server's last word on a ticket, such as KRB_ERROR; another scheme may still do
            self.close()
            raise unauthorised(
                "login-refused",
                f"The login challenge of {self._origin} cannot be answered: {exc}",
                self._wire.system,
            ) from None

    def _hung_up(self) -> CallFailed:
        return CallFailed(
            "answer-cut",
            f"{self._origin} hung up in the middle of the login",
            maybe_sent=False,
            system=self._wire.system,
        )

    def _welcome(self, talk: Conversation, opened: Opened, binding: bytes) -> None:
        if talk.opening_only or opened.status in _BEFORE_LOGIN:
            opened.then(self._ended_unproved)
            return
        self._served = 1
        with self._login.lock:
            self._login.proved = True
            self._login.handshakes += 1
            self._login.mechanism = talk.mechanism
            self._login.binding = binding
            self._login.certificate = self._connection.certificate if self._connection else b""

    def _ended_unproved(self) -> None:
        self._ended()
        self.close()

    def _refuse(self, mechanism: str) -> Unauthorised:
        who = self._login.login.user or "the account of this process"
        refused = f"{self._origin} refuses the login of {who} by {mechanism}."
        if mechanism == KERBEROS:
            why, fix = refused_ticket(self._origin.host)
        else:
            why, fix = _WHY_REFUSED if self._origin.scheme == "https" else "", ""
        return self._stop(unauthorised("login-refused", f"{refused} {why}".rstrip(), self._wire.system, fix))

    def _stop(self, refusal: Unauthorised) -> Unauthorised:
        self.close()
        with self._login.lock:
            self._login.refusal = refusal
        return refusal
