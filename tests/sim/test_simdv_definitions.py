"""Definitions: what a provisioning client reads, makes, changes and takes away again."""

import pytest
from simdv_desk import CRM, CUSTOMIZER, label, organisation

ACCOUNT = "EntityDefinitions(LogicalName='account')"


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def name_column(schema_name="gp365_Name"):
    return {
        "@odata.type": CRM + "StringAttributeMetadata",
        "SchemaName": schema_name,
        "IsPrimaryName": True,
        "MaxLength": 100,
        "DisplayName": label("Name"),
    }


def make_table(org, schema_name="gp365_Customer", headers=None, **more):
    body = {
        "@odata.type": CRM + "EntityMetadata",
        "SchemaName": schema_name,
        "DisplayName": label("GP customer"),
        "DisplayCollectionName": label("GP customers"),
        "OwnershipType": "UserOwned",
        "HasNotes": False,
        "HasActivities": False,
        "IsActivity": False,
        "Attributes": [name_column()],
        **more,
    }
    return org.customize("POST", "EntityDefinitions", body, headers=headers)


def make_lookup(org, *, table="gp365_customer", to="account", name="gp365_AccountId", delete="Cascade"):
    body = {
        "@odata.type": CRM + "OneToManyRelationshipMetadata",
        "SchemaName": f"gp365_{to}_{table}",
        "ReferencedEntity": to,
        "ReferencingEntity": table,
        "CascadeConfiguration": {"Delete": delete, "Assign": "Cascade"},
        "Lookup": {
            "@odata.type": CRM + "LookupAttributeMetadata",
            "SchemaName": name,
            "DisplayName": label("Account"),
            "RequiredLevel": {"Value": "None"},
        },
    }
    return org.customize("POST", "RelationshipDefinitions", body)


def make_solution(org):
    publisher = org.create(
        "publishers",
        uniquename="gp365",
        friendlyname="gp365",
        customizationprefix="gp365",
        customizationoptionvalueprefix=36500,
    )
    bind = {"publisherid@odata.bind": f"/publishers({publisher})"}
    return org.create("solutions", uniquename="gp365", friendlyname="gp365", version="1.0.0.0", **bind)


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_table_tells_how_it_is_addressed(org):
    found = org.values(
        "EntityDefinitions?$select=LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,ObjectTypeCode"
        "&$filter=LogicalName eq 'opportunity'"
    )
    assert len(found) == 1
    assert (found[0]["EntitySetName"], found[0]["PrimaryIdAttribute"]) == ("opportunities", "opportunityid")
    by_id = org.read(f"EntityDefinitions({found[0]['MetadataId']})?$select=LogicalName")
    assert by_id["LogicalName"] == "opportunity"


def test_the_columns_of_one_type_are_read_behind_a_cast(org):
    strings = org.values(f"{ACCOUNT}/Attributes/{CRM}StringAttributeMetadata?$select=LogicalName,MaxLength")
    assert {c["LogicalName"]: c["MaxLength"] for c in strings}["accountnumber"] == 20
    money = org.read(
        f"{ACCOUNT}/Attributes(LogicalName='creditlimit')/{CRM}MoneyAttributeMetadata"
        "?$select=MinValue,MaxValue,Precision,PrecisionSource"
    )
    assert (money["MinValue"], money["Precision"], money["PrecisionSource"]) == (0, 2, 2)
    days = org.values(
        f"EntityDefinitions(LogicalName='contact')/Attributes/{CRM}DateTimeAttributeMetadata"
        "?$select=LogicalName,Format,DateTimeBehavior&$filter=LogicalName eq 'birthdate'"
    )
    assert (days[0]["Format"], days[0]["DateTimeBehavior"]["Value"]) == ("DateOnly", "DateOnly")
    lookups = org.values(f"{ACCOUNT}/Attributes/{CRM}LookupAttributeMetadata?$select=LogicalName,Targets")
    assert {c["LogicalName"]: c["Targets"] for c in lookups}["ownerid"] == ["systemuser", "team"]


def test_options_are_expanded_with_their_labels_and_states(org):
    terms = org.read(
        f"{ACCOUNT}/Attributes(LogicalName='paymenttermscode')/{CRM}PicklistAttributeMetadata"
        "?$select=LogicalName&$expand=OptionSet($select=Options)"
    )
    assert [
        (o["Value"], o["Label"]["UserLocalizedLabel"]["Label"]) for o in terms["OptionSet"]["Options"]
    ] == [
        (1, "Net 30"),
        (2, "2% 10, Net 30"),
        (3, "Net 45"),
        (4, "Net 60"),
    ]
    status = org.read(
        f"{ACCOUNT}/Attributes(LogicalName='statuscode')/{CRM}StatusAttributeMetadata?$expand=OptionSet"
    )
    assert [(o["Value"], o["State"]) for o in status["OptionSet"]["Options"]] == [(1, 0), (2, 1)]
    flag = org.read(
        f"{ACCOUNT}/Attributes(LogicalName='creditonhold')/{CRM}BooleanAttributeMetadata?$expand=OptionSet"
    )
    assert flag["OptionSet"]["TrueOption"]["Value"] == 1


