"""The same days leave the same rows in GP and in Sales over SQL Server, Web Services and mixtures as over REST."""

from __future__ import annotations

import pytest
from e2e_channels import MAILS, MIXED
from ways_story import Left, differing, lived_over

ALONE = ("sql", "soap")
WAYS = (*ALONE, *MIXED)


def known(way: str) -> set[str]:
    """Name the tables that may differ from what REST leaves.

    SY01200: SBA serves no internet addresses, so that only the others write the mail address of the primary contact.
    Marks: the Web Services have no place for our reference.
    """
    written = way.partition("-")[2] or way
    return {*(["SY01200"] if way in MAILS else []), *(["marked"] if written == "soap" else [])}


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Left]:
    return lived_over(tmp_path_factory.mktemp("ways"), ("rest", *WAYS))


@pytest.mark.parametrize("way", WAYS)
def test_the_rows_are_those_that_rest_leaves(left: dict[str, Left], way: str) -> None:
    told = differing(left["rest"].world, left[way].world)
    assert {table: rows for table, rows in told.items() if table not in known(way)} == {}
    assert len(left[way].world["RM00101"]) == len(left["rest"].world["RM00101"]) == 46


@pytest.mark.parametrize("way", WAYS)
def test_the_same_is_parked_for_a_person(left: dict[str, Left], way: str) -> None:
    assert left[way].parked == left["rest"].parked
    assert left[way].after == left["rest"].after
    assert {code for *_, code in left["rest"].parked} == {"conflict", "not-in-code-page", "lookup-missing"}


@pytest.mark.parametrize("way", sorted(MAILS))
def test_the_contacts_mail_address_is_in_gp(left: dict[str, Left], way: str) -> None:
    """Acceptance, row 1: INET1 of the address that the customer is billed at; everything else blank."""
    mails = {row["Master_ID"]: row for row in left[way].world["SY01200"]}
    made = mails["QUARTZOP0001"]
    assert (made["Master_Type"], made["ADRSCODE"], made["INET1"]) == ("CUS", "PRIMARY", "ada@quartz.example")
    assert {made[name] for name in made if name.startswith("INET") and name not in ("INET1", "INETINFO")} == {
        ""
    }


@pytest.mark.parametrize("way", [way for way in MIXED if way not in MAILS])
def test_a_mixture_with_rest_leaves_internet_addresses_alone(left: dict[str, Left], way: str) -> None:
    """One of the two channels does not serve them, so that their row is left out."""
    assert left[way].world["SY01200"] == []
