"""Which version of Dynamics GP the databases are of, as SQL Server can tell it: a hint for doctor, nothing else.

DYNAMICS..DB_Upgrade names version, build and status of each database and product (Microsoft support article 850662, a
public schema dump); that product 0 is Dynamics GP itself and status 0 means finished is known from public scripts only
(assumed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.text import Statement, bracketed, mark, select
from gp365.connectors.gp.versions import SUBJECT, signs
from gp365.model.contract import Finding, Level
from gp365.model.errors import Gp365Error

TABLE = "DB_Upgrade"
_NUMBERS = ("db_verMajor", "db_verMinor", "db_verBuild", "db_status")
_FIX = (
    'Let the administrator run docs/sql/gp365-role.sql again, or write version = "18.x" (2018, 2016, …) in the '
    "settings of the system."
)
_FINISH = "Let the administrator finish the upgrade (GP Utilities) before anything is synchronised."


@dataclass(frozen=True, slots=True)
class _Told:
    """What DB_Upgrade says of one database."""

    major: int
    minor: int
    build: int
    status: int

    @property
    def text(self) -> str:
        return f"{self.major}.{self.minor}.{self.build}"


def version(desk: Desk) -> Finding:
    """Find out the version of the company's database, and which columns of newer databases are there.

    A warning where its upgrade is under way or broken off, or the system database is of another version.
    """
    columns = _columns(desk)
    try:
        told = _told(desk)
    except Gp365Error as fault:
        return _unknown(f"Dynamics GP's version cannot be read: {fault.message}", columns)
    company, system = (
        told.get(name.casefold()) for name in (desk.settings.database, desk.settings.system_database)
    )
    if company is None:
        return _unknown(f"{TABLE} shows us no version of Dynamics GP for this company.", columns)
    facts: dict[str, object] = {
        **{name: getattr(company, name) for name in ("major", "minor", "build", "status")},
        "system": "" if system is None else system.text,
        "columns": columns,
    }
    text = f"The database is of Dynamics GP {company.text}."
    if company.status:
        text = f"{text} Its upgrade has not come to its end (status {company.status})."
        return Finding(SUBJECT, Level.WARNING, text, _FINISH, "not-served", facts)
    if system is not None and (system.major, system.minor) != (company.major, company.minor):
        text = f"{text} {desk.settings.system_database} is of {system.text}: users cannot enter the company."
        return Finding(SUBJECT, Level.WARNING, text, _FINISH, "not-served", facts)
    return Finding(SUBJECT, Level.OK, text, facts=facts)


def _unknown(text: str, columns: list[str]) -> Finding:
    return Finding(SUBJECT, Level.NOTE, text, _FIX, facts={"columns": columns})


def _told(desk: Desk) -> Mapping[str, _Told]:
    """Read the rows of the company's and the system database, by their folded names."""
    shown = desk.names.object(TABLE, system=True)
    asked = Statement("SELECT OBJECT_ID(").add(mark("varchar(400)"), shown).add(") AS [id]")
    if desk.rows(asked)[0][0] is None:
        return {}
    question = select([f"[t].{bracketed(each)}" for each in ("db_name", *_NUMBERS)], shown)
    question.add(
        f" WHERE [t].[PRODID] = 0 AND [t].[db_name] IN ({mark('varchar(30)')}", desk.settings.database
    )
    question.add(f", {mark('varchar(30)')})", desk.settings.system_database)
    return {
        str(name).rstrip().casefold(): _Told(*(int(cast("int", each)) for each in numbers))
        for name, *numbers in desk.rows(question)
    }


def _columns(desk: Desk) -> list[str]:
    found: list[str] = []
    for sign in signs():
        try:
            if sign.column.lower() in desk.columns(sign.table):
                found.append(f"{sign.table}.{sign.column}")
        except Gp365Error:
            continue
    return found
