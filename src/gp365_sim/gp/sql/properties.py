"""Functions that tell about server, session, rights and definitions: DB_NAME, SERVERPROPERTY, HAS_PERMS_BY_NAME …"""

import re
from typing import TYPE_CHECKING

from gp365_sim.gp.sql.collation import CODE_PAGE, NAME
from gp365_sim.gp.sql.errors import SqlError, not_modelled
from gp365_sim.gp.sql.types import Value

if TYPE_CHECKING:
    from gp365_sim.gp.sql.session import Session

VERSION = "13.0.5026.0"
SERVER = "GPSIM"
_BANNER = f"Microsoft SQL Server 2016 (SP2) - {VERSION} (X64), as gp365's simulator says it"
_SERVER: dict[str, Value] = {
    "productversion": VERSION, "productlevel": "SP2", "edition": "Standard Edition (64-bit)", "engineedition": 2,
    "collation": NAME, "servername": SERVER, "machinename": SERVER, "instancename": None,
    "isintegratedsecurityonly": 0, "productmajorversion": "13",
}  # fmt: skip
_RIGHTS = {
    "SELECT",
    "EXECUTE",
    "INSERT",
    "UPDATE",
    "DELETE",
    "VIEW DEFINITION",
    "CONTROL",
    "ALTER",
    "REFERENCES",
}
_PART = re.compile(r"\[((?:[^\]]|\]\])*)\]|([^.\[\]]+)|(?<=\.)(?=\.)")


def answer(session: "Session", function: str, *values: Value) -> Value:
    """Answer one function; texts come as they were given."""
    texts = [str(value).rstrip() if value is not None else "" for value in values]
    match function:
        case "DB_NAME":
            return session.state.database
        case "SUSER_NAME" | "ORIGINAL_LOGIN" | "USER_NAME":
            return session.login.name
        case "@VERSION":
            return _BANNER
        case "@SERVERNAME":
            return SERVER
        case "SERVERPROPERTY":
            return _known(_SERVER, texts[0], "SERVERPROPERTY")
        case "COLLATIONPROPERTY":
            return _collation(texts[0], texts[1])
        case "DATABASEPROPERTYEX":
            return _database(session, texts[0], texts[1])
        case "XACT_STATE":
            return int(bool(session.state.transactions))
        case "APP_NAME":
            return "gp365"
        case _:
            return _rights_and_names(session, function, texts)


def _rights_and_names(session: "Session", function: str, texts: list[str]) -> Value:
    match function:
        case "HAS_PERMS_BY_NAME":
            return _has_right(session, texts)
        case "HAS_DBACCESS":
            found = session.bases.views.catalogue.find(texts[0])
            return None if found is None else int(session.login.may_enter(found.name))
        case "IS_ROLEMEMBER" | "IS_MEMBER":
            roles = {each.upper() for each in session.login.roles_in(session.state.database)}
            return int(texts[0].upper() in roles or texts[0].upper() == "PUBLIC")
        case "IS_SRVROLEMEMBER":
            return int(texts[0].lower() == "sysadmin" and "sysadmin" in session.login.roles_in("*"))
        case "OBJECT_ID":
            return _object(session, texts)
        case "SCHEMA_NAME":
            return "dbo"
        case "SCHEMA_ID":
            return 1
        case "DB_ID":
            return _number_of_database(session, texts[0] if texts else session.state.database)
        case _:
            raise not_modelled(f"the function {function}")


def _known(properties: dict[str, Value], name: str, function: str) -> Value:
    if name.lower() not in properties:
        raise not_modelled(f"{function} of '{name}'")
    return properties[name.lower()]


def _collation(collation: str, name: str) -> Value:
    if collation.upper() != NAME.upper():
        return None
    return _known({"codepage": CODE_PAGE, "lcid": 1033, "comparisonstyle": 196609}, name, "COLLATIONPROPERTY")


def _database(session: "Session", database: str, name: str) -> Value:
    if session.bases.views.catalogue.find(database) is None:
        return None
    properties: dict[str, Value] = {
        "collation": NAME,
        "status": "ONLINE",
        "updateability": "READ_WRITE",
        "useraccess": "MULTI_USER",
    }
    return _known(properties, name, "DATABASEPROPERTYEX")


def _number_of_database(session: "Session", name: str) -> Value:
    found = session.bases.views.catalogue.find(name)
    names = [each.name for each in session.bases.views.catalogue.databases.values()]
    return None if found is None else 5 + names.index(found.name)


def _has_right(session: "Session", texts: list[str]) -> Value:
    """HAS_PERMS_BY_NAME(name, 'OBJECT' | 'DATABASE', right); NULL for what is not known, as in SQL Server."""
    name, kind, right = (*texts, "", "", "")[:3]
    if kind.upper() == "DATABASE":
        found = session.bases.views.catalogue.find(name or session.state.database)
        if found is None:
            return None
        if right.upper() in ("CONNECT", "ANY"):
            return int(session.login.may_enter(found.name))
        return int(session.login.may(right.upper(), found.name, "*"))
    if kind.upper() != "OBJECT":
        raise not_modelled(f"HAS_PERMS_BY_NAME for {kind or 'the server'}")
    if right.upper() not in _RIGHTS:
        return None
    database, single = parts_of(session, name)
    if not single or session.bases.views.number(database, single, session.login) is None:
        return None
    return int(session.login.may(right.upper(), database, single))


def _object(session: "Session", texts: list[str]) -> Value:
    database, single = parts_of(session, texts[0])
    number = session.bases.views.number(database, single, session.login)
    kinds = {"U": 1, "P": 2}
    if number is None or len(texts) < 2:
        return number
    return number if number // 1_000_000 == kinds.get(texts[1].upper(), 0) else None


def parts_of(session: "Session", name: str) -> tuple[str, str]:
    """Take `[TWO].[dbo].[RM00101]` apart: database and object; the session's database where none is named."""
    parts = [(each[1] or each[2] or "").replace("]]", "]") for each in _PART.finditer(name)]
    if not 1 <= len(parts) <= 3:
        raise SqlError(102, f"The name has {len(parts)} parts.", 15)
    if len(parts) == 3:
        found = session.bases.views.catalogue.find(parts[0])
        return (found.name if found is not None else ""), parts[2]
    return session.state.database, parts[-1]
