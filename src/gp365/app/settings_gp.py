"""The settings of a Dynamics GP company: over which channels it is reached, and how each of them is spoken to."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from gp365.app.settings_base import SecretReference, Strict, known_time_zone


class ResourceSettings(Strict):
    """One line of GP's resource map, laid over ours: sites whose SBA spells a resource otherwise."""

    path: str | None = Field(default=None, description="path below the company, as in Sales/Customers")
    key: list[str] | None = Field(default=None, description="SBA names of the key's parts")
    verbs: list[Literal["GET", "POST", "PATCH"]] | None = Field(
        default=None, description="verbs that are served"
    )
    below_tenant: bool | None = Field(
        default=None, description="the resource belongs to the tenant, not to a company"
    )
    modified_filter: str | None = Field(
        default=None, description="a query that a site has proved, with {day}: $filter=ModifiedDate ge {day}"
    )
    assumed: bool | None = Field(
        default=None, description="false once the site has confirmed path, key and verbs"
    )


class GpSqlSettings(Strict):
    """The company's database on SQL Server, read by queries and written through eConnect's procedures."""

    server: str = Field(min_length=1, description="host, host:port or host\\instance")
    database: str = Field(default="", description="company database; empty: the system's interid")
    system_database: str = Field(default="DYNAMICS", description="GP's system database")
    driver: str = Field(
        default="tds",
        description="tds (python-tds), mssql (mssql-python, to be installed as gp365[sqlserver]), or a DB-API 2.0 module",
    )
    authentication: Literal["sql", "ntlm", "windows"] = Field(
        default="sql",
        description="sql: a SQL login; ntlm: a Windows account with its password; windows: the account that runs gp365",
    )
    user: str = Field(default="", description="SQL login, or DOMAIN\\user")
    password: SecretReference | None = Field(default=None, description="its password")
    encrypt: bool = Field(default=True, description="encrypt the connection")
    ca_file: str = Field(
        default="", description="certificate authority's file (PEM), relative to the project folder"
    )
    lanes: int = Field(default=2, ge=1, le=16, description="connections that work at the same time")
    page: int = Field(default=500, ge=10, le=5000, description="rows of a page that is read")
    timeout_s: float = Field(default=60.0, ge=1, le=3600, description="longest wait for an answer")
    lock_timeout_s: float = Field(
        default=15.0, ge=0, le=3600, description="longest wait for a row that somebody else holds"
    )
    overlap_s: float = Field(
        default=60.0,
        ge=0,
        le=86_400,
        description="how far a poll looks back: stamps are those of statements, rows are seen when they are committed",
    )
    compare_h: float = Field(
        default=24.0, ge=0, le=8784, description="after so many hours tables without a stamp are read whole"
    )
    history_months: int = Field(
        default=24,
        ge=0,
        le=1200,
        description="how many months of settled receivables documents (history) are read, beside all open ones",
    )
    read_only: bool = Field(default=False, description="nothing is ever written over SQL")
    posting_date: Literal["document", "batch"] = Field(
        default="document",
        description="whose date decides in which fiscal period a document is posted (GP's Posting Setup)",
    )


class GpSoapSettings(Strict):
    """GP Web Services, over their legacy endpoint."""

    url: str = Field(min_length=1, description="http://HOST:48620/DynamicsGPWebServices")
    user: str = Field(default="", description="Windows user, DOMAIN\\user; empty: the system's own")
    password: SecretReference | None = Field(
        default=None, description="its password; left out: the system's own"
    )
    company_id: int | None = Field(
        default=None, description="the company's number (SY01500.CMPANYID); left out: looked up by its name"
    )
    culture: str = Field(
        default="en-US", min_length=2, max_length=20, description="language of GP's messages"
    )
    role: str = Field(default="", description="role in whose name policies are asked for")
    currency_id: str = Field(
        default="", description="GP's id of the functional currency, where several have its ISO code"
    )
    ca_file: str = Field(
        default="", description="certificate authority's file (PEM), relative to the project folder"
    )
    lanes: int = Field(default=2, ge=1, le=8, description="logins that work at the same time")
    spacing_ms: int = Field(
        default=150, ge=0, le=60_000, description="end of a call to the start of the next on the same lane"
    )
    timeout_s: float = Field(default=120.0, ge=1, le=3600, description="longest wait for an answer")
    overlap_s: float = Field(
        default=300.0, ge=0, le=86_400, description="how far a poll by LastModifiedDate looks back"
    )
    compare_h: float = Field(
        default=24.0, ge=0, le=8784, description="after so many hours what has no stamp here is read whole"
    )
    window: int = Field(
        default=1000, ge=10, le=100_000, description="rows asked for at once: lists have no pages"
    )
    classes: str = Field(
        default="",
        description="file that says what customer classes give to new customers, relative to the project folder, where "
        "no other channel serves classes; empty: classes-NAME.toml",
    )


