"""Services that behave otherwise than the simulator: nothing about SBA's answers is published, so all must be borne."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gp_place import Odd, Place, place

from gp365.model.record import Status
from gp365.model.values import Value
from gp365_sim.gp.app import Manner

NEW: dict[str, Value] = {
    "CustomerName": "Newly Made",
    "CustomerClass": "USA-ILMO-T1",
    "BillTo.City": "Chicago",
}


def forget(*names: str) -> Any:
    def hears(payload: dict[str, Any]) -> None:
        for name in names:
            payload.pop(name, None)

    return hears


def hold(gp: Place, number: str) -> object:
    row = gp.row("RM00101", number)
    return None if row is None else row["HOLD"]


def test_a_service_that_drops_history_flags_is_found_out_after_the_create(tmp_path: Path) -> None:
    deaf = forget("KeepTrxHistory", "PriceLevel")
    with place(tmp_path, between=lambda app: Odd(app, "POST", "Customers", hears=deaf)) as gp:
        outcome = gp.create("DEAF01", NEW)
        assert outcome.status is Status.DONE
        assert outcome.error is not None
        assert outcome.error.field == "KeepTrxHistory"
        assert (
            "KeepTrxHistory is no, not yes" in outcome.error.message and "PriceLevel" in outcome.error.message
        )
        assert gp.connector.tally().acknowledged == {("customer", "create"): 1}


def test_a_refused_ship_to_leaves_the_new_customer_and_says_so(tmp_path: Path) -> None:
    def garbled(payload: dict[str, Any]) -> None:
        payload["State"] = "S" * 60

    with place(tmp_path, between=lambda app: Odd(app, "POST", "CustomerAddresses", hears=garbled)) as gp:
        outcome = gp.create("SHIP01", {**NEW, "ShipTo.City": "Gary", "ShipTo.State": "IN"})
        assert outcome.status is Status.DONE and outcome.error is not None
        assert "created, but not its ship-to" in outcome.error.message
        assert outcome.error.field == "ShipTo.State"
        assert outcome.stored["ShipTo.City"] is None and outcome.stored["BillTo.City"] == "Chicago"
        row = gp.row("RM00101", "SHIP01")
        assert row is not None and row["PRSTADCD"] == "PRIMARY"


def test_a_service_that_does_not_write_the_main_address_through_gets_it_written(tmp_path: Path) -> None:
    """Saving the customer changes only its copy; the address itself is then written by its own resource."""
    deaf = forget("City", "Address1")
    with place(
        tmp_path, Manner(patch="merge"), between=lambda app: Odd(app, "PATCH", "Customers", hears=deaf)
    ) as gp:
        gp.customer("COPY01", CITY="Chicago")
        assert gp.edit("COPY01", {"BillTo.City": "Evanston"}).status is Status.DONE
        row = gp.row("RM00102", "COPY01;PRIMARY")
        assert row is not None and row["CITY"] == "Evanston"


def test_an_error_after_the_commit_of_an_edit_is_recognised_as_done(tmp_path: Path) -> None:
    said = b'{"Message":"The service failed."}'
    with place(tmp_path, between=lambda app: Odd(app, "PATCH", "Customers", status=500, said=said)) as gp:
        gp.customer("FAIL01")
        assert gp.edit("FAIL01", {"Hold": True}).status is Status.DONE
        assert hold(gp, "FAIL01") == 1


def test_an_error_after_the_commit_of_a_create_is_unknown_until_its_mark_settles_it(tmp_path: Path) -> None:
    said = b"<html>Runtime Error</html>"
    with place(tmp_path, between=lambda app: Odd(app, "POST", "Customers", status=500, said=said)) as gp:
        outcome = gp.create("FAIL02", NEW, reference="g5mine")
        assert outcome.status is Status.UNKNOWN
        assert gp.read("FAIL02").reference == "g5mine"


def test_a_service_that_answers_writes_with_nothing_is_taken_at_its_word(tmp_path: Path) -> None:
    with place(tmp_path, between=lambda app: Odd(app, "PATCH", "Customers", status=200, said=b"")) as gp:
        gp.customer("MUTE01", CITY="Chicago")
        outcome = gp.edit("MUTE01", {"Hold": True, "BillTo.City": "Gary"})
        assert (outcome.status, dict(outcome.stored)) == (Status.DONE, {})
        assert hold(gp, "MUTE01") == 1


def test_a_site_that_spells_fields_otherwise_is_followed_by_its_settings(tmp_path: Path) -> None:
    """The service calls Comment1 "Comment2" and the other way round, and has no IntegrationID."""
    names = {"customer": {"Comment1": "Comment2", "Comment2": "Comment1", "IntegrationID": ""}}
    with place(tmp_path, names=names) as gp:
        gp.customer("SPELL1", COMMENT1="one", COMMENT2="two")
        values = gp.read("SPELL1", ["Comment1", "Comment2"]).values
        assert values == {"Comment1": "two", "Comment2": "one"}
        gp.edit("SPELL1", {"Comment1": "three"}, reference="g5mark")
        row = gp.row("RM00101", "SPELL1")
        assert row is not None and (row["COMMENT1"], row["COMMENT2"], row["INTEGRATIONID"]) == (
            "one",
            "three",
            "",
        )
        assert not gp.connector.entity("customer").fields["IntegrationID"].readable
