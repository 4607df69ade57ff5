"""The calls of webhook endpoints: HTTP/1.1 by h11 on asyncio's streams, over connections that are kept.

An event costs the simulator a fraction of what a general client would take, and the simulator shares its machine with
what is tried or measured against it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import h11

_READ_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One POST; the time-out is for the whole answer."""

    url: str
    headers: dict[str, str]
    body: bytes
    timeout_s: float

    async def made(self, lines: Lines) -> tuple[int, str]:
        """Make the call and give its status, or 0 and why there is none; redirects are not followed (assumed)."""
        try:
            async with asyncio.timeout(self.timeout_s):
                return await lines.post(self), ""
        except TimeoutError:
            return 0, "no answer in time"
        except (OSError, EOFError, ValueError, h11.ProtocolError) as error:
            return 0, f"{type(error).__name__}: {error}"


class Line:
    """One connection to an endpoint."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._state = h11.Connection(h11.CLIENT)

    def close(self) -> None:
        """Cut the connection."""
        self._writer.transport.abort()

    async def post(self, call: Call, parts: SplitResult) -> tuple[int, bool]:
        """Send a call; gives the status and whether the connection can be used again."""
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host, size = parts.netloc.rpartition("@")[2], str(len(call.body))
        headers = [*call.headers.items(), ("Host", host), ("Content-Length", size)]
        request = h11.Request(method="POST", target=target, headers=headers)
        for event in (request, h11.Data(data=call.body), h11.EndOfMessage()):
            self._writer.write(self._state.send(event) or b"")
        await self._writer.drain()
        status = await self._answer()
        kept = self._state.our_state is h11.DONE and self._state.their_state is h11.DONE
        if kept:
            self._state.start_next_cycle()
        return status, kept

    async def _answer(self) -> int:
        status = 0
        while True:
            event = self._state.next_event()
            if event is h11.NEED_DATA:
                data = await self._reader.read(_READ_BYTES)
                if not data and not status:
                    raise EOFError("the connection was closed without an answer")
                self._state.receive_data(data)
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                return status


class Lines:
    """Connections that are kept for the next call, by scheme, host and port."""

    def __init__(self, trusted: ssl.SSLContext) -> None:
        self._trusted = trusted
        self._kept: dict[tuple[str, str | None, int | None], list[Line]] = defaultdict(list)

    async def post(self, call: Call) -> int:
        """Make a call over a kept connection or a new one; one that was closed while it was kept is no failure."""
        parts = urlsplit(call.url)
        kept = self._kept[parts.scheme, parts.hostname, parts.port]
        while kept:
            try:
                return await self._over(kept.pop(), kept, call, parts)
            except (EOFError, ConnectionError):
                continue
        return await self._over(await self._opened(parts), kept, call, parts)

    async def _over(self, line: Line, kept: list[Line], call: Call, parts: SplitResult) -> int:
        again = False
        try:
            status, again = await line.post(call, parts)
        finally:
            if again:
                kept.append(line)
            else:
                line.close()
        return status

    async def _opened(self, parts: SplitResult) -> Line:
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        opened = await asyncio.open_connection(parts.hostname, port, ssl=self._trusted if secure else None)
        return Line(*opened)

    def close(self) -> None:
        """Cut every kept connection."""
        for lines in self._kept.values():
            for line in lines:
                line.close()
        self._kept.clear()
