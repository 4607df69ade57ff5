"""The doors of the settings, `[doors.NAME]`: who may tell the service that a record changed, and by which secret."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from gp365.app.settings_base import SecretReference, Strict

DOOR_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_TAKEN = frozenset({"authorization", "content-length", "content-type", "cookie", "host", "code"})
_OWN = ("127.0.0.1", "localhost", "::1")
_PORTS = (None, 80, 443)


class DoorSettings(Strict):
    """A door of the service, `POST /hooks/NAME`; see docs/webhooks.md."""

    kind: Literal["dataverse", "signed"] = Field(
        description="dataverse: its webhooks; signed: a key with a signature"
    )
    system: str = Field(min_length=1, description="the system whose records are told of")
    secret: SecretReference = Field(description="what the sender must bring, or sign with")
    former_secret: SecretReference | None = Field(
        default=None, description="also taken, while the secret is exchanged"
    )
    form: Literal["key", "query", "header"] = Field(
        default="key",
        description="how Dataverse brings the secret: key (`?code=`, WebhookKey), a query pair, or a header",
    )
    field: str = Field(default="", description="name of the query pair or header")
    url: str = Field(
        default="", description="address of this door as Dataverse reaches it, https://host/hooks/NAME"
    )

    @model_validator(mode="after")
    def _fits(self) -> DoorSettings:
        # The address is looked at here, because what a field's own rule refuses is shown, and it may hold a secret.
        if self.kind == "signed":
            if self.form != "key" or self.field or self.url:
                raise ValueError("is a signed door: form, field and url are for Dataverse's")
            return self
        if (self.form == "key") != (not self.field):
            raise ValueError("needs a field (its name) with form query or header, and none with form key")
        if self.field and (not _FIELD.fullmatch(self.field) or self.field.lower() in _TAKEN):
            raise ValueError(
                "has a field that is no name for a header or query pair of its own, as x-gp365-key"
            )
        if self.url:
            checked_url(self.url)
        return self


def checked_url(url: str) -> str:
    """Take the address of a door; ValueError where Dataverse could not reach it, or the secret would travel in the open.

    Dataverse posts to the ports 80 and 443 only (register-web-hook page); a door on this machine may have any.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise ValueError("has a port that is no number") from None
    own = parts.hostname in _OWN
    if parts.scheme != "https" and not (own and parts.scheme == "http"):
        raise ValueError("must begin with https://")
    if not own and port not in _PORTS:
        raise ValueError("has another port than 443, and Dataverse posts to no other")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("holds more than an address: the secret is set apart")
    if not parts.path.startswith("/") or len(url) > 2000:
        raise ValueError("is not of the form https://host/hooks/NAME")
    return url
