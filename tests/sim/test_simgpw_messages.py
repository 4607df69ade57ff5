"""GP Web Services: envelopes written by hand, what is refused and how, handshakes, rights and the native endpoint."""

import re

import pytest
import requests
from requests.auth import HTTPBasicAuth
from simgpw_desk import CLERK, CONTEXT, DYNAMICS, GP, SOAP, XSI, Ntlm, fault_of, soap_desk

from gp365_sim.gp.soap.app import SoapManner
from gp365_sim.gp.users import User

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NIL = 'xsi:nil="true"'
REFERENCE = f"""<gp:criteria><gp:LastModifiedDate><gp:EqualValue {NIL}/><gp:NotEqualValue {NIL}/>\
<gp:From>2020-11-20T00:00:00</gp:From><gp:To {NIL}/><gp:GreaterThan {NIL}/><gp:LessThan {NIL}/>\
</gp:LastModifiedDate><gp:Scope>Return All</gp:Scope></gp:criteria>"""


@pytest.fixture(scope="module")
def served():
    with soap_desk() as one:
        yield one


@pytest.fixture
def desk(served):
    yield served
    served.door("POST", "reset")


def key(number):
    return f"<gp:key><gp:Id>{number}</gp:Id></gp:key>"


def result(desk, number):
    """The validation result of a log id, asked for by hand."""
    answer = desk.post("GetLoggedValidationResultByKey", f"<gp:logId>{number}</gp:logId>")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_an_envelope_written_by_hand_gets_the_list(desk):
    answer = desk.post("GetCustomerList", REFERENCE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.text.count("<CustomerSummary>") == len(desk.company["RM00101"])
    assert f'<GetCustomerListResponse xmlns="{GP}"' in answer.text


def test_a_create_answers_with_an_empty_response(desk):
    customer = (
        "<gp:customer><gp:Key><gp:Id>HAND0001</gp:Id></gp:Key><gp:Name>By Hand</gp:Name>"
        "<gp:PostResultsTo>Sales Offset Account</gp:PostResultsTo><gp:CreatedDate>0001-01-01T00:00:00</gp:CreatedDate>"
        "<gp:ModifiedDate>0001-01-01T00:00:00</gp:ModifiedDate>"
        "<gp:LastModifiedDate>0001-01-01T00:00:00</gp:LastModifiedDate></gp:customer>"
    )
    answer = desk.post("CreateCustomer", customer, tail=desk.policy("CreateCustomer"))
    assert answer.status_code == 200
    assert re.search(r"<CreateCustomerResponse [^>]*></CreateCustomerResponse>", answer.text)
    assert desk.company.find("RM00101", "HAND0001")["CUSTNAME"] == "By Hand"


@pytest.mark.parametrize("action", [False, '""', f'"{GP}/GetCustomerLists"', '"GetCustomerList"'])
def test_a_missing_or_wrong_action_is_refused(desk, action):
    code, words, detail = fault_of(desk.post("GetCustomerList", REFERENCE, action=action))
    assert (code, detail) == ("a:ActionNotSupported", "")
    assert "no operation" in words


def test_the_body_must_hold_the_operation_of_the_action(desk):
    code, words, _ = fault_of(desk.post("GetCustomerList", REFERENCE, action=f'"{GP}/GetItemList"'))
    assert code == "s:Client"
    assert "GetItemList was expected" in words


def test_an_operation_that_is_not_modelled_says_so(desk):
    _, words, _ = fault_of(desk.post("CreateGLTransaction", ""))
    assert words == "the simulator does not model CreateGLTransaction."


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        (REFERENCE.replace("Return All", "Return Everything"), "no value of CustomerScope"),
        (REFERENCE.replace("<gp:Scope>Return All</gp:Scope>", ""), "must be given"),
        (REFERENCE.replace("gp:From>", "gp:Since>"), "Since"),
        (REFERENCE.replace("gp:From>", "d:From>"), "is unknown in BetweenRestrictionOfNullableOfDateTime"),
        (REFERENCE.replace("2020-11-20T00:00:00", "20.11.2020"), "is no date and time"),
        (REFERENCE + REFERENCE, "twice or out of order"),
        (
            "<gp:criteria><gp:Name><gp:Like>A%</gp:Like></gp:Name><gp:Id><gp:From>A</gp:From></gp:Id>"
            "<gp:Scope>Return All</gp:Scope></gp:criteria>",
            "out of its declared order",
        ),
        ("<gp:nothing/>", "is no parameter"),
        ("<gp:criteria/><", "not XML"),
    ],
)
def test_what_does_not_fit_the_types_is_refused(desk, inner, words):
    code, found, detail = fault_of(desk.post("GetCustomerList", inner))
    assert (code, detail) == ("s:Client", "")
    assert words in found
    assert desk.door("GET", "log")["log"] == []


