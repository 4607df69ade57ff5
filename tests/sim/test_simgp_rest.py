"""The addresses, formats, verbs and wrappers of GP's REST service, spoken to with `requests`."""

import json
import xml.etree.ElementTree as ET

import pytest
from simgp_desk import FABRIKAM, basic, desk, key, records

from gp365_sim.gp.app import Manner
from gp365_sim.gp.company import Identity
from gp365_sim.gp.users import User

WORDS = Identity("Ñandú Trading (Western) LTD", "NAND", 4)
CONTOSO = {"CustomerNumber": "CONTOSO9", "CustomerName": "Contoso Nine"}


@pytest.fixture(scope="module", params=["bare", "payload", "container"])
def site(request, tmp_path_factory):
    with desk(tmp_path_factory.mktemp("gp"), Manner(profile=request.param), more_companies=[WORDS]) as opened:
        opened.profile = request.param
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(site):
    site.door("POST", "reset")


def refused(site, answer, status, words="", *, rule=False):
    """Check a refusal under the profile in use: its status, its shape, its words."""
    if rule:
        status = {"bare": status, "payload": 400, "container": 200}[site.profile]
    assert answer.status_code == status, answer.text
    body = answer.json()
    if site.profile == "bare":
        spoken = body["Message"]
    elif site.profile == "payload":
        spoken = body["Errors"][0]["Message"]
    else:
        spoken = body["Errors"][0]
    assert words in spoken
    return body


def test_a_list_comes_whole_in_the_wrapper_of_the_profile(site):
    body = site.ask("GET", "Sales/Customers.json").json()
    rows = {"bare": body} | ({} if site.profile == "bare" else body)
    found = rows[{"bare": "bare", "payload": "Payload", "container": "Customers"}[site.profile]]
    assert [row["CustomerNumber"].rstrip() for row in found] == sorted(
        row["CUSTNMBR"] for row in site.door("GET", "rows/RM00101").json()["rows"]
    )


def test_one_customer_comes_in_the_wrapper_of_the_profile(site):
    body = site.ask("GET", "Sales/Customers(AARONFIT0001).json").json()
    one = {
        "bare": lambda: body,
        "payload": lambda: body["Payload"],
        "container": lambda: body["Customers"][0],
    }[site.profile]()
    assert one["CustomerName"].rstrip() == "Aaron Fitz Electrical"


def test_a_created_customer_is_answered_and_stored(site):
    answer = site.ask(
        "POST", "Sales/Customers", {"CustomerNumber": "contoso9", "CustomerName": "Contoso Nine"}
    )
    assert answer.status_code == (201 if site.profile == "bare" else 200)
    assert records(answer)[0]["CustomerNumber"] == "CONTOSO9"
    assert site.row("RM00101", "CONTOSO9")["CUSTNAME"] == "Contoso Nine"


def test_a_deleted_customer_is_gone(site):
    site.ask("POST", "Sales/Customers", CONTOSO)
    answer = site.ask("DELETE", "Sales/Customers(CONTOSO9).json")
    if site.profile == "bare":
        assert (answer.status_code, answer.content) == (204, b"")
    else:
        assert answer.json() == {"payload": {"Payload": {}}, "container": {"Customers": []}}[site.profile]
    refused(site, site.ask("GET", "Sales/Customers(CONTOSO9).json"), 404, "CONTOSO9")


def test_a_taken_number_is_refused_in_the_words_of_the_profile(site):
    answer = site.ask("POST", "Sales/Customers", {**CONTOSO, "CustomerNumber": "aaronfit0001"})
    refused(site, answer, 409, "exists already", rule=True)
    assert site.row("RM00101", "AARONFIT0001")["CUSTNAME"] == "Aaron Fitz Electrical"


def test_a_broken_rule_names_the_field_of_the_service(site):
    answer = site.ask("POST", "Sales/Customers", {**CONTOSO, "PaymentTermsID": "Net 1000"})
    refused(site, answer, 400, "PaymentTermsID: Payment terms Net 1000 does not exist", rule=True)
    assert site.row("RM00101", "CONTOSO9") is None


