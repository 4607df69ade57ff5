"""What lies out of our reach in an organisation: hidden accounts and contacts, secured columns, how deep our roles read."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.dataverse_place import Place, changed, guid, place, update_of
from gp365.model.contract import Finding, Level
from gp365.model.entity import Feed
from gp365.model.errors import Rejected, Unauthorised
from gp365.model.record import Status
from gp365_sim.dataverse.organisation import Unseen

FIELDS = ("name", "creditlimit", "primarycontactid", "primarycontact.fullname")


@pytest.fixture
def sales(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path) as made:
        yield made


def hide(sales: Place, id_: str) -> None:
    sales.system.org.unseen.append(Unseen(row=id_))


def secure(sales: Place, table: str, *columns: str) -> None:
    held = sales.system.org.schema.tables[table]
    held.columns.update({name: replace(held.columns[name], secured=True) for name in columns})
    held.reindex()
    sales.connector.begin_run()


def found(sales: Place, subject: str, words: str) -> Finding:
    [one] = [one for one in sales.connector.check() if one.subject == subject and words in one.text]
    return one


# records


def test_asking_for_many_accounts_tells_the_hidden_from_the_deleted(sales: Place) -> None:
    for number in range(1, 301):
        sales.account(number)
    for number in (7, 150, 299):
        hide(sales, guid(number))
    for number in (8, 151):
        sales.delete("accounts", guid(number))
    keys = [(guid(number),) for number in range(1, 301)]
    records = sales.connector.get("account", keys, FIELDS)
    assert [key for key in keys if key not in records] == [(guid(8),), (guid(151),)]
    assert [key for key, record in records.items() if record.hidden] == [
        (guid(7),),
        (guid(150),),
        (guid(299),),
    ]
    assert list(records) == [key for key in keys if key in records]


def test_an_account_that_lost_our_access_is_polled_and_never_reported_deleted(sales: Place) -> None:
    for number in (1, 2, 3):
        sales.account(number)
    _, cursor, _ = changed(sales.connector.changes("account", FIELDS, None))
    assert sales.connector.entity("account").feed is Feed.DELTA
    hide(sales, guid(2))
    sales.put("accounts", guid(3), {"name": "Changed"})
    records, cursor, pages = changed(sales.connector.changes("account", FIELDS, cursor))
    assert set(records) == {(guid(1),), (guid(3),)} and all(records.values())
    assert all(page.full for page in pages)
    assert sales.connector.entity("account").feed is Feed.MODIFIED
    sales.clock.advance(1000)
    sales.put("accounts", guid(1), {"name": "Changed too"})
    records, cursor, pages = changed(sales.connector.changes("account", FIELDS, cursor))
    assert (guid(1),) in records and (guid(2),) not in records  # the look-back brings others again
    assert not any(page.full for page in pages)
    sales.system.org.unseen.clear()
    records, cursor, pages = changed(sales.connector.changes("account", FIELDS, cursor))
    assert len(records) == 3 and all(page.full for page in pages)
    assert sales.connector.entity("account").feed is Feed.DELTA


def test_a_primary_contact_that_we_may_not_read_is_absent_and_not_empty(sales: Place) -> None:
    sales.contact(1, firstname="Ann")
    sales.account(1, _primarycontactid_value=guid(1, "c"))
    sales.account(2)
    hide(sales, guid(1, "c"))
    for records in (
        sales.connector.get("account", [(guid(1),), (guid(2),)], FIELDS),
        {record.key: record for page in sales.connector.scan("account", FIELDS) for record in page},
        changed(sales.connector.changes("account", FIELDS, None))[0],
    ):
        first, second = records[(guid(1),)], records[(guid(2),)]
        assert first is not None and second is not None
        assert "primarycontact.fullname" not in first.values
        assert first.values["primarycontactid"] == guid(1, "c")
        assert second.values["primarycontact.fullname"] is None


def test_one_hidden_account_among_others_is_refused_by_itself(sales: Place) -> None:
    for number in (1, 2):
        sales.account(number)
    first, second = (sales.read("account", guid(number), ("name",)) for number in (1, 2))
    hide(sales, guid(2))
    writes = [update_of(first, {"name": "New"}), update_of(second, {"name": "New"})]
    outcomes = sales.connector.write("account", writes)
    assert [outcome.status for outcome in outcomes] == [Status.DONE, Status.REJECTED]
    [alone] = sales.connector.write("account", writes[1:])
    assert isinstance(alone.error, Rejected) and alone.error.code == "right-missing"
    row = sales.row("accounts", guid(2))
    assert row is not None and row["name"] == "Firm 2"


def test_a_card_whose_key_a_hidden_card_has_is_not_made_twice(sales: Place) -> None:
    sales.provision()
    values = {"gp365_company": "TWO", "gp365_numberkey": "AARONFIT0001"}
    sales.put("gp365_customers", guid(1, "k"), values)
    hide(sales, guid(1, "k"))
    [outcome] = sales.create("gp365_customer", (guid(2, "k"), values))  # type: ignore[arg-type]
    assert outcome.status is Status.REJECTED
    assert outcome.error is not None and outcome.error.code == "right-missing"
    assert len(sales.rows("gp365_customers")) == 1


# doctor


def test_doctor_says_how_much_of_each_table_we_may_see(sales: Place) -> None:
    sales.provision()
    assert found(sales, "account", "All records of the organisation").facts["read_depth"] == "Global"
    sales.account(1)
    hide(sales, guid(1))
    told = found(sales, "account", "Only part of the accounts is visible")
    assert (told.level, told.code, told.facts["read_depth"]) == (Level.WARNING, "right-missing", "Local")
    assert "not deleted ones" in told.text and "organisation level" in told.fix


def test_columns_that_security_closes_are_named_and_absent(sales: Place) -> None:
    sales.provision()
    sales.account(1, creditlimit=5, telephone1="555")
    secure(sales, "account", "creditlimit", "telephone1")
    told = found(sales, "account", "column security, hence absent")
    assert told.level is Level.NOTE and told.facts["secured"] == ["creditlimit", "telephone1"]
    fields = sales.connector.entity("account").fields
    assert not fields["creditlimit"].readable and fields["creditlimit"].writable == "never"
    record = sales.read("account", guid(1), ("name", "creditlimit", "telephone1"))
    assert record.values == {"name": "Firm 1"}


def test_a_required_column_that_security_closes_is_an_error(sales: Place) -> None:
    sales.provision()
    secure(sales, "account", "name", "fax")
    told = found(sales, "account", "Required, and under column security")
    assert (told.level, told.code, told.facts["secured"]) == (Level.ERROR, "right-missing", ["name"])
    assert found(sales, "account", "hence absent").facts["secured"] == ["fax"]


def test_columns_that_our_security_profile_opens_are_read_and_written(tmp_path: Path) -> None:
    with place(tmp_path, roles=("runtime", "secured")) as sales:
        sales.provision()
        sales.account(1, creditlimit=5)
        secure(sales, "account", "creditlimit")
        fields = sales.connector.entity("account").fields
        assert fields["creditlimit"].readable and fields["creditlimit"].writable == "both"
        record = sales.read("account", guid(1), ("creditlimit",))
        assert record.values["creditlimit"] == 5
        assert sales.update("account", (record, {"creditlimit": 7}))[0].status is Status.DONE
        assert found(sales, "account", "open to us").facts["opened"] == ["creditlimit"]


def test_rights_that_cannot_be_asked_for_are_taken_as_missing(
    sales: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = sales.connector.api.get

    def refused(path: str, *rest: Any) -> dict[str, Any]:
        if "Retrieve" in path and "Privileges" in path:
            raise Unauthorised("right-missing", "is missing prvReadUser privilege")
        return ask(path, *rest)

    sales.provision()
    monkeypatch.setattr(sales.connector.api, "get", refused)
    secure(sales, "account", "creditlimit")
    assert not sales.connector.entity("account").fields["creditlimit"].readable
    assert found(sales, "account", "cannot be told").level is Level.NOTE


def test_duplicate_rules_judge_our_creates_where_the_site_wants_it(tmp_path: Path) -> None:
    made = [(guid(2), {"name": "Firm 1"}), (guid(3), {"name": "Another"})]
    with place(tmp_path / "on", duplicate_rules=True) as sales:
        sales.account(1)
        first, second = sales.create("account", *made)
        assert (first.status, second.status) == (Status.REJECTED, Status.DONE)
        assert first.error is not None and first.error.code == "candidates"
        assert sales.row("accounts", guid(2)) is None
    with place(tmp_path / "off") as sales:
        sales.account(1)
        assert [outcome.status for outcome in sales.create("account", *made)] == [Status.DONE] * 2
