"""The settings of a project, `gp365.toml`, as data: what may stand there, with defaults, bounds and what each means.

Reading the file, line numbers and plain words for what is wrong are in settings_file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from gp365.app.settings_alerts import AlertSettings
from gp365.app.settings_base import SecretReference as SecretReference
from gp365.app.settings_base import Strict, known_time_zone
from gp365.app.settings_doors import DoorSettings
from gp365.app.settings_gp import GpSystem as GpSystem
from gp365.app.settings_service import ServiceSettings
from gp365.app.settings_triggers import CalendarSettings

SIDES = ("gp", "sales", "fno", "bc")
"""The columns of flows."""
KINDS = {"gp": ("gp", "memory"), "sales": ("dataverse", "memory"), "fno": ("memory",), "bc": ("memory",)}
"""Which kinds of systems may stand in which column."""


class ClientSettings(Strict):
    """An application registration with its secret or certificate."""

    client_id: str = Field(min_length=1, description="application (client) id")
    client_secret: SecretReference | None = Field(default=None, description="client secret")
    certificate: SecretReference | None = Field(
        default=None, description="private key and certificate (PEM), instead of a client secret"
    )
    expires: date | None = Field(
        default=None, description="last day of the client secret, as Entra shows it: it is told before"
    )

    @model_validator(mode="after")
    def _one(self) -> ClientSettings:
        if (self.client_secret is None) == (self.certificate is None):
            raise ValueError("set one of client_secret and certificate, not both")
        return self


class SizeSettings(Strict):
    """How much goes into one request to Dataverse, and how long things may take."""

    create_rows: int = Field(default=100, ge=1, le=1000, description="rows of one CreateMultiple")
    update_rows: int = Field(default=200, ge=1, le=1000, description="rows of one UpdateMultiple")
    batch_parts: int = Field(default=200, ge=1, le=1000, description="writes of one $batch")
    page_rows: int = Field(default=5000, ge=1, le=5000, description="rows of one page that is read")
    url_chars: int = Field(default=16_000, ge=1000, le=32_000, description="longest URL of a filter")
    keys_per_read: int = Field(default=200, ge=1, le=1000, description="records read by key in one request")
    modified_overlap_s: int = Field(
        default=300, ge=0, le=86_400, description="how far a poll by modifiedon looks back"
    )
    longest_reply_s: float = Field(default=240.0, ge=1, le=3600, description="how late a call can still land")
    request_timeout_s: float = Field(default=240.0, ge=1, le=3600, description="longest wait for an answer")
    lanes: int = Field(
        default=4, ge=1, le=64, description="pages of writes at a time, until the server recommends a number"
    )


class LimitSettings(Strict):
    """What one user may use of Dataverse in a sliding window (service protection API limits)."""

    requests: int = Field(default=6000, ge=1, le=1_000_000, description="requests in a window")
    execution_s: float = Field(
        default=1200.0, gt=0, le=1_000_000, description="seconds that the server works for us in a window"
    )
    window_s: float = Field(default=300.0, gt=0, le=86_400, description="length of the window in seconds")


class DataverseSystem(ClientSettings):
    """A Dataverse organisation, such as that of Dynamics 365 Sales."""

    kind: Literal["dataverse"]
    url: str = Field(description="address of the organisation, https://org.crm.dynamics.com")
    tenant_id: str = Field(min_length=1, description="Microsoft Entra tenant")
    authority: str = Field(default="https://login.microsoftonline.com", description="who issues tokens")
    provision: ClientSettings | None = Field(
        default=None, description="a registration with more rights, used by `gp365 provision` alone"
    )
    ca_file: str = Field(
        default="", description="certificate authority's file (PEM), relative to the project folder"
    )
    tag: str = Field(default="gp365", description="marks our writes for plug-ins and webhooks")
    duplicate_rules: bool = Field(
        default=False, description="let the organisation's duplicate detection rules judge what gp365 creates"
    )
    neighbours: dict[str, list[str]] = Field(
        default={},
        description="further connectors that doctor looks for: their name, and unique names of their solutions",
    )
    retry_seconds: float = Field(
        default=600.0, ge=0, le=86_400, description="longest time that one call is tried again"
    )
    sizes: SizeSettings = Field(default=SizeSettings(), description="sizes of requests")
    limits: LimitSettings = Field(
        default=LimitSettings(),
        description="what the organisation grants; a part only, where others share our user",
    )

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("must begin with https://")
        return url.rstrip("/")


class MemorySystem(Strict):
    """A system in one file, for trying flows without any real system."""

    kind: Literal["memory"]
    path: str = Field(min_length=1, description="the system's file, relative to the project folder")
    entities: str = Field(default="", description="entity descriptions (JSON) with which the file is made")
    interid: str = Field(default="", description="company, where the system stands for Dynamics GP")
    time_zone: str = Field(default="UTC", description="time zone in which its days are meant")
    functional_currency: str = Field(default="", description="ISO code of the company's currency")
    page: int = Field(default=200, ge=1, le=10_000, description="records of a page")

    _check_zone = field_validator("time_zone")(known_time_zone)


System = Annotated[GpSystem | DataverseSystem | MemorySystem, Field(discriminator="kind")]
Option = bool | int | float | str


def _flat(before: str, table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(f"{before}{name}.", cast("dict[str, object]", value))
        else:
            yield f"{before}{name}", value


class PairSettings(Strict):
    """Two places that are kept in step: flow column = system name, twice, and the flows."""

    gp: str = Field(default="", description="system in the flows' column gp")
    sales: str = Field(default="", description="system in the flows' column sales")
    fno: str = Field(default="", description="system in the flows' column fno (none in this release)")
    bc: str = Field(default="", description="system in the flows' column bc (none in this release)")
    flows: list[str] = Field(min_length=1, description="flows or groups of flows; what they need comes along")
    options: dict[str, Option] = Field(
        default={}, description="options of the flows, such as prospects = true"
    )
    owners: dict[str, str] = Field(
        default={},
        description='who owns a field or group here, whatever the flow says: "customers.name" = "gp" (or ask, latest)',
    )

    verify_share: float | None = Field(
        default=None, ge=0, le=1, description="the share of [verify], where it is another one for this pair"
    )

    @field_validator("owners", mode="before")
    @classmethod
    def _dotted(cls, owners: object) -> object:
        """Take `customers.name = "gp"` for what it means: TOML makes tables of a dotted name without quotes."""
        return dict(_flat("", owners)) if isinstance(owners, dict) else owners  # pyright: ignore[reportUnknownArgumentType]

    @property
    def sides(self) -> Mapping[str, str]:
        """Map each column of the pair to its system."""
        return {side: name for side in SIDES if (name := getattr(self, side))}

    @model_validator(mode="after")
    def _two(self) -> PairSettings:
        if len(self.sides) != 2:
            raise ValueError(f"name a system for exactly two of {', '.join(SIDES)}")
        return self


class StoreSettings(Strict):
    """Where links, work and ledger are kept."""

    url: str = Field(
        default="",
        description="postgresql://user@host/database; empty: .gp365/gp365.db in the project folder",
    )
    password: SecretReference | None = Field(
        default=None, description="the database user's password, from env or file"
    )

    @model_validator(mode="after")
    def _check(self) -> StoreSettings:
        if self.url and not self.url.startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        if urlsplit(self.url).password:
            raise ValueError("holds a password; set it apart, as password = {env=...}")
        if self.password and self.password.vault:
            raise ValueError("password cannot be in the vault: the vault is in this store")
        return self


class WorkerSettings(Strict):
    """How the engine works."""

    page: int = Field(
        default=200, ge=1, le=5000, description="subjects planned, written and recorded at once"
    )
    pages_in_flight: int = Field(default=5, ge=1, le=32, description="pages under way at the same time")
    lease_ttl_s: float = Field(
        default=600.0, ge=30, le=86_400, description="how long a worker that died keeps others waiting"
    )


class VerifySettings(Strict):
    """How much of what was written is read back at the end of a run; see docs/verify.md."""

    share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="share of the writes that are read back by another way and compared, at least one per run and side; "
        "1.0: all, 0: none",
    )


class LedgerSettings(Strict):
    """How long the ledger keeps its payloads; `gp365 ledger erase` acts on it."""

    keep_payloads_days: int = Field(
        default=0, ge=0, le=36_500, description="payloads older than this are erased; 0: kept for ever"
    )
    keep_undo_days: int = Field(
        default=30, ge=0, le=36_500, description="what undo needs is kept so long, whatever is erased"
    )


class Settings(Strict):
    """A project's settings."""

    schema_version: Literal[1] = Field(alias="schema", description="version of this file's format")
    systems: dict[str, System] = Field(min_length=1, description="the systems by name")
    pairs: dict[str, PairSettings] = Field(default={}, description="the pairs by name")
    doors: dict[str, DoorSettings] = Field(default={}, description="the doors for webhooks by name")
    calendars: dict[str, CalendarSettings] = Field(
        default={}, description="fiscal calendars that are kept by hand, by name"
    )
    store: StoreSettings = Field(default=StoreSettings(), description="the store")
    worker: WorkerSettings = Field(default=WorkerSettings(), description="the engine")
    verify: VerifySettings = Field(default=VerifySettings(), description="reading back what was written")
    ledger: LedgerSettings = Field(default=LedgerSettings(), description="how long the ledger keeps payloads")
    service: ServiceSettings = Field(default=ServiceSettings(), description="how `gp365 serve` works")
    alerts: AlertSettings = Field(default=AlertSettings(), description="what is told, to whom, and when")


SECRETS = frozenset(
    {"password", "client_secret", "certificate", "secret", "former_secret", "address", "status_token"}
)
"""Names of settings that hold a secret."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of gp365.toml."""
    return Settings.model_json_schema(by_alias=True)
