"""A small loopback server of our own for the wire's tests: one thread a connection, full control over what breaks where."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h11
import spnego
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from spnego.channel_bindings import GssChannelBindings

from gp365.wire.trust import server_end_point


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: dict[str, object]


@dataclass
class Reply:
    """`raw` replaces everything on the wire; `cut` closes after so many bytes of it (0: before the first)."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    raw: bytes | None = None
    close: bool = False

    def wire(self) -> bytes:
        if self.raw is not None:
            return self.raw
        lines = [f"HTTP/1.1 {self.status} X"]
        fields = {"Content-Length": str(len(self.body)), **self.headers}
        if self.status in (204, 304):
            fields.pop("Content-Length")
        lines += [f"{name}: {value}" for name, value in fields.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


App = Callable[[Request], Reply]


class Server:
    def __init__(self, app: App, context: ssl.SSLContext | None = None) -> None:
        self.app = app
        self.requests: list[Request] = []
        self.connections = 0
        self._context = context
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://localhost:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        with self._lock:
            for sock in self._open:
                _abort(sock)

    def drop_connections(self) -> None:
        with self._lock:
            for sock in self._open:
                _abort(sock)
            self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
            with self._lock:
                self.connections += 1
                self._open.append(sock)
            state: dict[str, object] = {"number": self.connections}
            http = h11.Connection(h11.SERVER, max_incomplete_event_size=200_000)
            while self._one(sock, http, state):
                http.start_next_cycle()
        except (OSError, h11.RemoteProtocolError):
            pass
        finally:
            _abort(sock)

    def _one(self, sock: socket.socket, http: h11.Connection, state: dict[str, object]) -> bool:
        request = self._read(sock, http, state)
        if request is None:
            return False
        with self._lock:
            self.requests.append(request)
        reply = self.app(request)
        data = reply.wire()
        if reply.cut is not None:
            sock.sendall(data[: reply.cut])
            return False
        sock.sendall(data)
        if reply.raw is not None or reply.close:
            return False
        http.send(h11.Response(status_code=reply.status, headers=[("Content-Length", "0")]))
        http.send(h11.EndOfMessage())
        return True

    def _read(self, sock: socket.socket, http: h11.Connection, state: dict[str, object]) -> Request | None:
        head: h11.Request | None = None
        body = b""
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(sock.recv(65_536))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
                return Request(head.method.decode(), head.target.decode(), headers, body, state)
            else:
                return None


def _abort(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except (OSError, ValueError):
        pass
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    try:
        sock.close()
    except OSError:
        pass


USER, PASSWORD = "FABRIKAM\\gpsvc", "Pa%ss w\\örd-7719"


class WindowsApp:
    """Ask for a Windows login per connection (NTLM or Negotiate), with the channel binding required, then answer."""

    def __init__(
        self,
        app: App,
        *,
        schemes: tuple[str, ...] = ("Negotiate", "NTLM"),
        binding: bytes = b"",
        every_request: bool = False,
    ) -> None:
        self.app = app
        self.schemes = schemes
        self.binding = binding
        self.every_request = every_request
        self.handshakes = 0
        self.refusals = 0
        self.cut_at_leg = 0
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Reply:
        state = request.connection
        given = request.headers.get("authorization", "")
        if not given:
            return self._serve(request) if state.get("user") else self._ask()
        scheme, _, token = given.partition(" ")
        if scheme == "Basic":
            right = base64.b64decode(token).decode() == f"{USER}:{PASSWORD}"
            return self.app(request) if right else self._ask()
        leg = state["leg"] = int(state.get("leg", 0)) + 1  # type: ignore[call-overload]
        if leg == self.cut_at_leg:
            return Reply(cut=0)
        context = state.get("context") or self._acceptor(scheme)
        state["context"] = context
        try:
            answer = context.step(base64.b64decode(token))  # type: ignore[attr-defined]
        except spnego.exceptions.SpnegoError:
            state.clear()
            with self._lock:
                self.refusals += 1
            return self._ask()
        if not context.complete:  # type: ignore[attr-defined]
            return self._ask(f"{scheme} {base64.b64encode(answer).decode()}")
        state.update(user=True, context=None, leg=0)
        with self._lock:
            self.handshakes += 1
        return self._serve(request)

    def _serve(self, request: Request) -> Reply:
        if self.every_request:
            request.connection.pop("user", None)
        return self.app(request)

    def _ask(self, challenge: str = "") -> Reply:
        offer = "".join(
            f"WWW-Authenticate: {scheme}\r\n" for scheme in ([challenge] if challenge else self.schemes)
        )
        raw = f"HTTP/1.1 401 X\r\n{offer}Content-Length: 6\r\n\r\nlocked".encode()
        return _Kept(401, raw=raw)

    def _acceptor(self, scheme: str) -> spnego.ContextProxy:
        options = (
            spnego.NegotiateOptions.use_ntlm if scheme == "NTLM" else spnego.NegotiateOptions.use_negotiate
        )
        bound = GssChannelBindings(application_data=self.binding) if self.binding else None
        return spnego.server(protocol=scheme.lower(), options=options, channel_bindings=bound)


class _Kept(Reply):
    """A raw reply after which the connection stays open."""

    def wire(self) -> bytes:
        raw, self.raw = self.raw, None
        assert raw is not None
        return raw


@dataclass(frozen=True)
class Certificates:
    ca_file: Path
    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def server(self, *, name: str = "localhost", days: int = 30, digest: str = "sha256") -> ssl.SSLContext:
        """Return a server context with a certificate for this name; negative days: expired."""
        path = self.folder / f"{name}-{days}-{digest}.pem"
        if not path.exists():
            path.write_bytes(self._made(name, days, digest))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def binding(self, *, name: str = "localhost", days: int = 30, digest: str = "sha256") -> bytes:
        """Return the tls-server-end-point binding of that certificate."""
        self.server(name=name, days=days, digest=digest)
        pem = (self.folder / f"{name}-{days}-{digest}.pem").read_bytes()
        return server_end_point(x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER))

    def _made(self, name: str, days: int, digest: str) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=60))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self.key, hashes.SHA384() if digest == "sha384" else hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return pem + certificate.public_bytes(serialization.Encoding.PEM)


def make_certificates(folder: Path) -> Certificates:
    """Make a CA and write its certificate to a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=90))
        .not_valid_after(now + dt.timedelta(days=90))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Certificates(ca_file, folder, key, certificate)


def rsa_client_pem() -> tuple[str, x509.Certificate]:
    """Return a client's key and certificate as one PEM text, and the certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gp365 client")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (pem + certificate.public_bytes(serialization.Encoding.PEM)).decode(), certificate
