"""Flows that a pair does not run, because GP is reached over channels that do not serve what they read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gp365.app.left_out import flows_of, left_out
from gp365.app.project import open_project

FLOW = "receivable_documents"
SETTINGS = """\
schema = 1

[systems.gp]
kind = "gp"
company = "Fabrikam, Inc."
interid = "TWO"
functional_currency = "USD"
%s
[systems.sales]
kind = "dataverse"
url = "https://org.example"
tenant_id = "t"
client_id = "c"
client_secret = {env = "NONE"}

[pairs.main]
gp = "gp"
sales = "sales"
flows = ["customers", "receivables", "receivable_documents", "invoicing"]
"""
SOAP = '[systems.gp.soap]\nurl = "http://gp.example:48620/DynamicsGPWebServices"\n'
SQL = '[systems.gp.sql]\nserver = "sql.example"\nuser = "u"\npassword = {env = "NONE"}\n'


@pytest.mark.parametrize(
    ("ways", "over"),
    [
        (SOAP, "Web Services (SOAP)"),
        ('url = "https://gp.example/GPService"\n', "GP Service (REST)"),
        (f"{SOAP}\n{SQL}", ""),
    ],
)
def test_documents_are_shown_over_sql_and_left_out_in_a_sentence_elsewhere(
    tmp_path: Path, ways: str, over: str
) -> None:
    (tmp_path / "gp365.toml").write_text(SETTINGS % ways, "utf-8")
    with open_project(tmp_path, actor="tester") as project:
        said = left_out(project, "main").get(FLOW, "")
        assert (FLOW in {flow.name for flow in flows_of(project, "main")}) is (not over)
        if over:
            assert said.startswith(f"{FLOW} is left out, because gp is reached over {over} alone")
            assert said.endswith("which serves no receivable.")
        else:
            assert said == ""