def test_the_columns_of_a_table_may_be_expanded_and_filtered(org):
    body = org.read(
        f"{ACCOUNT}?$select=LogicalName&$expand=Attributes($select=LogicalName;$filter=AttributeType eq "
        f"{CRM}AttributeTypeCode'Money')"
    )
    names = {a["LogicalName"] for a in body["Attributes"]}
    assert {"creditlimit", "revenue", "creditlimit_base"} <= names
    assert "name" not in names


def test_relationships_name_both_ends(org):
    found = org.values(f"{ACCOUNT}/OneToManyRelationships?$filter=SchemaName eq 'contact_customer_accounts'")
    assert (found[0]["ReferencingEntity"], found[0]["ReferencingAttribute"]) == (
        "contact",
        "parentcustomerid",
    )
    assert found[0]["ReferencingEntityNavigationPropertyName"] == "parentcustomerid_account"
    assert found[0]["CascadeConfiguration"]["Delete"] == "Cascade"
    many = org.values(f"{ACCOUNT}/ManyToOneRelationships?$select=SchemaName,ReferencedEntity")
    assert {"SchemaName", "ReferencedEntity", "MetadataId", "@odata.type"} == set(many[0])


def test_fresh_metadata_may_be_asked_for(org):
    body = org.read(f"{ACCOUNT}?$select=LogicalName", headers={"Consistency": "Strong"})
    assert body["LogicalName"] == "account"


def test_a_missing_definition_is_not_found(org):
    for path in (
        "EntityDefinitions(LogicalName='none')",
        f"{ACCOUNT}/Attributes(LogicalName='none')",
        f"{ACCOUNT}/Attributes(LogicalName='name')/{CRM}MoneyAttributeMetadata",
        f"{ACCOUNT}/Keys(LogicalName='none')",
        "RelationshipDefinitions(SchemaName='none')",
    ):
        assert org.ask("GET", path).status_code == 404, path


# --- tables ----------------------------------------------------------------------------------------------------------


def test_a_new_table_works_at_once_like_any_other(org):
    make_table(org)
    org.add_column("gp365_customer", "Money", "gp365_CreditLimit", Precision=4, PrecisionSource=0)
    org.add_column(
        "gp365_customer", "DateTime", "gp365_Since", Format="DateOnly", DateTimeBehavior={"Value": "DateOnly"}
    )
    row_id = org.create(
        "gp365_customers", gp365_name="AARONFIT0001", gp365_creditlimit=1234.56785, gp365_since="2020-02-29"
    )
    row = org.row("gp365_customers", row_id)
    assert (row["gp365_creditlimit"], row["gp365_creditlimit_base"]) == ("1234.5678", "1234.5678")
    assert row["gp365_since"] == "2020-02-29"
    assert row["_transactioncurrencyid_value"]
    assert (row["statecode"], row["_ownerid_value"]) == (0, row["_createdby_value"])
    messages = org.values(
        "sdkmessagefilters?$select=name&$filter=primaryobjecttypecode eq 'gp365_customer' and "
        "sdkmessageid/name eq 'UpsertMultiple'"
    )
    assert len(messages) == 1


def test_several_tables_are_made_by_one_action_or_none(org):
    def one(name):
        return {
            "@odata.type": CRM + "ComplexEntityMetadata",
            "SchemaName": name,
            "DisplayName": label(name),
            "DisplayCollectionName": label(name),
            "OwnershipType": "OrganizationOwned",
            "Attributes": [{**name_column(), "@odata.type": CRM + "ComplexStringAttributeMetadata"}],
        }

    bad = {**one("gp365_Two"), "Attributes": []}
    refused = org.ask("POST", "CreateEntities", {"Entities": [one("gp365_One"), bad]}, as_app=CUSTOMIZER)
    assert refused.status_code == 400
    assert org.ask("GET", "gp365_ones").status_code == 400
    org.customize("POST", "CreateEntities", {"Entities": [one("gp365_One"), one("gp365_City")]})
    assert org.values("gp365_ones?$select=gp365_name") == []
    assert org.values("gp365_cities?$select=gp365_name") == []


