"""Change tracking: what a delta holds, what it leaves out, and when its token ends."""

import pytest
from simdv_desk import CUSTOMIZER, organisation

TRACK = {"Prefer": "odata.track-changes"}


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def start(org, path="accounts?$select=name"):
    """Read everything and give the delta link."""
    body = org.read(path, headers=TRACK)
    while "@odata.nextLink" in body:
        body = org.read(body["@odata.nextLink"], headers=TRACK)
    return body["@odata.deltaLink"]


def test_tracking_is_off_until_it_is_switched_on(org):
    answer = org.ask("GET", "accounts?$select=name", headers=TRACK)
    assert answer.status_code == 400
    listed = (
        "EntityDefinitions?$select=LogicalName,ChangeTrackingEnabled&$filter=ChangeTrackingEnabled eq true"
    )
    assert org.values(listed) == []
    org.track("account")
    assert [t["LogicalName"] for t in org.values(listed)] == ["account"]
    assert start(org)


def test_tracking_is_never_switched_off(org):
    org.track("account")
    where = "EntityDefinitions(LogicalName='account')"
    body = {**org.read(where), "ChangeTrackingEnabled": False}
    body = {k: v for k, v in body.items() if isinstance(v, str | bool)}
    answer = org.ask("PUT", where, body, as_app=CUSTOMIZER)
    assert answer.status_code == 400
    assert org.read(f"{where}?$select=ChangeTrackingEnabled")["ChangeTrackingEnabled"] is True


def test_a_table_that_cannot_be_tracked_says_so(org):
    where = "EntityDefinitions(LogicalName='solution')"
    body = org.ask("GET", where).json()
    assert body["CanChangeTrackingBeEnabled"]["Value"] is False
    answer = org.ask("PUT", where, {**body, "ChangeTrackingEnabled": True}, as_app=CUSTOMIZER)
    assert answer.status_code == 400


def test_a_quiet_table_gives_an_empty_delta_with_a_new_link(org):
    org.track("account")
    link = start(org)
    delta = org.read(link)
    assert delta["value"] == []
    assert "@odata.deltaLink" in delta


def test_changes_come_by_version_and_deletions_last(org):
    org.track("account")
    a, b, c = (org.create("accounts", name=n) for n in "abc")
    link = start(org)
    org.ask("DELETE", f"accounts({b})")
    org.ask("PATCH", f"accounts({c})", {"fax": "1"})
    org.ask("PATCH", f"accounts({a})", {"fax": "1"})
    new = org.create("accounts", name="new")
    value = org.read(link)["value"]
    assert [r.get("accountid", r.get("id")) for r in value] == [c, a, new, b]
    assert value[-1]["reason"] == "deleted"


def test_a_row_made_and_deleted_in_between_is_only_a_deletion(org):
    org.track("account")
    link = start(org)
    row_id = org.create("accounts", name="short life")
    org.ask("DELETE", f"accounts({row_id})")
    assert [(r["id"], r["reason"]) for r in org.read(link)["value"]] == [(row_id, "deleted")]


def test_a_row_deleted_and_made_again_under_its_id_is_a_change(org):
    org.track("account")
    row_id = org.create("accounts", name="phoenix")
    link = start(org)
    org.ask("DELETE", f"accounts({row_id})")
    org.ask("POST", "accounts", {"accountid": row_id, "name": "phoenix"})
    assert [r.get("accountid") for r in org.read(link)["value"]] == [row_id]


def test_our_own_writes_come_back_and_name_their_author_when_asked(org):
    org.track("account")
    link = start(org, "accounts?$select=name,_modifiedby_value")
    org.create("accounts", name="echo")
    me = org.read("WhoAmI")["UserId"]
    assert [r["_modifiedby_value"] for r in org.read(link)["value"]] == [me]


def test_other_tables_do_not_show_in_a_delta(org):
    org.track("account")
    link = start(org)
    org.create("contacts", lastname="x")
    assert org.read(link)["value"] == []


