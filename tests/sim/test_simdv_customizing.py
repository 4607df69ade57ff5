"""Views, forms and roles: what the organisation refuses, and what people see before and after publishing."""

import pytest
from simdv_desk import CUSTOMIZER, id_of, new_id, organisation

QUICK = "{5C5600E0-1D6E-4205-A272-BE80DA87FD42}"
TEXT = "{4273EDBD-AC1D-40D3-9FB2-095C621B552D}"
DRAFTS = "Microsoft.Dynamics.CRM.RetrieveUnpublishedMultiple()"
QUICK_VIEW = "a0000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def form_of(*controls, tabs=1):
    cells = "".join(
        f'<row><cell id="c{number}">{control}</cell></row>' for number, control in enumerate(controls)
    )
    tab = "".join(f'<tab id="t{number}"/>' for number in range(tabs - 1))
    section = f'<section id="s"><rows>{cells}</rows></section>'
    columns = f"<columns><column><sections>{section}</sections></column></columns>"
    return f'<form><tabs><tab id="t">{columns}</tab>{tab}</tabs></form>'


def control(column, **more):
    extra = "".join(f' {name}="{value}"' for name, value in more.items())
    return f'<control id="{column}" classid="{TEXT}" datafieldname="{column}"{extra}/>'


def quick_control(column, table="account", form=QUICK_VIEW):
    named = f'&lt;QuickFormIds&gt;&lt;QuickFormId entityname="{table}"&gt;{form}&lt;/QuickFormId&gt;&lt;/QuickFormIds&gt;'
    parameters = f"<parameters><QuickForms>{named}</QuickForms></parameters>"
    return f'<control id="q" classid="{QUICK}" datafieldname="{column}">{parameters}</control>'


def form(name, xml, table="account", type=6, **more):
    return {"name": name, "objecttypecode": table, "type": type, "formxml": xml, **more}


def view(fetch=None, layout=None, **more):
    entity = '<entity name="account"><attribute name="accountid"/><attribute name="name"/></entity>'
    return {
        "name": "Firms",
        "returnedtypecode": "account",
        "querytype": 0,
        "fetchxml": fetch or f"<fetch>{entity}</fetch>",
        "layoutxml": layout
        or '<grid object="1"><row id="accountid"><cell name="name" width="150"/></row></grid>',
        **more,
    }


def publish(org, *tables):
    entities = "".join(f"<entity>{name}</entity>" for name in tables)
    xml = f"<importexportxml><entities>{entities}</entities></importexportxml>"
    org.customize("POST", "PublishXml", {"ParameterXml": xml})


def names(org, where):
    return {row["name"] for row in org.values(where)}


def test_a_new_view_is_seen_when_its_table_is_published(org):
    made = id_of(org.customize("POST", "savedqueries", view()))
    assert "Firms" not in names(org, "savedqueries")
    assert "Firms" in names(org, f"savedqueries/{DRAFTS}?$select=name")
    publish(org, "contact")
    assert "Firms" not in names(org, "savedqueries")
    publish(org, "account")
    assert "Firms" in names(org, "savedqueries?$select=name&$filter=returnedtypecode eq 'account'")
    org.customize("PATCH", f"savedqueries({made})", {"name": "Houses"}, headers={"If-Match": "*"})
    assert org.read(f"savedqueries({made})")["name"] == "Firms"
    assert "Houses" in names(org, f"savedqueries/{DRAFTS}?$select=name")
    org.customize("POST", "PublishAllXml")
    assert org.read(f"savedqueries({made})")["name"] == "Houses"
    org.customize("DELETE", f"savedqueries({made})")
    assert not {"Firms", "Houses"} & names(org, "savedqueries")