def test_a_name_that_is_taken_is_refused(org):
    make_table(org)
    org.add_column("account", "String", "gp365_Number", MaxLength=15)
    make_lookup(org)
    twice = [
        ("EntityDefinitions", {"SchemaName": "GP365_customer", "Attributes": [name_column()]}),
        (
            f"{ACCOUNT}/Attributes",
            {"@odata.type": CRM + "StringAttributeMetadata", "SchemaName": "gp365_number"},
        ),
        (
            "RelationshipDefinitions",
            {
                "@odata.type": CRM + "OneToManyRelationshipMetadata",
                "SchemaName": "gp365_account_gp365_customer",
                "ReferencedEntity": "account",
                "ReferencingEntity": "gp365_customer",
                "Lookup": {"SchemaName": "gp365_Other"},
            },
        ),
    ]
    for path, body in twice:
        answer = org.ask("POST", path, body, as_app=CUSTOMIZER)
        assert answer.status_code == 400
        assert "already exists" in answer.json()["error"]["message"]


def test_a_table_is_changed_by_its_whole_definition(org):
    make_table(org)
    where = "EntityDefinitions(LogicalName='gp365_customer')"
    body = org.ask("GET", where).json()
    body["DisplayName"] = label("Card")
    org.customize("PUT", where, body, headers={"MSCRM.MergeLabels": "true"})
    assert org.read(where)["DisplayName"]["UserLocalizedLabel"]["Label"] == "Card"
    partial = org.ask("PUT", where, {"ChangeTrackingEnabled": True}, as_app=CUSTOMIZER)
    assert partial.status_code == 400


def test_a_table_goes_with_its_rows_unless_another_needs_it(org):
    make_table(org)
    make_lookup(org, table="account", to="gp365_customer", name="gp365_ParentCardId", delete="RemoveLink")
    where = "EntityDefinitions(LogicalName='gp365_customer')"
    needed = org.ask("DELETE", where, as_app=CUSTOMIZER)
    assert (needed.status_code, org.code(needed)) == (400, "0x8004f01f")
    org.customize("DELETE", "RelationshipDefinitions(SchemaName='gp365_gp365_customer_account')")
    assert "_gp365_parentcardid_value" not in org.read("accounts?$top=1")["value"][0]
    org.customize("DELETE", where)
    assert org.ask("GET", "gp365_customers").status_code == 400
    assert org.ask("DELETE", ACCOUNT, as_app=CUSTOMIZER).status_code == 400


# --- columns ---------------------------------------------------------------------------------------------------------


def test_a_column_is_changed_by_its_whole_definition(org):
    org.add_column("account", "String", "gp365_Number", MaxLength=15)
    where = f"{ACCOUNT}/Attributes(LogicalName='gp365_number')"
    body = org.ask("GET", f"{where}/{CRM}StringAttributeMetadata").json()
    body["MaxLength"] = 30
    org.customize("PUT", where, body, headers={"MSCRM.MergeLabels": "true"})
    assert org.create("accounts", name="x", gp365_number="9" * 30)
    body["MaxLength"] = 10
    assert org.ask("PUT", where, body, as_app=CUSTOMIZER).status_code == 400


def test_a_deleted_column_is_gone_with_its_values(org):
    org.add_column("account", "Money", "gp365_Balance")
    row_id = org.create("accounts", name="x", gp365_balance=5)
    version = org.row("accounts", row_id)["versionnumber"]
    org.customize("DELETE", f"{ACCOUNT}/Attributes(LogicalName='gp365_balance')")
    row = org.row("accounts", row_id)
    assert not [k for k in row if k.startswith("gp365_balance")]
    assert row["versionnumber"] == version
    assert org.ask("GET", "accounts?$select=gp365_balance").status_code == 400
    builtin = org.ask("DELETE", f"{ACCOUNT}/Attributes(LogicalName='name')", as_app=CUSTOMIZER)
    assert builtin.status_code == 400


def test_a_choice_column_brings_its_own_options(org):
    options = [{"Value": v, "Label": label(t)} for v, t in enumerate(("No Credit", "Unlimited", "Amount"))]
    org.add_column(
        "account",
        "Picklist",
        "gp365_Credit",
        OptionSet={"IsGlobal": False, "OptionSetType": "Picklist", "Options": options},
    )
    assert org.create("accounts", name="x", gp365_credit=2)
    assert org.ask("POST", "accounts", {"name": "x", "gp365_credit": 3}).status_code == 400


def test_a_custom_link_is_bound_by_its_schema_name_only(org):
    """Microsoft's Python client notes the case of custom navigation properties in its change log."""
    make_table(org)
    make_lookup(org)
    account = org.create("accounts", name="x")
    wrong = {"gp365_name": "c", "gp365_accountid@odata.bind": f"/accounts({account})"}
    answer = org.ask("POST", "gp365_customers", wrong)
    assert (answer.status_code, org.code(answer)) == (400, "0x80048d19")
    card = org.create(
        "gp365_customers", gp365_name="c", **{"gp365_AccountId@odata.bind": f"/accounts({account})"}
    )
    assert org.row("gp365_customers", card)["_gp365_accountid_value"] == account
    row = org.read(f"gp365_customers({card})?$select=gp365_name&$expand=gp365_AccountId($select=name)")
    assert row["gp365_AccountId"]["name"] == "x"


