"""A desk for the tests of the simulator's Web Services: a served endpoint, zeep over NTLM, and envelopes by hand."""

import base64
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from xml.etree import ElementTree

import requests
import zeep
from spnego import client as spnego_client
from zeep.transports import Transport

from gp365_sim.core.clock import Clock
from gp365_sim.core.server import Door, serving
from gp365_sim.gp import app as gp_app
from gp365_sim.gp.soap import app as soap_app
from gp365_sim.gp.users import User
from gp365_sim.samples import fabrikam

CLERK = User("FABRIKAM\\gpsvc", "Correct-Horse-1")
GP = "http://schemas.microsoft.com/dynamics/gp/2006/01"
DYNAMICS = "http://schemas.microsoft.com/dynamics/2006/01"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
CONTEXT = """<gp:context><d:OrganizationKey xsi:type="d:CompanyKey"><d:Id>-1</d:Id></d:OrganizationKey>\
<d:CultureName>en-US</d:CultureName><d:CurrencyType>Local</d:CurrencyType></gp:context>"""


class Ntlm(requests.auth.AuthBase):
    """NTLM with one handshake per connection, made of pyspnego."""

    def __init__(self, user=CLERK, password=None, scheme="NTLM"):
        self.user, self.password, self.scheme = user, password or user.password, scheme

    def __call__(self, request):
        request.register_hook("response", self._answered)
        return request

    def _answered(self, response, **more):
        offered = response.raw.headers.getlist("www-authenticate")
        if response.status_code != 401 or self.scheme not in offered:
            return response
        context = spnego_client(self.user.name, self.password, protocol=self.scheme.lower())
        token, answer = context.step(), response
        while token:
            answer.content, answer.raw.release_conn()
            again = response.request.copy()
            again.headers["Authorization"] = f"{self.scheme} {_base64(token)}"
            answer = response.connection.send(again, **more)
            told = answer.headers.get("www-authenticate", "").partition(" ")[2]
            if answer.status_code != 401 or not told:
                break
            token = context.step(_bytes(told))
        answer.history.append(response)
        answer.request = response.request
        return answer


def _base64(token):
    return base64.b64encode(token).decode()


def _bytes(text):
    return base64.b64decode(text)


@dataclass
class SoapDesk:
    """A served endpoint, the site behind it and its control door."""

    url: str
    gp: gp_app.GpSystem
    soap: soap_app.SoapSystem
    clock: Clock
    web: requests.Session
    kept: dict = field(default_factory=dict)

    @property
    def company(self):
        return self.gp.world.company

    @property
    def address(self):
        return self.url + soap_app.ADDRESS

    @property
    def client(self):
        """A zeep client of the served WSDL."""
        if "client" not in self.kept:
            transport = Transport(session=self.web)
            self.kept["client"] = zeep.Client(f"{self.url}{soap_app.BASE}?wsdl", transport=transport)
        return self.kept["client"]

    @property
    def service(self):
        return self.client.service

    def type(self, name, space=GP):
        return self.client.get_type(f"{{{space}}}{name}")

    def new(self, name, space=GP, /, **values):
        """An object of a type."""
        return self.type(name, space)(**values)

    def context(self, company=-1, currency="Local"):
        key = self.new("CompanyKey", DYNAMICS, Id=company)
        return self.new("Context", DYNAMICS, OrganizationKey=key, CultureName="en-US", CurrencyType=currency)

    def call(self, operation, **arguments):
        """Call an operation with this desk's context, and with its policy where it takes one."""
        if operation.startswith(("Create", "Update", "Delete")) and "policy" not in arguments:
            arguments["policy"] = self.service.GetPolicyByOperation(
                operation=operation, context=self.context()
            )
        arguments.setdefault("context", self.context())
        return self.service[operation](**arguments)

    def policy(self, operation):
        """The policy of an operation as an element, written by hand."""
        number = self.service.GetPolicyByOperation(operation=operation, context=self.context()).Key.Id
        return f"<gp:policy><gp:Key><gp:Id>{number}</gp:Id></gp:Key></gp:policy>"

    def post(self, operation, inner, *, action=None, context=CONTEXT, tail="", headers=None, body=None):
        """Post an envelope written by hand and give the answer; `action` False leaves the header out."""
        envelope = body or (
            f'<s:Envelope xmlns:s="{SOAP}" xmlns:gp="{GP}" xmlns:d="{DYNAMICS}" xmlns:xsi="{XSI}"><s:Body>'
            f"<gp:{operation}>{inner}{context}{tail}</gp:{operation}></s:Body></s:Envelope>"
        )
        sent = {"Content-Type": "text/xml; charset=utf-8", **(headers or {})}
        if action is not False:
            sent["SOAPAction"] = f'"{GP}/{operation}"' if action is None else action
        return self.web.post(self.address, data=envelope.encode(), headers=sent)

    def door(self, method, path, body=None):
        answer = requests.request(method, f"{self.url}/_sim/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


def fault_of(answer):
    """Code, words and detail of a fault."""
    assert answer.status_code == 500, answer.text
    fault = ElementTree.fromstring(answer.content).find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    detail = fault.find("detail")
    return (
        fault.findtext("faultcode"),
        fault.findtext("faultstring"),
        "" if detail is None else "".join(detail.itertext()),
    )


@contextmanager
def soap_desk(manner=None, *, users=(CLERK,), samples=None, auth=None, **more):
    """Serve an endpoint while the block runs."""
    clock = Clock()
    gp = gp_app.build(clock, samples or fabrikam(), users, **more)
    soap = soap_app.build(gp.places, gp.system, users, clock, manner)
    door = Door(soap.app, _bound())
    with serving(door), requests.Session() as web:
        web.trust_env = False
        web.auth = auth or Ntlm()
        yield SoapDesk(door.url, gp, soap, clock, web)


def _bound():
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    bound.listen(64)
    return bound
