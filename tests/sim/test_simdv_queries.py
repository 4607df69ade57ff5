"""Lists: filters, order, pages, counts, expansion, annotations and the spellings of addresses that clients send."""

import pytest
from simdv_desk import CRM, new_id, organisation

ANNOTATED = {"Prefer": 'odata.include-annotations="*"'}


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        make_firms(opened)
        yield opened


def make_firms(org):
    """Four firms with everything that the filters below ask about, all with telephone1 777."""
    boss = org.create("contacts", firstname="Zoe", lastname="Boss")
    firms = [
        {"name": "M\u00fcller & S\u00f8n", "numberofemployees": 5, "creditlimit": 100, "creditonhold": True},
        {"name": "muller and son", "numberofemployees": 50, "creditlimit": 1000.5, "customertypecode": 3},
        {"name": "O'Brien Ltd  ", "accountnumber": "OB-1", "customertypecode": 8},
        {"name": "100% Cotton + Silk", "primarycontactid@odata.bind": f"/contacts({boss})"},
    ]
    org.firms = [org.create("accounts", telephone1="777", **firm) for firm in firms]
    org.boss = boss
    parent = {"parentaccountid@odata.bind": f"/accounts({org.firms[0]})"}
    org.ask("PATCH", f"accounts({org.firms[1]})", parent)


def found(org, condition, **more):
    """Which of the four firms a filter finds, by position."""
    rows = org.values(
        "accounts", params={"$select": "name", "$filter": f"telephone1 eq '777' and ({condition})"}, **more
    )
    return sorted(org.firms.index(r["accountid"]) for r in rows)


@pytest.mark.parametrize(
    ("condition", "firms"),
    [
        ("name eq 'MULLER AND SON'", [1]),
        ("name eq 'mu\u0308ller & s\u00d8n'", [0]),
        ("name eq 'o''brien ltd'", [2]),
        ("name eq '100% Cotton + Silk'", [3]),
        ("name ne 'muller and son'", [0, 2, 3]),
        ("startswith(name,'muller')", [0, 1]),
        ("endswith(name,'SILK')", [3]),
        ("contains(name,'and')", [1]),
        ("not contains(name,'and')", [0, 2, 3]),
        ("numberofemployees gt 5", [1]),
        ("numberofemployees ge 5 and numberofemployees lt 50", [0]),
        ("numberofemployees le 50", [0, 1]),
        ("50 le numberofemployees", [1]),
        ("numberofemployees eq null", [2, 3]),
        ("numberofemployees ne null", [0, 1]),
        ("accountnumber ne 'OB-1'", [0, 1, 3]),
        ("creditlimit gt 1000", [1]),
        ("creditlimit eq 1000.50", [1]),
        ("creditonhold eq true", [0]),
        ("creditonhold", [0]),
        ("customertypecode eq 3 or customertypecode eq 8", [1, 2]),
        ("(customertypecode eq 3 or customertypecode eq 8) and not (customertypecode eq 3)", [2]),
        ("createdon gt 2001-01-01T00:00:00Z", [0, 1, 2, 3]),
        ("createdon lt 2001-01-01", []),
        ("_parentaccountid_value ne null", [1]),
        ("parentaccountid/name eq 'muller & s\u00f8n'", [1]),
        ("primarycontactid/lastname eq 'boss'", [3]),
        ("account_parent_account/any(c:c/numberofemployees gt 40)", [0]),
        ("account_parent_account/any()", [0]),
        ("not account_parent_account/any()", [1, 2, 3]),
        (f"{CRM}In(PropertyName='accountnumber',PropertyValues=['ob-1','zz'])", [2]),
        (f"{CRM}In(PropertyName='customertypecode',PropertyValues=['3','8'])", [1, 2]),
        ("telephone1 eq telephone1", [0, 1, 2, 3]),
    ],
)
def test_a_filter_finds_what_the_database_would_find(org, condition, firms):
    assert found(org, condition) == firms


def test_ids_named_in_a_filter_are_found_without_a_scan_and_without_extra_rows(org):
    both = " or ".join(f"accountid eq {i}" for i in org.firms[:2])
    assert found(org, both) == [0, 1]
    inside = ",".join(f"'{i.upper()}'" for i in [*org.firms[:2], new_id()])
    assert found(org, f"{CRM}In(PropertyName='accountid',PropertyValues=[{inside}])") == [0, 1]
    assert found(org, f"_parentaccountid_value eq {org.firms[0]}") == [1]
    assert found(org, f"accountid eq {org.firms[0]} or name eq 'muller and son'") == [0, 1]


