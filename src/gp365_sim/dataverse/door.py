"""Dataverse's own part of the control door: merges by a person, backups, access, column security, roles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gp365_sim.core.control import answer, object_of, wrong

from . import refusal
from .merging import Merging, merge_rows
from .organisation import Organisation, Unseen
from .past import Backup, back_up, restore
from .payload import read_payload
from .platform import PERSON
from .records import create, update
from .schema import Table
from .values import as_guid

Order = dict[str, object]


class OrganisationDoor:
    """What an administrator or a salesperson does to the organisation by hand; backups live as long as the door."""

    def __init__(self, org: Organisation) -> None:
        self._org = org
        self._backups: dict[str, Backup] = {}
        self._staying: set[str] = set()

    def reset(self) -> None:
        """Forget backups that are not to stay, show everything to everybody again."""
        self._backups = {name: self._backups[name] for name in self._staying}
        self._org.unseen.clear()

    def routes(self) -> list[BaseRoute]:
        """Give the routes under `/_sim/`."""
        acts = {
            "merge": self.merge,
            "snapshot": self.snapshot,
            "restore": self.restore,
            "hide": self.hide,
            "secure": self.secure,
            "roles": self.roles,
            "act": self.act,
        }
        return [*(_post(f"/_sim/{name}", act) for name, act in acts.items()), self._security()]

    def merge(self, order: Order) -> object:
        """Merge two rows as a person does in the app, who may choose values of the ended one (`content`)."""
        table = self._table(order.get("table", "accounts"))
        content = order.get("content", {})
        if not isinstance(content, dict):
            raise ValueError("content is an object")
        given: Order = {str(k): v for k, v in content.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        values = read_payload(self._org, table, given, creating=False)
        master, subordinate = _guid(order, "master"), _guid(order, "subordinate")
        merge_rows(self._org, PERSON, Merging(table, master, subordinate, values))
        return {"rows": [dict(self._org.store.get(table.name, each)) for each in (master, subordinate)]}

    def act(self, order: Order) -> object:
        """Make a row, or change the one of an `id`, as one of the organisation's users (`as`), who is stamped on it."""
        table, user = self._table(order["table"]), self._org.store.get("systemuser", _guid(order, "as"))
        who = replace(PERSON, user_id=str(user["systemuserid"]), name=str(user.get("fullname") or ""))
        content = order["values"]
        if not isinstance(content, dict):
            raise ValueError("values is an object")
        given: Order = {str(k): v for k, v in content.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        values = read_payload(self._org, table, given, creating="id" not in order)
        if "id" not in order:
            return {"rows": [dict(create(self._org, who, table, values))]}
        old = self._org.store.get(table.name, _guid(order, "id"))
        return {"rows": [dict(update(self._org, who, table, old, values))]}

    def snapshot(self, order: Order) -> object:
        """Back the environment up under a name; with `stays` a reset of the simulator does not forget it."""
        name = str(order["name"])
        self._backups[name] = back_up(self._org)
        (self._staying.add if order.get("stays") else self._staying.discard)(name)
        return {"snapshots": sorted(self._backups)}

    def restore(self, order: Order) -> object:
        """Put a backup back."""
        backup = self._backups[str(order["snapshot"])]
        restore(self._org, backup, new_organisation=bool(order.get("new_organisation", False)))
        return {"organisation": self._org.id, "version": self._org.store.version}

    def hide(self, order: Order) -> object:
        """Take rows out of the reach of application users: those of an owner, of a unit, or one row."""
        ids = {name: _guid(order, name) for name in ("owner", "unit", "row") if name in order}
        if len(ids) != 1:
            raise ValueError("give one of owner, unit, row")
        self._org.unseen.append(Unseen(**ids, client=str(order.get("client_id", ""))))
        return self._shown()

    def secure(self, order: Order) -> object:
        """Put columns of a table under column security, or take them out (`secured` false)."""
        table = self._table(order["table"])
        names = order["columns"]
        if not isinstance(names, list):
            raise ValueError("columns is a list")
        wanted = [str(name) for name in names]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        changed = {
            name: replace(table.columns[name], secured=bool(order.get("secured", True))) for name in wanted
        }
        table.columns.update(changed)
        table.reindex()
        return self._shown()

    def roles(self, order: Order) -> object:
        """Give a user or team a security role (`roles` > 0) or take all away (0)."""
        principal = _guid(order, "principal")
        if order["roles"]:
            self._org.without_role.discard(principal)
        else:
            self._org.without_role.add(principal)
        return {"without_role": sorted(self._org.without_role)}

    def _security(self) -> Route:
        async def route(request: Request) -> Response:
            if request.method == "DELETE":
                self._org.unseen.clear()
            return answer(self._shown())

        return Route("/_sim/security", route, methods=["GET", "DELETE"])

    def _shown(self) -> object:
        columns = {
            table.name: sorted(name for name, column in table.columns.items() if column.secured)
            for table in self._org.schema.tables.values()
        }
        return {
            "hidden": [
                {"owner": u.owner, "unit": u.unit, "row": u.row, "client_id": u.client}
                for u in self._org.unseen
            ],
            "secured": {name: found for name, found in columns.items() if found},
        }

    def _table(self, name: object) -> Table:
        table = self._org.table_of_set(str(name)) or self._org.schema.tables.get(str(name))
        if table is None:
            raise ValueError(f"no table {name}")
        return table


def _guid(order: Order, name: str) -> str:
    guid = as_guid(str(order[name]))
    if guid is None:
        raise ValueError(f"{name} is a GUID")
    return guid


def _post(path: str, act: Callable[[Order], object]) -> Route:
    async def route(request: Request) -> Response:
        try:
            return answer(act(await object_of(request)))
        except refusal.Refusal as no:
            return answer({"error": {"code": no.code, "message": no.message}}, no.status)
        except (ValueError, KeyError, TypeError) as error:
            return wrong(f"the order was not understood: {error}")

    return Route(path, route, methods=["POST"])
