"""A proxy that ends TLS with a certificate of its own and speaks to the real server anew: a man in the middle.

To the client it looks like the server (its certificate is from an authority that the client trusts), but a login bound
to the channel (RFC 5929, tls-server-end-point) does not survive it.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gp365_sim.core.tls import certificate


class TlsProxy:
    """Passes bytes between TLS clients and one TLS server; `ca_file` is the authority of its own certificate."""

    def __init__(self, folder: Path, host: str, port: int, trusted: Path) -> None:
        folder.mkdir(parents=True)
        own = certificate(folder)
        self.ca_file = own.ca_file
        self._target = (host, port)
        self._outer = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._outer.load_cert_chain(own.cert_file, own.key_file)
        self._inner = ssl.create_default_context(cafile=str(trusted))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for held in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                held.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            outer = self._outer.wrap_socket(client, server_side=True)
            host, _ = self._target
            inner = self._inner.wrap_socket(socket.create_connection(self._target), server_hostname=host)
        except OSError:
            client.close()
            return
        self._open += [outer, inner]
        with contextlib.suppress(OSError):
            _pass(outer, inner)
        for end in (outer, inner):
            end.close()


def _pass(one: ssl.SSLSocket, other: ssl.SSLSocket) -> None:
    """Hand bytes on in both directions until either end is closed; one thread, as a TLS connection allows no more."""
    while True:
        ready: list[ssl.SSLSocket] = [end for end in (one, other) if end.pending()]
        for end in ready or select.select([one, other], [], [])[0]:
            data = end.recv(65_536)
            if not data:
                return
            (other if end is one else one).sendall(data)


@contextmanager
def tls_proxy(folder: Path, host: str, port: int, trusted: Path) -> Iterator[TlsProxy]:
    """Run the proxy while the block runs."""
    proxy = TlsProxy(folder, host, port, trusted)
    try:
        yield proxy
    finally:
        proxy.close()