def test_a_value_may_come_as_a_parameter(org):
    """The form in which a client asks whether a table has CreateMultiple."""
    path = (
        "sdkmessagefilters?$select=sdkmessagefilterid&$filter=sdkmessageid/name eq @m and "
        "primaryobjecttypecode eq @t&@m='CreateMultiple'&@t='{}'"
    )
    assert len(org.values(path.format("account"))) == 1
    assert org.values(path.format("publisher")) == []


def test_blanks_and_dollars_may_come_encoded_as_forms_do(org):
    answer = org.ask(
        "GET", "accounts?%24select=name&%24filter=telephone1+eq+%27777%27+and+contains%28name%2C%27%2B%27%29"
    )
    assert [r["accountid"] for r in answer.json()["value"]] == [org.firms[3]]


def test_functions_answer_with_and_without_parentheses(org):
    plain, called = org.read("WhoAmI"), org.read("WhoAmI()")
    assert plain["UserId"] == called["UserId"]
    assert org.read("RetrieveCurrentOrganization(AccessType=@p)?@p=0")["Detail"]["Endpoints"]["Count"] == 2


def test_http_and_https_serve_the_same_organisation(org):
    headers = {"Authorization": f"Bearer {org.token()}"}
    answer = org.session.get(
        f"{org.http_url}/api/data/v9.2/accounts({org.firms[0]})?$select=name", headers=headers
    )
    assert answer.json()["name"] == "M\u00fcller & S\u00f8n"
    assert answer.json()["@odata.context"].startswith(org.http_url)


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize(
    "order", ["", "&$orderby=name desc", "&$orderby=customertypecode,name", "&$orderby=creditlimit desc"]
)
def test_pages_hold_every_row_once_and_in_order(org, order, size):
    prefer = {"Prefer": f"odata.maxpagesize={size}"}
    whole = [r["accountid"] for r in org.values(f"accounts?$select=name{order}")]
    assert len(whole) == len(set(whole)) > 20
    seen, link = [], f"accounts?$select=name{order}"
    while link:
        page = org.read(link, headers=prefer)
        assert len(page["value"]) <= size
        seen += [r["accountid"] for r in page["value"]]
        link = page.get("@odata.nextLink")
    assert seen == whole


def test_a_sorted_page_goes_on_although_the_last_row_is_gone(org):
    prefer = {"Prefer": "odata.maxpagesize=2"}
    first = org.read("accounts?$select=name&$orderby=name&$filter=telephone1 eq '777'", headers=prefer)
    extra = org.create("accounts", name="O", telephone1="777")
    try:
        second = org.read(first["@odata.nextLink"], headers=prefer)
    finally:
        org.ask("DELETE", f"accounts({extra})")
    names = [r["name"] for r in first["value"] + second["value"]]
    assert names == ["100% Cotton + Silk", "M\u00fcller & S\u00f8n", "muller and son", "O"]


def test_a_changed_paging_cookie_is_refused(org):
    prefer = {"Prefer": "odata.maxpagesize=2"}
    link = org.read("accounts?$select=name", headers=prefer)["@odata.nextLink"]
    for changed in (
        link.replace("state", "stale"),
        link.replace("check%25253D%252522", "check%25253D%2525220"),
        link.replace("$select=name", "$select=fax"),
        link + "x",
    ):
        assert changed != link
        answer = org.ask("GET", changed, headers=prefer)
        assert (answer.status_code, org.code(answer)) == (400, "0x80040203")


def test_a_page_holds_5000_rows_at_most(org):
    answer = org.ask("GET", "accounts?$select=name", headers={"Prefer": "odata.maxpagesize=9000"})
    assert answer.status_code == 200
    assert org.system.org.rules.page_size == 5000


