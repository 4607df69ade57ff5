"""Which version of Dynamics GP the databases are of, as SQL Server can tell it: a hint for doctor, nothing else.

DYNAMICS..DB_Upgrade names version and build of each database and product (Microsoft support article 850662); product 0
is Dynamics GP itself (public scripts; assumed).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.text import Statement, bracketed, mark, select
from gp365.connectors.gp.versions import SUBJECT, signs
from gp365.model.contract import Finding, Level
from gp365.model.errors import Gp365Error

TABLE = "DB_Upgrade"
_NUMBERS = ("db_verMajor", "db_verMinor", "db_verBuild")
_FIX = (
    'Let the administrator run docs/sql/gp365-role.sql again, or write version = "18.x" (2018, 2016, …) in the '
    "settings of the system."
)


def version(desk: Desk) -> Finding:
    """Find out the version of the company's database, and which columns of newer databases are there."""
    columns = _columns(desk)
    try:
        numbers = _numbers(desk)
    except Gp365Error as fault:
        return _unknown(f"Dynamics GP's version cannot be read: {fault.message}", columns)
    if not numbers:
        return _unknown(f"{TABLE} shows us no version of Dynamics GP for this company.", columns)
    told = ".".join(str(each) for each in numbers.values())
    facts: dict[str, object] = {**numbers, "columns": columns}
    return Finding(SUBJECT, Level.OK, f"The database is of Dynamics GP {told}.", facts=facts)


def _unknown(text: str, columns: list[str]) -> Finding:
    return Finding(SUBJECT, Level.NOTE, text, _FIX, facts={"columns": columns})


def _numbers(desk: Desk) -> Mapping[str, int]:
    shown = desk.names.object(TABLE, system=True)
    asked = Statement("SELECT OBJECT_ID(").add(mark("varchar(400)"), shown).add(") AS [id]")
    if desk.rows(asked)[0][0] is None:
        return {}
    question = select([f"[t].{bracketed(each)}" for each in _NUMBERS], shown)
    question.add(f" WHERE [t].[PRODID] = 0 AND [t].[db_name] = {mark('varchar(30)')}", desk.settings.database)
    rows = desk.rows(question)
    if not rows:
        return {}
    return {
        name: int(cast("int", value))
        for name, value in zip(("major", "minor", "build"), rows[0], strict=True)
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
