"""A Dataverse organisation for the connector's tests: the simulator on loopback, a connector, a seller's door."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from gp365.connectors.dataverse import Credential, DataverseConnector, DataverseSettings
from gp365.connectors.dataverse.api import WebApi
from gp365.connectors.dataverse.provision import ProvisionPlan, apply, plan, provisioning_api
from gp365.connectors.dataverse.terms import PaymentTerm
from gp365.model.record import ChangePage, Op, Outcome, Record, Write
from gp365.model.values import Key, Value
from gp365.store.scratch import ScratchFile
from gp365.wire.retries import Retries
from gp365_sim.core.clock import Clock
from gp365_sim.core.faults import Fault
from gp365_sim.core.server import Door, bind, serving, url_of
from gp365_sim.core.tls import certificate
from gp365_sim.dataverse.app import DataverseSystem, build
from gp365_sim.dataverse.limits import Limits
from gp365_sim.identity.tokens import Application, Secret, Tokens

TENANT = "7b0c6f0e-3f4e-4a53-9d9c-2f3f5f1d0001"
CLIENT = "11111111-1111-4111-8111-111111111111"
PRIVILEGED = "22222222-2222-4222-8222-222222222222"
QUICK = Retries(attempts=4, seconds=5.0, first_pause_s=0.01, longest_pause_s=0.02)
TRACKED = ("account", "contact", "opportunity")


@dataclass(frozen=True)
class Word:
    """A secret that a test knows."""

    text: str = field(repr=False)

    def reveal(self) -> str:
        return self.text


SECRET = Word("run-time-secret-of-the-test")
PRIVILEGED_SECRET = Word("provisioning-secret-of-the-test")


def guid(number: int, kind: str = "a") -> str:
    """Return a GUID that a test can recognise."""
    return str(UUID(f"{ord(kind):08x}-0000-4000-8000-{number:012x}"))


@dataclass
class Place:
    """A served organisation, a connector for it and the privileged credential beside it."""

    system: DataverseSystem
    clock: Clock
    tokens: Tokens
    connector: DataverseConnector
    privileged: WebApi
    settings: DataverseSettings
    scratch: ScratchFile

    def put(self, set_name: str, key: str, values: Mapping[str, object]) -> Mapping[str, Any]:
        """Make or edit a row as a user of the organisation does."""
        return self.system.world.put(set_name, key, values)

    def account(self, number: int, **columns: object) -> str:
        """Make an account as a user does and return its id."""
        self.put("accounts", guid(number), {"name": f"Firm {number}", **columns})
        return guid(number)

    def contact(self, number: int, **columns: object) -> str:
        """Make a contact as a user does and return its id."""
        self.put("contacts", guid(number, "c"), {"lastname": f"Person {number}", **columns})
        return guid(number, "c")

    def row(self, set_name: str, key: str) -> Mapping[str, Any] | None:
        return self.system.world.row(set_name, key)

    def rows(self, set_name: str) -> list[dict[str, Any]]:
        return list(self.system.world.rows(set_name))

    def delete(self, set_name: str, key: str) -> None:
        self.system.world.delete(set_name, key)

    def fault(self, **order: Any) -> None:
        """Let the simulator fail at requests of this kind."""
        self.system.faults.add([Fault(**order)])

    def seen(self) -> int:
        """Return the number of the last request so far."""
        return self.system.recorder.last

    def requests(self, after: int = 0) -> list[tuple[str, str]]:
        """Give (method, path with query) of what the organisation has seen, tokens aside."""
        return [
            (str(one["method"]), f"{one['path']}?{one['query']}" if one["query"] else str(one["path"]))
            for one in self.system.recorder.after(after)
            if "/api/data/" in str(one["path"])
        ]

    def provision(self, terms: Sequence[PaymentTerm] = (), **wishes: Any) -> ProvisionPlan:
        """Run plan and apply; waiting moves the simulated clock instead of ours."""
        return apply(self.privileged, plan(self.privileged, terms, **wishes), sleep=self.wait)

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def read(self, entity: str, key: str, fields: Sequence[str]) -> Record:
        """Read one record."""
        return self.connector.get(entity, [(key,)], fields)[(key,)]

    def create(self, entity: str, *made: tuple[str, Mapping[str, Value]], **more: Any) -> list[Outcome]:
        """Create records under chosen ids."""
        return list(
            self.connector.write(entity, [Write(Op.CREATE, (key,), values, **more) for key, values in made])
        )

    def update(self, entity: str, *planned: tuple[Record, Mapping[str, Value]]) -> list[Outcome]:
        """Change records that were read."""
        return list(self.connector.write(entity, [update_of(record, values) for record, values in planned]))


def update_of(record: Record, values: Mapping[str, Value], **more: Any) -> Write:
    """Plan an update on a record as it was read."""
    return Write(Op.UPDATE, record.key, values, record.version, record.birth, expected=record.values, **more)


def changed(pages: Iterable[ChangePage]) -> tuple[dict[Key, Record | None], str | None, list[ChangePage]]:
    """Give the changed records by key (None for a deletion), the cursor and the pages of a feed."""
    seen = list(pages)
    records = {change.key: change.record for page in seen for change in page.changes}
    return records, seen[-1].cursor, seen


@contextmanager
def place(
    folder: Path,
    *,
    samples: Any = None,
    limits: Limits | None = None,
    tracked: Iterable[str] = TRACKED,
    roles: Iterable[str] = ("runtime",),
    retries: Retries = QUICK,
    **options: Any,
) -> Generator[Place]:
    """Serve an organisation and connect to it while the block runs; `options` are settings of the connector."""
    clock, bound = Clock(), bind()
    url = url_of(bound, https=True)
    tokens = Tokens(clock, TENANT, (url,), _applications(frozenset(roles)))
    system = build(clock, tokens, samples, limits, (url,), tracked=tracked)
    tls = certificate(folder.parent / "tls-of-sales")  # one for all tests of a worker: keys take time
    settings = DataverseSettings(
        "sales",
        url,
        TENANT,
        Credential(CLIENT, SECRET),
        authority=url,
        ca_file=tls.ca_file,
        provision=Credential(PRIVILEGED, PRIVILEGED_SECRET),
    )
    settings = replace(settings, **options)
    with ExitStack() as stack:
        stack.enter_context(serving(Door(system.app, bound, tls)))
        scratch = stack.enter_context(ScratchFile(folder / "scratch"))
        connector = DataverseConnector(settings, scratch=scratch, retries=retries)
        stack.callback(connector.close)
        privileged = provisioning_api(settings, retries=retries)
        stack.callback(privileged.close)
        yield Place(system, clock, tokens, connector, privileged, settings, scratch)


def _applications(roles: frozenset[str]) -> tuple[Application, ...]:
    return (
        Application(CLIENT, "gp365", guid(1, "u"), (Secret(SECRET.text),), roles=roles),
        Application(
            PRIVILEGED,
            "gp365 provisioning",
            guid(2, "u"),
            (Secret(PRIVILEGED_SECRET.text),),
            roles=frozenset({"runtime", "customizer"}),
        ),
    )
