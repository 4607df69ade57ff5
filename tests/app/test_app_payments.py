"""The flows of payments beside others: which run before them, and when they are left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from gp365.app.left_out import flows_of, left_out
from gp365.app.project import open_project

SETTINGS = """\
schema = 1

[systems.gp]
kind = "gp"
company = "Fabrikam, Inc."
interid = "TWO"
functional_currency = "USD"
user = "FABRIKAM\\\\gp365"
password = {{env = "GP_PASSWORD"}}
{channel}

[systems.sales]
kind = "dataverse"
url = "https://fabrikam.crm.dynamics.com"
tenant_id = "00000000-0000-0000-0000-000000000001"
client_id = "00000000-0000-0000-0000-000000000002"
client_secret = {{env = "SALES_SECRET"}}

[pairs.fabrikam]
gp = "gp"
sales = "sales"
flows = ["customers", "payments", "payment_notes"]
"""
SOAP = '[systems.gp.soap]\nurl = "http://gp.fabrikam.com:48620/DynamicsGPWebServices"'
SQL = '[systems.gp.sql]\nserver = "gp.fabrikam.com"\nuser = "gp365"\npassword = {env = "GP_SQL"}'


@pytest.mark.parametrize("channel", ["soap", "rest"])
def test_without_sql_there_are_no_payments_and_a_sentence_says_so(tmp_path: Path, channel: str) -> None:
    text = SETTINGS.format(channel=SOAP)
    if channel == "rest":
        text = SETTINGS.format(channel="").replace(
            'interid = "TWO"', 'interid = "TWO"\nurl = "https://gp.fabrikam.com/GPService"'
        )
    (tmp_path / "gp365.toml").write_text(text, "utf-8")
    with open_project(tmp_path) as project:
        said = left_out(project, "fabrikam")
        assert set(said) == {"payments", "payment_notes"}
        assert "serves no application" in said["payments"] and "serves no payment" in said["payment_notes"]
        assert [flow.name for flow in flows_of(project, "fabrikam")] == ["customers", "customer_cards"]


def test_over_sql_both_run_after_the_cards_that_they_name(tmp_path: Path) -> None:
    (tmp_path / "gp365.toml").write_text(SETTINGS.format(channel=SQL), "utf-8")
    with open_project(tmp_path) as project:
        assert left_out(project, "fabrikam") == {}
        names = [flow.name for flow in flows_of(project, "fabrikam")]
    assert names.index("customer_cards") < names.index("payments")
    assert names.index("customers") < names.index("payment_notes")