def test_without_json_at_the_end_a_get_answers_xml_even_to_who_accepts_json(site):
    answer = site.ask("GET", "Sales/Customers(AARONFIT0001)", headers={"Accept": "application/json"})
    assert answer.headers["Content-Type"].startswith("application/xml")
    assert (
        ET.fromstring(answer.text).find(".//CustomerName" if site.profile != "bare" else "CustomerName")
        is not None
    )


def test_an_xml_list_has_an_element_for_every_customer(site):
    root = ET.fromstring(site.ask("GET", "Sales/Customers").text)
    assert len(root.findall("Customer")) == len(site.read("Sales/Customers.json"))


def test_an_xml_answer_escapes_names(site):
    site.door("PUT", "rows/RM00101/AMP", {"CUSTNAME": "Nuts & <Bolts>"})
    root = ET.fromstring(site.ask("GET", "Sales/Customers(AMP)").text)
    assert next(root.iter("CustomerName")).text.rstrip() == "Nuts & <Bolts>"


def test_a_refusal_of_a_get_without_json_is_xml_as_well(site):
    answer = site.ask("GET", "Sales/Customers(NOBODY)")
    assert answer.status_code == 404
    assert "NOBODY" in "".join(ET.fromstring(answer.text).itertext())


@pytest.mark.parametrize(
    "address",
    [
        "/gpservice/tenants(defaulttenant)/companies(fabrikam,%20inc.)/sales/customers(aaronfit0001).JSON",
        "/GPService/Tenants%28DefaultTenant%29/Companies%28Fabrikam,%20Inc.%29/Sales/Customers%28AARONFIT0001%29.json",
        "/GPService/Tenants(DefaultTenant)/Companies(Fabrikam%2C%20Inc%2E)/Sales/Customers(AARONFIT0001).json",
    ],
)
def test_literals_take_any_case_and_parentheses_may_be_encoded(site, address):
    assert site.read(address)[0]["CustomerNumber"] == "AARONFIT0001"


def test_a_company_name_may_hold_parentheses_and_letters_outside_ascii(site):
    base = "/GPService/Tenants(DefaultTenant)/Companies(%C3%91and%C3%BA%20Trading%20(Western)%20LTD)"
    site.ask("POST", base + "/Sales/Customers", CONTOSO)
    assert [row["CustomerNumber"] for row in site.read(base + "/Sales/Customers.json")] == ["CONTOSO9"]
    assert site.row("RM00101", "CONTOSO9") is None
    site.ask("DELETE", base + "/Sales/Customers(CONTOSO9)")


def test_a_key_of_two_parts_is_divided_by_a_semicolon(site):
    found = site.read("Sales/CustomerAddresses(AARONFIT0001;WAREHOUSE).json")
    assert found[0]["Address1"] == "3555 Archer Avenue"
    answer = site.ask("GET", "Sales/CustomerAddresses(AARONFIT0001).json")
    refused(site, answer, 400, "CustomerNumber;AddressCode")


@pytest.mark.parametrize("number", ["#1", "A;B", "A/B", "A (B)", "A%B", "A&B?", "ÆØÅ 7"])
def test_a_number_of_any_characters_is_reached_when_it_is_percent_encoded(site, number):
    site.ask("POST", "Sales/Customers", {**CONTOSO, "CustomerNumber": number})
    found = site.read(f"Sales/Customers{key(number)}.json")
    assert found[0]["CustomerNumber"] == number


def test_companies_are_listed_by_their_display_names(site):
    found = site.read("/GPService/Tenants(DefaultTenant)/Companies.json")
    assert [(row["CompanyName"], row["IntercompanyID"]) for row in found] == [
        ("Fabrikam, Inc.", "TWO"),
        (WORDS.name, "NAND"),
    ]
    assert records(site.ask("GET", FABRIKAM.removesuffix("/") + ".json"))[0]["CompanyID"] == -1


