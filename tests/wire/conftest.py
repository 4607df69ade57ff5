"""Fixtures of the wire's tests: loopback servers, certificates, Windows users and a clock that only moves when asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gp365.wire.clock import Clock
from wire.wire_server import PASSWORD, App, Certificates, Server, make_certificates


class VirtualTime:
    """Seconds that pass only by sleeping; every sleep is kept."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.sleeps: list[float] = []
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.sleeps.append(seconds)
            self.seconds += seconds

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        if seconds is None:
            condition.wait(10)
        else:
            self.sleep(seconds)

    @property
    def clock(self) -> Clock:
        return Clock(
            now=lambda: self.seconds,
            sleep=self.sleep,
            random=lambda: 0.5,
            utc_now=lambda: datetime(2026, 5, 4, 12, tzinfo=UTC) + timedelta(seconds=self.seconds),
            wait=self.wait,
        )


@pytest.fixture
def virtual() -> VirtualTime:
    return VirtualTime()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def serve(certificates: Certificates) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(app: App, *, tls: bool = False, **certificate: object) -> Server:
        server = Server(app, certificates.server(**certificate) if tls else None)  # type: ignore[arg-type]
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


@pytest.fixture
def windows_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users = tmp_path / "users"
    users.write_text(f"FABRIKAM:gpsvc:{PASSWORD}\n", encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
