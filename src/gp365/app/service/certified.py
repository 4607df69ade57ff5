"""Until when the certificates of GP's own servers hold: a handshake with each once a day, beside the rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from threading import Thread
from urllib.parse import urlsplit

from gp365.app.project import Project
from gp365.app.service.standing import CertificateStanding
from gp365.app.settings import GpSystem
from gp365.model.errors import Gp365Error
from gp365.wire.connection import certificate_of
from gp365.wire.trust import CertificateFacts, Trust

EVERY = timedelta(days=1)
Look = Callable[[str, Trust, str], CertificateFacts | None]
Server = tuple[str, str, str]
"""System, URL, and the file of the authority that its certificate must lead to ("": the machine's own)."""


class Certified:
    """The certificates as they were last seen. `turn` never waits: the handshakes are made by a thread of its own.

    A server that does not answer, or whose certificate is refused already, is told of by its system's circuit.
    """

    def __init__(self, project: Project, *, look: Look = certificate_of, every: timedelta = EVERY) -> None:
        self.certificates: tuple[CertificateStanding, ...] = ()
        self._project, self._look_at, self._every = project, look, every
        self._thread: Thread | None = None
        self._next: datetime | None = None

    def turn(self, now: datetime, down: Iterable[str] = ()) -> None:
        """Begin the handshakes of the day; those with systems that are `down` are left out."""
        if (self._next is not None and now < self._next) or (self._thread and self._thread.is_alive()):
            return
        passed_by = frozenset(down)
        servers = [one for one in servers_of(self._project) if one[0] not in passed_by]
        self._next = now + self._every
        if servers:
            self._thread = Thread(target=self._look, args=(servers,), name="certificates", daemon=True)
            self._thread.start()

    def again(self) -> None:
        """Look at the next turn: settings are others."""
        self._next = None

    def close(self, timeout_s: float = 5.0) -> None:
        """Wait a little for handshakes that are under way."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _look(self, servers: Iterable[Server]) -> None:
        found = {(one.system, one.host): one for one in self.certificates}
        for system, url, ca_file in servers:
            host = urlsplit(url).hostname or url
            try:
                trust = Trust(self._project.path(ca_file) if ca_file else None)
                seen = self._look_at(url, trust, system)
            except Gp365Error:
                continue
            if seen is not None:
                found[(system, host)] = CertificateStanding(system, host, seen.valid_to)
        known = {(system, urlsplit(url).hostname or url) for system, url, _ in servers_of(self._project)}
        self.certificates = tuple(one for place, one in found.items() if place in known)


def servers_of(project: Project) -> Iterator[Server]:
    """Name the servers of GP that are spoken to over TLS: GP Service, and Web Services where they have it."""
    for name, given in project.settings.systems.items():
        if isinstance(given, GpSystem):
            ways = [(given.url, given.ca_file)]
            ways += [(given.soap.url, given.soap.ca_file)] if given.soap is not None else []
            for url, ca_file in ways:
                if url.lower().startswith("https://"):
                    yield name, url, ca_file
