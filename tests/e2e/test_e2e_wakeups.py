"""Chained wake-ups in a service whose polls are an hour apart: a customer just made gets its card at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from e2e_serving import SELDOM, serving, until
from e2e_site import GP, SALES, Site, site

from gp365.app.service.service import Service
from gp365.store import hints
from gp365.store.hints import Hint

ACCOUNT = "ac000000-0000-4000-8000-0000000000%02d"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("wakeups") / "site") as made:
        path = made.folder / "gp365.toml"
        path.write_text(path.read_text("utf-8").partition("\n")[2] + SELDOM, "utf-8")
        assert made.sync().code == 0
        yield made


def told(service: Service, system: str, table: str, key: str) -> None:
    """Tell the service of a record, as its door does."""
    with service.project.store.write() as conn:
        hints.keep(conn, [Hint(system, table, key, "Create", "", "", datetime.now(UTC))])
    service.wake()


def new_account(at: Site, number: int, name: str, **more: Any) -> str:
    held = {
        "name": name,
        "customertypecode": 3,
        "address1_line1": f"{number} Lake Road",
        "address1_city": "Milwaukee",
        "address1_stateorprovince": "WI",
        "address1_postalcode": f"532{number:02d}",
        "address1_country": "USA",
    }
    at.put(SALES, "accounts", ACCOUNT % number, **(held | more))
    return ACCOUNT % number


def new_customer(at: Site, number: str, name: str, zip_code: str) -> None:
    held = {"CUSTNAME": name, "CUSTCLAS": "USA-ILMO-T1", "ADRSCODE": "PRIMARY", "ADDRESS1": "1 Main Street"}
    held |= {"CITY": "Chicago", "STATE": "IL", "ZIP": zip_code, "COUNTRY": "USA", "USERDEF2": "wake"}
    at.put(GP, "RM00101", number, **held)


def carded(at: Site, account: str) -> bool:
    """Tell whether an account has its card."""
    return account in [row["_gp365_accountid_value"] for row in at.rows(SALES, "gp365_customers")]


def named(at: Site, name: str) -> str:
    """Give the account of this name, or ""."""
    return next((row["accountid"] for row in at.rows(SALES, "accounts") if row["name"] == name), "")


def test_an_account_becomes_a_customer_with_its_card_by_one_look(there: Site) -> None:
    with serving(there) as service:
        account = new_account(there, 1, "Granite Optical Group LLC")
        service.ask()
        until(lambda: carded(there, account))
        until(service.is_quiet)


def test_an_account_that_was_told_of_becomes_a_customer_with_its_card_at_once(there: Site) -> None:
    with serving(there) as service:
        account = new_account(there, 2, "Basalt Optical Group LLC")
        told(service, "sales", "account", account)
        until(lambda: carded(there, account))
        until(service.is_quiet)


def test_a_customer_that_was_told_of_becomes_an_account_with_its_card_at_once(there: Site) -> None:
    with serving(there) as service:
        new_customer(there, "SLATEOPT0001", "Slate Optical Group", "60601")
        told(service, "gp", "customer", "SLATEOPT0001")
        until(lambda: named(there, "Slate Optical Group"))
        until(lambda: carded(there, named(there, "Slate Optical Group")))
        until(service.is_quiet)


def test_an_account_that_was_told_of_before_it_is_a_customer_gets_everything_when_it_becomes_one(
    there: Site,
) -> None:
    with serving(there) as service:
        account = new_account(there, 3, "Marble Optical Group LLC", customertypecode=8)
        told(service, "sales", "account", account)
        until(service.is_quiet)
        there.put(SALES, "accounts", account, customertypecode=3)
        told(service, "sales", "account", account)
        until(lambda: carded(there, account))
        until(service.is_quiet)


def test_nothing_is_left_over_when_all_were_told_of_and_polls_are_still_an_hour_away(there: Site) -> None:
    again = there.sync()
    assert again.balanced and again.code == 0
    assert again.written == 0