def test_a_change_made_by_a_cascade_shows_too(org):
    org.track("account")
    contact = org.create("contacts", lastname="x")
    account = org.create("accounts", name="x", **{"primarycontactid@odata.bind": f"/contacts({contact})"})
    link = start(org)
    org.ask("DELETE", f"contacts({contact})")
    assert [r["accountid"] for r in org.read(link)["value"]] == [account]


def test_nothing_is_lost_between_the_pages_of_the_first_read(org):
    org.track("account")
    sizes = {"Prefer": "odata.track-changes,odata.maxpagesize=10"}
    body = org.read("accounts?$select=name", headers=sizes)
    assert "@odata.deltaLink" not in body
    done = body["value"][0]["accountid"]
    org.ask("PATCH", f"accounts({done})", {"name": "changed behind the reader"})
    gone = body["value"][1]["accountid"]
    org.ask("DELETE", f"accounts({gone})")
    while "@odata.nextLink" in body:
        body = org.read(body["@odata.nextLink"], headers=sizes)
    value = org.read(body["@odata.deltaLink"])["value"]
    assert [r.get("accountid", r.get("id")) for r in value] == [done, gone]


def test_a_long_delta_comes_in_pages_and_loses_nothing(org):
    org.track("account")
    kept, dropped = ([org.create("accounts", name=f"{k}{n}") for n in range(7)] for k in "kd")
    link = start(org)
    for row_id in kept:
        org.ask("PATCH", f"accounts({row_id})", {"fax": "1"})
    for row_id in dropped:
        org.ask("DELETE", f"accounts({row_id})")
    sizes = {"Prefer": "odata.maxpagesize=4"}
    body = org.read(link, headers=sizes)
    org.ask("PATCH", f"accounts({kept[6]})", {"fax": "2"})
    seen = list(body["value"])
    while "@odata.nextLink" in body:
        assert "@odata.deltaLink" not in body
        body = org.read(body["@odata.nextLink"], headers=sizes)
        seen += body["value"]
    after = org.read(body["@odata.deltaLink"])["value"]
    assert [r.get("accountid", r.get("id")) for r in seen] == [*kept[:6], *dropped]
    assert [(r["accountid"]) for r in after] == [kept[6]]


def test_waiting_changes_can_be_counted(org):
    org.track("account")
    token = start(org).partition("$deltatoken=")[2]
    row_id = org.create("accounts", name="x")
    org.create("accounts", name="y")
    org.ask("DELETE", f"accounts({row_id})")
    assert org.ask("GET", f"accounts/$count?$deltatoken={token}").text == "2"


@pytest.mark.parametrize(
    "option", ["$filter=name eq 'x'", "$orderby=name", "$expand=primarycontactid", "$top=3"]
)
def test_options_that_tracking_does_not_take_are_refused(org, option):
    """use-change-tracking-synchronize-data-external-systems.md"""
    org.track("account")
    link = start(org)
    for address in (f"accounts?$select=name&{option}", f"{link}&{option}"):
        answer = org.ask("GET", address, headers=TRACK)
        assert answer.status_code == 400
        words = f'The "{option.partition("=")[0]}" query parameter isn\'t supported when Change Tracking is enabled.'
        assert answer.json()["error"]["message"] == words


def test_a_token_ends_after_seven_days(org):
    org.track("account")
    link = start(org)
    org.clock.advance(7 * 86400 - 60)
    fresh = org.read(link)["@odata.deltaLink"]
    org.clock.advance(120)
    answer = org.ask("GET", link)
    assert (answer.status_code, org.code(answer)) == (400, "0x80044352")
    assert "full sync" in answer.json()["error"]["message"]
    assert org.ask("GET", fresh).status_code == 200


def test_a_token_that_is_none_is_refused(org):
    org.track("account")
    for token in ("nonsense", "999999999999%2101%2F01%2F2099%2000%3A00%3A00"):
        answer = org.ask("GET", f"accounts?$select=name&$deltatoken={token}")
        assert (answer.status_code, org.code(answer)) == (400, "0x80040203")
