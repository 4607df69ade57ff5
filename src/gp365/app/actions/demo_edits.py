"""What people do in the demonstration: edits on both sides, one true conflict, one record that GP refuses."""

from __future__ import annotations

from dataclasses import dataclass

from gp365.app.actions.control import ControlDoor

GP, SALES = "gp", "dataverse"

CONFLICT_CUSTOMER = "ASTORSUI0001"
CONFLICT_ACCOUNT = "a1000000-0000-4000-8000-000000000003"
CONFLICT_FIELD = "phone"
REFUSED_ACCOUNT = "a9000000-0000-4000-8000-000000000001"
NEW_CUSTOMER = "FOURTHCO0001"
EXPLAINED = ("gp", "customer", "AARONFIT0001", "bill_to.street1")
_TERM = "DEMO NET 60"


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that a person did: in which system, to which record, and what for."""

    system: str
    record: str
    what: str


def edit_both_sides(door: ControlDoor) -> list[Edit]:
    """Do all edits of the demonstration and say what was done."""
    return [*_in_sales(door), *_in_gp(door), *_conflict(door), *_refusal(door)]


def _in_sales(door: ControlDoor) -> list[Edit]:
    aaron = "a1000000-0000-4000-8000-000000000001"
    door.put(SALES, "accounts", aaron, {"address1_line1": "500 Michigan Avenue"})
    return [Edit("sales", "Aaron Fitz Electrical", "moves: a salesperson edits the street")]


def _in_gp(door: ControlDoor) -> list[Edit]:
    door.put(GP, "RM00101", "ADAMPARK0001", {"CRLMTAMT": "25000"})
    new = {"CUSTNAME": "Fourth Coffee", "CUSTCLAS": "USA-MEDIUM", "PYMTRMID": "Net 30", "ADRSCODE": "PRIMARY"}
    new |= {"PRBTADCD": "PRIMARY", "PRSTADCD": "PRIMARY", "ADDRESS1": "7 Roast Street", "CITY": "Chicago"}
    new |= {"STATE": "IL", "ZIP": "60606-0007", "COUNTRY": "USA", "CCode": "US", "CURNCYID": "Z-US$"}
    door.put(GP, "RM00101", NEW_CUSTOMER, new)
    return [
        Edit("gp", "Adam Park Resort", "gets a higher credit limit, 25,000"),
        Edit("gp", "Fourth Coffee", "is a new customer"),
    ]


def _conflict(door: ControlDoor) -> list[Edit]:
    """Give one field two different new values: nobody but a person can decide."""
    door.put(GP, "RM00101", CONFLICT_CUSTOMER, {"PHONE1": "31255501110000"})
    door.put(SALES, "accounts", CONFLICT_ACCOUNT, {"telephone1": "(312) 555-0999"})
    return [
        Edit("gp", "Astor Suites", "gets the phone number (312) 555-0111"),
        Edit("sales", "Astor Suites", "gets another phone number, (312) 555-0999: a true conflict"),
    ]


def _refusal(door: ControlDoor) -> list[Edit]:
    """Let a class of GP name payment terms that are gone, and make an account that gets this class.

    Whether GP's window lets terms go that only a class names is assumed; what follows, a refused customer, is not.
    """
    door.put(GP, "SY03300", _TERM, {"DUEDTDS": 60})
    door.put(GP, "RM00201", "EUROPE", {"PYMTRMID": _TERM})
    door.delete(GP, "SY03300", _TERM)
    account = {"name": "Rheinwerk Anlagenbau GmbH", "customertypecode": 3, "telephone1": "+49 221 5550144"}
    account |= {"address1_line1": "Hafenstraße 12", "address1_city": "Köln", "address1_postalcode": "50667"}
    door.put(SALES, "accounts", REFUSED_ACCOUNT, account | {"address1_country": "Germany"})
    return [
        Edit("gp", "class EUROPE", f"names the payment terms {_TERM}, which someone then deletes"),
        Edit("sales", "Rheinwerk Anlagenbau GmbH", "is a new account of that class: GP will refuse it"),
    ]
