"""Customers and addresses written through eConnect: all or nothing, nobody overwritten, and what ends badly told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from gp_place import update_of
from gp_sql_place import LOGIN, SqlPlace, sql_place

from gp365.connectors.gp.sql import dbapi
from gp365.connectors.gp.sql.held import hold
from gp365.connectors.gp.sql.pool import Lane, Pool
from gp365.connectors.gp.sql.port import SqlFailed
from gp365.connectors.gp.sql.procedures import Procedures
from gp365.connectors.gp.sql.text import Names, Statement
from gp365.model.errors import Misconfigured, Retry, Unauthorised
from gp365.model.record import Op, Outcome, Status, Write
from gp365.model.values import Value
from gp365.wire.gate import Gate
from gp365_sim.gp.econnect.running import exits
from gp365_sim.gp.sql.rights import Login

NEW: Mapping[str, Value] = {
    "CustomerName": "Written & Sons",
    "BillTo.Address1": "1 Equal Street",
    "BillTo.City": "Chicago",
    "BillTo.Email": "bill@written.example",
    "ShipTo.City": "Gary",
    "ShipTo.Email": "dock@written.example",
}


def _internet(here: SqlPlace, number: str, code: str) -> dict[str, Any]:
    heap = here.system.world.company["SY01200"]
    for row in heap.unordered():
        values = heap.table.as_dict(row)
        if (str(values["Master_ID"]).rstrip(), str(values["ADRSCODE"]).rstrip()) == (number, code):
            return values
    return {}


def _code(outcome: Outcome) -> str:
    return outcome.error.code if outcome.error is not None else ""


def test_email_addresses_are_written_to_the_address_that_they_belong_to(here: SqlPlace) -> None:
    made = here.create("MAIL01", NEW, reference="mail-0001")
    assert (made.status, made.error) == (Status.DONE, None)
    assert made.stored["BillTo.Email"] == "bill@written.example"
    assert str(_internet(here, "MAIL01", "PRIMARY")["INET1"]).rstrip() == "bill@written.example"
    assert str(_internet(here, "MAIL01", "SHIPTO")["INET1"]).rstrip() == "dock@written.example"
    assert here.read("MAIL01").values["ShipTo.Email"] == "dock@written.example"


def test_an_edited_email_address_leaves_every_other_internet_address_as_it_was(here: SqlPlace) -> None:
    here.create("MAIL02", NEW)
    company = here.system.world.company
    others = {
        "INET2": "https://written.example",
        "Messenger_Address": "written",
        "EmailToAddress": "a@x.example",
    }
    company.update("SY01200", ("CUS", "MAIL02", "PRIMARY"), others, company.statement())
    assert here.edit("MAIL02", {"BillTo.Email": "new@written.example"}).status is Status.DONE
    held = _internet(here, "MAIL02", "PRIMARY")
    assert {name: str(held[name]).rstrip() for name in others} == others
    assert str(held["INET1"]).rstrip() == "new@written.example"
    assert here.edit("MAIL02", {"BillTo.Email": None}).status is Status.DONE
    assert here.read("MAIL02").values["BillTo.Email"] is None
    assert str(_internet(here, "MAIL02", "PRIMARY")["INET2"]).rstrip() == "https://written.example"


def test_an_email_address_of_a_ship_to_that_is_not_there_is_refused(here: SqlPlace) -> None:
    outcome = here.create("MAIL03", {"CustomerName": "No Dock", "ShipTo.Email": "dock@written.example"})
    assert (outcome.status, _code(outcome)) == (Status.REJECTED, "bad-value")
    assert outcome.error is not None and outcome.error.field == "ShipTo.Email"
    assert here.row("RM00101", "MAIL03") is None


def test_a_create_never_overwrites_the_customer_who_has_the_number(here: SqlPlace) -> None:
    here.customer("TAKEN1", CUSTNAME="First come")
    outcome = here.create("taken1", {"CustomerName": "Second"})
    assert outcome.status is Status.EXISTS and outcome.record is not None
    assert outcome.record.values["CustomerName"] == "First come"
    row = here.row("RM00101", "TAKEN1")
    assert row is not None and str(row["CUSTNAME"]).rstrip() == "First come"


def test_a_refusal_undoes_everything_and_names_number_and_text(here: SqlPlace) -> None:
    outcome = here.create("REFUSE1", {**NEW, "PaymentTermsID": "NEVER HEARD"})
    assert (outcome.status, _code(outcome)) == (Status.REJECTED, "rejected")
    assert outcome.error is not None and "taUpdateCreateCustomerRcd" in outcome.error.message
    assert any(sign.isdigit() for sign in outcome.error.message)
    assert here.row("RM00101", "REFUSE1") is None and _internet(here, "REFUSE1", "PRIMARY") == {}


def test_a_refused_ship_to_undoes_the_customer_too(here: SqlPlace) -> None:
    company = here.system.world.company
    exits(company).before["taCreateCustomerAddress"] = lambda values: 30_001
    try:
        outcome = here.create("REFUSE2", NEW)
    finally:
        del exits(company).before["taCreateCustomerAddress"]
    assert (
        outcome.status is Status.REJECTED and outcome.error is not None and "30001" in outcome.error.message
    )
    assert here.row("RM00101", "REFUSE2") is None


def test_a_record_that_a_user_is_editing_is_tried_again(here: SqlPlace) -> None:
    company = here.system.world.company
    for number in (2022, 2079):
        exits(company).before["taUpdateCreateCustomerRcd"] = lambda values, number=number: number
        try:
            outcome = here.create("INUSE1", {"CustomerName": "In use"})
        finally:
            del exits(company).before["taUpdateCreateCustomerRcd"]
        assert outcome.status is Status.RETRY and isinstance(outcome.error, Retry)


def test_values_that_would_be_cut_or_changed_are_refused_before_they_are_sent(here: SqlPlace) -> None:
    here.create("WARM", {"CustomerName": "Signatures are read"})
    before = here.last
    for name, value, code in (
        ("CustomerName", "Żółw", "not-in-code-page"),
        ("CustomerName", "n" * 65, "too-long"),
        ("BillTo.Email", "e" * 201, "too-long"),
        ("Comment1", "two\nlines", "bad-value"),
        ("CorporateCustomerNumber", "PARENT", "not-served"),
    ):
        outcome = here.create("UNFIT1", {"CustomerName": "Unfit", name: value})
        assert (outcome.status, _code(outcome)) == (Status.REJECTED, code), name
        assert outcome.error is not None and outcome.error.field == name
    assert not any("EXEC" in text for text in here.asked(before))


def test_a_site_whose_procedures_lack_a_parameter_is_told_which(
    here: SqlPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Procedures.signature

    def without(word: str) -> None:
        def signature(self: Procedures, name: str) -> dict[str, Any]:
            return {each: held for each, held in read(self, name).items() if each != f"@i_v{word}".lower()}

        monkeypatch.setattr(Procedures, "signature", signature)

    without("COMMENT1")
    outcome = here.create("LACKS1", {"CustomerName": "Lacks", "Comment1": "A word"})
    assert (outcome.status, _code(outcome)) == (Status.REJECTED, "not-served")
    assert outcome.error is not None and outcome.error.field == "Comment1" and outcome.error.fix
    assert here.create("LACKS1", {"CustomerName": "Lacks"}).status is Status.DONE
    without("UpdateIfExists")
    with pytest.raises(Misconfigured) as caught:
        here.create("LACKS2", {"CustomerName": "Lacks"})
    assert "UpdateIfExists" in caught.value.message and here.row("RM00101", "LACKS2") is None


def test_a_deadlock_is_tried_again_and_done_once(here: SqlPlace) -> None:
    here.fault(do=1205, match="EXEC")
    outcome = here.create("DEAD1", NEW)
    assert (outcome.status, outcome.error) == (Status.DONE, None)
    assert here.row("RM00101", "DEAD1") is not None


def test_a_connection_that_is_lost_before_the_commit_has_done_nothing(here: SqlPlace) -> None:
    here.fault(do="reset", match="EXEC", times=0)
    outcome = here.create("LOST1", NEW)
    assert (outcome.status, _code(outcome)) == (Status.RETRY, "unreachable")
    assert here.row("RM00101", "LOST1") is None


def test_a_lost_answer_to_the_commit_is_unknown_whether_it_was_done_or_not(here: SqlPlace) -> None:
    for number, do in (("LOST2", "lost_reply"), ("LOST3", "reset")):
        here.fault(do=do, match="^COMMIT$")
        assert here.create(number, NEW).status is Status.UNKNOWN
        here.sql.server.orders.clear()
    assert here.row("RM00101", "LOST2") is not None
    assert here.row("RM00101", "LOST3") is None


def test_reading_goes_on_after_a_lost_connection(here: SqlPlace) -> None:
    here.customer("AGAIN1")
    here.fault(do="reset", match="RM00101")
    assert here.read("AGAIN1").key == ("AGAIN1",)


def test_nobody_can_change_a_card_between_the_comparison_and_the_end_of_the_write(here: SqlPlace) -> None:
    here.customer("HELD1")
    names = Names.of("TWO", "DYNAMICS")
    pool = Pool(lambda: dbapi.connect(here.settings, "TWO"), Gate(2, 0.0))
    with pool.lane() as first, first.transaction():
        assert hold(first, names, "HELD1") is not None
        assert _second(pool, names) == 1222
    assert _second(pool, names) == 0
    pool.close()


def _second(pool: Pool, names: Names) -> int:
    """Try to hold the same card on another connection without waiting, and give the error's number."""

    def held(lane: Lane) -> None:
        with lane.transaction():
            hold(lane, names, "HELD1")

    try:
        with pool.lane(new=True) as lane:
            lane.rows(Statement("SET LOCK_TIMEOUT 0"))
            held(lane)
    except SqlFailed as failed:
        return failed.number
    return 0


