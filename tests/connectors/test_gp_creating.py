"""New GP customers over SBA: class defaults travel with them, and nothing is ever overwritten."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from itertools import count

import pytest
from gp_place import Place, place

from gp365.model.record import Op, Status, Write
from gp365.model.values import Value
from gp365_sim.gp.app import Manner

_numbers = count(1)
MANNERS = [Manner(profile="bare"), Manner(profile="payload", patch="merge"), Manner(profile="container")]
CLASS = {
    "CLASDSCR": "All set",
    "CRLMTTYP": 1,
    "PYMTRMID": "Net 30",
    "CURNCYID": "Z-US$",
    "TAXSCHID": "USASTCITY-6*",
    "PRCLEVEL": "EXTPRCLVL",
    "DEFCACTY": 1,
    "RMARACC": 12,
    "RMSLSACC": 155,
    "STMTCYCL": 5,
    "BALNCTYP": 1,
    "KPTRXHST": 1,
    "KPDSTHST": 1,
    "KPCALHST": 1,
    "KPERHIST": 0,
    "FNCHATYP": 2,
    "FNCHPCNT": 150,
}
"""A class that says something of every kind: terms, currency, accounts, cycle, history flags, unlimited credit."""
NEW: dict[str, Value] = {
    "CustomerName": "Newly Made, Inc.",
    "CustomerClass": "ALLSET",
    "CreditLimitType": 0,
    "BillTo.Address1": "1 Main Street",
    "BillTo.City": "Chicago",
    "BillTo.Phone1": "31255501010000",
}


@pytest.fixture(scope="module", params=MANNERS, ids=lambda manner: manner.profile)
def gp(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    with place(tmp_path_factory.mktemp("gp"), request.param) as found:
        found.save("RM00201", "ALLSET", CLASS)
        yield found


@pytest.fixture
def number(gp: Place) -> str:
    gp.system.faults.clear()
    return f"NEW{next(_numbers):04d}"


def row(gp: Place, number: str) -> dict[str, object]:
    found = gp.row("RM00101", number)
    assert found is not None
    return found


def test_a_new_customer_has_what_its_class_says(gp: Place, number: str) -> None:
    assert gp.create(number, NEW).status is Status.DONE
    made = row(gp, number)
    differing = {name for name, value in CLASS.items() if name in made and made[name] != value}
    assert differing == {"CRLMTTYP"}
    assert (made["CUSTCLAS"], made["CRLMTTYP"]) == ("ALLSET", 0)


def test_what_the_plan_says_goes_before_the_class(gp: Place, number: str) -> None:
    own: dict[str, Value] = {
        "PaymentTermsID": "NET 10",
        "CreditLimitType": 2,
        "CreditLimitAmount": Decimal("750.5"),
    }
    gp.create(number, {**NEW, **own})
    made = row(gp, number)
    assert (made["PYMTRMID"], made["CRLMTTYP"], made["CRLMTAMT"]) == ("NET 10", 2, Decimal("750.5"))


def test_an_empty_field_of_the_plan_leaves_the_class_its_say(gp: Place, number: str) -> None:
    gp.create(number, {**NEW, "PaymentTermsID": None})
    assert row(gp, number)["PYMTRMID"] == "Net 30"


def test_a_new_customer_has_one_address_in_all_roles(gp: Place, number: str) -> None:
    gp.create(number, NEW)
    made = row(gp, number)
    assert {made[name] for name in ("ADRSCODE", "PRBTADCD", "PRSTADCD", "STADDRCD")} == {"PRIMARY"}
    address = gp.row("RM00102", f"{number};PRIMARY")
    assert address is not None and (address["CITY"], address["PHONE1"]) == ("Chicago", "31255501010000")


def test_a_new_customer_with_a_ship_to_has_two_addresses(gp: Place, number: str) -> None:
    outcome = gp.create(number, {**NEW, "ShipTo.Address1": "7 Depot", "ShipTo.City": "Gary"})
    assert outcome.status is Status.DONE and outcome.error is None
    made = row(gp, number)
    assert (made["PRBTADCD"], made["PRSTADCD"], made["STADDRCD"]) == ("PRIMARY", "SHIPTO", "PRIMARY")
    ship_to = gp.row("RM00102", f"{number};SHIPTO")
    assert ship_to is not None and (ship_to["CITY"], ship_to["TAXSCHID"]) == ("Gary", "USASTCITY-6*")
    assert made["PYMTRMID"] == "Net 30"
    assert gp.read(number).values["ShipTo.City"] == "Gary"


def test_our_mark_stands_in_the_new_customer_and_stays_through_edits(gp: Place, number: str) -> None:
    gp.create(number, NEW, reference="g5abcdefghijklmnopqrstuvwx")
    assert gp.read(number).reference == "g5abcdefghijklmnopqrstuvwx"
    gp.edit(number, {"Hold": True})
    assert row(gp, number)["INTEGRATIONID"] == "g5abcdefghijklmnopqrstuvwx"


def test_a_taken_number_is_not_overwritten_and_shows_who_has_it(gp: Place, number: str) -> None:
    gp.customer(number, CITY="Boston")
    outcome = gp.create(number.lower(), {**NEW, "BillTo.City": "Chicago"})
    assert outcome.status is Status.EXISTS
    assert outcome.record is not None
    assert outcome.record.key == (number,)
    assert outcome.record.values["BillTo.City"] == "Boston"
    assert row(gp, number)["CUSTNAME"] == f"Firm {number}"


def test_a_clerk_who_is_faster_than_our_create_keeps_the_customer(gp: Place, number: str) -> None:
    """The clerk saves after our look and before our POST: a slow POST gives the time."""
    from threading import Thread

    gp.fault(do="slow", method="POST", seconds=0.6)
    clerk = Thread(target=lambda: _save_after_look(gp, number))
    clerk.start()
    outcome = gp.create(number, NEW, reference="g5ours")
    clerk.join()
    assert outcome.status is Status.EXISTS
    assert outcome.record is not None and outcome.record.reference == ""
    assert row(gp, number)["CUSTNAME"] == f"Firm {number}"


def _save_after_look(gp: Place, number: str) -> None:
    from time import monotonic, sleep

    until = monotonic() + 5
    while monotonic() < until and not any(number in path for _, path in gp.requests("GET")):
        sleep(0.01)
    sleep(0.1)
    gp.customer(number)


def test_a_class_that_gp_does_not_have_is_refused_before_anything_is_sent(gp: Place, number: str) -> None:
    before = len(gp.requests("POST"))
    outcome = gp.create(number, {**NEW, "CustomerClass": "NOSUCH"})
    assert outcome.status is Status.REJECTED and outcome.error is not None
    assert (outcome.error.field, outcome.error.value) == ("CustomerClass", "NOSUCH")
    assert len(gp.requests("POST")) == before


def test_a_refusal_carries_the_services_words_the_record_and_the_field(gp: Place, number: str) -> None:
    outcome = gp.create(number, {**NEW, "PaymentTermsID": "NO SUCH"})
    assert outcome.status is Status.REJECTED and outcome.error is not None
    assert "NO SUCH does not exist" in outcome.error.message
    assert (outcome.error.record, outcome.error.system) == (number, "gp")
    assert gp.row("RM00101", number) is None


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"CustomerName": "株式会社"}, "not-in-code-page", "CustomerName"),
        ({"CustomerName": "N" * 65}, "too-long", "CustomerName"),
        ({"CustomerName": None}, "required-missing", "CustomerName"),
        ({"BillTo.City": "Łódź"}, "not-in-code-page", "BillTo.City"),
        ({"BillTo.Address1": "1 Main\nStreet"}, "bad-value", "BillTo.Address1"),
        ({"CreditLimitType": 7}, "option-unknown", "CreditLimitType"),
        ({"StatementCycle": 70_000}, "out-of-range", "StatementCycle"),
        ({"BillTo.Email": "a@b.example"}, "not-served", "BillTo.Email"),
    ],
)
def test_what_gp_cannot_hold_is_refused_before_it_is_sent(
    gp: Place, number: str, values: dict[str, Value], code: str, field: str
) -> None:
    before = gp.connector.tally().requests
    outcome = gp.create(number, {**NEW, **values})
    assert outcome.status is Status.REJECTED and outcome.error is not None
    assert (outcome.error.code, outcome.error.field) == (code, field)
    assert outcome.error.record == number
    assert gp.connector.tally().requests == before


def test_a_refusal_names_the_character_that_has_no_place(gp: Place, number: str) -> None:
    outcome = gp.create(number, {**NEW, "CustomerName": "Ok 株"})
    assert outcome.error is not None and "株" in outcome.error.message and "U+682A" in outcome.error.message


def test_a_service_that_stays_busy_after_the_customer_was_made_leaves_it_unknown(
    gp: Place, number: str
) -> None:
    gp.fault(do="429", method="POST", path="CustomerAddresses", times=0, retry_after_s=0.0)
    outcome = gp.create(number, {**NEW, "ShipTo.City": "Gary"}, reference="g5ship")
    assert outcome.status is Status.UNKNOWN
    assert (row(gp, number)["PRSTADCD"], row(gp, number)["INTEGRATIONID"]) == ("PRIMARY", "g5ship")


@pytest.mark.parametrize("at", ["POST .*CustomerAddresses", "PATCH .*Customers"])
def test_an_answer_lost_after_the_customer_was_made_is_looked_for(gp: Place, number: str, at: str) -> None:
    method, path = at.split()
    gp.fault(do="lost_reply", method=method, path=path)
    outcome = gp.create(number, {**NEW, "ShipTo.City": "Gary"}, reference="g5ship")
    assert outcome.status is Status.DONE and outcome.error is None
    assert row(gp, number)["PRSTADCD"] == "SHIPTO"
    assert gp.row("RM00102", f"{number};SHIPTO1") is None


def test_the_mark_of_another_integration_is_left_alone(gp: Place, number: str) -> None:
    gp.customer(number, INTEGRATIONID="THEIRS-7", INTEGRATIONSOURCE=3)
    assert gp.edit(number, {"Hold": True}, reference="g5ours").status is Status.DONE
    assert row(gp, number)["INTEGRATIONID"] == "THEIRS-7"


def test_a_customer_without_a_mark_gets_ours_with_the_first_edit(gp: Place, number: str) -> None:
    gp.customer(number)
    gp.edit(number, {"Hold": True}, reference="g5ours")
    assert row(gp, number)["INTEGRATIONID"] == "g5ours"


@pytest.mark.parametrize(
    "number_with_signs", ["#1A", "!WOW!", "A&B/C", "(=)", "11@20%", "?11 40", "X;Y", "Q)", "ÄÖ 7"]
)
def test_a_number_with_any_signs_is_created_read_edited_and_found(gp: Place, number_with_signs: str) -> None:
    gp.system.faults.clear()
    number = f"{number_with_signs}{next(_numbers)}"
    assert gp.create(number, NEW).status is Status.DONE
    assert gp.edit(number, {"BillTo.City": "Gary", "ShipTo.City": "Joliet"}).status is Status.DONE
    gp.connector.begin_run()
    [found] = gp.connector.find("customer", "CustomerNumber", [number], ["BillTo.City", "ShipTo.City"])
    assert (found.key, dict(found.values)) == ((number,), {"BillTo.City": "Gary", "ShipTo.City": "Joliet"})


def test_a_customer_that_was_created_is_in_the_list_that_the_run_has_read(gp: Place, number: str) -> None:
    gp.connector.begin_run()
    known = sum(len(page) for page in gp.connector.scan("customer", ["CustomerName", "BillTo.City"]))
    gp.create(number, NEW)
    found = {record.key: record for page in gp.connector.scan("customer", ["BillTo.City"]) for record in page}
    assert len(found) == known + 1
    assert found[number,].values["BillTo.City"] == "Chicago"


def test_ids_are_sent_in_capitals(gp: Place, number: str) -> None:
    outcome = gp.create(number, {**NEW, "SalesTerritory": "territory 3"})
    assert outcome.status is Status.DONE
    assert row(gp, number)["SALSTERR"] == "TERRITORY 3"


def test_an_address_is_created_and_edited_by_its_code(gp: Place, number: str) -> None:
    gp.customer(number)
    key = (number, "DOCK 7")
    [made] = gp.connector.write(
        "customer_address", [Write(Op.CREATE, key, {"City": "Gary"}, reference="g5a")]
    )
    assert (made.status, made.key) == (Status.DONE, key)
    record = gp.connector.get("customer_address", [key], ["City", "State"], fresh=True)[key]
    [edited] = gp.connector.write(
        "customer_address", [Write(Op.UPDATE, key, {"State": "IN"}, expected=record.values)]
    )
    assert edited.status is Status.DONE
    address = gp.row("RM00102", f"{number};DOCK 7")
    assert address is not None and (address["CITY"], address["STATE"], address["INTEGRATIONID"]) == (
        "Gary",
        "IN",
        "g5a",
    )
    [again] = gp.connector.write("customer_address", [Write(Op.CREATE, key, {"City": "Elsewhere"})])
    assert again.status is Status.EXISTS
    [stale] = gp.connector.write(
        "customer_address", [Write(Op.UPDATE, key, {"City": "Hammond"}, expected=record.values)]
    )
    assert stale.status is Status.MOVED