def test_elements_whose_order_is_not_known_may_stand_in_any(desk):
    parts = (
        "<gp:ISOCode><gp:Like>US%</gp:Like></gp:ISOCode>",
        "<gp:Description><gp:Like>%</gp:Like></gp:Description>",
    )
    for order in (parts, parts[::-1]):
        answer = desk.post("GetCurrencyList", f"<gp:criteria>{''.join(order)}</gp:criteria>")
        assert answer.text.count("<Currency>") >= 1
        assert answer.status_code == 200


def test_a_site_can_be_told_to_take_any_order():
    with soap_desk(SoapManner(strict_order=False)) as lenient:
        inner = "<gp:criteria><gp:Scope>Return All</gp:Scope><gp:Name><gp:Like>A%</gp:Like></gp:Name></gp:criteria>"
        assert lenient.post("GetCustomerList", inner).status_code == 200


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ("", "a context is required"),
        (CONTEXT.replace(' xsi:type="d:CompanyKey"', ""), "Id"),
        (CONTEXT.replace("-1", "99"), "there is no company 99"),
        (CONTEXT.replace("-1", "x"), "no whole number"),
        (re.sub("<d:OrganizationKey.*</d:OrganizationKey>", "", CONTEXT), "must name a company"),
    ],
)
def test_a_context_with_a_company_is_required(desk, context, words):
    answer = desk.post("GetCustomerByKey", key("AARONFIT0001"), context=context)
    _, found, detail = fault_of(answer)
    assert words in (result(desk, detail) if detail else found)


def test_a_list_of_companies_needs_no_company(desk):
    bare = "<gp:context><d:CurrencyType>Local</d:CurrencyType></gp:context>"
    answer = desk.post("GetCompanyList", "", context=bare)
    assert "<Name>Fabrikam, Inc.</Name>" in answer.text


@pytest.mark.parametrize("tail", ["", "other"])
def test_a_write_needs_the_policy_of_its_operation(desk, tail):
    policy = desk.policy("UpdateCustomer") if tail else ""
    inner = key("AARONFIT0001")
    _, _, detail = fault_of(desk.post("DeleteCustomer", inner, tail=policy))
    assert "<ObjectType>Policy</ObjectType>" in result(desk, detail)


def test_the_detail_of_a_fault_holds_the_log_id_and_nothing_else(desk):
    code, words, detail = fault_of(desk.post("GetCustomerByKey", key("NOBODY")))
    assert code == "s:Client"
    assert GUID.fullmatch(detail)
    assert "NOBODY" not in words
    found = result(desk, detail)
    assert "<Message>Customer NOBODY does not exist.</Message>" in found
    whole = desk.post("GetLoggedExceptionDataByKey", f"<gp:logId>{detail}</gp:logId>").text
    assert "<ExceptionType>ValidationException</ExceptionType>" in whole
    assert "&lt;gp:Id&gt;NOBODY&lt;/gp:Id&gt;" in whole


def test_another_form_of_fault_has_the_log_id_in_its_text():
    with soap_desk(SoapManner(fault="faultstring")) as other:
        _, words, detail = fault_of(other.post("GetCustomerByKey", key("NOBODY")))
        assert detail == ""
        number = GUID.search(words)[0]
        assert "does not exist" in result(other, number)


def test_a_user_without_the_right_gets_a_system_exception(desk):
    desk.door(
        "POST",
        "rights",
        {"user": CLERK.name, "operations": ["GetCompanyList", "GetLoggedExceptionDataByKey"]},
    )
    code, words, detail = fault_of(desk.post("GetCustomerByKey", key("AARONFIT0001")))
    assert (code, "administrator" in words) == ("s:Server", True)
    whole = desk.post("GetLoggedExceptionDataByKey", f"<gp:logId>{detail}</gp:logId>").text
    assert "AuthorizationException" in whole
    desk.door("POST", "rights", {"user": CLERK.name, "operations": None})
    assert desk.post("GetCustomerByKey", key("AARONFIT0001")).status_code == 200


