"""Bill-to and ship-to of a GP customer: one address code in several roles is never edited from the wrong one."""

from __future__ import annotations

from collections.abc import Generator
from itertools import count

import pytest
from gp_place import Place, place, update_of

from gp365.model.record import Status
from gp365_sim.gp.app import Manner

_numbers = count(1)


@pytest.fixture(scope="module", params=["replace", "merge"])
def gp(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    profile = "payload" if request.param == "merge" else "bare"
    with place(tmp_path_factory.mktemp("gp"), Manner(patch=request.param, profile=profile)) as found:
        yield found


@pytest.fixture
def number(gp: Place) -> str:
    """A customer with one address, PRIMARY, in all four roles."""
    number = f"ADR{next(_numbers):04d}"
    gp.customer(
        number, ADDRESS1="1 Main Street", CITY="Chicago", STATE="IL", ZIP="60601", TAXSCHID="USASTCITY-6*"
    )
    return number


def roles(gp: Place, number: str) -> dict[str, str]:
    row = gp.row("RM00101", number)
    assert row is not None
    return {name: row[name] for name in ("ADRSCODE", "PRBTADCD", "PRSTADCD", "STADDRCD")}


def address(gp: Place, number: str, code: str) -> tuple[str, str]:
    row = gp.row("RM00102", f"{number};{code}")
    assert row is not None
    return row["ADDRESS1"], row["CITY"]


def second(gp: Place, number: str, code: str, **where: str) -> None:
    """Give the customer another address in some roles, as a clerk does."""
    gp.save("RM00102", f"{number};{code}", {"ADDRESS1": "9 Dock Road", "CITY": "Joliet"})
    gp.save("RM00101", number, dict.fromkeys(where.values(), code))


ALL_PRIMARY = dict.fromkeys(("ADRSCODE", "PRBTADCD", "PRSTADCD", "STADDRCD"), "PRIMARY")


def test_one_address_in_all_roles_is_shown_as_bill_to_with_an_empty_ship_to(gp: Place, number: str) -> None:
    values = gp.read(number).values
    assert (values["BillTo.City"], values["ShipTo.City"]) == ("Chicago", None)
    assert values["ShipTo.Address1"] is None


def test_an_edit_of_the_one_address_edits_that_code(gp: Place, number: str) -> None:
    outcome = gp.edit(number, {"BillTo.Address1": "2 New Street", "BillTo.City": "Evanston"})
    assert outcome.status is Status.DONE
    assert roles(gp, number) == ALL_PRIMARY
    assert address(gp, number, "PRIMARY") == ("2 New Street", "Evanston")
    row = gp.row("RM00101", number)
    assert row is not None and (row["ADDRESS1"], row["CITY"], row["ZIP"]) == (
        "2 New Street",
        "Evanston",
        "60601",
    )


def test_a_ship_to_that_appears_gets_its_own_code_and_moves_only_its_role(gp: Place, number: str) -> None:
    outcome = gp.edit(number, {"ShipTo.Address1": "7 Depot", "ShipTo.City": "Gary"})
    assert outcome.status is Status.DONE
    assert roles(gp, number) == {**ALL_PRIMARY, "PRSTADCD": "SHIPTO"}
    assert address(gp, number, "PRIMARY") == ("1 Main Street", "Chicago")
    assert address(gp, number, "SHIPTO") == ("7 Depot", "Gary")


def test_a_new_ship_to_is_taxed_and_sent_as_the_bill_to_was(gp: Place, number: str) -> None:
    gp.edit(number, {"ShipTo.City": "Gary"})
    row = gp.row("RM00102", f"{number};SHIPTO")
    assert row is not None and row["TAXSCHID"] == "USASTCITY-6*"


def test_a_taken_address_code_is_left_alone(gp: Place, number: str) -> None:
    gp.save("RM00102", f"{number};SHIPTO", {"ADDRESS1": "An old depot", "CITY": "Aurora"})
    gp.edit(number, {"ShipTo.Address1": "7 Depot", "ShipTo.City": "Gary"})
    assert roles(gp, number)["PRSTADCD"] == "SHIPTO1"
    assert address(gp, number, "SHIPTO") == ("An old depot", "Aurora")
    assert address(gp, number, "SHIPTO1") == ("7 Depot", "Gary")


def test_an_address_left_by_an_earlier_try_is_used_not_doubled(gp: Place, number: str) -> None:
    gp.save(
        "RM00102", f"{number};SHIPTO", {"ADDRESS1": "7 Depot", "CITY": "Gary", "TAXSCHID": "USASTCITY-6*"}
    )
    gp.edit(number, {"ShipTo.Address1": "7 Depot", "ShipTo.City": "Gary"})
    assert roles(gp, number)["PRSTADCD"] == "SHIPTO"
    assert gp.row("RM00102", f"{number};SHIPTO1") is None


def test_a_ship_to_of_its_own_is_edited_in_place(gp: Place, number: str) -> None:
    second(gp, number, "WAREHOUSE", role="PRSTADCD")
    assert gp.read(number).values["ShipTo.City"] == "Joliet"
    gp.edit(number, {"ShipTo.City": "Lockport"})
    assert roles(gp, number) == {**ALL_PRIMARY, "PRSTADCD": "WAREHOUSE"}
    assert address(gp, number, "WAREHOUSE") == ("9 Dock Road", "Lockport")


@pytest.mark.parametrize("shared", ["STADDRCD", "ADRSCODE"])
def test_a_ship_to_that_serves_another_role_gets_a_new_code(gp: Place, number: str, shared: str) -> None:
    second(gp, number, "WAREHOUSE", role="PRSTADCD", other=shared)
    gp.edit(number, {"ShipTo.City": "Lockport"})
    assert roles(gp, number) == {**ALL_PRIMARY, "PRSTADCD": "SHIPTO", shared: "WAREHOUSE"}
    assert address(gp, number, "WAREHOUSE") == ("9 Dock Road", "Joliet")
    assert address(gp, number, "SHIPTO") == ("9 Dock Road", "Lockport")


def test_an_emptied_ship_to_falls_back_to_the_bill_to_and_keeps_its_row(gp: Place, number: str) -> None:
    second(gp, number, "WAREHOUSE", role="PRSTADCD")
    record = gp.read(number)
    filled = {name: None for name, value in record.values.items() if name.startswith("ShipTo.") and value}
    assert gp.edit(number, filled).status is Status.DONE
    assert roles(gp, number) == ALL_PRIMARY
    assert address(gp, number, "WAREHOUSE") == ("9 Dock Road", "Joliet")
    assert gp.read(number).values["ShipTo.City"] is None


def test_a_bill_to_apart_from_the_main_address_is_edited_alone(gp: Place, number: str) -> None:
    second(gp, number, "BILLING", role="PRBTADCD")
    gp.edit(number, {"BillTo.City": "Naperville"})
    assert address(gp, number, "BILLING") == ("9 Dock Road", "Naperville")
    assert address(gp, number, "PRIMARY") == ("1 Main Street", "Chicago")


def test_a_bill_to_under_no_code_is_the_main_address(gp: Place, number: str) -> None:
    gp.save("RM00101", number, {"PRBTADCD": "", "PRSTADCD": ""})
    assert gp.read(number).values["BillTo.City"] == "Chicago"
    gp.edit(number, {"BillTo.City": "Evanston"})
    assert address(gp, number, "PRIMARY") == ("1 Main Street", "Evanston")


def test_a_customer_without_any_address_gets_one_for_its_bill_to(gp: Place) -> None:
    number = f"ADR{next(_numbers):04d}"
    gp.save("RM00101", number, {"CUSTNAME": "Nowhere Inc."})
    gp.edit(number, {"BillTo.City": "Peoria"})
    assert roles(gp, number)["PRBTADCD"] == "BILLTO"
    assert gp.read(number).values["BillTo.City"] == "Peoria"


def test_a_clerks_edit_of_the_address_alone_survives_a_write_on_the_customer(gp: Place, number: str) -> None:
    gp.save("RM00102", f"{number};PRIMARY", {"ADDRESS1": "5 Moved Away", "SHIPMTHD": "GROUND"})
    outcome = gp.edit(number, {"Comment1": "Looked at"})
    assert outcome.status is Status.DONE
    row = gp.row("RM00102", f"{number};PRIMARY")
    assert row is not None and (row["ADDRESS1"], row["SHIPMTHD"]) == ("5 Moved Away", "GROUND")


def test_a_stale_copy_of_the_main_address_is_never_sent_back_over_the_address(gp: Place, number: str) -> None:
    """One PATCH, and the address is right in it: not wrong first and mended after."""
    gp.save("RM00102", f"{number};PRIMARY", {"ADDRESS1": "5 Moved Away", "PHONE1": "31255509990000"})
    record = gp.read(number)
    before = len(gp.requests("PATCH"))
    gp.connector.write("customer", [update_of(record, {"Comment1": "Looked at"})])
    assert len(gp.requests("PATCH")) - before == 1
    assert address(gp, number, "PRIMARY") == ("5 Moved Away", "Chicago")
    row = gp.row("RM00101", number)
    assert row is not None and (row["ADDRESS1"], row["PHONE1"]) == ("5 Moved Away", "31255509990000")


def test_both_addresses_edited_in_one_write_reach_their_own_codes(gp: Place, number: str) -> None:
    second(gp, number, "WAREHOUSE", role="PRSTADCD")
    outcome = gp.edit(number, {"BillTo.City": "Evanston", "ShipTo.City": "Lockport", "Hold": True})
    assert outcome.status is Status.DONE
    assert outcome.stored == {"BillTo.City": "Evanston", "ShipTo.City": "Lockport", "Hold": True}
    assert address(gp, number, "PRIMARY")[1] == "Evanston"
    assert address(gp, number, "WAREHOUSE")[1] == "Lockport"


def test_a_refused_ship_to_names_the_field_of_the_card(gp: Place, number: str) -> None:
    second(gp, number, "WAREHOUSE", role="PRSTADCD")
    outcome = gp.edit(number, {"ShipTo.State": "Illinois but spelled much too long"})
    assert outcome.status is Status.REJECTED
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.field, outcome.error.record) == (
        "too-long",
        "ShipTo.State",
        number,
    )


def test_the_list_and_a_single_reading_show_the_same_addresses(gp: Place, number: str) -> None:
    second(gp, number, "WAREHOUSE", role="PRSTADCD")
    single = gp.read(number)
    gp.connector.begin_run()
    fields = list(single.values)
    listed = {record.key: record for page in gp.connector.scan("customer", fields) for record in page}
    assert listed[number,].values == single.values
    assert listed[number,].birth == single.birth
