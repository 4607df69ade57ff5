"""A desk for the tests of the Dataverse simulator: a served organisation and callers made of `requests`."""

import json
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import requests

from gp365_sim.core.clock import Clock
from gp365_sim.core.server import Door, bind, serving, url_of
from gp365_sim.core.tls import certificate
from gp365_sim.dataverse.app import DataverseSystem, build
from gp365_sim.identity.tokens import Application, Secret, Tokens
from gp365_sim.samples import fabrikam

TENANT = "0b0f4c6e-2a3b-4a5e-8f0d-3c8e6a9d1b20"
RUNTIME, CUSTOMIZER, AUDITOR, STRANGER = (f"{n}1111111-1111-4111-8111-111111111111" for n in (1, 2, 3, 4))
USERS = {
    app: f"e{n}000000-0000-4000-8000-000000000000" for n, app in enumerate((RUNTIME, CUSTOMIZER, AUDITOR))
}
SECRET = "right~secret"
CRM = "Microsoft.Dynamics.CRM."
ENGLISH = 1033


def applications():
    def one(client_id, name, *roles):
        return Application(client_id, name, USERS.get(client_id), (Secret(SECRET),), roles=frozenset(roles))

    return (
        one(RUNTIME, "gp365", "runtime"),
        one(CUSTOMIZER, "gp365 provisioning", "runtime", "customizer"),
        one(AUDITOR, "auditor", "runtime", "secured"),
        one(STRANGER, "stranger"),
    )


def label(text):
    return {
        "@odata.type": CRM + "Label",
        "LocalizedLabels": [
            {"@odata.type": CRM + "LocalizedLabel", "Label": text, "LanguageCode": ENGLISH},
        ],
    }


def new_id():
    return str(uuid.uuid4())


def target(table, **values):
    """One row of a bulk message."""
    return {"@odata.type": CRM + table, **values}


def id_of(answer):
    """The id in OData-EntityId."""
    return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")


@dataclass
class Org:
    """A served organisation."""

    url: str
    http_url: str
    ca_file: str
    system: DataverseSystem
    clock: Clock
    tokens: Tokens
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def root(self):
        return f"{self.url}/api/data/v9.2/"

    def token(self, client_id=RUNTIME):
        return self.tokens.issue(client_id, f"{self.url}/.default")

    def ask(self, method, path, body=None, *, as_app=RUNTIME, headers=None, **more):
        """One request; a whole address (a next link) is taken as it is."""
        address = path if path.startswith("http") else self.root + path
        sent = {
            "Authorization": f"Bearer {self.token(as_app)}",
            "Accept": "application/json",
            "OData-Version": "4.0",
            "OData-MaxVersion": "4.0",
            "If-None-Match": "null",
            **(headers or {}),
        }
        if body is not None:
            more["data"] = body if isinstance(body, (str, bytes)) else json.dumps(body, default=_number)
            sent = {"Content-Type": "application/json", **sent}
        return self.session.request(method, address, headers=sent, **more)

    def read(self, path, **more):
        """The JSON of an answer that must be good; decimals keep their digits."""
        answer = self.ask("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.content, parse_float=Decimal)

    def values(self, path, **more):
        return self.read(path, **more)["value"]

    def create(self, set_name, **values):
        """Create a row and give its id."""
        answer = self.ask("POST", set_name, values)
        assert answer.status_code == 204, answer.text
        return id_of(answer)

    def customize(self, method, path, body=None, **more):
        """One change of definitions by somebody who may."""
        answer = self.ask(method, path, body, as_app=CUSTOMIZER, **more)
        assert answer.status_code in {200, 204}, answer.text
        return answer

    def add_column(self, table, kind, schema_name, **more):
        body = {
            "@odata.type": f"{CRM}{kind}AttributeMetadata",
            "SchemaName": schema_name,
            "DisplayName": label(schema_name),
            "RequiredLevel": {"Value": "None"},
            **more,
        }
        return self.customize("POST", f"EntityDefinitions(LogicalName='{table}')/Attributes", body)

    def add_key(self, table, schema_name, *columns, wait=True):
        """Define a key and, unless told otherwise, let the time pass in which its index is built."""
        body = {"SchemaName": schema_name, "KeyAttributes": columns, "DisplayName": label(schema_name)}
        answer = self.customize("POST", f"EntityDefinitions(LogicalName='{table}')/Keys", body)
        if wait:
            self.clock.advance(5)
        return id_of(answer)

    def track(self, table):
        """Switch change tracking on, as a provisioning client does: read the whole definition, put it back."""
        where = f"EntityDefinitions(LogicalName='{table}')"
        body = self.ask("GET", where, as_app=CUSTOMIZER).json()
        body["ChangeTrackingEnabled"] = True
        self.customize("PUT", where, body, headers={"MSCRM.MergeLabels": "true"})

    def row(self, set_name, row_id):
        """One row as the control door shows it, or None."""
        rows = self.session.get(f"{self.url}/_sim/rows/{set_name}/{row_id}").json()["rows"]
        return rows[0] if rows else None

    def rows(self, set_name):
        return self.session.get(f"{self.url}/_sim/rows/{set_name}").json()["rows"]

    def door(self, method, path, body=None):
        return self.session.request(method, f"{self.url}/_sim/{path}", json=body)

    def code(self, answer):
        return answer.json()["error"]["code"]


def _number(value):
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(value)


@contextmanager
def organisation(folder, *, samples=None, limits=None, rules=None, tracked=()):
    """Serve an organisation over https and http while the block runs."""
    clock, for_https, for_http = Clock(), bind(), bind()
    urls = (url_of(for_https, https=True), url_of(for_http, https=False))
    tokens = Tokens(clock, TENANT, urls, applications())
    found = samples if samples is not None else fabrikam()
    system = build(clock, tokens, found, limits, urls, rules, tracked=tracked)
    files = certificate(folder)
    with serving(Door(system.app, for_https, files), Door(system.app, for_http)):
        org = Org(*urls, str(files.ca_file), system, clock, tokens)
        org.session.verify = org.ca_file
        org.session.trust_env = False
        with org.session:
            yield org