def test_addresses_are_created_and_edited_under_their_code(here: SqlPlace) -> None:
    here.customer("ADDR1")
    key = ("ADDR1", "WAREHOUSE")
    values: dict[str, Value] = {"City": "Elgin", "ContactPerson": "Al", "Phone1": "31255501020000"}
    [made] = here.connector.write("customer_address", [Write(Op.CREATE, key, values, reference="addr-1")])
    assert (made.status, made.stored["City"]) == (Status.DONE, "Elgin")
    [again] = here.connector.write("customer_address", [Write(Op.CREATE, key, values)])
    assert again.status is Status.EXISTS
    record = here.connector.get("customer_address", [key], list(values))[key]
    [edited] = here.connector.write(
        "customer_address", [update_of(record, {"City": "Dundee", "Phone1": None})]
    )
    assert edited.status is Status.DONE
    row = here.row("RM00102", "ADDR1;WAREHOUSE")
    assert row is not None
    assert [str(row[n]).rstrip() for n in ("CITY", "PHONE1", "CNTCPRSN", "INTEGRATIONID")] == [
        "Dundee",
        "",
        "Al",
        "addr-1",
    ]
    [moved] = here.connector.write("customer_address", [update_of(record, {"City": "Too late"})])
    assert moved.status is Status.MOVED
    [nobody] = here.connector.write("customer_address", [Write(Op.CREATE, ("NOBODY", "X"), values)])
    assert nobody.status is Status.REJECTED


