"""A few days of edits that are lived over every channel, and what they leave in both worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e_channels import afresh, site_over, told_renamed, whole_world
from e2e_site import GP, SALES, Row, Site, World

NEW = "ad000000-0000-4000-8000-00000000000%d"
CONTACT = "cd000000-0000-4000-8000-000000000001"
LONG = "Rosannas Dental Supply and Laboratory House of the Northern Lakes " * 2
KEYS = {
    "RM00101": ("CUSTNMBR",),
    "RM00102": ("CUSTNMBR", "ADRSCODE"),
    "SY01200": ("Master_ID", "ADRSCODE"),
    "marked": ("table", "customer", "address"),
    "accounts": ("name",),
    "contacts": ("contactid",),
    "gp365_customers": ("gp365_name",),
}


def account(at: Site, number: int, name: str, **more: Any) -> None:
    held = {
        "name": name,
        "customertypecode": 3,
        "address1_line1": "12 Lake Road",
        "address1_city": "Milwaukee",
        "address1_stateorprovince": "WI",
        "address1_postalcode": "53202",
        "address1_country": "USA",
    }
    at.put(SALES, "accounts", NEW % number, **(held | more))


def first_day(at: Site) -> None:
    """New firms, edits on either side, a conflict, and what GP cannot take."""
    at.put(SALES, "contacts", CONTACT, firstname="Ada", lastname="Lake", emailaddress1="ada@quartz.example")
    account(
        at,
        1,
        "Quartz Optical Group LLC",
        accountnumber="OUR-77",
        telephone1="(414) 555-0111",
        **{"primarycontactid@odata.bind": f"/contacts({CONTACT})"},
    )
    account(
        at,
        2,
        "Brûlerie de l'Île & Søn",
        address2_line1="1 Dock Road",
        address2_city="Gary",
        address2_stateorprovince="IN",
        address2_postalcode="46402",
        address2_country="USA",
    )
    account(at, 3, "Nowhere & Daughters", address1_country="Atlantis")
    at.edit_account_of("ASTORSUI0001", address1_line1="99 New Street")
    at.put(GP, "RM00102", "ASTORSUI0001;PRIMARY", ZIP="60699-0001")
    at.edit_account_of(
        "ADAMPARK0001",
        address2_line1="7 Dock Road",
        address2_city="Gary",
        address2_stateorprovince="IN",
        address2_postalcode="46402",
        address2_country="USA",
    )
    at.edit_account_of("PLAZAONE0001", name=LONG[:160].strip())
    at.edit_account_of("COHOWINE0001", name="日本酒造", telephone1="(206) 555-0177")
    at.edit_account_of("#1", telephone1="(312) 555-0199", fax="(312) 555-0198")
    at.put(GP, "RM00101", "AARONFIT0001", HOLD=1)
    at.put(GP, "RM00101", "MAGNIFIC0001", CRLMTTYP=2, CRLMTAMT="30000.00")
    at.put(GP, "RM00101", "VANCOUVE0001", CRLMTTYP=1)


def second_day(at: Site) -> None:
    """The conflict ends, a ship-to is emptied, a customer is renumbered, one that was made is edited on either side."""
    at.edit_account_of("ASTORSUI0001", address1_line1="5 Settled Street", address1_postalcode="60601")
    at.put(GP, "RM00102", "ASTORSUI0001;PRIMARY", ADDRESS1="5 Settled Street", ZIP="60601")
    emptied = dict.fromkeys(f"address2_{part}" for part in ("line1", "city", "postalcode"))
    at.edit_account_of(
        "ADAMPARK0001", **emptied, address2_stateorprovince=None, address2_country=None, name="Adam Park Spa"
    )
    at.door(GP, "POST", "/renumber", {"from": "ADVANCED0001", "to": "ADVANCED0009"})
    at.put(SALES, "accounts", NEW % 1, telephone1="(414) 555-0122", address1_line1="14 Lake Road")
    at.put(GP, "RM00101", "BRULERIE0001", CUSTNAME="Brulerie de l'Ile")
    at.put(SALES, "accounts", NEW % 3, address1_country="USA")


@dataclass(frozen=True)
class Left:
    """What the days left: rows, and what stood parked."""

    world: World
    parked: list[tuple[str, str, str, str]]
    after: list[tuple[str, str, str, str]]


def parked(at: Site) -> list[tuple[str, str, str, str]]:
    entries = at.run("parked", "list").json["entries"]
    return sorted((one["flow"], one["keys"].get("gp", ""), one["field"], one["code"]) for one in entries)


def lived(at: Site, way: str) -> Left:
    assert at.sync().code == 0
    first_day(at)
    assert at.sync().balanced
    between = parked(at)
    second_day(at)
    assert at.sync().balanced
    if way.startswith("soap"):
        told_renamed(at, "ADVANCED0001", "ADVANCED0009")
    quiet = at.sync()
    assert quiet.balanced and quiet.written == 0
    return Left(whole_world(at), between, parked(at))


def lived_over(folder: Path, ways: Sequence[str]) -> dict[str, Left]:
    """Live the days over each way, on the same simulators with the samples put back."""
    with site_over(folder / ways[0], ways[0], synced=False) as made:
        found = {ways[0]: lived(made, ways[0])}
        for way in ways[1:]:
            found[way] = lived(afresh(made, folder / way, way), way)
        return found


def differing(one: World, other: World) -> dict[str, dict[str, Any]]:
    """Give the differences of two worlds by table."""
    told = {table: _differing(one[table], other[table], KEYS[table]) for table in one}
    return {table: rows for table, rows in told.items() if rows}


def _differing(one: list[Row], other: list[Row], key: tuple[str, ...]) -> dict[str, Any]:
    held, there = ({tuple(str(row[name]) for name in key): row for row in rows} for rows in (one, other))
    found: dict[str, Any] = {f"{at}": "on one side only" for at in held.keys() ^ there.keys()}
    for at in held.keys() & there.keys():
        names = held[at].keys() | there[at].keys()
        found |= {
            f"{at}.{name}": (held[at].get(name), there[at].get(name))
            for name in names
            if held[at].get(name) != there[at].get(name)
        }
    return found
