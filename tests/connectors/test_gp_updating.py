"""Edits of GP customers over SBA: read again, merged, sent whole; honest about what may have been done."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from gp_place import Place, place, readable, update_of

from gp365.model.errors import Unauthorised
from gp365.model.record import Op, Status, Write
from gp365_sim.gp.app import Manner

_numbers = count(1)
MANNERS = [Manner(profile="bare"), Manner(profile="payload", patch="merge"), Manner(profile="container")]


@pytest.fixture(scope="module", params=MANNERS, ids=lambda manner: manner.profile)
def gp(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    with place(tmp_path_factory.mktemp("gp"), request.param) as found:
        yield found


@pytest.fixture
def number(gp: Place) -> str:
    gp.system.faults.clear()
    number = f"UPD{next(_numbers):04d}"
    gp.customer(
        number, CITY="Chicago", PYMTRMID="Net 30", CRLMTTYP=2, CRLMTAMT=Decimal("1234.56789"), RMARACC=12
    )
    return number


def row(gp: Place, number: str) -> dict[str, object]:
    found = gp.row("RM00101", number)
    assert found is not None
    return found


def test_an_edit_of_one_field_leaves_every_other_column_as_it_was(gp: Place, number: str) -> None:
    before = row(gp, number)
    assert gp.edit(number, {"Comment1": "Ours"}).status is Status.DONE
    after = row(gp, number)
    changed = {name for name in before if before[name] != after[name]} - {"DEX_ROW_TS", "MODIFDT"}
    assert changed == {"COMMENT1"}


def test_a_whole_object_write_keeps_a_persons_edit_of_a_field_that_is_not_mapped(
    gp: Place, number: str
) -> None:
    mapped = ["CustomerName", "Comment1"]
    write = update_of(gp.read(number, mapped), {"Comment1": "Ours"})
    gp.save("RM00101", number, {"SALSTERR": "TERRITORY 2", "CRLMTAMT": Decimal(99)})
    [outcome] = gp.connector.write("customer", [write])
    assert outcome.status is Status.DONE
    after = row(gp, number)
    assert (after["COMMENT1"], after["SALSTERR"], after["CRLMTAMT"]) == ("Ours", "TERRITORY 2", Decimal(99))


def test_an_edit_of_a_mapped_field_in_between_stops_the_write_and_shows_the_fresh_card(
    gp: Place, number: str
) -> None:
    write = update_of(gp.read(number), {"Comment1": "Ours"})
    gp.save("RM00102", f"{number};PRIMARY", {"CITY": "Boston"})
    [outcome] = gp.connector.write("customer", [write])
    assert outcome.status is Status.MOVED
    assert outcome.record is not None and outcome.record.values["BillTo.City"] == "Boston"
    assert row(gp, number)["COMMENT1"] == ""


def test_the_same_number_given_to_another_firm_is_another_record(gp: Place, number: str) -> None:
    first = gp.read(number)
    gp.delete("RM00101", number)
    gp.customer(number, CUSTNAME=f"Firm {number}", CITY="Chicago")
    [outcome] = gp.connector.write(
        "customer", [Write(Op.UPDATE, (number,), {"Hold": True}, birth=first.birth)]
    )
    assert outcome.status is Status.MOVED
    assert row(gp, number)["HOLD"] == 0


def test_a_renumbered_customer_is_gone_under_its_old_number_and_keeps_its_birth_mark(
    gp: Place, number: str
) -> None:
    first = gp.read(number)
    gp.system.world.renumber(number, f"{number}X")
    [outcome] = gp.connector.write("customer", [update_of(first, {"Hold": True})])
    assert outcome.status is Status.GONE
    assert gp.row("RM00101", number) is None
    assert gp.read(f"{number}X").birth == first.birth


def test_the_window_of_a_reread_write_is_timed(gp: Place, number: str) -> None:
    gp.fault(do="slow", method="PATCH", path=number, seconds=0.2)
    outcome = gp.edit(number, {"Hold": True})
    assert outcome.window_ms is not None and 200 <= outcome.window_ms < 5000


def test_a_write_that_never_reached_gp_may_be_tried_again(gp: Place, number: str) -> None:
    record = gp.read(number)
    gp.fault(do="429", path=number, times=0, retry_after_s=0.0)
    [outcome] = gp.connector.write("customer", [update_of(record, {"Hold": True})])
    assert outcome.status is Status.RETRY
    assert outcome.error is not None and outcome.error.code == "throttled"
    assert row(gp, number)["HOLD"] == 0


def test_a_lost_answer_is_unknown_and_the_run_looks_again_before_it_believes_its_list(
    gp: Place, number: str
) -> None:
    gp.connector.begin_run()
    for _ in gp.connector.scan("customer", ["Hold"]):
        pass
    record = gp.connector.get("customer", [(number,)], readable())[(number,)]
    gp.fault(do="lost_reply", method="PATCH", path=number)
    [outcome] = gp.connector.write("customer", [update_of(record, {"Hold": True})])
    assert outcome.status is Status.UNKNOWN
    assert row(gp, number)["HOLD"] == 1
    assert gp.connector.get("customer", [(number,)], ["Hold"])[(number,)].values == {"Hold": True}


def test_a_connection_killed_before_the_write_leaves_nothing_written(gp: Place, number: str) -> None:
    record = gp.read(number)
    gp.fault(do="reset", method="PATCH", path=number, times=0)
    [outcome] = gp.connector.write("customer", [update_of(record, {"Hold": True})])
    assert outcome.status in (Status.UNKNOWN, Status.RETRY)
    assert row(gp, number)["HOLD"] == 0


def test_a_busy_service_is_asked_again_and_then_done(gp: Place, number: str) -> None:
    gp.fault(do="503", method="PATCH", path=number, times=2, retry_after_s=0.0)
    assert gp.edit(number, {"Hold": True}).status is Status.DONE
    assert row(gp, number)["HOLD"] == 1


def test_a_rejected_edit_changes_nothing_and_names_the_field(gp: Place, number: str) -> None:
    before = row(gp, number)
    outcome = gp.edit(number, {"PaymentTermsID": "NO SUCH", "Hold": True})
    assert outcome.status is Status.REJECTED and outcome.error is not None
    assert "NO SUCH does not exist" in outcome.error.message
    assert row(gp, number) == before


def test_a_write_whose_time_passes_while_it_is_prepared_is_not_sent(gp: Place, number: str) -> None:
    record = gp.read(number)
    gp.fault(do="slow", method="GET", path=number, seconds=0.4)
    soon = datetime.now(UTC) + timedelta(seconds=0.2)
    [outcome] = gp.connector.write("customer", [update_of(record, {"Hold": True}, send_by=soon)])
    assert outcome.status is Status.RETRY
    assert row(gp, number)["HOLD"] == 0


def test_two_writes_on_one_customer_keep_their_order_and_never_overlap(gp: Place, number: str) -> None:
    record = gp.read(number, ["CustomerName"])
    writes = [update_of(record, {"Comment1": f"step {n}"}) for n in range(6)]
    gp.connector.write(
        "customer", [update_of(gp.read("ADAMPARK0001", ["CustomerName"]), {"Comment1": "second lane"})]
    )
    gp.fault(do="slow", path=number, seconds=0.02, times=0)
    before = len(gp.requests())
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda write: gp.connector.write("customer", [write])[0].status, writes))
    gp.system.faults.clear()
    assert done == [Status.DONE] * 6
    methods = [method for method, path in gp.requests()[before:] if number in path]
    assert methods == ["GET", "GET", "PATCH", "GET"] * 6
    outcomes = gp.connector.write("customer", writes)
    assert [outcome.status for outcome in outcomes] == [Status.DONE] * 6
    assert row(gp, number)["COMMENT1"] == "step 5"


def test_statement_and_short_name_follow_a_new_name_while_they_equalled_the_old(
    gp: Place, number: str
) -> None:
    gp.edit(number, {"CustomerName": "A Renamed Corporation"})
    after = row(gp, number)
    assert (after["STMTNAME"], after["SHRTNAME"]) == ("A Renamed Corporation", "A Renamed Corpo")
    gp.save("RM00101", number, {"STMTNAME": "Its Own Name"})
    gp.edit(number, {"CustomerName": "Renamed Again"})
    after = row(gp, number)
    assert (after["STMTNAME"], after["SHRTNAME"]) == ("Its Own Name", "Renamed Again")


def test_money_keeps_its_five_decimals_both_ways(gp: Place, number: str) -> None:
    assert gp.read(number).values["CreditLimitAmount"] == Decimal("1234.56789")
    gp.edit(number, {"CreditLimitAmount": Decimal("98765432109876.54321")})
    assert row(gp, number)["CRLMTAMT"] == Decimal("98765432109876.54321")


def test_a_refused_login_stops_the_whole_call(gp: Place, number: str) -> None:
    record = gp.read(number)
    gp.fault(do="401", times=0)
    with pytest.raises(Unauthorised):
        gp.connector.write("customer", [update_of(record, {"Hold": True})])
    gp.system.faults.clear()
    assert not any(finding.level == "error" for finding in gp.connector.check())
    assert gp.edit(number, {"Hold": True}).status is Status.DONE
