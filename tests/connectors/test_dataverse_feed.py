"""What changed in Dataverse: delta links, joined contacts and opportunities, expiry, and tables without tracking."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from connectors.dataverse_place import Place, changed, guid, place
from gp365.model.entity import Feed

PLAIN = ("name", "address1_city")
JOINED = (*PLAIN, "primarycontact.fullname", "primarycontact.emailaddress1", "has_opportunity")


@pytest.fixture
def sales(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path) as made:
        yield made


def deltas(sales: Place, after: int) -> list[str]:
    """Give the sets that were asked for their changes."""
    return [
        path.split("?")[0].rsplit("/", 1)[-1]
        for _, path in sales.requests(after)
        if "deltatoken" in path.lower()
    ]


def test_the_first_read_holds_everything_and_the_next_one_only_what_changed(sales: Place) -> None:
    first, second = sales.account(1), sales.account(2)
    everything, cursor, pages = changed(sales.connector.changes("account", PLAIN, None))
    assert set(everything) == {(first,), (second,)} and all(page.full for page in pages)
    sales.put("accounts", second, {"address1_city": "Fargo"})
    third = sales.account(3)
    sales.delete("accounts", first)
    found, following, pages = changed(sales.connector.changes("account", PLAIN, cursor))
    assert set(found) == {(first,), (second,), (third,)} and not any(page.full for page in pages)
    assert found[(first,)] is None
    record = found[(second,)]
    assert record is not None and record.values == {"name": "Firm 2", "address1_city": "Fargo"}
    assert following and following != cursor


def test_nothing_changed_costs_exactly_one_delta_request_per_tracked_table(sales: Place) -> None:
    sales.account(1, _primarycontactid_value=sales.contact(1))
    _, cursor, _ = changed(sales.connector.changes("account", JOINED, None))
    _, cursor, _ = changed(sales.connector.changes("account", JOINED, cursor))
    before = sales.seen()
    found, _, _ = changed(sales.connector.changes("account", JOINED, cursor))
    assert found == {}
    assert sorted(deltas(sales, before)) == ["accounts", "contacts", "opportunities"]
    assert len(sales.requests(before)) == 3


def test_a_full_read_passes_once_over_the_contacts(sales: Place) -> None:
    for number in range(1, 8):
        person = sales.contact(number, firstname="Ann", emailaddress1=f"ann{number}@firm.example")
        sales.account(number, _primarycontactid_value=person)
    sales.account(8)
    sales.connector.entity("account")
    before = sales.seen()
    found, _, _ = changed(sales.connector.changes("account", JOINED, None))
    assert len(found) == 8
    seventh, eighth = found[(guid(7),)], found[(guid(8),)]
    assert seventh is not None and eighth is not None
    assert seventh.values["primarycontact.emailaddress1"] == "ann7@firm.example"
    assert seventh.values["primarycontact.fullname"] == "Ann Person 7"
    assert eighth.values["primarycontact.fullname"] is None
    assert "primarycontactid" not in seventh.values
    reads = [path for method, path in sales.requests(before) if method == "GET" and "/contacts" in path]
    assert len(reads) == 1


def test_a_changed_contact_yields_its_accounts(sales: Place) -> None:
    person = sales.contact(1, firstname="Ann")
    first = sales.account(1, _primarycontactid_value=person)
    second = sales.account(2, _primarycontactid_value=person)
    sales.account(3, _primarycontactid_value=sales.contact(2))
    _, cursor, _ = changed(sales.connector.changes("account", JOINED, None))
    sales.put("contacts", person, {"emailaddress1": "ann@new.example"})
    found, _, _ = changed(sales.connector.changes("account", JOINED, cursor))
    assert set(found) == {(first,), (second,)}
    assert all(
        record is not None and record.values["primarycontact.emailaddress1"] == "ann@new.example"
        for record in found.values()
    )


def test_a_changed_account_carries_the_contact_that_did_not_change(sales: Place) -> None:
    account = sales.account(1, _primarycontactid_value=sales.contact(1, firstname="Ann"))
    _, cursor, _ = changed(sales.connector.changes("account", JOINED, None))
    sales.put("accounts", account, {"address1_city": "Fargo"})
    found, _, _ = changed(sales.connector.changes("account", JOINED, cursor))
    record = found[(account,)]
    assert record is not None
    assert record.values["primarycontact.fullname"] == "Ann Person 1"


def test_an_account_that_lost_its_contact_shows_empty_contact_fields(sales: Place) -> None:
    person = sales.contact(1, firstname="Ann")
    account = sales.account(1, _primarycontactid_value=person)
    _, cursor, _ = changed(sales.connector.changes("account", JOINED, None))
    sales.delete("contacts", person)
    found, _, _ = changed(sales.connector.changes("account", JOINED, cursor))
    record = found[(account,)]
    assert record is not None
    assert record.values["primarycontact.fullname"] is None


def test_a_first_opportunity_yields_its_account(sales: Place) -> None:
    prospect, other = sales.account(1, customertypecode=8), sales.account(2)
    everything, cursor, _ = changed(sales.connector.changes("account", JOINED, None))
    assert [record.values["has_opportunity"] for record in everything.values() if record] == [False, False]
    sales.put(
        "opportunities",
        guid(1, "o"),
        {"name": "A first deal", "customerid_account@odata.bind": f"/accounts({prospect})"},
    )
    found, _, _ = changed(sales.connector.changes("account", JOINED, cursor))
    assert set(found) == {(prospect,)}
    assert sales.read("account", prospect, ["has_opportunity"]).values == {"has_opportunity": True}
    assert sales.read("account", other, ["has_opportunity"]).values == {"has_opportunity": False}
    again, _, _ = changed(sales.connector.changes("account", JOINED, None))
    assert {key[0]: record.values["has_opportunity"] for key, record in again.items() if record} == {
        prospect: True,
        other: False,
    }


def test_scan_get_find_and_changes_agree_on_joined_fields(sales: Place) -> None:
    person = sales.contact(1, firstname="Ann", emailaddress1="ann@firm.example")
    account = sales.account(1, _primarycontactid_value=person)
    sales.account(2)
    fed, _, _ = changed(sales.connector.changes("account", JOINED, None))
    scanned = {record.key: record for page in sales.connector.scan("account", JOINED) for record in page}
    assert scanned == fed
    assert dict(sales.connector.get("account", list(fed), JOINED)) == fed
    by_mail = sales.connector.find("account", "primarycontact.emailaddress1", ["ANN@firm.example"], JOINED)
    assert [record.key for record in by_mail] == [(account,)]


def test_a_token_older_than_seven_days_means_a_full_read(sales: Place) -> None:
    sales.account(1)
    _, cursor, _ = changed(sales.connector.changes("account", PLAIN, None))
    sales.wait(8 * 86_400)
    sales.tokens.revoke_all()
    sales.account(2)
    found, following, pages = changed(sales.connector.changes("account", PLAIN, cursor))
    assert set(found) == {(guid(1),), (guid(2),)}
    assert all(page.full for page in pages) and following


def test_a_contact_token_that_expired_alone_means_a_full_read_too(sales: Place) -> None:
    sales.account(1, _primarycontactid_value=sales.contact(1))
    _, cursor, _ = changed(sales.connector.changes("account", JOINED, None))
    held = json.loads(str(cursor))
    link = held["marks"]["contact"]["link"]
    held["marks"]["contact"]["link"] = link.split("deltatoken=")[0] + "deltatoken=not-a-token"
    found, _, pages = changed(sales.connector.changes("account", JOINED, json.dumps(held)))
    assert set(found) == {(guid(1),)} and pages[-1].full


def test_another_choice_of_fields_begins_anew(sales: Place) -> None:
    sales.account(1)
    _, cursor, _ = changed(sales.connector.changes("account", ("name",), None))
    found, _, pages = changed(sales.connector.changes("account", PLAIN, cursor))
    assert set(found) == {(guid(1),)} and pages[0].full
    record = found[(guid(1),)]
    assert record is not None and "address1_city" in record.values


def test_a_cursor_that_is_no_cursor_begins_anew(sales: Place) -> None:
    sales.account(1)
    for cursor in ("", "{", "[]", '{"fields":"x"}', "123"):
        found, _, _ = changed(sales.connector.changes("account", PLAIN, cursor))
        assert set(found) == {(guid(1),)}


def test_many_rows_come_in_pages_and_only_the_last_has_the_cursor(tmp_path: Path) -> None:
    from dataclasses import replace

    from gp365.connectors.dataverse import Sizes

    with place(tmp_path, sizes=replace(Sizes(), page_rows=10)) as sales:
        for number in range(1, 26):
            sales.account(number, _primarycontactid_value=sales.contact(number))
        found, cursor, pages = changed(sales.connector.changes("account", JOINED, None))
        assert [len(page.changes) for page in pages] == [10, 10, 5]
        assert [page.cursor is not None for page in pages] == [False, False, True]
        for number in range(1, 26):
            sales.put("accounts", guid(number), {"address1_city": "Fargo"})
        found, _, pages = changed(sales.connector.changes("account", JOINED, cursor))
        assert len(found) == 25 and len(pages) == 3
        assert len([key for page in sales.connector.census("account") for key, _ in page]) == 25


def test_without_tracking_changes_are_polled_by_time_and_deletions_are_not_seen(tmp_path: Path) -> None:
    with place(tmp_path, tracked=()) as sales:
        described = sales.connector.entity("account")
        assert described.feed is Feed.MODIFIED and not described.feed_sees_deletions
        assert described.feed_granularity_s == 1.0 and "tracking is off" in described.assumed[0]
        old, gone = sales.account(1), sales.account(2)
        sales.wait(3600)
        _, cursor, pages = changed(sales.connector.changes("account", PLAIN, None))
        assert pages[0].full
        edited = sales.account(3)
        sales.delete("accounts", gone)
        found, cursor, pages = changed(sales.connector.changes("account", PLAIN, cursor))
        assert set(found) >= {(edited,)} and (gone,) not in found and not pages[0].full
        sales.wait(3600)
        sales.put("accounts", old, {"address1_city": "Fargo"})
        found, cursor, _ = changed(sales.connector.changes("account", PLAIN, cursor))
        assert (old,) in found
        sales.provision()
        sales.connector.begin_run()
        assert sales.connector.entity("account").feed is Feed.DELTA
        found, cursor, pages = changed(sales.connector.changes("account", PLAIN, cursor))
        assert set(found) == {(old,), (edited,)} and pages[0].full


def test_a_secured_column_is_absent_never_empty(sales: Place) -> None:
    account = sales.account(1, creditlimit="500.0000", accountnumber="A-1")
    columns = sales.system.org.schema.tables["account"].columns
    from dataclasses import replace

    columns["creditlimit"] = replace(columns["creditlimit"], secured=True)
    sales.system.org.schema.tables["account"].reindex()
    sales.connector.begin_run()
    described = sales.connector.entity("account").fields["creditlimit"]
    assert not described.readable and described.writable == "never"
    record = sales.read("account", account, ["creditlimit", "accountnumber"])
    assert record.values == {"accountnumber": "A-1"}


def test_the_epoch_rises_with_the_organisation_and_survives_a_deletion(sales: Place) -> None:
    assert sales.connector.epoch() == ""
    sales.account(1)
    newest = sales.account(2)
    _, cursor, _ = changed(sales.connector.changes("account", PLAIN, None))
    first = sales.connector.epoch()
    sales.delete("accounts", newest)
    _, cursor, _ = changed(sales.connector.changes("account", PLAIN, cursor))
    second = sales.connector.epoch()
    assert first.split(":")[0] == second.split(":")[0] == sales.system.org.id
    assert int(second.split(":")[1]) >= int(first.split(":")[1])
