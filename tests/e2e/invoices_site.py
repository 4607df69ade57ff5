"""A site that shows posted sales invoices of GP as invoices of Sales."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from documents_site import money
from e2e_channels import over
from e2e_site import GP, SALES, Answer, Row, Site, site

HEADS, LINES, STATES = "invoices", "invoice_lines", "invoice_states"
HEAD = {
    "SUBTOTAL": "ORSUBTOT",
    "FRTAMNT": "ORFRTAMT",
    "MISCAMNT": "ORMISCAMT",
    "TAXAMNT": "ORTAXAMT",
    "TRDISAMT": "ORTDISAM",
    "DOCAMNT": "ORDOCAMT",
}
LINE = {
    "UNITPRCE": "ORUNTPRC",
    "MRKDNAMT": "ORMRKDAM",
    "XTNDPRCE": "OXTNDPRC",
    "TAXAMNT": "ORTAXAMT",
}
"""Columns of amounts, with those in the currency of the document."""
FLOWS = f'flows = ["customers", "{HEADS}", "{LINES}", "{STATES}"]'


@contextmanager
def invoices_site(folder: Path, *, provisioned: bool = True) -> Generator[Site]:
    """Run the sample data of both worlds with sales invoices over SQL."""
    with site(folder, provisioned=False) as made:
        over("sql", made)
        made.settings('flows = ["customers"]', FLOWS)
        if provisioned:
            assert made.run("provision", "apply").code == 0
        yield made


@dataclass(frozen=True)
class Shot:
    """What stood in Sales after a sync: invoices by GP number, each with its lines in their order."""

    done: Answer
    heads: dict[str, Row]
    lines: dict[str, list[Row]]

    def state(self, number: str) -> tuple[int, int]:
        """Give state and status of an invoice."""
        return self.heads[number]["statecode"], self.heads[number]["statuscode"]

    def totals(self, number: str) -> tuple[Decimal, ...]:
        """Give goods, discount, freight, tax and total of an invoice, as Sales has worked them out."""
        names = ("totallineitemamount", "discountamount", "freightamount", "totaltax", "totalamount")
        return tuple(money(self.heads[number], name) for name in names)


def shot(at: Site, done: Answer) -> Shot:
    """Look at Sales; an invoice of GP stands there once."""
    rows = [row for row in at.rows(SALES, "invoices") if row.get("gp365_company")]
    heads = {row["gp365_number"]: row for row in rows}
    assert len(heads) == len(rows)
    lines: dict[str, list[Row]] = {number: [] for number in heads}
    numbers = {row["invoiceid"]: number for number, row in heads.items()}
    for row in sorted(at.rows(SALES, "invoicedetails"), key=lambda one: one["lineitemnumber"]):
        lines[numbers[row["_invoiceid_value"]]].append(row)
    return Shot(done, heads, lines)


def posted(at: Site) -> dict[str, Row]:
    """Give the posted sales invoices of GP that stand in receivables: headers of SOP30200 by number."""
    known = {
        row["DOCNUMBR"].strip()
        for table in ("RM20101", "RM30101")
        for row in at.rows(GP, table)
        if row["RMDTYPAL"] == 1
    }
    rows = {row["SOPNUMBE"].strip(): row for row in at.rows(GP, "SOP30200") if row["SOPTYPE"] == 3}
    return {number: row for number, row in rows.items() if number in known}


def in_work(at: Site) -> str:
    """Give the number of the invoice that the sample company has not posted."""
    (number,) = [row["SOPNUMBE"].strip() for row in at.rows(GP, "SOP10100") if row["SOPTYPE"] == 3]
    return number


def invoiced(at: Site) -> str:
    """Let GP turn what is left of the order of that invoice into another one, and return its number."""
    order = at.row(GP, "SOP10100", f"{in_work(at)};3")["ORIGNUMB"].strip()
    (head,) = at.door(GP, "POST", "/transfer", {"order": order, "batch": "INVOICES"})["rows"]
    return str(head["SOPNUMBE"]).strip()


def post(at: Site, number: str) -> None:
    """Let GP post an invoice."""
    at.door(GP, "POST", "/post", {"document": {"type": 3, "number": number, "source": "Sales Entry"}})


def line(at: Site, number: str, sequence: int, **amounts: str) -> None:
    """Give a line in work other amounts, in the functional currency and in that of the document."""
    _put(at, "SOP10200", f"{number};3;0;{sequence}", LINE, amounts)


def head(at: Site, number: str, **amounts: str) -> None:
    """Give an invoice in work other amounts, in the functional currency and in that of the document."""
    _put(at, "SOP10100", f"{number};3", HEAD, amounts)


def _put(at: Site, table: str, key: str, twins: Mapping[str, str], amounts: Mapping[str, str]) -> None:
    values = {**amounts, **{twins[name]: value for name, value in amounts.items()}}
    at.door(GP, "POST", "/late", {"table": table, "key": key, "values": values, "by_s": 0})
