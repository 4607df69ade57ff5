"""SQL logins and what they may do: roles of the databases, single objects, or nothing."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

_READS = frozenset({"db_datareader", "db_owner", "DYNGRP", "sysadmin"})
_RUNS = frozenset({"db_owner", "DYNGRP", "sysadmin"})


@dataclass(frozen=True)
class Login:
    """A SQL login or Windows account.

    `roles` are those of each database it may enter, by the database's name (`*`: of all): DYNGRP (GP's role: all objects),
    db_datareader (reads all tables), db_owner, or a role of the administrator's own. `grants` are rights on single
    objects, `RM00101` → {SELECT}, by database likewise. A database in neither is closed to it.
    """

    name: str
    password: str = field(repr=False)
    roles: Mapping[str, frozenset[str]] = field(default_factory=lambda: {"*": frozenset({"DYNGRP"})})
    grants: Mapping[str, Mapping[str, frozenset[str]]] = field(
        default_factory=dict[str, Mapping[str, frozenset[str]]]
    )

    def knows(self, password: str) -> bool:
        """Tell whether the password is right."""
        return hmac.compare_digest(self.password.encode(), password.encode())

    def roles_in(self, database: str) -> frozenset[str]:
        """Give the roles in a database."""
        return frozenset(self.roles.get(database, ())) | frozenset(self.roles.get("*", ()))

    def may_enter(self, database: str) -> bool:
        """Tell whether the login has a user in the database."""
        named = {*self.roles, *self.grants}
        return database in named or "*" in named

    def may(self, right: str, database: str, name: str) -> bool:
        """Tell whether the login has SELECT or EXECUTE on an object."""
        roles = self.roles_in(database)
        if right == "SELECT" and roles & _READS:
            return True
        if right == "EXECUTE" and roles & _RUNS:
            return True
        if right in ("INSERT", "UPDATE", "DELETE", "VIEW DEFINITION") and roles & _RUNS:
            return True
        return any(
            right in held
            for home in (database, "*")
            for each, held in self.grants.get(home, {}).items()
            if each.upper() == name.upper()
        )

    def sees(self, database: str, name: str) -> bool:
        """Tell whether the catalogue shows an object to the login: it does when there is any right on it."""
        return self.may("SELECT", database, name) or self.may("EXECUTE", database, name)


class Logins:
    """The logins of the server by name, without regard to capitals."""

    def __init__(self, *logins: Login) -> None:
        self._logins = {each.name.upper(): each for each in logins}

    def put(self, login: Login) -> None:
        """Add a login, or replace one."""
        self._logins[login.name.upper()] = login

    def find(self, name: str) -> Login | None:
        """Find a login."""
        return self._logins.get(name.upper())

    def reset(self, *logins: Login) -> None:
        """Have these logins and no others."""
        self._logins = {each.name.upper(): each for each in logins}


def read_login(spec: Mapping[str, object]) -> Login:
    """Read a login as the control door gives it; raises ValueError.

    `{"user","password","roles":{"TWO":["db_datareader"]},"grants":{"TWO":{"RM00101":["SELECT"]}}}`.
    """
    name, password = spec.get("user"), spec.get("password")
    if not isinstance(name, str) or not isinstance(password, str) or not name:
        raise ValueError("user and password are texts")
    roles = {database: frozenset(_names(held)) for database, held in _mapping(spec.get("roles")).items()}
    grants = {
        database: {
            each: frozenset(right.upper() for right in _names(held))
            for each, held in _mapping(objects).items()
        }
        for database, objects in _mapping(spec.get("grants")).items()
    }
    return Login(name, password, roles, grants)


def _mapping(value: object) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("roles and grants are objects")
    return {str(name): each for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _names(value: object) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("names stand in a list")
    return [str(each) for each in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