def test_help_is_a_page_for_people(site):
    answer = site.ask("GET", "/GPService/Tenants(DefaultTenant)/help")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
    assert "Sales/CustomerAddresses({CustomerNumber};{AddressCode})" in answer.text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/GPService/Tenants(Other)/Companies(Fabrikam,%20Inc.)/Sales/Customers.json", "Tenant Other"),
        ("/GPService/Tenants(DefaultTenant)/Companies(TWO)/Sales/Customers.json", "Company TWO"),
        ("Sales/Clients.json", "Sales/Clients is not a resource"),
        ("Sales/Customers(NOBODY).json", "NOBODY does not exist"),
        ("PostingServices/Sales/Customers.json", "Product PostingServices is not installed"),
        ("/elsewhere/x/y.json", "no service"),
    ],
)
def test_what_does_not_exist_is_said_apart(site, address, words):
    refused(site, site.ask("GET", address), 404, words)


@pytest.mark.parametrize(
    ("method", "path", "action", "status"),
    [
        ("POST", "PostingServices/System/Batches(Sales%20Entry;TODAY).json", "POST", 404),
        ("POST", "BusinessSolutionPartners/Inventory/Transactions(1;00000000000000101).json", "POST", 404),
        ("POST", "BusinessSolutionPartners/Sales/PHSOPIntegration.json", None, 404),
        ("POST", "Inventory/Items.json", None, 501),
        ("GET", "Inventory/Items(DEMO).json", None, 501),
    ],
)
def test_every_request_seen_in_public_gets_an_answer_that_says_what_is_missing(
    site, method, path, action, status
):
    headers = {"GP-Custom-Action": action} if action else {}
    words = "not installed" if status == 404 else "not model"
    refused(site, site.ask(method, path, headers=headers), status, words)


def test_xml_at_the_end_was_never_seen_and_is_no_resource(site):
    assert site.ask("GET", "Sales/Customers.xml").status_code == 404


def test_a_published_resource_that_is_not_modelled_says_so(site):
    refused(site, site.ask("GET", "Inventory/Items.json"), 501, "not model")


def test_a_query_string_is_refused_aloud(site):
    refused(site, site.ask("GET", "Sales/Customers.json?$filter=CustomerName eq 'x'"), 501)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "Sales/Customers(AARONFIT0001).json", "GET, PATCH, DELETE"),
        ("POST", "Sales/Customers(AARONFIT0001).json", "GET, PATCH, DELETE"),
        ("PATCH", "Sales/Customers.json", "GET, POST"),
        ("POST", "Sales/Classes.json", "GET"),
        ("DELETE", "Administration/PaymentTerms(Net%2030).json", "GET"),
    ],
)
def test_a_verb_that_is_not_offered_is_told_from_a_missing_record(site, method, path, allow):
    answer = site.ask(method, path, {})
    refused(site, answer, 405)
    assert answer.headers["Allow"] == allow


@pytest.mark.parametrize(
    "body", ['{"CustomerNumber":"X1","CustomerName":"X"}', '{"Payload":[]}', "[]", '{"Payload":null}']
)
def test_a_write_without_payload_is_refused(site, body):
    answer = site.ask("POST", "Sales/Customers", data=body, headers={"Content-Type": "application/json"})
    refused(site, answer, 400, "Payload")


@pytest.mark.parametrize("body", ["", "{", '{"Payload":{"CreditLimitAmount":NaN}}', "\xff"])
def test_a_body_that_is_not_json_is_refused(site, body):
    answer = site.ask(
        "POST", "Sales/Customers", data=body.encode("latin-1"), headers={"Content-Type": "application/json"}
    )
    refused(site, answer, 400, "not JSON")


def test_a_write_says_what_it_sends(site):
    answer = site.ask("POST", "Sales/Customers.json", data="{}", headers={"Content-Type": "text/plain"})
    refused(site, answer, 415)
    answer = site.ask(
        "POST", "Sales/Customers.json", data="<a/>", headers={"Content-Type": "application/xml"}
    )
    refused(site, answer, 501)


def test_an_unknown_field_is_refused(site):
    answer = site.ask("POST", "Sales/Customers", {**CONTOSO, "CustomerNmae": "x", "\ud800": 1})
    refused(site, answer, 400, "CustomerNmae")


