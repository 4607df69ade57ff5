"""Sending one notice over one channel, by the Apprise library; failures in our own words, for theirs may hold secrets."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from gp365.model.contract import Secret
from gp365.model.errors import Misconfigured
from gp365.wire.redact import register_secret

_STATUS = re.compile(r"error[=: ]+(\d{3})\b")
_LONG = 8


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of sending: "" where it was sent, else why not, without addresses and names."""

    failure: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether the other end took it."""
        return not self.failure


class Channel(Protocol):
    """Something that takes a notice."""

    def send(self, title: str, body: str, *, good: bool) -> Sent: ...


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """A channel whose address, a secret, is of the Apprise library; it is read anew for each notice."""

    address: Secret

    def send(self, title: str, body: str, *, good: bool) -> Sent:
        """Send a notice as plain text; Misconfigured secret-missing, or settings-invalid where Apprise is not there."""
        apprise: Any = _apprise()
        address = self.address.reveal()
        mask(address)
        asset = apprise.AppriseAsset(app_id="gp365", app_desc="gp365", app_url="", async_mode=False)
        sender = apprise.Apprise(asset=asset)
        with apprise.LogCapture(level=logging.INFO, fmt="%(message)s") as said:
            if not sender.add(address):
                return Sent("the address is none that Apprise knows")
            kind = apprise.NotifyType.SUCCESS if good else apprise.NotifyType.WARNING
            taken = sender.notify(body=body, title=title, notify_type=kind, body_format="text")
            return Sent() if taken else Sent(_why(str(said.getvalue())))


def mask(address: str) -> None:
    """Keep an address and everything in it that may be a secret out of logs and texts from now on."""
    register_secret(address)
    parts = urlsplit(address)
    if parts.password:
        register_secret(parts.password)
        register_secret(unquote(parts.password))
    given = [
        *parts.path.split("/"),
        *(value for _, value in parse_qsl(parts.query)),
        parts.netloc.split("@")[0],
    ]
    for part in given:
        # A word such as "services" is in every log; tokens are long, and have digits or are very long.
        if len(part) >= _LONG and (len(part) >= 2 * _LONG or any(letter.isdigit() for letter in part)):
            register_secret(part)


def _why(said: str) -> str:
    found = _STATUS.search(said)
    return f"refused with HTTP {found[1]}" if found else "no connection, or the other end did not take it"


def _apprise() -> Any:
    try:
        import apprise
    except ImportError:
        raise Misconfigured(
            "settings-invalid",
            "alerts.channels are set, and the library Apprise is not installed.",
            field="alerts.channels",
            fix='Install it: pip install "gp365[alerts]".',
        ) from None
    logging.getLogger("apprise").propagate = False  # its lines name addresses
    return apprise
