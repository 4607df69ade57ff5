"""One Dataverse organisation: its metadata, rows and settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .schema import Schema, Table
from .store import Row, Store
from .values import stamp

TARGET_SUFFIX = "@Microsoft.Dynamics.CRM.lookuplogicalname"


@dataclass(frozen=True)
class Rules:
    """What a real organisation leaves open, so it is chosen at the start.

    `key_delay_s`: how long an alternate key stays Pending. `read_only`: "refused" or "ignored", the fate of a value for
    a column that cannot be written. `delta_days`: life of a delta token (ExpireChangeTrackingInDays).
    `duplicate_rules`: table to columns of the published duplicate detection rules. `merged_locked`: whether a row that a
    merge ended refuses every change.
    """

    key_delay_s: float = 1.0
    read_only: str = "refused"
    delta_days: int = 7
    page_size: int = 5000
    duplicate_rules: tuple[tuple[str, tuple[str, ...]], ...] = (("account", ("name",)),)
    merged_locked: bool = True


@dataclass(frozen=True)
class Unseen:
    """Rows that the roles of application users do not reach: all of an owner, all of a unit, or one; `client` limits it."""

    owner: str = ""
    unit: str = ""
    row: str = ""
    client: str = ""

    def covers(self, table: Table, row: Row) -> bool:
        """Tell whether a row is one of them."""
        if self.owner:
            return row.get("_ownerid_value") == self.owner
        if self.unit:
            return row.get("_owningbusinessunit_value") == self.unit
        return row[table.id_column] == self.row


@dataclass
class Organisation:
    """Everything that a request can see or change.

    `without_role` holds the ids of users and teams that have no security role and so can own nothing, `unseen` the rows
    that application users have no access to, `tag` what the request that runs now gave as its tag.
    """

    schema: Schema
    store: Store
    now: Callable[[], datetime]
    id: str
    name: str
    business_unit: str
    base_currency: str
    rules: Rules = field(default_factory=Rules)
    secret: bytes = b""
    urls: tuple[str, ...] = ()
    without_role: set[str] = field(default_factory=set[str])
    unseen: list[Unseen] = field(default_factory=list[Unseen])
    tag: str = ""
    any_port: bool = True
    """Whether a webhook on this machine may have any port; elsewhere only 80 and 443 are taken."""

    def stamp(self) -> str:
        """Give the present as the organisation stores times: whole seconds."""
        return stamp(self.now())

    def table_of_set(self, set_name: str) -> Table | None:
        return self.schema.sets.get(set_name)

    def exchange_rate(self, currency: str) -> Decimal:
        """Give how many units of a currency one unit of the base currency is worth."""
        row = self.store.find("transactioncurrency", currency)
        rate = row.get("exchangerate") if row else None
        return rate if isinstance(rate, Decimal) else Decimal(1)
