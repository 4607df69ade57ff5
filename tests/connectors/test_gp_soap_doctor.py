"""What doctor finds out about GP Web Services, and answers that are not what they should be."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gp_place import CLERK, Word
from gp_soap_place import SoapPlace, soap_place
from starlette.types import ASGIApp, Receive, Scope, Send

from gp365.connectors.gp.soap.answers import Cut, Reader, Unreadable, whole
from gp365.connectors.gp.soap.settings import SoapSettings
from gp365.model.contract import Finding, Level
from gp365.model.errors import Gp365Error, Misconfigured, Rejected, Retry, Unauthorised
from gp365.model.record import Status
from gp365.wire.calls import CallFailed
from gp365_sim.gp.soap import service as simulated
from gp365_sim.gp.soap.app import SoapManner
from gp365_sim.gp.soap.errors import Failed


@dataclass
class Odd:
    """A service that answers one operation (or its description) with something else."""

    app: ASGIApp
    operation: bytes = b""
    said: bytes = b""
    status: int = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        about = [
            scope.get("query_string", b""),
            *(v for n, v in scope.get("headers", ()) if n == b"soapaction"),
        ]
        if scope["type"] != "http" or not self.operation or not any(self.operation in each for each in about):
            await self.app(scope, receive, send)
            return
        while (await receive()).get("more_body"):
            pass
        length = (b"content-length", str(len(self.said)).encode())
        kind = (b"content-type", b"text/xml; charset=utf-8")
        await send({"type": "http.response.start", "status": self.status, "headers": [length, kind]})
        await send({"type": "http.response.body", "body": self.said})


@pytest.fixture
def odd(tmp_path: Path) -> Generator[tuple[SoapPlace, Odd]]:
    made: list[Odd] = []

    def between(app: ASGIApp) -> ASGIApp:
        made.append(Odd(app))
        return made[0]

    with soap_place(tmp_path, between=between, lanes=1) as here:
        yield here, made[0]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Generator[SoapPlace]:
    with soap_place(tmp_path_factory.mktemp("gp")) as found:
        yield found


def _by_subject(here: SoapPlace) -> dict[str, Finding]:
    return {finding.subject: finding for finding in here.connector.check()}


def test_doctor_tells_login_company_policies_and_every_entity(here: SoapPlace) -> None:
    found = _by_subject(here)
    assert {name for name, each in found.items() if each.level is Level.ERROR} == set()
    assert found["TLS"].level is Level.WARNING and "plain http" in found["TLS"].text
    assert "NTLM" in found["authentication"].text
    assert "number -1" in found["company"].text
    assert "reread" in found["customer"].text and "class defaults" in found["customer"].text
    assert "one request for each record" in found["item"].text
    assert found["customer"].facts["feed"] == "stamp" and found["vendor"].facts["feed"] == "day"
    assert set(here.connector.entities()) - {"company"} <= set(found)


def test_doctor_writes_nothing_and_reads_no_whole_list(here: SoapPlace) -> None:
    before = here.last
    here.connector.check()
    asked = here.asked(before)
    assert not [each for each in asked if each.startswith(("Create", "Update"))]
    assert len(asked) < 30


def test_a_company_is_found_by_its_name_in_any_case_or_named_by_its_number(tmp_path: Path) -> None:
    with soap_place(tmp_path / "a", company="fabrikam, INC.") as here:
        assert here.connector.get("customer", [("AARONFIT0001",)], ["CustomerName"])
    with soap_place(tmp_path / "b", company="", company_id=-1) as here:
        assert here.connector.get("customer", [("AARONFIT0001",)], ["CustomerName"])
        assert "GetCompanyList" not in here.asked()
    with soap_place(tmp_path / "c", company="Contoso") as here:
        found = _by_subject(here)["company"]
        assert (found.level, found.code) == (Level.ERROR, "company-unknown") and "Fabrikam" in found.text


def test_the_native_endpoint_is_recognised_and_the_legacy_one_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        SoapSettings("gp", "http://gp:48620/Dynamics/GPService/GPService", company="Fabrikam, Inc.")
    assert "http://gp:48620/DynamicsGPWebServices" in refused.value.fix
    described = b'<definitions targetNamespace="http://schemas.microsoft.com/dynamics/gp/2010/01"/>'
    with soap_place(tmp_path, between=lambda app: Odd(app, b"wsdl", described)) as here:
        [found] = here.connector.check()
        assert found.level is Level.ERROR and "WS-SecureConversation" in found.text
        assert "/DynamicsGPWebServices" in found.fix


@pytest.mark.parametrize("offered", ["NTLM", "Negotiate"])
def test_the_scheme_that_the_server_offers_is_taken(tmp_path: Path, offered: Any) -> None:
    with soap_place(tmp_path, SoapManner(schemes=(offered,))) as here:
        assert offered in _by_subject(here)["authentication"].text


def test_a_refused_password_is_tried_once(tmp_path: Path) -> None:
    with soap_place(tmp_path, password=Word("Wrong-Horse-1")) as here:
        with pytest.raises(Unauthorised):
            here.connector.get("customer", [("AARONFIT0001",)], ["CustomerName"])
        with pytest.raises(Unauthorised):
            here.connector.get("customer", [("AARONFIT0001",)], ["CustomerName"])
        assert here.settings.password is not None and "Wrong-Horse-1" not in str(here.log)


def test_an_entity_that_the_role_may_not_read_is_an_error_of_its_own(here: SoapPlace) -> None:
    allowed = set(simulated.ANSWERS) - {"GetVendorList", "GetVendorByKey"}
    here.soap.service.rights[CLERK.name.upper()] = frozenset(allowed)
    try:
        found = _by_subject(here)
        assert (found["vendor"].level, found["vendor"].code) == (Level.ERROR, "right-missing")
        assert found["customer"].level is Level.OK
    finally:
        here.soap.service.rights.clear()


# answers

HOSTILE = {
    "document type": b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    "outer entity": b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    "instruction": b'<?xml-stylesheet href="x"?><a/>',
    "depth": b"<a>" * 100 + b"</a>" * 100,
    "no XML": b"<html><p>Proxy</html>",
    "long text": b"<a>" + b"x" * 4_000_001 + b"</a>",
}


@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_is_refused(said: bytes) -> None:
    with pytest.raises(Unreadable):
        whole(said)


def test_a_cut_document_is_told_from_a_broken_one() -> None:
    for said in (b"", b"<a><b>"):
        with pytest.raises(Cut):
            whole(said)


def test_items_are_given_while_the_document_comes_in_and_are_not_kept() -> None:
    def parts() -> Generator[bytes]:
        yield b"<e><b><r><l>"
        for number in range(1_000):
            yield b"<i><n>%d</n></i>" % number
        yield b"</l></r></b></e>"

    reader = Reader(5)
    assert [each.text_at(("n",)) for each in reader.read(parts())] == [str(n) for n in range(1_000)]
    assert reader.root is not None
    listed = reader.root.at(("b", "r", "l"))
    assert listed is not None and listed.children == []


def test_an_answer_that_is_hostile_or_cut_stops_the_reading(odd: tuple[SoapPlace, Odd]) -> None:
    here, service = odd
    for said in (HOSTILE["document type"], b"<e><b>", b"<html>busy</html>"):
        service.operation, service.said = b"GetCustomerByKey", said
        here.connector.begin_run()
        with pytest.raises(CallFailed):
            here.connector.get("customer", [("AARONFIT0001",)], ["CustomerName"], fresh=True)
        service.operation = b"GetCustomerList"
        with pytest.raises(CallFailed):
            list(here.connector.scan("customer", ["CustomerName"]))


def test_a_fault_with_status_200_is_a_fault_and_a_firm_called_fault_is_none(
    odd: tuple[SoapPlace, Odd],
) -> None:
    here, service = odd
    here.customer("FAULT1", CUSTNAME="Fault Lines")
    assert here.read("FAULT1").values["CustomerName"] == "Fault Lines"
    soap = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>%s</s:Fault></s:Body>'
    words = b"<faultcode>s:Server</faultcode><faultstring>Access is denied.</faultstring>"
    service.operation, service.said = b"GetCustomerByKey", soap % words + b"</s:Envelope>"
    with pytest.raises(Unauthorised):
        here.read("FAULT1")


def test_an_answer_to_a_write_that_cannot_be_read_leaves_it_unknown(odd: tuple[SoapPlace, Odd]) -> None:
    here, service = odd
    service.operation, service.said = b"UpdateCustomer", b"<e><b>"
    outcome = here.edit("AARONFIT0001", {"Comment1": "Perhaps"})
    assert outcome.status is Status.UNKNOWN


def test_a_description_with_a_document_type_is_refused(tmp_path: Path) -> None:
    hostile = b'<!DOCTYPE d [<!ENTITY x "y">]><d>&x;</d>'
    with soap_place(tmp_path, between=lambda app: Odd(app, b"wsdl", hostile)) as here:
        [found] = here.connector.check()
        assert found.level is Level.ERROR


# faults


def _failing(kind: str, message: str, *, after: bool = False) -> Callable[[Any], object]:
    update = simulated.ANSWERS["UpdateCustomer"]

    def fail(call: Any) -> object:
        if after:
            update(call)
        raise Failed(kind, message)

    return fail


@pytest.mark.parametrize(
    ("message", "status", "error"),
    [
        ("Transaction was deadlocked on lock resources", Status.UNKNOWN, Retry),
        ("Object reference not set to an instance of an object", Status.REJECTED, Rejected),
    ],
)
def test_a_system_exception_is_judged_by_what_the_log_says(
    here: SoapPlace, message: str, status: Status, error: type[Gp365Error]
) -> None:
    answers: Any = simulated.ANSWERS
    update = answers["UpdateCustomer"]
    answers["UpdateCustomer"] = _failing("SqlException", message)
    try:
        outcome = here.edit("AARONFIT0001", {"Comment1": message[:20]})
    finally:
        answers["UpdateCustomer"] = update
    assert outcome.status in (status, Status.RETRY) and isinstance(outcome.error, error)
    assert message.split()[0] in outcome.error.message


def test_the_number_of_the_log_is_found_in_either_form_of_a_fault(tmp_path: Path) -> None:
    for form in ("detail", "faultstring"):
        with soap_place(tmp_path / form, SoapManner(fault=form)) as here:
            outcome = here.create("FORM1", {"CustomerName": "Form", "PaymentTermsID": "NEVER HEARD"})
            assert outcome.status is Status.REJECTED and isinstance(outcome.error, Rejected)
            assert "NEVER HEARD" in outcome.error.message and outcome.error.field == "PaymentTermsID"


def test_a_system_exception_after_the_commit_is_a_write_that_was_done(here: SoapPlace) -> None:
    answers: Any = simulated.ANSWERS
    update = answers["UpdateCustomer"]
    answers["UpdateCustomer"] = _failing("SqlException", "The audit log is full", after=True)
    try:
        outcome = here.edit("AARONFIT0001", {"Comment1": "Done all the same"})
    finally:
        answers["UpdateCustomer"] = update
    assert outcome.status is Status.DONE


def test_no_line_of_the_log_holds_a_password_or_a_request(here: SoapPlace) -> None:
    here.edit("AARONFIT0001", {"Comment2": "Very private"})
    written = "\n".join(map(str, here.log))
    assert CLERK.password not in written and "Very private" not in written and "UpdateCustomer" not in written
