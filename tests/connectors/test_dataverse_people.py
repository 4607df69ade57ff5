"""Whose an account is, who changed it, its state, and the account into which it was merged, over the real wire."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from connectors.dataverse_place import Place, changed, guid, place
from gp365.connectors.dataverse.metadata import Column
from gp365.connectors.dataverse.values import payload
from gp365.model.record import Op, Status, Write
from gp365_sim.dataverse.platform import put_sample

FIELDS = ("name", "statecode", "statuscode", "ownerid", "owningteam", "owninguser", "masterid")
TEAM = {"teamtype": 0, "_administratorid_value": "5ad1c0de-0000-4000-8000-00000000cafe"}
EAST, WEST, SAM = guid(1, "t"), guid(2, "t"), "5ad1c0de-0000-4000-8000-00000000cafe"


@pytest.fixture
def sales(tmp_path: Path) -> Generator[Place]:
    with place(tmp_path) as made:
        unit = made.system.org.business_unit
        for id_, name in ((EAST, "East"), (WEST, "O'Neil & Söhne West")):
            made.put("teams", id_, {**TEAM, "name": name, "_businessunitid_value": unit})
        yield made


def owner_of(sales: Place, number: int) -> object:
    row = sales.row("accounts", guid(number))
    assert row is not None
    return row["_ownerid_value"]


@pytest.mark.parametrize(
    ("said", "owner"),
    [
        (EAST, EAST),
        (EAST.upper(), EAST),
        (f"team:{EAST}", EAST),
        ("East", EAST),
        ("  east ", EAST),
        ("team:O'Neil & Söhne West", WEST),
        (SAM, SAM),
        (f"user:{SAM}", SAM),
    ],
)
def test_an_account_goes_to_the_team_or_user_that_is_named(sales: Place, said: str, owner: str) -> None:
    [outcome] = sales.create("account", (guid(1), {"name": "Firm", "ownerid": said}))
    assert (outcome.status, outcome.stored["ownerid"]) == (Status.DONE, owner)
    assert owner_of(sales, 1) == owner
    record = sales.read("account", guid(1), FIELDS)
    team = owner in (EAST, WEST)
    assert record.values["ownerid"] == owner
    assert (record.values["owningteam"], record.values["owninguser"]) == (
        owner if team else None,
        None if team else owner,
    )


def test_a_whole_page_of_new_accounts_asks_once_whose_they_are(sales: Place) -> None:
    sales.connector.entity("account")
    before = sales.seen()
    made = [(guid(n), {"name": f"Firm {n}", "ownerid": "East" if n % 2 else WEST}) for n in range(1, 41)]
    outcomes = sales.create("account", *made)  # type: ignore[arg-type]
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert [outcome.stored["ownerid"] for outcome in outcomes[:2]] == [EAST, WEST]
    assert (owner_of(sales, 1), owner_of(sales, 40)) == (EAST, WEST)
    asked = [path for _, path in sales.requests(before) if path.endswith("$batch")]
    assert len(asked) == 2  # one question per owner, none per account
    [outcome] = sales.update("account", (sales.read("account", guid(1), FIELDS), {"ownerid": WEST}))
    assert outcome.status is Status.DONE and owner_of(sales, 1) == WEST


def test_an_owner_that_is_nobody_is_refused_by_name_and_holds_up_no_other(sales: Place) -> None:
    unit = sales.system.org.business_unit
    sales.put("teams", guid(3, "t"), {**TEAM, "name": "East", "_businessunitid_value": unit})
    outcomes = sales.create(
        "account",
        (guid(1), {"name": "A", "ownerid": "South"}),
        (guid(2), {"name": "B", "ownerid": guid(9, "t")}),
        (guid(3), {"name": "C", "ownerid": "East"}),
        (guid(4), {"name": "D", "ownerid": None}),
        (guid(5), {"name": "E"}),
    )
    told = [outcome.error for outcome in outcomes]
    assert [error.code if error else "" for error in told] == [
        "option-unknown",
        "option-unknown",
        "option-unknown",
        "required-missing",
        "",
    ]
    assert told[0] is not None and "South" in told[0].message and told[0].field == "ownerid"
    assert told[2] is not None and "2 teams of this name" in told[2].message
    assert outcomes[4].status is Status.DONE
    assert len(sales.rows("accounts")) == 1


def test_a_record_says_who_changed_it_by_name(sales: Place) -> None:
    sales.account(1)
    sales.create("account", (guid(2), {"name": "Ours"}))
    records, cursor, _ = changed(sales.connector.changes("account", ("name",), None))
    by = {key[0]: record.changed_by for key, record in records.items() if record is not None}
    assert by == {guid(1): "Sam Seller", guid(2): "gp365"}
    assert sales.read("account", guid(1), ("name",)).changed_by == "Sam Seller"
    sales.put("accounts", guid(2), {"name": "Theirs"})
    before = sales.seen()
    records, _, _ = changed(sales.connector.changes("account", ("name",), cursor))
    record = records[(guid(2),)]
    assert record is not None and record.changed_by == "Sam Seller"
    assert record.stamp is not None and record.stamp.tzinfo is not None
    asked = [path for _, path in sales.requests(before)]
    assert not [path for path in asked if "/accounts?" not in path]  # whoever is known is not asked for again


def test_an_account_is_deactivated_with_the_status_that_belongs_to_the_state(sales: Place) -> None:
    sales.account(1)
    described = sales.connector.entity("account").fields["statecode"]
    assert described.can("update") and not described.can("create") and described.options[1] == "Inactive"
    [outcome] = sales.update("account", (sales.read("account", guid(1), FIELDS), {"statecode": 1}))
    assert outcome.status is Status.DONE
    record = sales.read("account", guid(1), FIELDS)
    assert (record.values["statecode"], record.values["statuscode"]) == (1, 2)
    assert sales.update("account", (record, {"statecode": 0}))[0].status is Status.DONE
    record = sales.read("account", guid(1), FIELDS)
    assert (record.values["statecode"], record.values["statuscode"]) == (0, 1)


def test_a_state_brings_its_default_status_along_unless_one_is_given() -> None:
    columns = {
        "statecode": Column("statecode", "State", statuses={0: 1, 1: 7}, options={0: "A", 1: "I"}),
        "statuscode": Column("statuscode", "Status", options={1: "A", 7: "I", 8: "Bankrupt"}),
    }
    assert payload(columns, {"statecode": 1}, str, str) == {"statecode": 1, "statuscode": 7}
    assert payload(columns, {"statecode": 1, "statuscode": 8}, str, str) == {"statecode": 1, "statuscode": 8}


def test_a_merged_account_names_the_account_that_goes_on_until_the_merge_is_undone(sales: Place) -> None:
    sales.account(1)
    sales.account(2)
    assert sales.connector.entity("account").merged_into == "masterid"
    assert sales.connector.entity("contact").merged_into == "masterid"
    _, cursor, _ = changed(sales.connector.changes("account", FIELDS, None))
    reference = {"@odata.type": "Microsoft.Dynamics.CRM.account"}
    merge = {
        "Target": {**reference, "accountid": guid(2)},
        "Subordinate": {**reference, "accountid": guid(1)},
        "PerformParentingChecks": False,
    }
    sales.privileged.post("Merge", merge)
    records, _, _ = changed(sales.connector.changes("account", FIELDS, cursor))
    gone, stays = records[(guid(1),)], records[(guid(2),)]
    assert gone is not None and stays is not None
    assert (gone.values["masterid"], gone.values["statecode"]) == (guid(2), 1)
    assert stays.values["masterid"] is None
    row = sales.system.org.store.get("account", guid(1))
    sales.system.org.store.replace(sales.system.org.schema.tables["account"], {**row, "merged": False})
    assert sales.read("account", guid(1), FIELDS).values["masterid"] is None


def test_nobody_but_the_platform_may_write_what_an_account_was_merged_into(sales: Place) -> None:
    fields = sales.connector.entity("account").fields
    for name in ("masterid", "merged", "owningteam", "owninguser", "owningbusinessunit", "modifiedby"):
        assert fields[name].writable == "never" and fields[name].readable
    assert fields["territoryid"].writable == "both" and fields["territoryid"].target == "territory"
    org = sales.system.org
    territory = {"territoryid": guid(1, "r"), "name": "TERRITORY 1", "_organizationid_value": org.id}
    put_sample(org, org.schema.tables["territory"], territory)
    write = Write(Op.CREATE, (guid(1),), {"name": "Firm", "territoryid": guid(1, "r")})
    assert sales.connector.write("account", [write])[0].status is Status.DONE
    row = sales.row("accounts", guid(1))
    assert row is not None and row["_territoryid_value"] == guid(1, "r")
