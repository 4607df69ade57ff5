"""Credit limits of two companies of Dynamics GP on the accounts that they share, over the real wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from e2e_site import SALES, Answer, Site, site

ROLLUP = "customer_cards.credit_limits"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Answer]]:
    """Fabrikam and Fabrikam Canada in front of one organisation, after a first sync of both."""
    with site(tmp_path_factory.mktemp("two") / "site", companies=2) as made:
        yield made, made.sync()


@pytest.mark.parametrize(
    ("name", "granted"),
    [
        ("Contoso, Ltd.", "CAD 120,000.00; USD 250,000.00"),
        ("Central Communications LTD", "CAD 60,000.00; USD 40,000.00"),
        ("Blue Yonder Airlines", "CAD unlimited; USD unlimited"),
        ("Margie's Travel", "USD 9,000.00"),  # a customer of Fabrikam alone
        ("Granville Island Coffee Roasters", "CAD 12,000.00"),  # of Fabrikam Canada alone
        ("Direct Marketers", "USD 0.00"),  # no credit
    ],
)
def test_an_account_shows_what_each_company_grants_it_and_adds_nothing_up_across_currencies(
    first: tuple[Site, Answer], name: str, granted: str
) -> None:
    [account] = [row for row in first[0].rows(SALES, "accounts") if row["name"] == name]
    assert account["gp365_creditlimits"] == granted


def test_a_roll_up_is_written_once_for_both_companies_and_counted(first: tuple[Site, Answer]) -> None:
    rolled = [run for run in first[1].json["runs"] if run["flow"] == ROLLUP]
    assert len(rolled) == 1
    [run] = rolled
    granted = [row for row in first[0].rows(SALES, "accounts") if row.get("gp365_creditlimits")]
    assert run["considered"] == run["updated"] == run["sides"]["sales"]["updated"] == len(granted)
    assert run["balanced"] and run["clean"]


def test_an_account_that_is_no_customer_of_anybody_shows_nothing(first: tuple[Site, Answer]) -> None:
    at, _ = first
    ours = {row["_gp365_accountid_value"] for row in at.rows(SALES, "gp365_customers")}
    others = [row for row in at.rows(SALES, "accounts") if row["accountid"] not in ours]
    assert others
    assert not [row["name"] for row in others if row.get("gp365_creditlimits")]
