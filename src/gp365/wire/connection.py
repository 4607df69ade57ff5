"""One TCP or TLS connection that carries one HTTP/1.1 request at a time.

Built on h11 instead of a pooling client because Windows authentication belongs to the connection, because the channel
binding needs that connection's own certificate, and because we must know whether a byte of a request went out.
"""

from __future__ import annotations

import socket
import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

from gp365.model.errors import Misconfigured
from gp365.wire.calls import CallFailed, Headers
from gp365.wire.trust import CertificateFacts, Trust, certificate_facts, certificate_fault

_READ = 65_536
_WRITE = 262_144
_LONGEST_HEAD = 131_072  # a Kerberos ticket in a header is far larger than h11's default


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a server."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """Return host and, if it is not the scheme's own, port, as the Host field wants it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"


def origin_of(url: str) -> Origin:
    """Return the origin of an http or https URL, or raise Misconfigured("settings-invalid")."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Misconfigured("settings-invalid", "The address is not a URL", field="url") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise Misconfigured("settings-invalid", "The address must read https://host/path", field="url")
    return Origin(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80))


class Connection:
    """A keep-alive connection; open() it, send() one request, read chunks() to the end, send() the next."""

    def __init__(self, origin: Origin, trust: Trust, *, system: str, connect_s: float = 10.0) -> None:
        self.origin = origin
        self._trust = trust
        self._system = system
        self._connect_s = connect_s
        self._socket: socket.socket | None = None
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._timeout_s = connect_s
        self._encoding = ""
        self.idle_since = time.monotonic()
        self.certificate = b""
        """The server's certificate in DER form; empty on plain http."""

    def open(self) -> None:
        """Connect and, on https, shake hands.

        Raise CallFailed("unreachable", maybe_sent=False) or Unauthorised("certificate").
        """
        context = self._trust.context() if self.origin.scheme == "https" else None
        try:
            raw = socket.create_connection((self.origin.host, self.origin.port), timeout=self._connect_s)
        except (OSError, UnicodeError) as exc:
            raise self._unreachable(exc) from None
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = raw if context is None else self._secured(raw, context)

    def _secured(self, raw: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        try:
            # A TLS stream that just ends must not look like a complete body.
            tls = context.wrap_socket(raw, server_hostname=self.origin.host, suppress_ragged_eofs=False)
        except ssl.SSLCertVerificationError as exc:
            raw.close()
            raise certificate_fault(exc, self.origin.host, self._system) from None
        except (OSError, ValueError) as exc:
            raw.close()
            raise self._unreachable(exc) from None
        self.certificate = tls.getpeercert(binary_form=True) or b""
        return tls

    def _unreachable(self, exc: Exception) -> CallFailed:
        reason = (
            "no answer in time"
            if isinstance(exc, TimeoutError)
            else (getattr(exc, "strerror", None) or str(exc))
        )
        return CallFailed(
            "unreachable", f"{self.origin} cannot be reached: {reason}", maybe_sent=False, system=self._system
        )

    def alive(self) -> bool:
        """Say whether the connection is open, idle and not closed by the other side."""
        if self._socket is None or self._http.our_state is not h11.IDLE:
            return False
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)  # data while idle is as bad as the end
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except (OSError, ValueError):
            return False
        return False

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes, timeout_s: float
    ) -> tuple[int, Headers]:
        """Send one request and return status and headers of its answer.

        Raise CallFailed("answer-cut", maybe_sent=True) if no answer comes: part of the request went out.
        """
        self._timeout_s = timeout_s
        fields = {"Host": self.origin.netloc, "User-Agent": "gp365", "Accept-Encoding": "gzip", **headers}
        if content or method not in ("GET", "HEAD", "OPTIONS", "DELETE"):
            fields["Content-Length"] = str(len(content))
        try:
            request = h11.Request(method=method, target=target, headers=list(fields.items()))
            data = self._http.send(request) or b""
        except h11.LocalProtocolError as exc:
            raise Misconfigured(
                "settings-invalid", f"The request cannot be written: {exc}", system=self._system
            ) from None
        data += (self._http.send(h11.Data(data=content)) or b"") if content else b""
        data += self._http.send(h11.EndOfMessage()) or b""
        deadline = time.monotonic() + timeout_s
        broken = self._write(data)
        try:
            return self._head(deadline)
        except CallFailed as exc:
            self.close()
            if broken is None:
                raise
            raise self._cut(broken) from exc

    def _write(self, data: bytes) -> OSError | None:
        """Write all; a server that refuses early may close while it still has an answer for us, so go on to read."""
        sock = self._live()
        view = memoryview(data)
        try:
            for start in range(0, len(view), _WRITE):
                sock.settimeout(self._timeout_s)
                sock.sendall(view[start : start + _WRITE])
        except OSError as exc:
            return exc
        return None

    def _head(self, deadline: float) -> tuple[int, Headers]:
        while True:
            event = self._event(deadline - time.monotonic())
            if isinstance(event, h11.InformationalResponse):
                continue
            if isinstance(event, h11.Response):
                pairs = tuple(
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers
                )
                headers = Headers(pairs)
                self._encoding = headers.get("content-encoding").lower()
                return event.status_code, headers
            raise self._cut(None)

    def chunks(self) -> Iterator[bytes]:
        """Yield the decoded body; raise CallFailed("answer-cut") unless it comes whole."""
        decoder = zlib.decompressobj(31) if self._encoding == "gzip" else None
        started = False
        try:
            while isinstance(event := self._event(self._timeout_s), h11.Data):
                data = bytes(event.data)
                started = started or bool(data)
                if decoder is not None:
                    data = decoder.decompress(data)
                if data:
                    yield data
        except zlib.error as exc:
            self.close()
            raise self._cut(exc) from None
        except CallFailed:
            self.close()
            raise
        if decoder is not None and started and not decoder.eof:
            self.close()
            raise self._cut(None)
        self._finish()

    def _finish(self) -> None:
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            self.idle_since = time.monotonic()
        else:
            self.close()

    def _event(self, timeout_s: float) -> h11.Event:
        sock = self._live()
        until = time.monotonic() + timeout_s
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                sock.settimeout(max(0.001, until - time.monotonic()))
                self._http.receive_data(sock.recv(_READ))
        except (OSError, h11.RemoteProtocolError) as exc:
            raise self._cut(exc) from None
        if isinstance(event, h11.ConnectionClosed) or not isinstance(event, h11.Event):
            raise self._cut(None)
        return event

    def _cut(self, exc: Exception | None) -> CallFailed:
        if isinstance(exc, TimeoutError):
            what = f"did not answer within {self._timeout_s:g} s"
        else:
            what = "ended the connection before its answer was complete"
        return CallFailed("answer-cut", f"{self.origin} {what}", maybe_sent=True, system=self._system)

    def _live(self) -> socket.socket:
        if self._socket is None:
            raise self._cut(None)
        return self._socket

    @property
    def idle(self) -> bool:
        """Say whether it is open and between two requests."""
        return self._socket is not None and self._http.our_state is h11.IDLE

    @property
    def is_open(self) -> bool:
        """Say whether we have not closed it."""
        return self._socket is not None

    def close(self) -> None:
        """Close the connection; closing twice is allowed."""
        sock, self._socket = self._socket, None
        if sock is not None:
            try:
                sock.close()
            except OSError:
                pass


def certificate_of(url: str, trust: Trust, system: str) -> CertificateFacts | None:
    """Connect to a server, look at its certificate and hang up; None on plain http. Errors as Connection.open()."""
    connection = Connection(origin_of(url), trust, system=system)
    try:
        connection.open()
        return certificate_facts(connection.certificate) if connection.certificate else None
    finally:
        connection.close()
