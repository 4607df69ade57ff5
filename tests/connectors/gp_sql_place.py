"""A GP site for the tests of the SQL channel: the simulator's SQL server on loopback, a connector, a clerk's door."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp_place import Word, update_of

from gp365.connectors.gp import GpConnector, GpSettings
from gp365.connectors.gp.sql import SqlChannel, SqlSettings
from gp365.connectors.gp.sql.customers import card_fields
from gp365.model.record import Op, Outcome, Record, Write
from gp365.model.values import Value
from gp365.store.scratch import ScratchFile
from gp365.wire import clock as wire
from gp365_sim.core.clock import Clock
from gp365_sim.core.server import Door, bind, serving
from gp365_sim.gp.app import GpSystem, Manner, build
from gp365_sim.gp.company import Identity
from gp365_sim.gp.sql import app as sql_app
from gp365_sim.gp.sql.rights import Login
from gp365_sim.samples import fabrikam

LOGIN = Login("gp365", "Correct-Horse-1")
ROLES = dict.fromkeys(("ADRSCODE", "PRBTADCD", "PRSTADCD", "STADDRCD"), "PRIMARY")


@dataclass
class SqlPlace:
    """A served SQL server and a connector whose only channel it is."""

    system: GpSystem
    sql: sql_app.SqlSystem
    connector: GpConnector
    channel: SqlChannel
    settings: SqlSettings
    clock: Clock

    def row(self, table: str, key: str) -> dict[str, Any] | None:
        return self.system.world.row(table, key)

    def save(self, table: str, key: str, values: Mapping[str, object]) -> dict[str, Any]:
        """Save a card as a GP user does."""
        return self.system.world.put(table, key, values)

    def delete(self, table: str, key: str) -> None:
        self.system.world.delete(table, key)

    def customer(self, number: str, **columns: object) -> dict[str, Any]:
        """Make a customer with one address in all four roles, as a GP user does."""
        return self.save("RM00101", number, {"CUSTNAME": f"Firm {number}", **ROLES, **columns})

    def fault(self, **order: Any) -> None:
        """Let the server fail at texts of this kind."""
        self.sql.server.orders.add([order])

    def asked(self, after: int = 0) -> list[str]:
        """Give the texts that the server was asked, without commits and rollbacks."""
        texts = [str(each["text"]) for each in self.sql.server.record.after(after)]
        return [text for text in texts if text not in ("COMMIT", "ROLLBACK")]

    @property
    def last(self) -> int:
        return self.sql.server.record.last

    def read(self, number: str, fields: Sequence[str] = ()) -> Record:
        """Read a customer, all readable fields unless told."""
        names = list(fields) or list(card_fields())
        return self.connector.get("customer", [(number,)], names, fresh=True)[(number,)]

    def create(self, number: str, values: Mapping[str, Value], **more: Any) -> Outcome:
        """Create a customer through the connector."""
        [outcome] = self.connector.write("customer", [Write(Op.CREATE, (number,), values, **more)])
        return outcome

    def edit(self, number: str, values: Mapping[str, Value], **more: Any) -> Outcome:
        """Read a customer and change it through the connector, as the engine does."""
        [outcome] = self.connector.write("customer", [update_of(self.read(number), values, **more)])
        return outcome


@contextmanager
def sql_place(
    folder: Path,
    *,
    samples: Any = None,
    logins: Sequence[Login] = (LOGIN,),
    companies: Sequence[Identity] = (),
    manner: Manner | None = None,
    **changed: Any,
) -> Generator[SqlPlace]:
    """Serve a site's SQL server and connect to it while the block runs; `changed` are settings of the channel."""
    clock = Clock()
    system = build(clock, samples or fabrikam(), [], manner, more_companies=companies)
    held = [each.world.company for each in system.places.values()]
    sql = sql_app.build(held, system.system, logins, clock)
    bound = bind()
    host, port = bound.getsockname()[:2]
    settings = SqlSettings(
        **{
            "name": "gp",
            "server": f"{host}:{port}",
            "database": "TWO",
            "user": LOGIN.name,
            "password": Word(LOGIN.password),
            "driver": "gp365_sim.sqlclient",
            "encrypt": False,
            "timeout_s": 20.0,
            **changed,
        }
    )
    with ExitStack() as stack:
        stack.enter_context(serving(Door(sql.app, bound)))
        scratch = stack.enter_context(ScratchFile(folder / "scratch"))
        channel = SqlChannel(settings, clock=wire.Clock(utc_now=clock.now))
        site = GpSettings(name="gp", url="", company="Fabrikam, Inc.", user="", password=None, interid="TWO")
        connector = GpConnector(site, scratch=scratch, more=[channel])
        stack.callback(connector.close)
        yield SqlPlace(system, sql, connector, channel, settings, clock)


def login_of(text: str, *, writer: bool) -> Login:
    """Make a login that has exactly what the script for the administrator grants."""
    company, _, system = text.partition("-- system database")
    grants: dict[str, Mapping[str, frozenset[str]]] = {"TWO": _grants(company), "DYNAMICS": _grants(system)}
    if not writer:
        grants["TWO"] = {name: rights for name, rights in grants["TWO"].items() if "EXECUTE" not in rights}
    return Login(LOGIN.name, LOGIN.password, {}, grants)


def _grants(text: str) -> dict[str, frozenset[str]]:
    found = re.findall(r"GRANT (SELECT|EXECUTE) ON \[dbo\]\.\[(\w+)\]", text)
    return {name: frozenset({right}) for right, name in found if not name.startswith("gp365_")}
