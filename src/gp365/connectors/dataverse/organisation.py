"""One organisation at run time: its tables as last described, which bulk messages it has, and what it acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

from gp365.connectors.dataverse.api import Refused, WebApi
from gp365.connectors.dataverse.described import table_in
from gp365.connectors.dataverse.metadata import Table, granted, questions
from gp365.connectors.dataverse.principals import Principals
from gp365.connectors.dataverse.settings import OWN_PREFIX, Sizes
from gp365.model.contract import Tally
from gp365.model.errors import Misconfigured, Unauthorised

CREATE_MULTIPLE = "CreateMultiple"
UPDATE_MULTIPLE = "UpdateMultiple"


class Organisation:
    """What reading and writing share. Descriptions are read once and kept until `forget`."""

    def __init__(self, api: WebApi) -> None:
        self.api = api
        self.principals = Principals(api)
        self._me: Mapping[str, Any] | None = None
        self._permissions: Sequence[Mapping[str, Any]] | None = None
        self._polled: set[str] = set()
        self._tables: dict[str, Table] = {}
        self._sets: dict[str, str] = {}
        self._bulk: dict[tuple[str, str], bool] = {}
        self._acknowledged: Counter[tuple[str, str]] = Counter()
        self.fell = False
        self._lock = Lock()

    @property
    def name(self) -> str:
        """The system's name in the settings."""
        return self.api.settings.name

    @property
    def sizes(self) -> Sizes:
        """How much goes into one request."""
        return self.api.settings.sizes

    def now(self) -> datetime:
        """Return the present moment of the injected clock."""
        return self.api.clock.utc_now()

    def forget(self) -> None:
        """Describe tables anew when they are next asked for, and forget that the count of versions fell."""
        with self._lock:
            self._tables.clear()
            self.fell = False
            self._me = self._permissions = None

    def tell_fall(self) -> None:
        """Remember that the database does not hold any more what it held under its newest versions."""
        self.fell = True

    def me(self) -> Mapping[str, Any]:
        """Return what WhoAmI says of our application user and the organisation, asked once."""
        if self._me is None:
            self._me = self.api.get("WhoAmI")
        return self._me

    def table(self, name: str) -> Table:
        """Return a table; Misconfigured("entity-unknown"), or "not-provisioned" for one of ours, if there is none."""
        with self._lock:
            found = self._tables.get(name)
        if found is None:
            found = self._described(name)
            with self._lock:
                self._tables[name] = found
                self._sets[name] = found.set_name
        return found

    def _described(self, name: str) -> Table:
        try:
            table = table_in(self.api.read_texts(questions(name.replace("'", "''"))))
            secured = any(column.secured for column in table.columns.values())
            return granted(table, self.permissions()) if secured else table
        except Refused as refused:
            if refused.status != 404:
                raise
        if name.startswith(OWN_PREFIX):
            raise Misconfigured(
                "not-provisioned", f"Dataverse has no table {name} yet", system=self.name, value=name
            )
        raise Misconfigured("entity-unknown", f"Dataverse has no table {name}", system=self.name, value=name)

    def tracks(self, table: Table) -> bool:
        """Say whether changes of a table are tracked, and tracking was not refused to us when we last asked for it."""
        return table.tracked and table.name not in self._polled

    def allow_tracking(self, table: Table, *, allowed: bool = True) -> None:
        """Remember whether we were let track a table."""
        if allowed:
            self._polled.discard(table.name)
        else:
            self._polled.add(table.name)

    def permissions(self) -> Sequence[Mapping[str, Any]]:
        """Return our field permissions, our own and those of our teams' profiles; none where they cannot be asked for.

        Asked only where a table has secured columns (RetrievePrincipalAttributePrivileges, bound to systemuser; it
        needs prvReadUser).
        """
        if self._permissions is None:
            path = f"systemusers({self.me()['UserId']})/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges"
            try:
                self._permissions = list(self.api.get(path).get("AttributePrivileges") or ())
            except (Refused, Unauthorised):
                self._permissions = []
        return self._permissions

    def privileges(self) -> Sequence[Mapping[str, Any]]:
        """Return what our roles let us do (RetrieveUserPrivileges, bound to systemuser); raises Refused, Unauthorised."""
        path = f"systemusers({self.me()['UserId']})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges"
        return self.api.get(path).get("RolePrivileges") or ()

    def set_name(self, table: str) -> str:
        """Return a table's set name, as bind properties need it."""
        with self._lock:
            known = self._sets.get(table)
        if known is None:
            path = f"EntityDefinitions(LogicalName='{table}')?$select=EntitySetName"
            known = str(self.api.get(path)["EntitySetName"])
            with self._lock:
                self._sets[table] = known
        return known

    def has_bulk(self, table: Table, message: str) -> bool:
        """Say whether the table has CreateMultiple or UpdateMultiple, asked once as the bulk operations page says."""
        wanted = (table.name, message)
        with self._lock:
            known = self._bulk.get(wanted)
        if known is None:
            known = bool(self.api.get("sdkmessagefilters", _bulk_question(table.name, message))["value"])
            with self._lock:
                self._bulk[wanted] = known
        return known

    def questions_left(self, table: Table, *, creates: bool, updates: bool) -> int:
        """Count the questions about bulk messages that such writes would still ask."""
        wanted = [CREATE_MULTIPLE] * creates + [UPDATE_MULTIPLE] * updates
        with self._lock:
            return sum((table.name, message) not in self._bulk for message in wanted)

    def acknowledge(self, entity: str, operation: str, rows: int) -> None:
        """Count rows that a reply said were written."""
        with self._lock:
            self._acknowledged[(entity, operation)] += rows

    def tally(self) -> Tally:
        """Return requests sent and rows acknowledged so far."""
        with self._lock:
            acknowledged = {what: rows for what, rows in self._acknowledged.items() if rows}
        return Tally(self.api.http.tally.total, self.api.write_requests, acknowledged)

    def lanes(self) -> int:
        """Return how many pages of writes may be under way: the server's recommended parallelism, once it is known."""
        return max(1, self.api.budget.standing().ceiling or self.sizes.lanes)


def _bulk_question(table: str, message: str) -> dict[str, str]:
    return {
        "$select": "sdkmessagefilterid",
        "$filter": f"sdkmessageid/name eq '{message}' and primaryobjecttypecode eq '{table}'",
    }
