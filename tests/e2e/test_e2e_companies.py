"""Two companies of GP on one organisation: one leads, the other overwrites nothing, and every sum is per currency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from e2e_site import GP, SALES, Site, site

NEW = "ad000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both companies after their first syncs; new accounts go to the company of their currency."""
    with site(tmp_path_factory.mktemp("both") / "site", companies=2) as made:
        assert made.sync().balanced
        yield made


def cards_by_account(at: Site) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for card in at.rows(SALES, "gp365_customers"):
        found.setdefault(card["_gp365_accountid_value"], []).append(card)
    return found


def test_the_companies_of_one_organisation_do_not_write_over_each_other_for_ever(both: Site) -> None:
    first = both.sync()
    assert first.balanced
    second = both.sync()
    assert second.balanced
    assert second.written == 0


def test_an_account_may_have_a_card_of_each_company(both: Site) -> None:
    shared = [cards for cards in cards_by_account(both).values() if len(cards) > 1]
    assert shared
    for cards in shared:
        companies = [card["gp365_company"] for card in cards if card["gp365_primary"]]
        assert len(companies) == len(set(companies))


def test_what_the_accounts_show_of_credit_is_the_leading_companys(both: Site) -> None:
    shared = {
        key: cards
        for key, cards in cards_by_account(both).items()
        if len({c["gp365_company"] for c in cards}) > 1
    }
    assert shared
    for key, cards in shared.items():
        (own,) = [card for card in cards if card["gp365_company"] == "TWO"]
        account = both.row(SALES, "accounts", key)
        assert bool(account.get("creditonhold")) == bool(own["gp365_hold"])


def test_a_new_account_becomes_a_customer_of_one_company_alone(both: Site) -> None:
    (cad,) = [row for row in both.rows(SALES, "transactioncurrencies") if row["isocurrencycode"] == "CAD"]
    both.put(
        SALES,
        "accounts",
        NEW,
        name="Saskatoon Grain Instruments",
        customertypecode=3,
        address1_line1="4 Prairie Way",
        address1_city="Saskatoon",
        address1_stateorprovince="SK",
        address1_postalcode="S7K 1J9",
        address1_country="Canada",
        **{"transactioncurrencyid@odata.bind": f"/transactioncurrencies({cad['transactioncurrencyid']})"},
    )
    assert both.sync().balanced
    (card,) = cards_by_account(both)[NEW]
    assert card["gp365_company"] == "CAN"
    assert not [row for row in both.rows(GP, "RM00101") if "SASKATOON GRAIN" in row["CUSTNAME"].upper()]
    assert both.sync().written == 0