class WaysSettings(Strict):
    """Over which channels an entity goes."""

    read: Literal["", "rest", "sql", "soap"] = Field(default="", description="channel for reading")
    write: Literal["", "rest", "sql", "soap"] = Field(
        default="", description="channel for writing; empty: the same"
    )


class GpSystem(Strict):
    """A company of Dynamics GP, reached over Service Based Architecture, SQL Server, Web Services, or several of them."""

    kind: Literal["gp"]
    url: str = Field(
        default="",
        description="address of GP Service, https://server/GPService; empty: not reached over REST",
    )
    company: str = Field(min_length=1, description="display name of the company, as it stands in the URL")
    interid: str = Field(description="company database: 1 to 5 letters, digits or _, as in TWO")
    user: str = Field(
        default="",
        description="Windows user: DOMAIN\\user, or user@REALM for Kerberos on Linux; empty: the account gp365 runs as",
    )
    password: SecretReference | None = Field(
        default=None,
        description="the user's password; left out, a Kerberos ticket or the account that gp365 runs as is used",
    )
    version: Literal["", "2013", "2015", "2016", "2018", "18.x"] = Field(
        default="",
        description="version of Dynamics GP, where SQL Server does not tell it (18.x: October 2019 and later); a hint for "
        "doctor",
    )
    tenant: str = Field(default="DefaultTenant", description="SBA tenant")
    receivables_accounts: list[str] = Field(
        default=[],
        description="account numbers, as GP shows them, of the receivables control accounts in the general ledger; empty: "
        "those of the customers' cards and of the posting account setup",
    )
    time_zone: str = Field(
        default="UTC", description="time zone in which GP's days are meant, as in America/Chicago"
    )
    functional_currency: str = Field(
        default="", description="ISO code of the company's functional currency, as in USD"
    )
    ca_file: str = Field(
        default="", description="certificate authority's file (PEM), relative to the project folder"
    )
    lanes: int = Field(default=2, ge=1, le=5, description="logins that work at the same time")
    spacing_ms: int = Field(
        default=150, ge=0, le=60_000, description="end of a call to the start of the next on the same lane"
    )
    allow_basic: bool = Field(
        default=False, description="send the password by Basic authentication where nothing else is offered"
    )
    timeout_s: float = Field(default=120.0, ge=1, le=3600, description="longest wait for an answer")
    first_timeout_s: float = Field(
        default=300.0, ge=1, le=3600, description="the same for the first answer, while GP Service starts"
    )
    single_limit: int = Field(
        default=50,
        ge=0,
        le=10_000,
        description="up to so many records are read one by one instead of as a list",
    )
    page: int = Field(default=500, ge=1, le=10_000, description="records of a list handed on at once")
    read_back: bool = Field(
        default=True, description="read a customer again after each edit and compare what stands there"
    )
    retry_seconds: float = Field(
        default=600.0, ge=0, le=86_400, description="longest time that one call is tried again"
    )
    main_code: str = Field(
        default="PRIMARY", min_length=1, max_length=15, description="address ID of a new customer"
    )
    bill_to_code: str = Field(
        default="BILLTO", min_length=1, max_length=15, description="address ID where a bill-to needs its own"
    )
    ship_to_code: str = Field(
        default="SHIPTO", min_length=1, max_length=15, description="address ID where a ship-to needs its own"
    )
    resources: dict[str, ResourceSettings] = Field(
        default={}, description="lines laid over the map of resources, by entity"
    )
    names: dict[str, dict[str, str]] = Field(
        default={},
        description="SBA field names that differ, by entity and our name; an empty one is not served",
    )

    sql: GpSqlSettings | None = Field(
        default=None, description="the same company over SQL Server and eConnect"
    )
    soap: GpSoapSettings | None = Field(default=None, description="the same company over GP Web Services")
    channels: dict[str, WaysSettings] = Field(
        default={},
        description="over which channel an entity is read and written; else sql, rest, soap in this order",
    )

    _check_zone = field_validator("time_zone")(known_time_zone)

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        if url and not url.lower().startswith("https://"):
            raise ValueError("must begin with https://; GP Service speaks TLS only")
        return url.rstrip("/")

    @field_validator("interid")
    @classmethod
    def _interid(cls, interid: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,4}", interid):
            raise ValueError(
                "is no company database: 1 to 5 letters, digits or _, not beginning with a digit"
            )
        return interid

    @model_validator(mode="after")
    def _reached(self) -> GpSystem:
        ways = {"rest": bool(self.url), "sql": self.sql is not None, "soap": self.soap is not None}
        if not any(ways.values()):
            raise ValueError("names no way to GP: give url (GP Service), or a table sql or soap")
        for entity, chosen in self.channels.items():
            for way in (chosen.read, chosen.write):
                if way and not ways.get(way):
                    raise ValueError(f"channels.{entity} names {way}, which is not set up here")
        return self