def test_a_parental_link_takes_the_children_along(org):
    make_table(org)
    make_lookup(org)
    account = org.create("accounts", name="x")
    card = org.create(
        "gp365_customers", gp365_name="c", **{"gp365_AccountId@odata.bind": f"/accounts({account})"}
    )
    org.ask("DELETE", f"accounts({account})")
    assert org.row("gp365_customers", card) is None


def test_what_a_relationship_does_on_deletion_can_change(org):
    make_table(org)
    make_lookup(org)
    where = "RelationshipDefinitions(SchemaName='gp365_account_gp365_customer')"
    body = org.ask("GET", f"{where}/{CRM}OneToManyRelationshipMetadata").json()
    body["CascadeConfiguration"]["Delete"] = "Restrict"
    org.customize("PUT", where, body)
    account = org.create("accounts", name="x")
    org.create("gp365_customers", gp365_name="c", **{"gp365_AccountId@odata.bind": f"/accounts({account})"})
    answer = org.ask("DELETE", f"accounts({account})")
    assert (answer.status_code, org.code(answer)) == (405, "0x80040227")


# --- options ---------------------------------------------------------------------------------------------------------


def test_an_option_is_added_renamed_and_deleted(org):
    where = {"EntityLogicalName": "account", "AttributeLogicalName": "paymenttermscode"}
    own = org.customize("POST", "InsertOptionValue", {**where, "Value": 365000001, "Label": label("2% EOM")})
    assert own.json()["NewOptionValue"] == 365000001
    assert org.create("accounts", name="x", paymenttermscode=365000001)
    twice = org.ask(
        "POST", "InsertOptionValue", {**where, "Value": 365000001, "Label": label("x")}, as_app=CUSTOMIZER
    )
    assert twice.status_code == 400
    org.customize(
        "POST", "UpdateOptionValue", {**where, "Value": 365000001, "Label": label("EOM"), "MergeLabels": True}
    )
    shown = org.values(
        "accounts?$select=paymenttermscode&$filter=paymenttermscode eq 365000001",
        headers={"Prefer": 'odata.include-annotations="*"'},
    )
    assert shown[0]["paymenttermscode@OData.Community.Display.V1.FormattedValue"] == "EOM"
    org.customize("POST", "DeleteOptionValue", {**where, "Value": 365000001})
    assert org.ask("POST", "accounts", {"name": "y", "paymenttermscode": 365000001}).status_code == 400
    org.customize("POST", "PublishXml", {"ParameterXml": "<importexportxml/>"})
    org.customize("POST", "PublishAllXml")


# --- solutions -------------------------------------------------------------------------------------------------------


def test_new_definitions_join_the_solution_that_the_request_names(org):
    solution = make_solution(org)
    named = {"MSCRM.SolutionUniqueName": "gp365"}
    make_table(org, headers=named)
    body = {"@odata.type": CRM + "StringAttributeMetadata", "SchemaName": "gp365_Number", "MaxLength": 15}
    org.customize("POST", f"{ACCOUNT}/Attributes", body, headers=named)
    found = org.rows("solutioncomponents")
    assert sorted(c["componenttype"] for c in found) == [1, 2]
    assert {c["_solutionid_value"] for c in found} == {solution}
    org.customize("DELETE", f"{ACCOUNT}/Attributes(LogicalName='gp365_number')")
    assert [c["componenttype"] for c in org.rows("solutioncomponents")] == [1]


def test_an_unknown_solution_is_refused_before_anything_is_made(org):
    body = {"@odata.type": CRM + "StringAttributeMetadata", "SchemaName": "gp365_Number", "MaxLength": 15}
    headers = {"MSCRM.SolutionUniqueName": "none"}
    answer = org.ask("POST", f"{ACCOUNT}/Attributes", body, as_app=CUSTOMIZER, headers=headers)
    assert answer.status_code == 400
    assert org.ask("GET", f"{ACCOUNT}/Attributes(LogicalName='gp365_number')").status_code == 404


def test_a_reset_takes_definitions_away_again(org):
    make_table(org)
    org.add_column("account", "String", "gp365_Number", MaxLength=15)
    org.door("POST", "reset")
    assert org.ask("GET", "gp365_customers").status_code == 400
    assert org.ask("GET", "accounts?$select=gp365_number").status_code == 400