def test_a_user_enters_only_the_companies_of_user_access():
    clerk = User("FABRIKAM\\other", "Correct-Horse-2", companies=frozenset({"Elsewhere"}))
    with soap_desk(users=(clerk,), auth=Ntlm(clerk)) as closed:
        assert fault_of(closed.post("GetCustomerByKey", key("AARONFIT0001")))[0] == "s:Server"
        assert "<Company>" not in closed.post("GetCompanyList", "").text


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b"<s:Envelope/>",
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body/></s:Envelope>'.encode(),
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><a/></s:Body></s:Envelope>',
        (
            f'<s:Envelope xmlns:s="{SOAP}"><s:Body>' + "<a>" * 200 + "</a>" * 200 + "</s:Body></s:Envelope>"
        ).encode(),
        b"\xff\xfe nonsense",
    ],
)
def test_what_is_no_envelope_is_refused(desk, body):
    headers = {"Content-Type": "text/xml", "SOAPAction": f'"{GP}/GetCustomerList"'}
    answer = desk.web.post(desk.address, data=body, headers=headers)
    assert fault_of(answer)[0] in ("s:Client", "s:VersionMismatch")


def test_a_header_that_must_be_understood_is_not(desk):
    body = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header><a:b xmlns:a="urn:a" s:mustUnderstand="1"/></s:Header>'
        f'<s:Body><gp:GetCompanyList xmlns:gp="{GP}"/></s:Body></s:Envelope>'
    )
    assert fault_of(desk.post("GetCompanyList", "", body=body))[0] == "s:MustUnderstand"


def test_an_xsi_type_must_be_one_that_fits(desk):
    wrong = CONTEXT.replace("d:CompanyKey", "gp:CustomerKey")
    assert "no type" in fault_of(desk.post("GetCustomerList", REFERENCE, context=wrong))[1]
    prefixed = f'<o:context xmlns:o="{GP}"><k:OrganizationKey xmlns:k="{DYNAMICS}" xmlns:y="{XSI}" y:type="k:CompanyKey">' \
        '<k:Id>-1</k:Id></k:OrganizationKey><d:CurrencyType>Local</d:CurrencyType></o:context>'  # fmt: skip
    assert desk.post("GetCustomerList", REFERENCE, context=prefixed).status_code == 200


def test_one_handshake_serves_a_connection_and_a_new_connection_needs_its_own():
    with soap_desk() as fresh:
        for _ in range(3):
            assert fresh.post("GetCustomerByKey", key("AARONFIT0001")).status_code == 200
        told = fresh.door("GET", "handshakes")
        assert [each["completed"] for each in told["connections"] if each["completed"]] == [1]
        with requests.Session() as other:
            other.trust_env = False
            answer = other.post(fresh.address, data=b"<a/>", headers={"Content-Type": "text/xml"})
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "NTLM")
            other.auth = Ntlm(password="wrong")
            assert (
                other.post(fresh.address, data=b"<a/>", headers={"Content-Type": "text/xml"}).status_code
                == 401
            )


def test_an_administrator_may_offer_negotiate_or_basic():
    offered = SoapManner(schemes=("Negotiate", "Basic"))
    with soap_desk(offered, auth=Ntlm(scheme="Negotiate")) as desk:
        assert desk.post("GetCompanyList", "").status_code == 200
        assert desk.door("GET", "handshakes")["connections"][0]["scheme"] == "Negotiate"
        desk.web.auth = HTTPBasicAuth(CLERK.name, CLERK.password)
        assert desk.post("GetCompanyList", "").status_code == 200


def test_requests_and_faults_go_by_the_operation(desk):
    desk.post("GetCompanyList", "")
    done = [each for each in desk.door("GET", "requests")["requests"] if each["status"] == 200]
    assert done[-1]["query"] == "GetCompanyList"
    desk.door("POST", "faults", {"do": "503", "path": "GetCustomerList"})
    assert desk.post("GetCompanyList", "").status_code == 200
    assert desk.post("GetCustomerList", REFERENCE).status_code == 503
    assert desk.post("GetCustomerList", REFERENCE).status_code == 200


def test_the_native_endpoint_shows_that_it_wants_message_security(desk):
    address = f"{desk.url}/Dynamics/GPService/GPService"
    answer = desk.web.post(address, data=b"<a/>", headers={"Content-Type": "application/soap+xml"})
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("application/soap+xml")
    assert "InvalidSecurity" in answer.text
    old = desk.web.post(address, data=b"<a/>", headers={"Content-Type": "text/xml"})
    assert (old.status_code, "InvalidSecurity" in old.text) == (415, True)
    assert "SecureConversationToken" in desk.web.get(f"{desk.url}/Dynamics/GPService?wsdl").text


def test_other_addresses_and_verbs_are_not_there(desk):
    assert desk.web.get(f"{desk.url}/elsewhere").status_code == 404
    assert desk.web.put(desk.address, data=b"").status_code == 405
    assert (
        desk.web.post(desk.address, data=b"{}", headers={"Content-Type": "application/json"}).status_code
        == 415
    )
