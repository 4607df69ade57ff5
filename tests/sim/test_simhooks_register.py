"""Registering webhooks with the simulated organisation: what it takes, what it refuses, who may."""

import pytest
from simdv_desk import CUSTOMIZER, RUNTIME, id_of, organisation
from simhooks_desk import HEADER_VALUE, Hooks, Receiver


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as org:
        yield Hooks(org, Receiver(), "https://127.0.0.1:8443/hook")


@pytest.fixture
def hooks(place):
    place.org.door("POST", "reset")
    return place


def test_a_registered_webhook_is_listed_and_its_secret_is_never_shown(hooks):
    endpoint, (step,) = hooks.listen("Update", filteringattributes="name,creditlimit")
    (listed,) = hooks.org.values("serviceendpoints?$filter=contract eq 8")
    assert (listed["serviceendpointid"], listed["url"], listed["authtype"]) == (endpoint, hooks.url, 4)
    assert listed["authvalue"] is None
    (one,) = hooks.org.values("serviceendpoints?$select=authvalue")
    assert one["authvalue"] is None
    column = hooks.org.read(
        "EntityDefinitions(LogicalName='serviceendpoint')/Attributes(LogicalName='authvalue')"
        "?$select=LogicalName,IsValidForRead"
    )
    assert column["IsValidForRead"] is False
    select = "name,filteringattributes,statecode,statuscode,mode,stage,_eventhandler_value"
    (found,) = hooks.org.values(
        f"sdkmessageprocessingsteps?$select={select}&$filter=_eventhandler_value eq {endpoint}"
    )
    assert found["sdkmessageprocessingstepid"] == step
    assert (found["statecode"], found["statuscode"], found["mode"], found["stage"]) == (0, 1, 1, 40)
    assert found["filteringattributes"] == "name,creditlimit"


def test_the_control_door_shows_what_is_registered(hooks):
    endpoint, (step,) = hooks.listen("Update", filteringattributes="name")
    (shown,) = hooks.shown()["steps"]
    assert (shown["id"], shown["endpoint"], shown["enabled"]) == (step, endpoint, True)
    assert (shown["message"], shown["table"], shown["columns"]) == ("Update", "account", ["name"])
    assert (shown["url"], shown["authtype"]) == (hooks.url, 4)


def test_a_provisioned_table_can_be_listened_to(hooks):
    name = {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": "gp365_name",
        "IsPrimaryName": True,
    }
    hooks.org.customize("POST", "EntityDefinitions", {"SchemaName": "gp365_Card", "Attributes": [name]})
    hooks.listen("Create", "Update", "Delete", table="gp365_card")
    assert {each["table"] for each in hooks.shown()["steps"]} == {"gp365_card"}


def test_merge_is_a_message_of_tables_that_can_be_merged_only(hooks):
    listed = hooks.org.values(
        "sdkmessagefilters?$select=primaryobjecttypecode&$filter=sdkmessageid/name eq 'Merge'"
    )
    assert {row["primaryobjecttypecode"] for row in listed} == {"account", "contact", "lead"}


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"contract": 7}, 501),
        ({"authtype": 2}, 400),
        ({"authvalue": None}, 400),
        ({"authtype": 5, "authvalue": "no xml"}, 400),
        ({"authtype": 6, "authvalue": "<settings/>"}, 400),
        ({"authvalue": "x" * 2049}, 400),
        ({"url": "https://127.0.0.1/" + "x" * 2000}, 400),
        ({"url": "ftp://127.0.0.1/"}, 400),
        ({"url": "/hook"}, 400),
        ({"url": "https://gp.example.com:8443/hook"}, 400),
        ({"name": None}, 400),
    ],
)
def test_an_endpoint_that_is_no_webhook_is_refused(hooks, values, status):
    assert hooks.endpoint(**values).status_code == status
    assert hooks.org.values("serviceendpoints") == []


