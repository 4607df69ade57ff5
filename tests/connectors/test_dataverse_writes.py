"""Writing to Dataverse: nothing lost, nothing doubled, one outcome per record whatever happens to the others."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.dataverse_place import Place, guid, place, update_of
from gp365.model.errors import Rejected, Unauthorised
from gp365.model.record import Op, Status, Write
from gp365.wire.batch import Part, PartAnswer
from gp365.wire.calls import Headers
from gp365.wire.retries import Retries
from gp365_sim.dataverse.limits import Limits

FIELDS = ("name", "address1_city", "accountnumber", "creditlimit")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    with place(tmp_path_factory.mktemp("sales")) as made:
        made.provision()
        yield made


@pytest.fixture
def sales(shared: Place) -> Generator[Place]:
    """An organisation without rows; what was provisioned stays."""
    for set_name in ("gp365_customers", "accounts", "contacts"):
        for row in shared.rows(set_name):
            shared.delete(set_name, str(row[_ID[set_name]]))
    yield shared
    shared.system.faults.clear()


_ID = {"gp365_customers": "gp365_customerid", "accounts": "accountid", "contacts": "contactid"}


def writes_seen(sales: Place, after: int) -> list[str]:
    return [path for method, path in sales.requests(after) if method != "GET"]


def card(number: int, **values: object) -> dict[str, object]:
    return {
        "gp365_company": "TWO",
        "gp365_number": f"CUST{number}",
        "gp365_numberkey": f"CUST{number}",
        "gp365_creditlimit": Decimal("1234.5600"),
        **values,
    }


# creates


def test_a_hundred_creates_are_one_bulk_message_and_one_read_back(sales: Place) -> None:
    sales.create("account", (guid(900), {"name": "Warm"}), (guid(901), {"name": "Up"}))
    before = sales.seen()
    outcomes = sales.create(
        "account", *((guid(number), {"name": f"Firm {number}"}) for number in range(1, 101))
    )
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert [outcome.key for outcome in outcomes] == [(guid(number),) for number in range(1, 101)]
    seen = sales.requests(before)
    assert [method for method, _ in seen] == ["POST", "GET"]
    assert "CreateMultiple" in seen[0][1] and "tag=gp365" in seen[0][1]
    assert all(outcome.stored == {} and outcome.record is not None for outcome in outcomes)
    read = sales.read("account", guid(7), ["name"])
    assert (outcomes[6].version, outcomes[6].birth) == (read.version, read.birth)


def test_ten_thousand_creates_take_under_120_write_requests(sales: Place) -> None:
    before = sales.connector.tally()
    outcomes = sales.create(
        "account", *((guid(number), {"name": f"Firm {number}"}) for number in range(1, 10_001))
    )
    after = sales.connector.tally()
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert after.write_requests - before.write_requests < 120
    assert len(sales.rows("accounts")) == 10_000
    estimate = sales.connector.estimate("account", reads=0, creates=10_000, updates=0)
    assert abs(estimate.requests - (after.requests - before.requests)) <= 0.2 * estimate.requests


def test_one_bad_row_of_two_hundred_leaves_the_others_written(sales: Place) -> None:
    made = [(guid(number), {"name": f"Firm {number}"}) for number in range(1, 201)]
    made[41][1]["accountnumber"] = "X" * 21
    before = sales.seen()
    outcomes = sales.create("account", *made)
    assert [outcome.status for outcome in outcomes].count(Status.DONE) == 199
    refusal = outcomes[41].error
    assert isinstance(refusal, Rejected) and refusal.code == "too-long"
    assert refusal.field == "accountnumber" and refusal.record == guid(42)
    assert "exceeded the maximum allowed length of '20'" in refusal.message
    assert len(sales.rows("accounts")) == 199
    assert len(writes_seen(sales, before)) <= 4


def test_a_bulk_create_over_records_of_a_person_overwrites_none_of_them(sales: Place) -> None:
    sales.account(3, name="A person's own")
    outcomes = sales.create("account", *((guid(number), {"name": "Ours"}) for number in range(1, 6)))
    assert [outcome.status for outcome in outcomes] == [
        Status.DONE,
        Status.DONE,
        Status.EXISTS,
        Status.DONE,
        Status.DONE,
    ]
    record = outcomes[2].record
    assert record is not None and record.values["name"] == "A person's own"
    row = sales.row("accounts", guid(3))
    assert row is not None and row["name"] == "A person's own"


def test_a_card_whose_number_is_taken_shows_the_card_that_has_it(sales: Place) -> None:
    sales.put("gp365_customers", guid(1, "k"), card(7) | {"gp365_creditlimit": 5})
    outcomes = sales.create(
        "gp365_customer",
        (guid(2, "k"), card(7)),
        (guid(3, "k"), card(8)),  # type: ignore[arg-type]
    )
    assert [outcome.status for outcome in outcomes] == [Status.EXISTS, Status.DONE]
    record = outcomes[0].record
    assert record is not None and record.key == (guid(1, "k"),)
    assert record.values["gp365_creditlimit"] == Decimal(5)
    assert sales.row("gp365_customers", guid(2, "k")) is None


def test_our_reference_is_written_and_read_where_the_table_keeps_one(sales: Place) -> None:
    sales.create("gp365_customer", (guid(1, "k"), card(1)), reference="fabrikam-0001")  # type: ignore[arg-type]
    record = sales.read("gp365_customer", guid(1, "k"), ["gp365_number"])
    assert record.reference == "fabrikam-0001"
    assert sales.connector.entity("gp365_customer").reference_field == "gp365_reference"
    assert sales.connector.entity("account").reference_field == ""


def test_without_bulk_messages_rows_go_as_parts_that_cannot_update(sales: Place) -> None:
    filters = sales.rows("sdkmessagefilters")
    for row in filters:
        if row.get("primaryobjecttypecode") == "lead":
            sales.delete("sdkmessagefilters", str(row["sdkmessagefilterid"]))
    before = sales.seen()
    outcomes = sales.create(
        "lead", *((guid(number, "l"), {"lastname": f"Person {number}"}) for number in (1, 2, 3))
    )
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert not any("CreateMultiple" in path for path in writes_seen(sales, before))
    assert outcomes[0].stored == {"lastname": "Person 1"} and outcomes[0].version


# values


def test_money_names_and_lookups_arrive_exactly(sales: Place) -> None:
    person = sales.contact(1)
    values = {
        "name": "Müller & Søn 株式会社 🏭",
        "creditlimit": Decimal("99999999999.99"),
        "creditonhold": True,
        "customertypecode": 3,
        "primarycontactid": person,
        "address1_line1": 'Line "1"\r\n#7; (A/B) 100% + 1',
    }
    sales.create("account", (guid(1), values))
    sales.create("account", (guid(2), values), (guid(3), values))
    for number in (1, 2, 3):
        assert sales.read("account", guid(number), list(values)).values == values


def test_card_amounts_keep_four_decimals_and_bind_to_their_account(sales: Place) -> None:
    account = sales.account(1)
    values = card(1) | {"gp365_creditlimit": Decimal("922337203685.4775"), "gp365_accountid": account}
    sales.create("gp365_customer", (guid(1, "k"), values))  # type: ignore[arg-type]
    record = sales.read("gp365_customer", guid(1, "k"), ["gp365_creditlimit", "gp365_accountid"])
    assert record.values == {
        "gp365_creditlimit": Decimal("922337203685.4775"),
        "gp365_accountid": account,
    }


def test_a_lookup_can_be_set_and_cleared(sales: Place) -> None:
    parent = sales.account(1)
    child = sales.account(2)
    [outcome] = sales.update(
        "account", (sales.read("account", child, ["parentaccountid"]), {"parentaccountid": parent})
    )
    assert outcome.status is Status.DONE and outcome.stored == {"parentaccountid": parent}
    [outcome] = sales.update(
        "account", (sales.read("account", child, ["parentaccountid"]), {"parentaccountid": None})
    )
    assert outcome.status is Status.DONE and outcome.stored == {"parentaccountid": None}


def test_a_lookup_to_a_record_that_is_gone_is_a_refusal_not_a_missing_record(sales: Place) -> None:
    account = sales.account(1)
    record = sales.read("account", account, ["parentaccountid"])
    [outcome] = sales.update("account", (record, {"parentaccountid": guid(77)}))
    assert outcome.status is Status.REJECTED
    assert outcome.error is not None and guid(77) in outcome.error.message


def test_values_that_cannot_be_sent_are_rejected_before_anything_is_sent(sales: Place) -> None:
    before = sales.seen()
    outcomes = sales.create(
        "account",
        (guid(1), {"name": "A", "no_such_column": "x"}),
        (guid(2), {"name": "B", "creditlimit": "a lot"}),
        (guid(3), {"name": "C", "customertypecode": "No such type"}),
        (guid(4), {"name": "D", "primarycontact.fullname": "Ann"}),
        ("AARONFIT0001", {"name": "E"}),
    )
    assert [outcome.error.code for outcome in outcomes if outcome.error] == [
        "flow-field",
        "bad-value",
        "option-unknown",
        "flow-field",
        "bad-value",
    ]
    assert writes_seen(sales, before) == []


def test_an_option_may_be_named_by_its_label(sales: Place) -> None:
    sales.create("account", (guid(1), {"name": "A", "customertypecode": "  customer "}))
    assert sales.read("account", guid(1), ["customertypecode"]).values == {"customertypecode": 3}


# updates


def test_an_update_sends_only_what_changes_and_brings_back_what_was_stored(sales: Place) -> None:
    sales.account(1, address1_city="Fargo")
    record = sales.read("account", guid(1), FIELDS)
    before = sales.seen()
    [outcome] = sales.update("account", (record, {"creditlimit": Decimal("10.129")}))
    assert outcome.status is Status.DONE
    assert outcome.stored == {"creditlimit": Decimal("10.13")}
    assert outcome.version == sales.read("account", guid(1), ["name"]).version != record.version
    assert len(writes_seen(sales, before)) == 1


def test_a_page_of_updates_is_one_batch_and_a_stale_one_moves_alone(sales: Place) -> None:
    for number in range(1, 201):
        sales.account(number)
    records = sales.connector.get("account", [(guid(n),) for n in range(1, 201)], FIELDS)
    sales.put("accounts", guid(50), {"address1_city": "A person was here"})
    sales.delete("accounts", guid(60))
    before = sales.seen()
    outcomes = sales.update(
        "account", *((record, {"accountnumber": f"N{at}"}) for at, record in enumerate(records.values()))
    )
    by_key = dict(zip(records, outcomes, strict=True))
    moved, gone = by_key[(guid(50),)], by_key[(guid(60),)]
    assert moved.status is Status.MOVED and gone.status is Status.GONE
    assert moved.record is not None
    assert moved.record.values["address1_city"] == "A person was here"
    assert [outcome.status for outcome in outcomes].count(Status.DONE) == 198
    assert len(writes_seen(sales, before)) == 1
    assert sales.row("accounts", guid(60)) is None


def test_an_edit_between_reading_and_writing_is_never_lost(sales: Place) -> None:
    sales.account(1)
    record = sales.read("account", guid(1), FIELDS)
    sales.put("accounts", guid(1), {"name": "A person's name"})
    [outcome] = sales.update("account", (record, {"name": "Our name"}))
    assert outcome.status is Status.MOVED
    row = sales.row("accounts", guid(1))
    assert row is not None and row["name"] == "A person's name"


def test_an_update_whose_version_nobody_knows_is_compared_first(sales: Place) -> None:
    sales.account(1)
    record = sales.read("account", guid(1), FIELDS)
    same = Write(Op.UPDATE, record.key, {"name": "Ours"}, expected=record.values)
    assert sales.connector.write("account", [same])[0].status is Status.DONE
    sales.put("accounts", guid(1), {"address1_city": "A person was here"})
    [outcome] = sales.connector.write("account", [same])
    assert outcome.status is Status.MOVED
    assert outcome.record is not None and outcome.record.values["address1_city"] == "A person was here"


def test_an_update_into_a_taken_number_is_refused_and_changes_nothing(sales: Place) -> None:
    sales.create("gp365_customer", (guid(1, "k"), card(1)), (guid(2, "k"), card(2)))  # type: ignore[arg-type]
    record = sales.read("gp365_customer", guid(2, "k"), ["gp365_numberkey"])
    [outcome] = sales.update("gp365_customer", (record, {"gp365_numberkey": "CUST1"}))
    assert outcome.status is Status.REJECTED
    assert outcome.error is not None and "already exists" in outcome.error.message
    row = sales.row("gp365_customers", guid(2, "k"))
    assert row is not None and row["gp365_numberkey"] == "CUST2"


def test_a_moved_account_comes_back_with_its_contact(sales: Place) -> None:
    account = sales.account(1, _primarycontactid_value=sales.contact(1, firstname="Ann"))
    record = sales.read("account", account, ["name", "primarycontact.fullname"])
    sales.put("contacts", guid(1, "c"), {"firstname": "Anna"})
    sales.put("accounts", account, {"name": "Edited"})
    [outcome] = sales.update("account", (record, {"name": "Ours"}))
    assert outcome.record is not None
    assert outcome.record.values == {"name": "Edited", "primarycontact.fullname": "Anna Person 1"}


@pytest.mark.parametrize(
    "text", ["O'Brien & Søn #1", "50% + 50%", "Müller; (A/B)", "株式会社 🏭", '"quoted"', "a,b", "x=y?z:w\\v"]
)
def test_any_text_is_found_again(sales: Place, text: str) -> None:
    sales.account(1, name=text)
    sales.account(2, name="Another")
    found = sales.connector.find("account", "name", [text, "no such", None], ["name"])
    assert [record.values["name"] for record in found] == [text]


def test_a_thousand_keys_are_read_with_about_one_request_per_200(sales: Place) -> None:
    sales.create("account", *((guid(number), {"name": f"Firm {number}"}) for number in range(1, 1001)))
    before = sales.seen()
    keys = [(guid(number),) for number in range(1, 1101)] + [("no guid",), ("a", "b")]
    assert len(sales.connector.get("account", keys, FIELDS)) == 1000
    # Six pages, who changed them, and whether the hundred that did not come are gone or out of sight.
    assert len(sales.requests(before)) <= 8


def test_cards_are_updated_by_one_bulk_message_after_being_read_again(sales: Place) -> None:
    made = [(guid(number, "k"), card(number)) for number in range(1, 201)]
    sales.create("gp365_customer", *made)  # type: ignore[arg-type]
    fields = ("gp365_class", "gp365_creditlimit")
    records = sales.connector.get("gp365_customer", [(key,) for key, _ in made], fields)
    sales.put("gp365_customers", guid(9, "k"), {"gp365_class": "EDITED"})
    sales.delete("gp365_customers", guid(10, "k"))
    before, counted = sales.seen(), sales.connector.tally()
    outcomes = sales.update(
        "gp365_customer", *((record, {"gp365_class": "USA"}) for record in records.values())
    )
    by_key = dict(zip(records, outcomes, strict=True))
    assert by_key[(guid(9, "k"),)].status is Status.MOVED
    assert by_key[(guid(10, "k"),)].status is Status.GONE
    done = by_key[(guid(11, "k"),)]
    assert done.status is Status.DONE and done.window_ms is not None and done.window_ms > 0
    assert done.record is not None and done.record.values["gp365_class"] == "USA"
    assert done.version == sales.read("gp365_customer", guid(11, "k"), fields).version
    sent = [path.rsplit(".", 1)[-1] for path in writes_seen(sales, before) if not path.endswith("$batch")]
    assert sent == ["UpdateMultiple?tag=gp365"]
    reads = [path for method, path in sales.requests(before) if method == "GET" and "s?$select=gp" in path]
    assert len(reads) == 3  # read again, read back, and our own read above
    gained = sales.connector.tally().acknowledged[("gp365_customer", "update")]
    assert gained - counted.acknowledged.get(("gp365_customer", "update"), 0) == 198


def test_one_bad_card_of_a_bulk_update_leaves_the_others_written(sales: Place) -> None:
    made = [(guid(number, "k"), card(number)) for number in range(1, 21)]
    sales.create("gp365_customer", *made)  # type: ignore[arg-type]
    records = sales.connector.get("gp365_customer", [(key,) for key, _ in made], ("gp365_class",))
    planned = [
        (record, {"gp365_class": "USA" if at != 4 else "X" * 16})
        for at, record in enumerate(records.values())
    ]
    outcomes = sales.update("gp365_customer", *planned)
    assert [outcome.status is Status.DONE for outcome in outcomes] == [at != 4 for at in range(20)]
    assert outcomes[4].error is not None and outcomes[4].error.field == "gp365_class"


# duplicate rules, lost replies, time, throttling


def test_a_lost_reply_leaves_every_row_of_that_request_unknown_and_no_other(sales: Place) -> None:
    sales.create("account", (guid(901), {"name": "Warm"}), (guid(902), {"name": "Up"}))
    sales.fault(do="lost_reply", method="POST", path="CreateMultiple$", nth=2)
    outcomes = sales.create(
        "account", *((guid(number), {"name": f"Firm {number}"}) for number in range(1, 301))
    )
    states = [{outcome.status for outcome in outcomes[at : at + 100]} for at in range(0, 300, 100)]
    assert sorted(map(tuple, states)) == [(Status.DONE,), (Status.DONE,), (Status.UNKNOWN,)]
    assert len([row for row in sales.rows("accounts") if row["name"].startswith("Firm")]) == 300
    again = [at for at, outcome in enumerate(outcomes) if outcome.status is Status.UNKNOWN]
    repeated = sales.create("account", *((guid(at + 1), {"name": "Twice?"}) for at in again))
    assert {outcome.status for outcome in repeated} == {Status.EXISTS}


def test_a_connection_cut_before_the_server_worked_is_unknown_but_nothing_was_written(sales: Place) -> None:
    sales.account(1)
    record = sales.read("account", guid(1), FIELDS)
    sales.fault(do="reset", method="POST", path=r"\$batch$")
    [outcome] = sales.update("account", (record, {"name": "Never arrived"}))
    assert outcome.status is Status.UNKNOWN
    row = sales.row("accounts", guid(1))
    assert row is not None and row["name"] == "Firm 1"


def test_a_truncated_answer_to_a_batch_is_unknown(sales: Place) -> None:
    sales.account(1)
    record = sales.read("account", guid(1), FIELDS)
    sales.fault(do="truncate", method="POST", path=r"\$batch$", after_bytes=40)
    [outcome] = sales.update("account", (record, {"name": "Arrived"}))
    assert outcome.status is Status.UNKNOWN
    row = sales.row("accounts", guid(1))
    assert row is not None and row["name"] == "Arrived"


def test_a_failed_read_back_does_not_undo_a_write(sales: Place) -> None:
    sales.create("account", (guid(901), {"name": "Warm"}), (guid(902), {"name": "Up"}))
    sales.fault(do="503", method="GET", path="accounts", times=0)
    outcomes = sales.create("account", (guid(1), {"name": "A"}), (guid(2), {"name": "B"}))
    assert [outcome.status for outcome in outcomes] == [Status.DONE, Status.DONE]
    assert [outcome.version for outcome in outcomes] == ["", ""]


def test_a_server_that_stays_busy_leaves_the_writes_for_later(sales: Place) -> None:
    sales.account(1)
    record = sales.read("account", guid(1), FIELDS)
    sales.fault(do="429", method="POST", path=r"\$batch$", times=0, retry_after_s=0)
    [outcome] = sales.update("account", (record, {"name": "Later"}))
    assert outcome.status is Status.RETRY
    row = sales.row("accounts", guid(1))
    assert row is not None and row["name"] == "Firm 1"


def test_metadata_that_cannot_be_read_leaves_the_writes_for_later(sales: Place) -> None:
    sales.connector.begin_run()
    sales.fault(do="reset", method="POST", path=r"\$batch$", times=0)
    [outcome] = sales.create("account", (guid(1), {"name": "A"}))
    assert outcome.status is Status.RETRY
    sales.system.faults.clear()
    assert sales.rows("accounts") == []


def test_a_write_whose_time_runs_out_while_it_is_held_back_is_not_sent(sales: Place) -> None:
    sales.account(1)
    record = sales.read("account", guid(1), FIELDS)
    sales.fault(do="429", method="POST", path=r"\$batch$", retry_after_s=1)
    before = sales.seen()
    write = update_of(record, {"name": "Too late"}, send_by=datetime.now(UTC) + timedelta(milliseconds=600))
    [outcome] = sales.connector.write("account", [write])
    assert outcome.status is Status.RETRY
    assert len(writes_seen(sales, before)) == 1
    row = sales.row("accounts", guid(1))
    assert row is not None and row["name"] == "Firm 1"


def test_a_storm_of_429_ends_with_every_record_written_once(tmp_path: Path) -> None:
    tight = Limits(requests=12, window_s=1.0, dop_hint=4)
    patient = Retries(attempts=50, seconds=60.0, first_pause_s=0.05, longest_pause_s=0.2)
    with place(tmp_path, limits=tight, retries=patient) as sales:
        outcomes = sales.create(
            "account", *((guid(number), {"name": f"Firm {number}"}) for number in range(1, 2001))
        )
        assert {outcome.status for outcome in outcomes} == {Status.DONE}
        assert len(sales.rows("accounts")) == 2000
        refused = [one for one in sales.system.recorder.after(0) if one["status"] == 429]
        assert refused


# rights


@dataclass
class Guard:
    """Refuse some ids of every batch as Dataverse does, for it lets nobody take rights away in a simulator."""

    words: str
    only: str = ""

    def __call__(self, parts: Sequence[Part], **_: object) -> list[PartAnswer | None]:
        body = json.dumps({"error": {"code": "0x80040220", "message": self.words}}).encode()
        no, done = PartAnswer(403, Headers(), body), PartAnswer(204, Headers(), b"")
        return [no if self.only in part.url else done for part in parts]


def test_a_missing_privilege_stops_the_system_and_names_it(
    sales: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        sales.account(number)
    records = sales.connector.get("account", [(guid(number),) for number in (1, 2, 3)], FIELDS)
    words = "Principal user (Id=x, type=8) is missing prvWriteAccount privilege"
    monkeypatch.setattr(sales.connector.api, "write_batch", Guard(words))
    with pytest.raises(Unauthorised, match="lacks prvWriteAccount") as caught:
        sales.update("account", *((record, {"name": "Ours"}) for record in records.values()))
    assert caught.value.code == "right-missing" and "prvWriteAccount" in caught.value.fix


def test_one_record_that_we_may_not_touch_holds_up_no_other(
    sales: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        sales.account(number)
    records = sales.connector.get("account", [(guid(number),) for number in (1, 2, 3)], FIELDS)
    monkeypatch.setattr(
        sales.connector.api, "write_batch", Guard("SecLib::AccessCheckEx failed", only=guid(2))
    )
    outcomes = sales.update("account", *((record, {"name": "Ours"}) for record in records.values()))
    assert [outcome.status for outcome in outcomes] == [Status.DONE, Status.REJECTED, Status.DONE]
    assert outcomes[1].error is not None and outcomes[1].error.code == "right-missing"


def test_a_wrong_secret_stops_the_system_with_a_clear_word(tmp_path: Path) -> None:
    with place(tmp_path) as sales:
        sales.account(1)
        sales.tokens.mode = "expired_secret"
        with pytest.raises(Unauthorised) as caught:
            sales.connector.write("account", [Write(Op.CREATE, (guid(5),), {"name": "A"})])
        assert caught.value.code == "token-refused"
        assert "run-time-secret-of-the-test" not in str(caught.value)
        assert sales.row("accounts", guid(5)) is None


def test_a_token_that_is_revoked_half_way_is_renewed_once(sales: Place) -> None:
    sales.account(1)
    record = sales.read("account", guid(1), FIELDS)
    sales.tokens.revoke_all()
    [outcome] = sales.update("account", (record, {"name": "With a new token"}))
    assert outcome.status is Status.DONE
