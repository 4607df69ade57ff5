"""CreateMultiple, UpdateMultiple, UpsertMultiple and BulkDelete: all or nothing, and what they need."""

import pytest
from simdv_desk import CRM, new_id, organisation, target


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("dv")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_sampled(org):
    org.door("POST", "reset")


def bulk(org, message, *targets, table="accounts"):
    return org.ask("POST", f"{table}/{CRM}{message}", {"Targets": list(targets)})


def names(org):
    return [r["name"] for r in org.rows("accounts")]


@pytest.mark.parametrize("bad", [{"name": "x" * 161}, {"nonsense": 1}, {"paymenttermscode": 9}])
def test_one_bad_row_undoes_the_whole_create(org, bad):
    before = org.rows("accounts")
    rows = [target("account", name=f"r{n}") for n in range(5)]
    answer = bulk(org, "CreateMultiple", *rows, target("account", **bad), *rows)
    assert answer.status_code == 400
    assert org.rows("accounts") == before


def test_one_taken_id_undoes_the_whole_create(org):
    """How a client learns that its lost request was done: the ids that it drew are there."""
    ids = [new_id(), new_id()]
    first = bulk(org, "CreateMultiple", *(target("account", accountid=i, name="x") for i in ids))
    assert first.json()["Ids"] == ids
    more = [*ids, new_id()]
    again = bulk(org, "CreateMultiple", *(target("account", accountid=i, name="x") for i in more))
    assert (again.status_code, org.code(again)) == (412, "0x80060892")
    assert org.row("accounts", more[2]) is None


def test_rows_of_one_create_may_not_double_a_key(org):
    org.add_key("account", "gp365_number_key", "accountnumber")
    doubled = [target("account", name="x", accountnumber=n) for n in ("A1", "a1 ")]
    answer = bulk(org, "CreateMultiple", *doubled)
    assert (answer.status_code, org.code(answer)) == (412, "0x80060892")
    assert "x" not in names(org)


def test_a_bulk_update_needs_ids_that_exist_and_undoes_itself(org):
    row_id = org.create("accounts", name="before")
    good = target("account", accountid=row_id, name="after")
    for bad, status in ((target("account", accountid=new_id()), 404), (target("account", name="no id"), 400)):
        assert bulk(org, "UpdateMultiple", good, bad).status_code == status
        assert org.row("accounts", row_id)["name"] == "before"
    assert bulk(org, "UpdateMultiple", good).status_code == 204
    assert org.row("accounts", row_id)["name"] == "after"


def test_an_old_version_does_not_stop_a_bulk_update(org):
    """bulk-operations.md: the concurrency behavior is ignored."""
    row_id = org.create("accounts", name="before")
    old = org.read(f"accounts({row_id})?$select=name")["@odata.etag"]
    org.ask("PATCH", f"accounts({row_id})", {"name": "somebody else"})
    answer = bulk(
        org, "UpdateMultiple", target("account", accountid=row_id, name="ours", **{"@odata.etag": old})
    )
    assert answer.status_code == 204
    assert org.row("accounts", row_id)["name"] == "ours"


def test_a_bulk_upsert_creates_and_updates_by_key_and_by_id(org):
    org.add_key("account", "gp365_number_key", "accountnumber")
    known = org.create("accounts", name="known", accountnumber="K1")
    chosen = new_id()
    answer = bulk(
        org,
        "UpsertMultiple",
        target("account", name="known 2", **{"@odata.id": "accounts(accountnumber='k1')"}),
        target("account", name="new", **{"@odata.id": f"{org.root}accounts(accountnumber='K2')"}),
        target("account", name="chosen", **{"@odata.id": f"accounts({chosen})"}),
        target("account", name="by column", accountid=new_id()),
    )
    assert answer.status_code == 204, answer.text
    assert org.row("accounts", known)["name"] == "known 2"
    assert org.row("accounts", chosen)["name"] == "chosen"
    assert [r["accountnumber"] for r in org.rows("accounts") if r["name"] == "new"] == ["K2"]
    assert "by column" in names(org)


def test_a_bulk_upsert_that_repeats_the_key_in_the_row_is_refused_when_it_creates(org):
    """Microsoft's Python client notes this in its change log."""
    org.add_key("account", "gp365_number_key", "accountnumber")
    row = target("account", name="x", accountnumber="K9", **{"@odata.id": "accounts(accountnumber='K9')"})
    assert bulk(org, "UpsertMultiple", row).status_code == 400
    assert "x" not in names(org)


def test_platform_tables_have_no_bulk_messages(org):
    answer = bulk(org, "CreateMultiple", target("publisher"), table="publishers")
    assert (answer.status_code, org.code(answer)) == (400, "0x80060888")


def test_rows_of_a_bulk_create_are_stamped_as_single_ones(org):
    single = org.row("accounts", org.create("accounts", name="x", creditlimit=5))
    many = bulk(org, "CreateMultiple", target("account", name="x", creditlimit=5)).json()["Ids"][0]
    unlike = {"accountid", "versionnumber", "createdon", "modifiedon"}
    row = org.row("accounts", many)
    assert {k: v for k, v in row.items() if k not in unlike} == {
        k: v for k, v in single.items() if k not in unlike
    }


def test_a_bulk_delete_answers_its_job(org):
    ids = [org.create("accounts", name=f"d{n}") for n in range(3)]
    values = [{"Value": i, "Type": "System.Guid"} for i in ids]
    condition = {"AttributeName": "accountid", "Operator": "In", "Values": values}
    query = {"EntityName": "account", "Criteria": {"FilterOperator": "And", "Conditions": [condition]}}
    answer = org.ask("POST", "BulkDelete", {"JobName": "clean", "QuerySet": [query]})
    job = org.row("asyncoperations", answer.json()["JobId"])
    assert (job["name"], job["statecode"], job["statuscode"]) == ("clean", 3, 30)
    assert not [r for r in org.rows("accounts") if r["accountid"] in ids]


def test_a_bulk_delete_of_another_kind_is_refused_loudly(org):
    condition = {"AttributeName": "name", "Operator": "Like", "Values": [{"Value": "%"}]}
    query = {"EntityName": "account", "Criteria": {"Conditions": [condition]}}
    assert org.ask("POST", "BulkDelete", {"QuerySet": [query]}).status_code == 501
