"""What stands in GP after an edit, customers that role filters hide, and what GP says when it refuses a new state."""

from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from gp_place import Odd, Place, place, update_of
from starlette.types import ASGIApp, Receive, Scope, Send

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
    number = f"IDN{next(_numbers):04d}"
    gp.customer(number, CITY="Chicago", SLPRSNID="PAUL W.", SALSTERR="TERRITORY 1")
    gp.connector.begin_run()
    return number


def row(gp: Place, number: str, table: str = "RM00101") -> dict[str, Any]:
    found = gp.row(table, number)
    assert found is not None
    return found


class After:
    """Somebody who acts right after the service has answered a PATCH."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.act: Callable[[], object] = lambda: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
        if scope["type"] == "http" and scope["method"] == "PATCH":
            self.act()


class Refusing:
    """A service that answers single records of one customer with a 403."""

    def __init__(self, app: ASGIApp, number: str) -> None:
        self.app, self.number = app, number

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and f"Customers({self.number})" in scope["path"]:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"Access is denied."})
            return
        await self.app(scope, receive, send)


# reading back


def test_an_edit_that_stands_as_it_was_made_raises_no_complaint(gp: Place, number: str) -> None:
    outcome = gp.edit(number, {"CustomerName": "Newly Named", "BillTo.City": "Gary", "CreditLimitType": 1})
    assert (outcome.status, outcome.error) == (Status.DONE, None)
    assert outcome.window_ms is not None


def test_a_clerk_who_saves_over_our_edit_at_once_is_named_in_a_complaint(tmp_path: Path) -> None:
    people: list[After] = []

    def with_clerk(app: ASGIApp) -> ASGIApp:
        people.append(After(app))
        return people[0]

    with place(tmp_path, between=with_clerk) as gp:
        gp.customer("CLERK01", COMMENT1="Before")
        people[0].act = lambda: gp.save("RM00101", "CLERK01", {"COMMENT1": "The clerk's"})
        outcome = gp.edit("CLERK01", {"Comment1": "Ours", "Hold": True})
        assert outcome.status is Status.DONE and outcome.error is not None
        assert "Comment1 is The clerk's, not Ours" in outcome.error.message
        assert "Hold" not in outcome.error.message
        assert (outcome.error.record, outcome.error.field, outcome.error.value) == (
            "CLERK01",
            "Comment1",
            "The clerk's",
        )
        assert outcome.stored["Comment1"] == "Ours"  # agreed is what the call said, never a later read-back
        assert gp.connector.tally().acknowledged == {("customer", "update"): 1}


def test_an_address_is_read_back_as_well(tmp_path: Path) -> None:
    people: list[After] = []

    def with_clerk(app: ASGIApp) -> ASGIApp:
        people.append(After(app))
        return people[0]

    with place(tmp_path, between=with_clerk) as gp:
        key = ("AARONFIT0001", "PRIMARY")
        for values, said in (
            ({"SalespersonID": "paul w."}, ""),
            ({"City": "Gary"}, "City is Aurora, not Gary"),
        ):
            if said:
                people[0].act = lambda: gp.save("RM00102", ";".join(key), {"CITY": "Aurora"})
            record = gp.connector.get("customer_address", [key], list(values), fresh=True)[key]
            [outcome] = gp.connector.write("customer_address", [update_of(record, values)])
            assert outcome.status is Status.DONE
            assert (outcome.error.message if outcome.error else "").endswith(said)
            assert bool(outcome.error) is bool(said)


def test_a_service_that_keeps_less_than_it_acknowledges_is_found_out(tmp_path: Path) -> None:
    def deaf(payload: dict[str, Any]) -> None:
        payload.pop("Hold", None)

    def silent(app: ASGIApp) -> ASGIApp:
        return Odd(app, "PATCH", "Customers", hears=deaf, status=204, said=b"")

    with place(tmp_path, Manner(patch="merge"), between=silent) as gp:
        gp.customer("DEAF01")
        outcome = gp.edit("DEAF01", {"Hold": True})
        assert outcome.status is Status.DONE and outcome.error is not None
        assert "Hold is no, not yes" in outcome.error.message


def test_reading_back_can_be_switched_off_and_costs_nothing_then(tmp_path: Path) -> None:
    with place(tmp_path, read_back=False) as gp:
        gp.customer("QUIET01")
        record = gp.read("QUIET01", ["CustomerName", "Comment1"])
        before = len(gp.requests())
        [outcome] = gp.connector.write("customer", [update_of(record, {"Comment1": "x"})])
        assert outcome.status is Status.DONE
        assert [method for method, _ in gp.requests()[before:]] == ["GET", "GET", "PATCH"]


def test_a_read_back_that_fails_leaves_the_edit_done(tmp_path: Path) -> None:
    people: list[After] = []

    def broken_after(app: ASGIApp) -> ASGIApp:
        people.append(After(app))
        return people[0]

    with place(tmp_path, between=broken_after) as gp:
        gp.customer("DONE01")
        people[0].act = lambda: gp.fault(do="reset", method="GET", path="DONE01", times=0)
        outcome = gp.edit("DONE01", {"Comment1": "Ours"})
        gp.system.faults.clear()
        assert (outcome.status, outcome.error) == (Status.DONE, None)
        assert row(gp, "DONE01")["COMMENT1"] == "Ours"


# salespersons


def test_a_new_salesperson_goes_to_the_addresses_that_had_the_old_one(gp: Place, number: str) -> None:
    for code, seller in (("SHIP", "PAUL W."), ("BILL", "GREG E.")):
        address = {"CITY": "Gary", "SLPRSNID": seller, "SALSTERR": "TERRITORY 1"}
        gp.save("RM00102", f"{number};{code}", address)
    gp.save("RM00101", number, {"PRSTADCD": "SHIP", "PRBTADCD": "BILL"})
    shown = gp.read(number, ["BillTo.SalespersonID", "ShipTo.SalespersonID", "ShipTo.SalesTerritory"])
    assert shown.values == {
        "BillTo.SalespersonID": "GREG E.",
        "ShipTo.SalespersonID": "PAUL W.",
        "ShipTo.SalesTerritory": "TERRITORY 1",
    }
    outcome = gp.edit(number, {"SalespersonID": "NANCY B."})
    assert (outcome.status, outcome.error) == (Status.DONE, None)
    sellers = [row(gp, f"{number};{code}", "RM00102")["SLPRSNID"] for code in ("PRIMARY", "SHIP", "BILL")]
    assert sellers == ["NANCY B.", "NANCY B.", "GREG E."]
    assert row(gp, f"{number};SHIP", "RM00102")["SALSTERR"] == "TERRITORY 1"


def test_a_ship_to_made_together_with_a_new_salesperson_has_the_new_one(gp: Place, number: str) -> None:
    outcome = gp.edit(number, {"SalespersonID": "NANCY B.", "ShipTo.City": "Gary"})
    assert outcome.status is Status.DONE
    assert row(gp, f"{number};SHIPTO", "RM00102")["SLPRSNID"] == "NANCY B."


# states


def test_a_customer_is_made_inactive_and_active_again(gp: Place, number: str) -> None:
    for inactive in (True, False):
        assert gp.edit(number, {"Inactive": inactive}).status is Status.DONE
        assert row(gp, number)["INACTIVE"] == int(inactive)


def test_gps_own_words_say_why_a_customer_cannot_be_made_inactive(gp: Place, number: str) -> None:
    gp.system.world.set_documents(number, ["STDINV2261", "STDINV2262"])
    outcome = gp.edit(number, {"Inactive": True})
    assert outcome.status is Status.REJECTED and outcome.error is not None
    assert "STDINV2261, STDINV2262" in outcome.error.message
    assert outcome.error.field in ("Inactive", "")  # not every service names the field apart
    assert row(gp, number)["INACTIVE"] == 0
    assert gp.edit(number, {"Hold": True}).status is Status.DONE


# role filters


def test_a_number_that_gp_knows_and_does_not_show_is_not_given_twice(gp: Place, number: str) -> None:
    held = gp.system.places["TWO"]
    held.security.hide(held.world.company, "RM00101", {"CUSTNMBR": number})
    try:
        outcome = gp.create(number, {"CustomerName": "Somebody Else"})
    finally:
        held.security.clear()
    assert outcome.status is Status.REJECTED and outcome.error is not None
    assert outcome.error.code == "right-missing"
    assert "exists but is not shown" in outcome.error.message and "filters" in outcome.error.fix
    assert row(gp, number)["CUSTNAME"] == f"Firm {number}"


def test_a_column_that_a_role_hides_is_absent_and_left_alone_by_edits(gp: Place, number: str) -> None:
    gp.save("RM00101", number, {"USERDEF1": "Kept", "CRLMTTYP": 1})
    held = gp.system.places["TWO"]
    held.security.secure(held.world.company, "RM00101", ["USERDEF1", "CRLMTTYP"])
    try:
        record = gp.read(number, ["CustomerName", "UserDefined1", "CreditLimitType"])
        assert set(record.values) == {"CustomerName"}
        assert gp.edit(number, {"Comment1": "Ours"}).status is Status.DONE
    finally:
        held.security.clear()
    after = row(gp, number)
    assert (after["USERDEF1"], after["CRLMTTYP"], after["COMMENT1"]) == ("Kept", 1, "Ours")


def test_an_address_that_a_role_hides_is_absent_and_not_empty(gp: Place, number: str) -> None:
    gp.save("RM00102", f"{number};SHIP", {"CITY": "Gary"})
    gp.save("RM00101", number, {"PRSTADCD": "SHIP"})
    held = gp.system.places["TWO"]
    held.security.hide(held.world.company, "RM00102", {"ADRSCODE": "SHIP"})
    try:
        gp.connector.begin_run()
        fields = ["CustomerName", "BillTo.City", "ShipTo.City"]
        single = gp.read(number, fields)
        [listed] = [r for page in gp.connector.scan("customer", fields) for r in page if r.key == (number,)]
    finally:
        held.security.clear()
    for record in (single, listed):
        assert record.values["BillTo.City"] == "Chicago" and "ShipTo.City" not in record.values


def test_a_single_customer_that_gp_refuses_to_show_is_hidden_and_stops_nothing(tmp_path: Path) -> None:
    with place(tmp_path, between=lambda app: Refusing(app, "AARONFIT0001")) as gp:
        list(gp.connector.scan("customer", ["CustomerName"]))
        keys = [("AARONFIT0001",), ("ADAMPARK0001",), ("NOSUCH0001",)]
        found = gp.connector.get("customer", keys, ["CustomerName"], fresh=True)
        assert {key[0]: record.hidden for key, record in found.items()} == {
            "AARONFIT0001": True,
            "ADAMPARK0001": False,
        }
        hidden = Write(Op.UPDATE, ("AARONFIT0001",), {"Comment1": "x"})
        other = update_of(found[("ADAMPARK0001",)], {"Comment1": "x"})
        outcomes = gp.connector.write("customer", [hidden, other])
        assert [outcome.status for outcome in outcomes] == [Status.REJECTED, Status.DONE]
        assert outcomes[0].error is not None and outcomes[0].error.code == "right-missing"
        assert row(gp, "AARONFIT0001")["COMMENT1"] == ""


def test_a_service_that_refuses_everything_is_a_missing_right_not_a_hidden_record(tmp_path: Path) -> None:
    with (
        place(tmp_path, between=lambda app: Refusing(app, "AARONFIT0001")) as gp,
        pytest.raises(Unauthorised),
    ):
        gp.connector.get("customer", [("AARONFIT0001",)], ["CustomerName"], fresh=True)


# restores


def test_another_company_laid_over_this_one_has_another_epoch(tmp_path: Path) -> None:
    with place(tmp_path) as gp:

        def epoch() -> str:
            gp.connector.begin_run()
            list(gp.connector.scan("customer", ()))
            return gp.connector.epoch()

        first = epoch()
        assert epoch() == first
        gp.delete("RM00101", oldest(gp))
        assert epoch().rpartition(":")[0] != first.rpartition(":")[0]


def oldest(gp: Place) -> str:
    rows = gp.system.world.rows("RM00101")
    return str(min(rows, key=lambda each: each["NOTEINDX"])["CUSTNMBR"])  # type: ignore[arg-type, return-value]


def test_edits_do_not_move_the_epoch(tmp_path: Path) -> None:
    with place(tmp_path) as gp:
        list(gp.connector.scan("customer", ()))
        before = gp.connector.epoch()
        gp.save("RM00101", "AARONFIT0001", {"COMMENT1": "Edited"})
        gp.connector.begin_run()
        list(gp.connector.scan("customer", ()))
        assert gp.connector.epoch() == before
