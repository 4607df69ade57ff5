"""The control doors of running simulators, over connections that are kept: a test knocks thousands of times."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from threading import local
from typing import Any
from urllib.parse import quote, urlsplit


class Doors:
    """Asks control doors; every thread has connections of its own."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told
        self._trust = ssl.create_default_context(cafile=str(told["ca_file"]))
        self._kept = local()

    def ask(self, system: str, method: str, path: str, body: Any = None) -> Any:
        """Ask the door of a system; AssertionError with its words where it refuses."""
        address = urlsplit(str(self._told[system]["control"]))
        wanted = f"{address.path}{quote(path, safe='/?=&')}"
        text = None if body is None else json.dumps(body).encode()
        answer = self._once(f"{address.hostname}:{address.port}", method, wanted, text)
        said = answer.read()
        if answer.status >= 400:
            raise AssertionError(f"{method} {path}: {said.decode()}")
        return json.loads(said)

    def _once(self, host: str, method: str, path: str, text: bytes | None) -> HTTPResponse:
        kept: dict[str, HTTPSConnection] = self._kept.__dict__.setdefault("connections", {})
        connection = kept.get(host)
        if connection is not None:
            try:
                connection.request(method, path, text)
                return connection.getresponse()
            except (HTTPException, OSError):  # closed meanwhile, before it was read
                connection.close()
        kept[host] = connection = HTTPSConnection(host, context=self._trust, timeout=120)
        connection.request(method, path, text)
        return connection.getresponse()
