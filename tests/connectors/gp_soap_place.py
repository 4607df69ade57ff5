"""A GP site for the tests of the SOAP channel: the simulator's Web Services on loopback, a connector, a clerk's door."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gp_place import CLERK, QUICK, Word, update_of
from gp_sql_place import LOGIN
from starlette.types import ASGIApp

from gp365.connectors.gp import GpConnector, GpSettings
from gp365.connectors.gp.soap import SoapChannel, SoapSettings
from gp365.connectors.gp.soap.updating import readable
from gp365.connectors.gp.sql import SqlChannel, SqlSettings
from gp365.model.record import Op, Outcome, Record, Write
from gp365.model.values import Value
from gp365.store.scratch import ScratchFile
from gp365.wire import clock as wire
from gp365.wire.calls import LogLine
from gp365_sim.core.clock import Clock
from gp365_sim.core.faults import Fault
from gp365_sim.core.server import Door, bind, serving
from gp365_sim.gp.app import GpSystem, build
from gp365_sim.gp.company import Identity
from gp365_sim.gp.soap import app as soap_app
from gp365_sim.gp.sql import app as sql_app
from gp365_sim.gp.users import User
from gp365_sim.samples import fabrikam

ROLES = dict.fromkeys(("ADRSCODE", "PRBTADCD", "PRSTADCD", "STADDRCD"), "PRIMARY")


@dataclass
class SoapPlace:
    """Served Web Services and a connector whose only channel they are."""

    system: GpSystem
    soap: soap_app.SoapSystem
    connector: GpConnector
    channel: SoapChannel
    settings: SoapSettings
    clock: Clock
    log: list[LogLine] = field(default_factory=list[LogLine])

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
        """Let the service fail at calls of this kind; the path holds the operation's name."""
        self.soap.faults.add([Fault(**order)])

    def asked(self, after: int = 0) -> list[str]:
        """Give the operations that were called and answered, in order."""
        seen = self.soap.recorder.after(after)
        return [each["query"] for each in seen if each["method"] == "POST" and each["status"] != 401]

    @property
    def last(self) -> int:
        return self.soap.recorder.last

    def read(self, number: str, fields: Sequence[str] = ()) -> Record:
        """Read a customer, all readable fields unless told."""
        names = list(fields) or readable()
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
def soap_place(
    folder: Path,
    manner: soap_app.SoapManner | None = None,
    *,
    samples: Any = None,
    users: Sequence[User] = (CLERK,),
    companies: Sequence[Identity] = (),
    between: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    **changed: Any,
) -> Generator[SoapPlace]:
    """Serve a site's Web Services and connect to them while the block runs; `changed` are settings of the channel."""
    clock = Clock()
    system = build(clock, samples or fabrikam(), [], more_companies=companies)
    soap = soap_app.build(system.places, system.system, users, clock, manner)
    bound = bind()
    host, port = bound.getsockname()[:2]
    settings = SoapSettings(
        **{
            "name": "gp",
            "url": f"http://{host}:{port}/DynamicsGPWebServices",
            "company": "Fabrikam, Inc.",
            "user": CLERK.name,
            "password": Word(CLERK.password),
            "currency": "USD",
            "spacing_ms": 0,
            "timeout_s": 20.0,
            **changed,
        }
    )
    log: list[LogLine] = []
    with ExitStack() as stack:
        stack.enter_context(serving(Door(between(soap.app), bound)))
        scratch = stack.enter_context(ScratchFile(folder / "scratch"))
        channel = SoapChannel(
            settings, scratch=scratch, log=log.append, clock=wire.Clock(utc_now=clock.now), retries=QUICK
        )
        site = GpSettings(name="gp", url="", company="Fabrikam, Inc.", user="", password=None, interid="TWO")
        connector = GpConnector(site, scratch=scratch, more=[channel])
        stack.callback(connector.close)
        yield SoapPlace(system, soap, connector, channel, settings, clock, log)


@contextmanager
def over_sql(here: SoapPlace) -> Generator[SqlChannel]:
    """Serve the same companies over SQL Server and give the channel to them."""
    held = [each.world.company for each in here.system.places.values()]
    sql = sql_app.build(held, here.system.system, (LOGIN,), here.clock)
    bound = bind()
    host, port = bound.getsockname()[:2]
    settings = SqlSettings(
        name="gp",
        server=f"{host}:{port}",
        database="TWO",
        user=LOGIN.name,
        password=Word(LOGIN.password),
        driver="gp365_sim.sqlclient",
        encrypt=False,
    )
    with ExitStack() as stack:
        stack.enter_context(serving(Door(sql.app, bound)))
        channel = SqlChannel(settings)
        stack.callback(channel.close)
        yield channel
