"""How a channel over HTTP opens: the lanes of its settings, and what stands on them, made when the first request is due."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Generic, Protocol, TypeVar

from gp365.model.contract import Secret
from gp365.wire.calls import Log
from gp365.wire.clock import Clock
from gp365.wire.gate import Turn
from gp365.wire.handshake import WindowsLogin
from gp365.wire.retries import Retries
from gp365.wire.trust import Trust
from gp365.wire.windows import Lanes

T = TypeVar("T")


class Once(Generic[T]):
    """Something that is made when it is first asked for, once, whoever asks first; `made` is None until then."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._making = Lock()
        self.made: T | None = None

    def __call__(self) -> T:
        """Return it; what making it raises is raised again at the next call, which tries anew."""
        with self._making:
            if self.made is None:
                self.made = self._make()
            return self.made


class LaneSettings(Protocol):
    """What the settings of a channel say of its lanes."""

    @property
    def name(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> Secret | None: ...
    @property
    def allow_basic(self) -> bool: ...
    @property
    def lanes(self) -> int: ...
    @property
    def spacing_ms(self) -> int: ...
    @property
    def timeout_s(self) -> float: ...
    @property
    def ca_file(self) -> Path | None: ...


def lanes_of(
    settings: LaneSettings, base_url: str, *, turn: Turn, retries: Retries, log: Log, clock: Clock
) -> Lanes:
    """Make the lanes of a channel; the password is read here."""
    password = settings.password.reveal() if settings.password else ""
    return Lanes(
        base_url,
        system=settings.name,
        trust=Trust(settings.ca_file),
        login=WindowsLogin(settings.user, password, settings.allow_basic),
        lanes=settings.lanes,
        spacing_s=settings.spacing_ms / 1000,
        gate=turn.gate,
        priority=turn.priority,
        retries=retries,
        log=log,
        clock=clock,
        timeout_s=settings.timeout_s,
    )
