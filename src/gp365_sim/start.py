"""Puts the simulated systems together, serves them and keeps them running until told to stop."""

import asyncio
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp

from gp365_sim.core.clock import Clock
from gp365_sim.core.server import Door, Servers, bind, url_of
from gp365_sim.core.tls import Certificate
from gp365_sim.dataverse.app import build as build_dataverse
from gp365_sim.dataverse.hooks_delivery import Delivering
from gp365_sim.dataverse.limits import Limits
from gp365_sim.dataverse.organisation import Rules
from gp365_sim.folder import (
    CANADA_COMPANY,
    CLIENT_ID,
    GP_USER,
    PROVISION_CLIENT_ID,
    SQL_USER,
    TENANT_ID,
    Addresses,
    Secrets,
    announce,
    prepare,
    withdraw,
    write_script,
    write_settings,
)
from gp365_sim.gp.app import Manner
from gp365_sim.gp.app import build as build_gp
from gp365_sim.gp.company import Identity
from gp365_sim.gp.soap.app import SoapManner
from gp365_sim.gp.soap.app import build as build_soap
from gp365_sim.gp.sql.app import build as build_sql
from gp365_sim.gp.sql.rights import Login
from gp365_sim.gp.users import User
from gp365_sim.identity.tokens import Application, Secret, Tokens
from gp365_sim.parent import watched
from gp365_sim.samples import Samples, fabrikam, fabrikam_canada

CANADA = Identity(CANADA_COMPANY, "CAN", 2, "America/Toronto", "Z-C$")
_LOOK_S = 0.5
_RUNTIME_USER_ID = "e1000000-0000-4000-8000-000000000001"
_PROVISION_USER_ID = "e1000000-0000-4000-8000-000000000002"


@dataclass(frozen=True)
class Order:
    """What to simulate and where to put the project folder; a second company of GP is Fabrikam Canada.

    The settings in the folder reach GP over `channel` and let the pair run `flows`.
    """

    folder: Path
    samples: Samples = field(default_factory=fabrikam)
    gp: Manner = field(default_factory=Manner)
    soap: SoapManner = field(default_factory=SoapManner)
    dataverse: Limits = field(default_factory=Limits)
    dataverse_rules: Rules = field(default_factory=Rules)
    companies: int = 1
    channel: str = "rest"
    flows: tuple[str, ...] = ("customers",)
    parent_pid: int | None = None

    @property
    def more(self) -> tuple[Identity, ...]:
        """The companies of GP beside the first."""
        return (CANADA,) if self.companies > 1 else ()


def run(order: Order, ready: Callable[[Path], None]) -> None:
    """Serve both systems until SIGTERM, SIGINT, Ctrl-Break or the end of the parent process.

    `ready` is called with the path of `sim.json` once everything answers. To be called from the main thread.
    """
    asyncio.run(_serve(order, ready))


async def _serve(order: Order, ready: Callable[[Path], None]) -> None:
    certificate, kept = prepare(order.folder)
    addresses, doors = _doors(order, certificate, kept)
    servers = Servers(doors)
    await servers.start()
    try:
        write_settings(
            order.folder, addresses, canada=bool(order.more), channel=order.channel, flows=order.flows
        )
        write_script(order.folder)
        ready(announce(order.folder, addresses, kept, [each.name for each in order.more]))
        await _told_to_stop(order.parent_pid)
    finally:
        withdraw(order.folder)
        await servers.stop()


def _doors(order: Order, certificate: Certificate, kept: Secrets) -> tuple[Addresses, list[Door]]:
    """Bind the sockets first: tokens are issued for Dataverse's own addresses."""
    for_gp, for_sql, for_soap, for_https, for_http = (bind() for _ in range(5))
    addresses = Addresses(
        gp=url_of(for_gp, https=True),
        dataverse=url_of(for_https, https=True),
        dataverse_http=url_of(for_http, https=False),
        sql=url_of(for_sql, https=False).removeprefix("http://"),
        soap=url_of(for_soap, https=False),
    )
    clock = Clock()
    users = [User(GP_USER, kept.gp_password)]
    gp = build_gp(
        clock,
        order.samples,
        users,
        order.gp,
        more_companies=order.more,
        more_samples={CANADA.interid: fabrikam_canada()},
    )
    companies = [each.world.company for each in gp.places.values()]
    sql = build_sql(companies, gp.system, [Login(SQL_USER, kept.sql_password)], clock)
    soap = build_soap(gp.places, gp.system, users, clock, order.soap)
    sales_app = _sales(order, addresses, kept, certificate)
    return addresses, [
        Door(gp.app, for_gp, certificate),
        Door(sql.app, for_sql),
        Door(soap.app, for_soap),
        Door(sales_app, for_https, certificate),
        Door(sales_app, for_http),
    ]


def _sales(order: Order, addresses: Addresses, kept: Secrets, certificate: Certificate) -> ASGIApp:
    clock, urls = Clock(), (addresses.dataverse, addresses.dataverse_http)
    tokens = Tokens(clock, TENANT_ID, urls, _applications(kept))
    # Webhooks reach a receiver that has its certificate from the simulators' authority.
    delivering = Delivering(ca_files=(certificate.ca_file,))
    rules = order.dataverse_rules
    return build_dataverse(
        clock, tokens, order.samples, order.dataverse, urls, rules=rules, delivering=delivering
    ).app


def _applications(kept: Secrets) -> tuple[Application, ...]:
    return (
        Application(CLIENT_ID, "gp365", _RUNTIME_USER_ID, (Secret(kept.client_secret),)),
        Application(
            PROVISION_CLIENT_ID,
            "gp365 provisioning",
            _PROVISION_USER_ID,
            (Secret(kept.provision_client_secret),),
            roles=frozenset({"runtime", "customizer"}),
        ),
    )


async def _told_to_stop(parent_pid: int | None) -> None:
    stop = asyncio.Event()
    _stop_on_signals(asyncio.get_running_loop(), stop)
    lives = watched(parent_pid) if parent_pid else lambda: True
    while not stop.is_set() and lives():
        try:
            await asyncio.wait_for(stop.wait(), _LOOK_S)
        except TimeoutError:
            continue


def _stop_on_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Take signals the way that Windows has too (Ctrl-Break is what a parent can send there)."""
    if threading.current_thread() is not threading.main_thread():
        return

    def told(number: int, frame: object) -> None:
        loop.call_soon_threadsafe(stop.set)

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), told)
