"""Registering webhooks in an organisation: what stands is left, what differs is set right, and only ours is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import monotonic, sleep
from typing import Any

import pytest
from dataverse_place import Place, Word, place

from gp365.connectors.dataverse import hooks
from gp365.connectors.dataverse.hooks import Endpoint, HookLine
from gp365.connectors.dataverse.hooks_watched import Watched, joined, watched
from gp365.model.errors import Misconfigured, Unauthorised

SECRET = Word("a-secret-of-the-door-that-is-long")
HERE = Endpoint("sales", "https://hooks.example.com/hooks/sales", "key", "", SECRET)
ACCOUNT = Watched("account", frozenset({"name", "statecode"}))
CONTACT = Watched("contact", frozenset({"lastname"}), ("Update", "Delete"))
NAMES = [f"gp365 sales: {message} of account" for message in ("Create", "Update", "Delete", "Merge")]


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("hooks")) as made:
        yield made


@pytest.fixture(autouse=True)
def _clean(org: Place) -> Iterator[None]:
    yield
    for step in org.rows("sdkmessageprocessingsteps"):
        org.delete("sdkmessageprocessingsteps", step["sdkmessageprocessingstepid"])
    for endpoint in org.rows("serviceendpoints"):
        org.delete("serviceendpoints", endpoint["serviceendpointid"])


def _states(lines: tuple[HookLine, ...]) -> dict[str, str]:
    return {line.name: line.state for line in lines}


def _step(org: Place, name: str) -> dict[str, Any]:
    return next(row for row in org.rows("sdkmessageprocessingsteps") if row["name"] == name)


def _put(org: Place, name: str, **values: object) -> None:
    org.put("sdkmessageprocessingsteps", _step(org, name)["sdkmessageprocessingstepid"], values)


def test_an_endpoint_and_a_step_for_every_message_of_every_table_are_made(org: Place) -> None:
    lines = hooks.register(org.privileged, HERE, [ACCOUNT, CONTACT])
    assert set(_states(lines).values()) == {"made"} and len(lines) == 7
    (endpoint,) = org.rows("serviceendpoints")
    assert (endpoint["url"], endpoint["contract"], endpoint["authtype"]) == (HERE.url, 8, 4)
    steps = {row["name"]: row for row in org.rows("sdkmessageprocessingsteps")}
    assert set(steps) == {*NAMES, "gp365 sales: Update of contact", "gp365 sales: Delete of contact"}
    assert steps[NAMES[1]]["filteringattributes"] == "name,statecode"
    assert not steps[NAMES[0]].get("filteringattributes")
    assert {(row["stage"], row["mode"], row["asyncautodelete"]) for row in steps.values()} == {(40, 1, True)}


def test_a_second_run_leaves_what_stands_and_writes_only_the_secret(org: Place) -> None:
    hooks.register(org.privileged, HERE, [ACCOUNT])
    before = org.rows("sdkmessageprocessingsteps")
    sent = org.privileged.write_requests
    lines = hooks.register(org.privileged, HERE, [ACCOUNT])
    assert set(_states(lines).values()) == {"present"}
    assert org.privileged.write_requests == sent + 1
    assert org.rows("sdkmessageprocessingsteps") == before


@pytest.mark.parametrize(("form", "kind"), [("key", 4), ("header", 5), ("query", 6)])
def test_each_form_of_secret_is_registered_as_dataverse_knows_it(org: Place, form: Any, kind: int) -> None:
    given = replace(HERE, form=form, field="" if form == "key" else "x-gp365-key")
    hooks.register(org.privileged, given, [ACCOUNT])
    (endpoint,) = org.rows("serviceendpoints")
    assert endpoint["authtype"] == kind
    lines = hooks.register(
        org.privileged, replace(HERE, url="https://other.example.com/hooks/sales"), [ACCOUNT]
    )
    (endpoint,) = org.rows("serviceendpoints")
    assert (endpoint["authtype"], endpoint["url"]) == (4, "https://other.example.com/hooks/sales")
    assert lines[0].state == "changed"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"filteringattributes": "name"}, "filtering attributes differed"),
        ({"filteringattributes": None}, "filtering attributes differed"),
        ({"statecode": 1, "statuscode": 2}, "it was disabled"),
    ],
)
def test_a_step_that_somebody_changed_is_listed_and_set_right(
    org: Place, values: dict[str, object], said: str
) -> None:
    hooks.register(org.privileged, HERE, [ACCOUNT])
    right = _step(org, NAMES[1])
    _put(org, NAMES[1], **values)
    listed = next(one for one in hooks.standing(org.privileged, "sales", [ACCOUNT]) if one.name == NAMES[1])
    assert (listed.state, listed.detail) == ("disabled" if "statecode" in values else "differs", said)
    lines = hooks.register(org.privileged, HERE, [ACCOUNT])
    assert {line.name for line in lines if line.state == "changed"} == {NAMES[1]}
    now = _step(org, NAMES[1])
    same = ("sdkmessageprocessingstepid", "filteringattributes", "statecode", "stage", "mode")
    assert {name: now[name] for name in same} == {name: right[name] for name in same}


def test_a_step_that_is_gone_is_listed_as_missing_and_made_again(org: Place) -> None:
    hooks.register(org.privileged, HERE, [ACCOUNT])
    org.delete("sdkmessageprocessingsteps", _step(org, NAMES[2])["sdkmessageprocessingstepid"])
    assert _states(hooks.standing(org.privileged, "sales", [ACCOUNT]))[NAMES[2]] == "missing"
    assert _states(hooks.register(org.privileged, HERE, [ACCOUNT]))[NAMES[2]] == "made"


def test_a_table_that_no_flow_reads_any_more_loses_its_steps(org: Place) -> None:
    hooks.register(org.privileged, HERE, [ACCOUNT, CONTACT])
    assert (
        _states(hooks.standing(org.privileged, "sales", [ACCOUNT]))["gp365 sales: Update of contact"]
        == "surplus"
    )
    lines = _states(hooks.register(org.privileged, HERE, [ACCOUNT]))
    assert lines["gp365 sales: Update of contact"] == "removed"
    assert sorted(row["name"] for row in org.rows("sdkmessageprocessingsteps")) == sorted(NAMES)


def test_a_message_that_a_table_does_not_offer_is_said(org: Place) -> None:
    merging = Watched("opportunity", frozenset({"customerid"}), ("Update", "Merge"))
    lines = _states(hooks.register(org.privileged, HERE, [merging]))
    assert lines["gp365 sales: Merge of opportunity"] == "not-offered"
    assert lines["gp365 sales: Update of opportunity"] == "made"


def _foreign(org: Place, name: str, endpoint: str) -> None:
    ours = _step(org, NAMES[0])
    body = {
        "name": name,
        "stage": 40,
        "mode": 1,
        "rank": 1,
        "supporteddeployment": 0,
        "asyncautodelete": True,
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
        "sdkmessageid@odata.bind": f"/sdkmessages({ours['_sdkmessageid_value']})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({ours['_sdkmessagefilterid_value']})",
    }
    org.privileged.post("sdkmessageprocessingsteps", body)


def test_what_others_registered_is_never_touched(org: Place) -> None:
    other = replace(HERE, door="other", url="https://other.example.com/hooks/other")
    hooks.register(org.privileged, HERE, [ACCOUNT])
    hooks.register(org.privileged, other, [CONTACT])
    (endpoint,) = [row for row in org.rows("serviceendpoints") if row["name"] == "gp365 sales"]
    _foreign(org, "Audit of the firm", endpoint["serviceendpointid"])
    foreign = _step(org, "Audit of the firm")
    hooks.register(org.privileged, HERE, [ACCOUNT])
    assert _states(hooks.standing(org.privileged, "sales", [ACCOUNT]))["Audit of the firm"] == "foreign"
    gone = _states(hooks.remove(org.privileged, "sales"))
    assert gone["gp365 sales"] == "kept" and gone["Audit of the firm"] == "foreign"
    assert _step(org, "Audit of the firm") == foreign
    left = {row["name"] for row in org.rows("sdkmessageprocessingsteps")}
    assert left == {"Audit of the firm", "gp365 other: Update of contact", "gp365 other: Delete of contact"}


def test_removing_takes_away_what_is_ours_and_finds_nothing_the_second_time(org: Place) -> None:
    hooks.register(org.privileged, HERE, [ACCOUNT])
    assert set(_states(hooks.remove(org.privileged, "sales")).values()) == {"removed"}
    assert org.rows("serviceendpoints") == [] and org.rows("sdkmessageprocessingsteps") == []
    assert _states(hooks.remove(org.privileged, "sales")) == {"gp365 sales": "absent"}
    assert set(_states(hooks.standing(org.privileged, "sales", [ACCOUNT])).values()) == {"missing"}


@pytest.mark.parametrize(
    "word", ["sesame-1", "x" * 1001, "a secret with spaces in it", "ünïcode-secret-of-the-door"]
)
def test_a_secret_that_is_weak_or_would_not_arrive_is_refused_and_not_shown(org: Place, word: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        hooks.register(org.privileged, replace(HERE, secret=Word(word)), [ACCOUNT])
    assert word not in str(refused.value) + refused.value.fix
    assert org.rows("serviceendpoints") == []


def test_the_run_time_user_may_not_register(org: Place) -> None:
    with pytest.raises(Unauthorised):
        hooks.register(org.connector.api, HERE, [ACCOUNT])


def test_no_secret_is_in_what_is_answered(org: Place) -> None:
    lines = hooks.register(org.privileged, HERE, [ACCOUNT]) + hooks.standing(
        org.privileged, "sales", [ACCOUNT]
    )
    assert SECRET.text not in repr(lines) + repr(HERE)


def test_what_flows_read_decides_which_columns_tell_of_a_change() -> None:
    known = {"accountid", "name", "statecode", "statuscode", "primarycontactid", "fax"}
    own = watched("account", ["accountid", "name"], known, ["accountid"])
    more = watched(
        "account", ["name", "fax", "primarycontact.fullname", "has_opportunity"], known, ["accountid"]
    )
    (account, contact, opportunity) = joined([*own, *more])
    assert account.columns == {"name", "fax", "statecode", "statuscode", "primarycontactid"}
    assert account.messages == ("Create", "Update", "Delete", "Merge")
    assert (contact.table, contact.columns, contact.messages) == (
        "contact",
        frozenset({"fullname"}),
        ("Update", "Delete", "Merge"),
    )
    assert (opportunity.table, opportunity.messages) == ("opportunity", ("Create", "Update", "Delete"))


def test_the_last_failure_of_a_step_is_listed(org: Place) -> None:
    hooks.register(org.privileged, replace(HERE, url="http://127.0.0.1:9/hooks/sales"), [ACCOUNT])
    org.account(4711)
    end = monotonic() + 30
    while org.system.deliveries.under_way and monotonic() < end:
        sleep(0.02)
    lines = hooks.standing(org.privileged, "sales", [ACCOUNT])
    failed = next(line for line in lines if line.name == NAMES[0]).failure
    assert failed is not None and failed.at is not None and "failed" in failed.words
