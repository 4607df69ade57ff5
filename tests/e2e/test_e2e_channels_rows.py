"""The same days leave the same rows in GP and in Sales over SQL Server and eConnect as over REST."""

from __future__ import annotations

import pytest
from ways_story import Left, differing, lived_over

WAYS = ("sql",)
KNOWN = {
    "SY01200": "SBA serves no internet addresses: only SQL writes the e-mail address of the primary contact there",
}
"""Tables that may differ from what REST leaves, and why."""


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Left]:
    return lived_over(tmp_path_factory.mktemp("ways"), ("rest", *WAYS))


@pytest.mark.parametrize("way", WAYS)
def test_the_rows_are_those_that_rest_leaves(left: dict[str, Left], way: str) -> None:
    told = differing(left["rest"].world, left[way].world)
    assert {table: rows for table, rows in told.items() if table not in KNOWN} == {}
    assert len(left[way].world["RM00101"]) == len(left["rest"].world["RM00101"]) == 46


@pytest.mark.parametrize("way", WAYS)
def test_the_same_is_parked_for_a_person(left: dict[str, Left], way: str) -> None:
    assert left[way].parked == left["rest"].parked
    assert left[way].after == left["rest"].after
    assert {code for *_, code in left["rest"].parked} == {"conflict", "not-in-code-page", "lookup-missing"}


def test_over_sql_the_contacts_mail_address_is_in_gp(left: dict[str, Left]) -> None:
    """Acceptance, row 1: INET1 of the address that the customer is billed at; everything else blank."""
    mails = {row["Master_ID"]: row for row in left["sql"].world["SY01200"]}
    made = mails["QUARTZOP0001"]
    assert (made["Master_Type"], made["ADRSCODE"], made["INET1"]) == ("CUS", "PRIMARY", "ada@quartz.example")
    assert {made[name] for name in made if name.startswith("INET") and name not in ("INET1", "INETINFO")} == {
        ""
    }
