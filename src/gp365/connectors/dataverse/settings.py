"""What a Dataverse organisation needs to be reached, and the sizes and waits a site may change."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gp365.connectors.dataverse.neighbours import NEIGHBOURS, Neighbour
from gp365.model.contract import Secret
from gp365.model.errors import Misconfigured

PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
TAG = "gp365"
OWN_PREFIX = "gp365_"
CARD = "gp365_customer"


@dataclass(frozen=True, slots=True)
class Credential:
    """An application registration: client id with a secret, or with a certificate (private key and certificate, PEM)."""

    client_id: str
    client_secret: Secret | None = field(default=None, repr=False)
    certificate: Secret | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if (self.client_secret is None) == (self.certificate is None):
            raise Misconfigured(
                "settings-invalid",
                "A Dataverse client needs either client_secret or certificate",
                field="client_secret",
                fix="Set one of client_secret and certificate, not both.",
            )


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much goes into one request, and how long things may take.

    Writes are sent in smaller requests where one would take long (see pace).

    `create_rows` and `update_rows` are rows of a bulk message (creates go in less than the engine's page: while one page
    is planned, the requests of the others keep every place taken), `batch_parts` operations of a `$batch` (the platform
    takes 1,000), `page_rows` rows of a page (5,000 at most), `url_chars` the length of a filter's URL (32 KB at most).
    `modified_overlap_s` is how far a modifiedon poll looks back, `longest_reply_s` how late a call may still land (a
    bulk message runs 2 to 4 minutes at most: Microsoft's bulk operations page).
    """

    create_rows: int = 100
    update_rows: int = 200
    batch_parts: int = 200
    page_rows: int = 5000
    url_chars: int = 16_000
    keys_per_read: int = 200
    modified_overlap_s: int = 300
    longest_reply_s: float = 240.0
    request_timeout_s: float = 240.0
    lanes: int = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """What one user is granted by one web server in any `window_s` seconds (service protection limits page).

    `requests` counts requests, `execution_s` is the time that the server works for them together.
    """

    requests: int = 6000
    execution_s: float = 1200.0
    window_s: float = 300.0


@dataclass(frozen=True, slots=True)
class DataverseSettings:
    """One Dataverse organisation, as `[systems.NAME]` names it.

    `tag` marks our writes for plug-ins and webhooks (Microsoft's optional-parameters page). `ca_file` replaces the
    machine's authorities, `retry_seconds` bounds how long one call is tried again. `duplicate_rules` lets the
    organisation's duplicate detection rules judge our creates; they are off for the Web API otherwise. `neighbours` are
    the other connectors that doctor looks for.
    """

    name: str
    url: str
    tenant_id: str
    credential: Credential
    authority: str = PUBLIC_AUTHORITY
    ca_file: Path | None = None
    provision: Credential | None = None
    tag: str = TAG
    retry_seconds: float = 600.0
    sizes: Sizes = field(default_factory=Sizes)
    limits: Limits = field(default_factory=Limits)
    duplicate_rules: bool = False
    neighbours: tuple[Neighbour, ...] = NEIGHBOURS

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise Misconfigured(
                "settings-invalid",
                "The address of a Dataverse organisation begins with https://",
                system=self.name,
                field="url",
                value=self.url,
            )
        object.__setattr__(self, "url", self.url.rstrip("/"))
        object.__setattr__(self, "authority", self.authority.rstrip("/"))
