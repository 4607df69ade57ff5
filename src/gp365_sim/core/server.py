"""Several ASGI apps on loopback sockets in one event loop, each request carrying its TCP connection.

Windows authentication belongs to the connection, and faults must be able to cut it, so every request's scope
has a `Connection` under `scope["extensions"]["gp365.connection"]`.
"""

import asyncio
import socket
import struct
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from gp365_sim.core.tls import Certificate

CONNECTION = "gp365.connection"
_LONGEST_HEAD_BYTES = 256 * 1024
_FLUSH_S = 2.0


class Connection:
    """One TCP connection of a client, alive as long as the socket is."""

    def __init__(self, transport: asyncio.Transport, binding: bytes) -> None:
        self._transport = transport
        self.state: dict[str, object] = {}
        self.peer_certificate_binding = binding
        """Application data of the `tls-server-end-point` binding, with that prefix; empty on http."""
        self.closed = asyncio.Event()

    def abort(self, *, reset: bool = False) -> None:
        """Cut the connection at once; with `reset` the client sees a TCP reset instead of an end."""
        if reset:
            self._linger_not()
        self._transport.abort()

    async def end(self) -> None:
        """Let out what was written, then end the connection, whatever the client still expects."""
        self._transport.close()
        try:
            await asyncio.wait_for(self.closed.wait(), _FLUSH_S)
        except TimeoutError:
            self.abort()

    def _linger_not(self) -> None:
        sock: socket.socket | None = self._transport.get_extra_info("socket")
        if sock is not None:
            shape = "hh" if sys.platform == "win32" else "ii"
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(shape, 1, 0))


def connection_of(scope: Scope) -> Connection | None:
    """Return the connection that a request came on; None when the app is called without a socket."""
    return scope.get("extensions", {}).get(CONNECTION)


@dataclass(frozen=True)
class Door:
    """An app, the socket it is served on, and the certificate (None: plain http)."""

    app: ASGIApp
    socket: socket.socket
    certificate: Certificate | None = None

    @property
    def url(self) -> str:
        """The base address, without a trailing slash."""
        return url_of(self.socket, https=self.certificate is not None)


def bind() -> socket.socket:
    """Bind a free loopback port, so that addresses are known before any app is built."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    bound.listen(256)
    return bound


def url_of(bound: socket.socket, *, https: bool) -> str:
    """Return the base address of a bound socket, without a trailing slash."""
    return f"{'https' if https else 'http'}://127.0.0.1:{bound.getsockname()[1]}"


def _protocol(binding: bytes) -> type[H11Protocol]:
    class Protocol(H11Protocol):
        """uvicorn's own, which also hands each request the connection it came on."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            super().connection_made(transport)
            self.gp365_connection = Connection(transport, binding)
            inner = self.app

            async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
                scope.setdefault("extensions", {})[CONNECTION] = self.gp365_connection
                await inner(scope, receive, send)  # pyright: ignore[reportArgumentType]

            self.app = with_connection  # pyright: ignore[reportAttributeAccessIssue]

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self.gp365_connection.closed.set()

    return Protocol


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # Several servers share the process; who starts them owns the signals.
        yield


def _server(door: Door) -> _Server:
    tls = door.certificate
    config = uvicorn.Config(
        door.app,
        http=_protocol(tls.binding if tls else b""),
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=600,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=_LONGEST_HEAD_BYTES,
        ssl_certfile=str(tls.cert_file) if tls else None,
        ssl_keyfile=str(tls.key_file) if tls else None,
    )
    return _Server(config)


def _is_idle(protocol: H11Protocol) -> bool:
    cycle = protocol.cycle
    return cycle is None or cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]


class Servers:
    """The running servers of a set of doors."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self._pairs = [(door, _server(door)) for door in doors]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start serving every door; returns when all accept requests."""
        self._tasks = [asyncio.create_task(server.serve([door.socket])) for door, server in self._pairs]
        while not all(server.started for _, server in self._pairs):
            for task in self._tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Stop accepting, cut idle connections, give running requests a second, and end."""
        for _, server in self._pairs:
            server.should_exit = True
            for protocol in list(server.server_state.connections):
                if isinstance(protocol, H11Protocol) and _is_idle(protocol):
                    # A polite TLS farewell would wait for clients that keep their connection for later.
                    protocol.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _end_tasks() -> None:
    """Cancel what the apps still do beside their requests, as the end of `asyncio.run` does."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@contextmanager
def serving(*doors: Door) -> Generator[None, None, None]:
    """Serve the doors from a thread while the block runs, for callers that have no event loop (tests)."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="gp365-sim", daemon=True)
    thread.start()
    servers = Servers(doors)
    try:
        asyncio.run_coroutine_threadsafe(servers.start(), loop).result(30)
        yield
    finally:
        asyncio.run_coroutine_threadsafe(servers.stop(), loop).result(30)
        asyncio.run_coroutine_threadsafe(_end_tasks(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