@pytest.mark.parametrize(
    "values",
    [
        {"url": "https://gp.example.com/hook"},
        {"url": "http://gp.example.com:80/hook"},
        {"authtype": 5, "authvalue": HEADER_VALUE},
        {"authtype": 6, "authvalue": HEADER_VALUE},
        {"url": "http://localhost:9999/hook"},
        {"url": "http://[::1]:9999/hook"},
    ],
)
def test_an_endpoint_on_the_documented_ports_or_on_this_machine_is_taken(hooks, values):
    assert hooks.endpoint(**values).status_code == 204


def test_the_rule_of_the_ports_holds_here_too_once_it_is_switched_on(hooks):
    hooks.order(any_port=False)
    refused = hooks.endpoint(url="https://127.0.0.1:8443/hook")
    assert refused.status_code == 400
    assert "443" in refused.json()["error"]["message"]
    assert hooks.endpoint(url="https://127.0.0.1/hook").status_code == 204


@pytest.mark.parametrize(
    ("message", "values", "status"),
    [
        ("Update", {"mode": 0}, 501),
        ("Update", {"stage": 20}, 400),
        ("Update", {"stage": 41}, 400),
        ("Create", {"filteringattributes": "name"}, 400),
        ("Delete", {"filteringattributes": "name"}, 400),
        ("Update", {"filteringattributes": "name,nonsense"}, 400),
        ("Update", {"sdkmessagefilterid@odata.bind": None}, 501),
        ("Update", {"eventhandler_serviceendpoint@odata.bind": None}, 400),
        ("Update", {"EventHandler_ServiceEndpoint@odata.bind": "/serviceendpoints"}, 400),
        ("CreateMultiple", {}, 501),
    ],
)
def test_a_step_that_cannot_be_is_refused(hooks, message, values, status):
    answer = hooks.step(id_of(hooks.endpoint()), message, **values)
    assert answer.status_code == status, answer.text
    assert hooks.org.values("sdkmessageprocessingsteps") == []


def test_a_step_has_the_filter_of_its_own_message(hooks):
    other, _ = hooks.filter_of("Create", "account")
    bind = {"sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({other})"}
    assert hooks.step(id_of(hooks.endpoint()), "Update", **bind).status_code == 400


def test_a_change_of_a_step_is_held_to_the_same_rules(hooks):
    _, (step,) = hooks.listen("Update")
    where = f"sdkmessageprocessingsteps({step})"
    wrong = hooks.org.ask("PATCH", where, {"filteringattributes": "nonsense"}, as_app=CUSTOMIZER)
    assert wrong.status_code == 400
    hooks.org.customize("PATCH", where, {"filteringattributes": "fax"})
    assert hooks.shown()["steps"][0]["columns"] == ["fax"]


@pytest.mark.parametrize(("message", "kind"), [("Create", 0), ("Create", 2), ("Delete", 1)])
def test_an_image_that_the_message_does_not_have_is_refused(hooks, message, kind):
    _, (step,) = hooks.listen(message)
    image = {
        "entityalias": "i",
        "imagetype": kind,
        "messagepropertyname": "Target",
        "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step})",
    }
    answer = hooks.org.ask("POST", "sdkmessageprocessingstepimages", image, as_app=CUSTOMIZER)
    assert answer.status_code == 400


def test_who_may_not_customize_may_look_but_not_register(hooks):
    endpoint, (step,) = hooks.listen("Create")
    refused = [
        hooks.endpoint(as_app=RUNTIME),
        hooks.step(endpoint, "Update", as_app=RUNTIME),
        hooks.org.ask("PATCH", f"sdkmessageprocessingsteps({step})", {"statecode": 1}),
        hooks.org.ask("PATCH", f"serviceendpoints({endpoint})", {"authvalue": "mine"}),
        hooks.org.ask("DELETE", f"serviceendpoints({endpoint})"),
    ]
    assert [(each.status_code, hooks.org.code(each)) for each in refused] == [(403, "0x80040220")] * 5
    assert len(hooks.org.values("sdkmessageprocessingsteps")) == 1