@pytest.mark.parametrize(
    ("set_name", "body", "said"),
    [
        ("savedqueries", view(fetch="<fetch>"), "not valid XML"),
        ("savedqueries", view(fetch='<fetch><entity name="contact"/></fetch>'), "does not fetch 'account'"),
        (
            "savedqueries",
            view(fetch='<fetch><entity name="account"><attribute name="nmae"/></entity></fetch>'),
            "'nmae'",
        ),
        ("savedqueries", view(layout='<grid object="2"/>'), "object type code 1"),
        (
            "savedqueries",
            view(layout='<grid object="1"><cell name="fax"/></grid>'),
            "'fax', which is not fetched",
        ),
        ("savedqueries", view(returnedtypecode="firm"), "'firm' does not exist"),
        ("systemforms", form("F", "<tabs/>"), "does not begin with <form>"),
        ("systemforms", form("F", form_of(control("nmae"))), "'nmae'"),
        ("systemforms", form("F", form_of(control("name"), tabs=2)), "one tab"),
        ("systemforms", form("F", form_of(control("name"), control("name"))), "an id of its own"),
        (
            "systemforms",
            form("F", form_of(control("customerid"), quick_control("customerid")), "quote", 2),
            "no quick view form",
        ),
        (
            "systemforms",
            form(
                "F",
                form_of(
                    "<control id='g' classid='"
                    + TEXT
                    + "'><p><RelationshipName>x</RelationshipName></p></control>"
                ),
            ),
            "no relationship of 'account'",
        ),
        ("roles", {"name": "Readers"}, "required field"),
    ],
)
def test_a_definition_that_cannot_be_shown_is_refused(org, set_name, body, said):
    answer = org.ask("POST", set_name, body, as_app=CUSTOMIZER)
    assert answer.status_code in {400, 404}, answer.text
    if said != "required field":
        assert said in answer.json()["error"]["message"]


def test_a_quick_view_stands_only_where_its_lookup_stands_and_keeps_what_it_needs(org):
    body = form("Firm", form_of(control("name"), control("fax")), formid=QUICK_VIEW)
    org.customize("POST", "systemforms", body)
    lone = form("Q", form_of(quick_control("customerid")), "quote", 2)
    refused = org.ask("POST", "systemforms", lone, as_app=CUSTOMIZER)
    assert "has to stand on the form" in refused.json()["error"]["message"]
    wrong = form("Q", form_of(control("name"), quick_control("name")), "quote", 2)
    assert org.ask("POST", "systemforms", wrong, as_app=CUSTOMIZER).status_code == 400
    org.customize(
        "POST",
        "systemforms",
        form("Q", form_of(control("customerid"), quick_control("customerid")), "quote", 2, formid=new_id()),
    )
    assert org.ask("DELETE", f"systemforms({QUICK_VIEW})", as_app=CUSTOMIZER).status_code == 400


def test_a_column_on_a_form_or_in_a_view_cannot_be_deleted(org):
    org.add_column("account", "String", "gp365_Mark", MaxLength=10)
    made = id_of(org.customize("POST", "systemforms", form("Firm", form_of(control("gp365_mark")))))
    where = "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='gp365_mark')"
    assert org.ask("DELETE", where, as_app=CUSTOMIZER).status_code == 400
    org.customize("DELETE", f"systemforms({made})")
    org.customize("DELETE", where)


def test_the_run_time_application_makes_no_views_forms_and_roles(org):
    for set_name, body in (
        ("savedqueries", view()),
        ("systemforms", form("F", form_of(control("name")))),
        (
            "roles",
            {"name": "R", "businessunitid@odata.bind": f"/businessunits({org.system.org.business_unit})"},
        ),
    ):
        answer = org.ask("POST", set_name, body)
        assert answer.status_code == 403, answer.text


def test_a_role_holds_the_privileges_that_it_was_given(org):
    unit = org.system.org.business_unit
    body = {"name": "Readers", "businessunitid@odata.bind": f"/businessunits({unit})"}
    role = id_of(org.customize("POST", "roles", body))
    [read] = org.read("EntityDefinitions(LogicalName='account')?$select=Privileges")["Privileges"]
    path = f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole"
    org.customize("POST", path, {"Privileges": [{"PrivilegeId": read["PrivilegeId"], "Depth": "Local"}]})
    org.customize("POST", path, {"Privileges": [{"PrivilegeId": read["PrivilegeId"], "Depth": "3"}]})
    held = org.read(f"RetrieveRolePrivilegesRole(RoleId={role})")["RolePrivileges"]
    assert [(one["PrivilegeName"], one["Depth"]) for one in held] == [("prvReadAccount", "Global")]
    again = org.ask("POST", "roles", body, as_app=CUSTOMIZER)
    assert again.status_code == 400
    strange = {"Privileges": [{"PrivilegeId": new_id(), "Depth": "Global"}]}
    assert org.ask("POST", path, strange, as_app=CUSTOMIZER).status_code == 501


def test_a_new_table_brings_its_main_form_and_takes_it_along(org):
    from test_simdv_definitions import make_table

    make_table(org)
    where = f"systemforms/{DRAFTS}?$select=name&$filter=objecttypecode eq 'gp365_customer'"
    assert names(org, where) == {"Information"}
    org.customize("DELETE", "EntityDefinitions(LogicalName='gp365_customer')")
    assert names(org, where) == set()
