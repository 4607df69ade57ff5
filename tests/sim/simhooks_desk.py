"""A desk for the tests of the simulator's webhooks: a receiver that remembers, and a client that registers."""

import json
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from simdv_desk import CUSTOMIZER, id_of

from gp365_sim.core.server import bind, url_of

HEADER_VALUE = (
    '<settings><setting name="x-gp365-key" value="k1" /><setting name="x-other" value="2" /></settings>'
)


@dataclass(frozen=True)
class Got:
    """One request that the receiver got."""

    query: dict
    headers: dict
    raw: bytes
    at: float

    @property
    def body(self):
        return json.loads(self.raw)

    @property
    def what(self):
        """Message, table and id."""
        return self.body["MessageName"], self.body["PrimaryEntityName"], self.body["PrimaryEntityId"]

    def attributes(self, parameter="Target"):
        """The columns of the row that the event carries."""
        return pairs(pairs(self.body["InputParameters"])[parameter]["Attributes"])


def pairs(listed):
    return {each["key"]: each["value"] for each in listed}


@dataclass
class Receiver:
    """An endpoint of somebody else: answers what it is told to, one status after the other, then 200."""

    statuses: list = field(default_factory=list)
    hold: threading.Event | None = None
    got: list = field(default_factory=list)

    async def __call__(self, scope, receive, send):
        import asyncio

        raw = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            raw += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        self.got.append(Got(dict(parse_qsl(scope["query_string"].decode())), headers, raw, time.monotonic()))
        status = self.statuses.pop(0) if self.statuses else 200
        while self.hold is not None and not self.hold.is_set():
            await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def until(true, seconds=20):
    """Wait until something is true; a delivery comes when it comes."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.005)


@dataclass
class Hooks:
    """An organisation with a receiver, and what an administrator does to join them."""

    org: object
    receiver: Receiver
    url: str

    def endpoint(self, *, as_app=CUSTOMIZER, **more):
        values = {
            "name": "gp365",
            "url": self.url,
            "contract": 8,
            "authtype": 4,
            "authvalue": "s&cret",
            "connectionmode": 1,
            "messageformat": 2,
            **more,
        }
        return self.org.ask("POST", "serviceendpoints", values, as_app=as_app)

    def filter_of(self, message, table):
        found = self.org.values(
            f"sdkmessagefilters?$select=sdkmessagefilterid,_sdkmessageid_value&$filter=primaryobjecttypecode eq '{table}'"
            f" and sdkmessageid/name eq '{message}'"
        )
        return found[0]["sdkmessagefilterid"], found[0]["_sdkmessageid_value"]

    def step(self, endpoint, message, table="account", *, as_app=CUSTOMIZER, **more):
        listed, message_id = self.filter_of(message, table)
        values = {
            "name": f"gp365 {message} of {table}",
            "stage": 40,
            "mode": 1,
            "rank": 1,
            "supporteddeployment": 0,
            "asyncautodelete": True,
            "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
            "sdkmessageid@odata.bind": f"/sdkmessages({message_id})",
            "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({listed})",
            **more,
        }
        return self.org.ask("POST", "sdkmessageprocessingsteps", values, as_app=as_app)

    def listen(self, *messages, table="account", endpoint=None, **more):
        """Register an endpoint and steps; gives the id of the endpoint and those of the steps."""
        answer = self.endpoint(**(endpoint or {}))
        assert answer.status_code == 204, answer.text
        steps = [self.step(id_of(answer), message, table, **more) for message in messages]
        assert all(step.status_code == 204 for step in steps), [step.text for step in steps]
        return id_of(answer), [id_of(step) for step in steps]

    def shown(self, after=0):
        return self.org.door("GET", f"steps?after={after}").json()

    def order(self, **manner):
        answer = self.org.door("POST", "steps", manner)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def settled(self, ended=1):
        """Wait until so many deliveries and all others have ended; gives what the receiver got."""
        until(lambda: (s := self.shown())["under_way"] == 0 and len(s["deliveries"]) >= ended)
        return self.receiver.got

    def jobs(self):
        return self.org.values("asyncoperations?$filter=operationtype eq 1")


def receiving_socket(*, https=False):
    bound = bind()
    return bound, url_of(bound, https=https) + "/hook"
