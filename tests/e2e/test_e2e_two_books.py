"""Documents, payments and invoices of two companies of GP in one organisation: the same numbers, and no row is shared."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from documents_site import CREDITS, money
from e2e_channels import over
from e2e_site import GP, SALES, Answer, Row, Site, site

COMPANIES = {"TWO": "USD", "CAN": "CAD"}
OURS = 'flows = ["customers"]'
WITH = 'flows = ["customers", "receivable_documents", "payments", "invoicing"]'
TABLES = {
    "gp365_receivables": ("gp365_type", "gp365_number"),
    "gp365_applications": ("gp365_fromtype", "gp365_fromnumber", "gp365_totype", "gp365_tonumber"),
    "invoices": ("gp365_number",),
}
Place = tuple[str, ...]


@dataclass(frozen=True)
class Books:
    """The site after its first sync, and a run after it."""

    at: Site
    again: Answer

    def theirs(self, company: str, *tables: str) -> list[Row]:
        """Give the rows of tables of a company of GP."""
        found: list[Row] = []
        for table in tables:
            found += self.at.door(GP, "GET", f"/companies/{company}/rows/{table}")["rows"]
        return found

    def ours(self, table: str) -> dict[str, dict[Place, Row]]:
        """Give our rows of a table by company and key; each stands once."""
        found: dict[str, dict[Place, Row]] = defaultdict(dict)
        for row in self.at.rows(SALES, table):
            place = tuple(str(row[name]) for name in TABLES[table])
            assert place not in found[row["gp365_company"]]
            found[row["gp365_company"]][place] = row
        return found


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    with site(tmp_path_factory.mktemp("books") / "site", provisioned=False, companies=2) as at:
        over("sql", at)
        path = at.folder / "gp365.toml"
        text = path.read_text("utf-8").replace(OURS, WITH)
        table = re.search(r"\[systems\.gp\.sql\]\n(?:[^\[]+\n)+", text)
        assert table is not None
        canada = table.group().replace("systems.gp.", "systems.gp_canada.").replace('"TWO"', '"CAN"')
        path.write_text(f"{text}\n{canada}", "utf-8")
        assert at.run("provision", "apply").code == 0
        done = at.sync()
        # Some customers of the samples wait for a person: both companies know them by one name.
        assert done.code in (0, 1) and done.balanced, done.out
        yield Books(at, at.sync())


def test_a_second_sync_of_both_writes_nothing(books: Books) -> None:
    assert books.again.balanced and books.again.written == 0


@pytest.mark.parametrize("table", TABLES)
def test_the_same_number_in_both_companies_is_two_rows(books: Books, table: str) -> None:
    found = books.ours(table)
    assert set(found) == set(COMPANIES)
    assert found["TWO"].keys() & found["CAN"].keys()


def test_every_document_and_application_of_each_company_stands_in_its_own_currency(books: Books) -> None:
    documents, applications = books.ours("gp365_receivables"), books.ours("gp365_applications")
    names = {row["transactioncurrencyid"]: row for row in books.at.rows(SALES, "transactioncurrencies")}
    for company, iso in COMPANIES.items():
        held = books.theirs(company, "RM10301", "RM10201", "RM20101", "RM30101")
        assert {(str(row["RMDTYPAL"]), row["DOCNUMBR"].strip()) for row in held} == set(documents[company])
        applied = books.theirs(company, "RM20201", "RM30201")
        ends = ("APFRDCTY", "APFRDCNM", "APTODCTY", "APTODCNM")
        assert {tuple(str(row[name]).strip() for name in ends) for row in applied} == set(
            applications[company]
        )
        for row in (*documents[company].values(), *applications[company].values()):
            assert names[row["_transactioncurrencyid_value"]]["isocurrencycode"] == iso


def test_sums_agree_with_gp_for_each_company_and_currency_alone(books: Books) -> None:
    documents, applications = books.ours("gp365_receivables"), books.ours("gp365_applications")
    for company in COMPANIES:
        counted = [
            row for row in documents[company].values() if row["gp365_posted"] and not row["gp365_void"]
        ]
        left = sum((money(row, "gp365_remaining") for row in counted), Decimal(0))
        assert left == _sum(books.theirs(company, "RM00103"), "CUSTBLNC") != 0
        standing = [row for row in applications[company].values() if not row.get("gp365_withdrawn")]
        settled = sum((money(row, "gp365_settled") for row in standing), Decimal(0))
        applied = books.theirs(company, "RM20201", "RM30201")
        assert settled == _sum(applied, "APPTOAMT", "DISTKNAM", "WROFAMNT") != 0
    report = books.at.run("reconcile", "receivable_documents")
    assert report.code in (0, 1), report.out
    totals = [
        (total["currency"], total["difference"])
        for one in report.json["flows"]
        for total in one["report"]["totals"]
        if total["field"] == "remaining"
    ]
    assert sorted(totals) == [("CAD", "0"), ("USD", "0")]


def test_a_payment_in_one_company_moves_nothing_of_the_other(books: Books) -> None:
    before, open_ones = books.ours("gp365_receivables"), dict[str, Row]()
    for company in COMPANIES:
        for row in books.theirs(company, "RM20101"):
            if row["RMDTYPAL"] not in CREDITS and money(row, "CURTRXAM") > 0 and company == "CAN":
                open_ones[row["DOCNUMBR"].strip()] = row
    number, paid = next(
        (n, row) for n, row in open_ones.items() if (str(row["RMDTYPAL"]), n) in before["TWO"]
    )
    kind, amount = int(paid["RMDTYPAL"]), str(paid["CURTRXAM"])
    values = {"RMDTYPAL": 9, "CUSTNMBR": paid["CUSTNMBR"], "ORTRXAMT": amount}
    (receipt,) = _act(books, "document", {"values": values, "post": True})["rows"]
    ends = {
        "from": {"type": 9, "number": receipt["DOCNUMBR"].strip()},
        "to": {"type": kind, "number": number},
    }
    _act(books, "apply", {**ends, "amount": amount})
    done = books.at.sync()
    assert done.balanced
    after, place = books.ours("gp365_receivables"), (str(kind), number)
    assert after["TWO"] == before["TWO"]
    assert money(after["CAN"][place], "gp365_remaining") == 0 and after["CAN"][place]["gp365_paid"]
    assert books.at.sync().written == 0


def _act(books: Books, task: str, order: Mapping[str, Any]) -> Any:
    return books.at.door(GP, "POST", f"/companies/CAN/{task}", order)


def _sum(rows: list[Row], *names: str) -> Decimal:
    return sum((money(row, name) for row in rows for name in names), Decimal(0))