def test_a_change_repeats_its_key_in_the_payload(site):
    answer = site.ask("PATCH", "Sales/Customers(AARONFIT0001)", {"CustomerName": "Aaron"})
    refused(site, answer, 400, "CustomerNumber: must repeat the key")
    answer = site.ask("PATCH", "Sales/Customers(AARONFIT0001)", {**CONTOSO})
    refused(site, answer, 400, "must repeat the key")
    assert site.row("RM00101", "AARONFIT0001")["CUSTNAME"] == "Aaron Fitz Electrical"


def test_a_change_of_a_missing_customer_is_refused(site):
    refused(site, site.ask("PATCH", "Sales/Customers(CONTOSO9)", CONTOSO), 404, "CONTOSO9")


def test_an_unknown_custom_action_does_nothing(site):
    for path in ("Sales/Customers(AARONFIT0001).json", "Sales/Customers.json"):
        answer = site.ask("POST", path, headers={"GP-Custom-Action": "EXPLODE"})
        refused(site, answer, 400, "EXPLODE")


def test_what_was_read_can_be_sent_back_unchanged(site):
    before = site.row("RM00101", "VANCOUVE0001")
    answer = site.ask("GET", "Sales/Customers(VANCOUVE0001).json")
    whole = answer.json()
    whole = {"bare": whole, "payload": whole.get("Payload"), "container": whole.get("Customers", [0])[0]}[
        site.profile
    ]
    assert site.ask("PATCH", "Sales/Customers(VANCOUVE0001)", whole).status_code == 200
    after = site.row("RM00101", "VANCOUVE0001")
    stamps = {"DEX_ROW_TS", "MODIFDT"}
    assert {name: value for name, value in after.items() if name not in stamps} == {
        name: value for name, value in before.items() if name not in stamps
    }


def test_a_user_without_the_window_is_forbidden_only_there(tmp_path):
    narrow = User("FABRIKAM\\narrow", "Pw-2", windows=frozenset({"Customer Class Setup"}))
    stranger = User("FABRIKAM\\stranger", "Pw-3", mapped=False)
    with desk(tmp_path, users=[narrow, stranger]) as site:
        assert site.ask("GET", "Sales/Classes.json", headers=basic(narrow)).status_code == 200
        assert site.ask("GET", "Sales/Customers.json", headers=basic(narrow)).status_code == 403
        assert site.ask("POST", "Sales/Customers", CONTOSO, headers=basic(narrow)).status_code == 403
        assert site.row("RM00101", "CONTOSO9") is None
        assert site.ask("GET", "Sales/Classes.json", headers=basic(stranger)).status_code == 403


def test_a_proved_filter_picks_by_the_day_of_the_last_change(tmp_path):
    with desk(tmp_path, Manner(modified_filter=True)) as site:
        site.door("PUT", "rows/RM00101/AARONFIT0001", {"COMMENT1": "called"})
        day = site.row("RM00101", "AARONFIT0001")["MODIFDT"]
        found = site.read(f"Sales/Customers.json?$filter=ModifiedDate%20ge%20{day}")
        assert "AARONFIT0001" in [row["CustomerNumber"] for row in found]
        assert all(row["ModifiedDate"] >= day for row in found)
        assert len(found) < len(site.read("Sales/Customers.json"))
        assert site.ask("GET", "Sales/Customers.json?$filter=ModifiedDate gt 2020-01-01").status_code == 501
        assert site.ask("GET", "Sales/Customers.json?$filter=ModifiedDate ge 2020-13-01").status_code == 400


def test_texts_come_padded_unless_the_installation_trims(tmp_path):
    for padded, width in ((True, 15), (False, 12)):
        with desk(tmp_path, Manner(padded=padded)) as site:
            body = site.ask("GET", "Sales/Customers(AARONFIT0001).json").json()
            assert len(body["CustomerNumber"]) == width


def test_amounts_are_numbers_with_five_decimals_and_dates_have_no_time(tmp_path):
    with desk(tmp_path) as site:
        text = site.ask("GET", "Sales/Customers(AARONFIT0001).json").text
        assert '"CreditLimitAmount":50000.00000,' in text
        assert '"FirstInvoiceDate":"1900-01-01T00:00:00"' in text
        assert json.loads(text)["Hold"] == 0
