"""What must be known to reach a GP company over SQL Server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from gp365.model.contract import Secret
from gp365.model.errors import Misconfigured

REGULAR = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,4}")
"""Names of company databases that need no look into SY01500 before they are opened."""
AUTHENTICATIONS = ("sql", "ntlm", "windows")
POSTING_DATES = ("document", "batch")


@dataclass(frozen=True, slots=True)
class SqlSettings:
    """One company database on one SQL Server.

    `driver` is tds (python-tds), mssql (mssql-python, the extra `sqlserver`) or the name of a DB-API 2.0 module.
    `server` is host, host:port or host\\instance. `authentication`: sql (a SQL login), ntlm (a Windows account with its
    password), windows (the account that runs gp365: SSPI, Kerberos). `database` is the company's (SY01500.INTERID).
    `overlap_s`: so far before the last seen stamp a poll begins, because a stamp is the statement's time and not
    the commit's. `lock_timeout_s`: so long a statement waits for a lock. `compare_h`: after so many hours what has
    changes without a stamp is read whole. `read_only`: nothing is ever written. `posting_date`: whose date decides
    in which period a document is posted, `document` or `batch` (GP's Posting Setup). `time_zone` is the company's,
    in which today is meant, `functional_currency` the ISO code of its own. `history_months`: so far back what is settled
    (documents in history) is read. Raises Misconfigured("settings-invalid") for values that cannot be.
    """

    name: str
    server: str
    database: str
    user: str = ""
    password: Secret | None = field(default=None, repr=False)
    driver: str = "tds"
    authentication: str = "sql"
    system_database: str = "DYNAMICS"
    encrypt: bool = True
    ca_file: Path | None = None
    company: str = ""
    lanes: int = 2
    page: int = 500
    timeout_s: float = 60.0
    lock_timeout_s: float = 15.0
    overlap_s: float = 60.0
    compare_h: float = 24.0
    read_only: bool = False
    main_code: str = "PRIMARY"
    bill_to_code: str = "BILLTO"
    ship_to_code: str = "SHIPTO"
    posting_date: str = "document"
    time_zone: str = "UTC"
    functional_currency: str = ""
    history_months: int = 24

    def __post_init__(self) -> None:
        _check(self)


def _check(settings: SqlSettings) -> None:
    for name in ("server", "database", "system_database", "driver"):
        if not str(getattr(settings, name)).strip():
            raise _invalid(settings, name, "", "is empty")
    fault = name_fault(settings.database, 5)
    if fault:
        raise _invalid(settings, "database", settings.database, f"is not a company database: {fault}")
    fault = name_fault(settings.system_database, 128)
    if fault:
        raise _invalid(settings, "system_database", settings.system_database, fault)
    if settings.authentication not in AUTHENTICATIONS:
        raise _invalid(
            settings,
            "authentication",
            settings.authentication,
            f"must be one of {', '.join(AUTHENTICATIONS)}",
        )
    if settings.posting_date not in POSTING_DATES:
        fault = f"must be one of {', '.join(POSTING_DATES)}"
        raise _invalid(settings, "posting_date", settings.posting_date, fault)
    for name, low, high in (
        ("lanes", 1, 16),
        ("page", 10, 5000),
        ("overlap_s", 0, 86_400),
        ("compare_h", 0, 8_784),
        ("lock_timeout_s", 0, 3_600),
        ("history_months", 0, 1_200),
    ):
        if not low <= getattr(settings, name) <= high:
            raise _invalid(settings, name, str(getattr(settings, name)), f"must lie between {low} and {high}")


def name_fault(name: str, longest: int) -> str:
    """Return why a database cannot be called so, or ""; signs are free (they are bracketed), control characters are not."""
    if not name.strip():
        return "it is empty"
    if len(name) > longest:
        return f"it has more than {longest} characters"
    if name != name.strip() or any(ord(sign) < 32 or ord(sign) == 127 for sign in name):
        return "it holds a control character or a blank at an end"
    return ""


def _invalid(settings: SqlSettings, name: str, value: str, why: str) -> Misconfigured:
    return Misconfigured(
        "settings-invalid",
        f"[systems.{settings.name}.sql] {name} {why}.",
        system=settings.name,
        field=name,
        value=value,
    )