def test_percentages_keep_their_hundredths(here: SqlPlace) -> None:
    here.create(
        "PERC1",
        {
            "CustomerName": "Percent",
            "CustomerDiscount": 250,
            "FinanceChargeAmountType": 1,
            "FinanceChargePercent": 175,
        },
    )
    values = here.read("PERC1").values
    assert (values["CustomerDiscount"], values["FinanceChargePercent"]) == (250, 175)


def test_read_only_serves_no_write_and_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    with sql_place(tmp_path_factory.mktemp("ro"), read_only=True) as here:
        described = here.connector.entity("customer")
        assert not described.creates and not described.updates
        outcome = here.create("NEVER1", {"CustomerName": "Never"})
        assert (outcome.status, _code(outcome)) == (Status.REJECTED, "not-served")
        assert outcome.error is not None
        for fix in (outcome.error.fix, described.opens_writing):
            assert "[systems.gp.sql] has read_only = true" in fix
        assert not here.connector.entity("gl_balance").opens_writing
        assert not any("EXEC" in text for text in here.asked())


def test_what_is_not_written_says_why_in_its_description(here: SqlPlace) -> None:
    for entity in ("sales_document_line", "sales_payment", "item", "gl_balance", "item_quantity"):
        described = here.connector.entity(entity)
        assert not described.creates and not described.updates
        assert any(each.startswith("not written: ") for each in described.assumed)


def test_without_the_right_to_execute_nothing_is_written_and_the_error_names_the_way(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    reads = Login(LOGIN.name, LOGIN.password, {"*": frozenset({"db_datareader"})})
    with sql_place(tmp_path_factory.mktemp("reader"), logins=(reads,)) as here:
        with pytest.raises((Unauthorised, Misconfigured)) as caught:
            here.create("NEVER2", {"CustomerName": "Never"})
        assert "gp365-role.sql" in caught.value.fix
        assert here.row("RM00101", "NEVER2") is None


def test_a_wrong_password_and_an_unknown_database_are_told_apart(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    other = Login(LOGIN.name, "Another-Word-2")
    with sql_place(tmp_path_factory.mktemp("word"), logins=(other,)) as here:
        with pytest.raises(Unauthorised) as refused:
            here.read("AARONFIT0001")
        assert refused.value.code == "login-refused" and "Correct-Horse" not in str(refused.value)
    with sql_place(tmp_path_factory.mktemp("base"), database="NONE") as here:
        with pytest.raises(Misconfigured) as missing:
            here.read("AARONFIT0001")
        assert missing.value.code == "company-unknown"