def test_top_and_count(org):
    body = org.read("accounts?$select=name&$filter=telephone1 eq '777'&$top=2&$count=true&$orderby=name")
    assert [r["name"] for r in body["value"]] == ["100% Cotton + Silk", "M\u00fcller & S\u00f8n"]
    assert body["@odata.count"] == 4
    assert "@odata.nextLink" not in body
    number = org.ask("GET", "accounts/$count?$filter=telephone1 eq '777'")
    assert (number.text, number.headers["Content-Type"].partition(";")[0]) == ("4", "text/plain")
    counted = org.read("accounts?$select=name&$count=true", headers=ANNOTATED)
    assert counted[f"@{CRM}totalrecordcountlimitexceeded"] is False


def test_no_selection_shows_every_column(org):
    row = org.read(f"accounts({org.firms[0]})")
    assert len(row) > 150
    assert row["address2_city"] is None
    assert row["_parentaccountid_value"] is None
    assert row["versionnumber"] == int(row["@odata.etag"].strip('W/"'))


def test_money_brings_its_currency_along(org):
    row = org.read(f"accounts({org.firms[0]})?$select=creditlimit")
    assert row["_transactioncurrencyid_value"]
    assert "_transactioncurrencyid_value" not in org.read(f"accounts({org.firms[0]})?$select=name")


def test_one_linked_row_and_many_linked_rows_are_expanded(org):
    expand = "primarycontactid($select=fullname;$expand=ownerid($select=fullname)),account_parent_account($select=name)"
    rows = org.values(
        f"accounts?$select=name&$expand={expand}&$filter=telephone1 eq '777'&$orderby=createdon"
    )
    by_id = {r["accountid"]: r for r in rows}
    contact = by_id[org.firms[3]]["primarycontactid"]
    assert (contact["fullname"], contact["contactid"]) == ("Zoe Boss", org.boss)
    assert contact["ownerid"]["fullname"] == "gp365"
    assert by_id[org.firms[0]]["primarycontactid"] is None
    assert [r["name"] for r in by_id[org.firms[0]]["account_parent_account"]] == ["muller and son"]


def test_annotations_come_when_they_are_preferred(org):
    path = f"accounts({org.firms[1]})?$select=customertypecode,creditlimit,creditonhold,_parentaccountid_value,createdon"
    row = org.read(path, headers=ANNOTATED)
    shown = "OData.Community.Display.V1.FormattedValue"
    assert row[f"customertypecode@{shown}"] == "Customer"
    assert row[f"creditlimit@{shown}"] == "$1,000.50"
    assert row[f"creditonhold@{shown}"] == "No"
    assert row[f"_parentaccountid_value@{shown}"] == "M\u00fcller & S\u00f8n"
    assert row[f"_parentaccountid_value@{CRM}lookuplogicalname"] == "account"
    assert row[f"_parentaccountid_value@{CRM}associatednavigationproperty"] == "parentaccountid"
    assert not [k for k in org.read(path) if "@" in k.lstrip("@")]
    only = org.read(path, headers={"Prefer": f'odata.include-annotations="{shown}"'})
    assert f"customertypecode@{shown}" in only
    assert f"_parentaccountid_value@{CRM}lookuplogicalname" not in only


def test_a_polymorphic_link_says_what_it_points_at(org):
    bind = {"parentcustomerid_account@odata.bind": f"/accounts({org.firms[0]})"}
    contact = org.create("contacts", lastname="Poly", **bind)
    row = org.read(f"contacts({contact})?$select=_parentcustomerid_value", headers=ANNOTATED)
    assert row[f"_parentcustomerid_value@{CRM}lookuplogicalname"] == "account"
    assert row[f"_parentcustomerid_value@{CRM}associatednavigationproperty"] == "parentcustomerid_account"
    both = org.read(
        f"contacts({contact})?$expand=parentcustomerid_account($select=name),parentcustomerid_contact"
    )
    assert both["parentcustomerid_account"]["accountid"] == org.firms[0]
    assert both["parentcustomerid_contact"] is None


def test_header_names_and_the_tag_are_taken_in_any_spelling(org):
    headers = {"pREFER": "return=representation", "IF-MATCH": "*"}
    answer = org.ask(
        "PATCH", f"accounts({org.firms[0]})?$select=fax&tag=gp365", {"fax": "1"}, headers=headers
    )
    assert (answer.status_code, answer.json()["fax"]) == (200, "1")
    last = org.door("GET", "requests").json()["requests"][-1]
    assert (last["method"], last["query"], last["rows"]) == ("PATCH", "$select=fax&tag=gp365", 1)
