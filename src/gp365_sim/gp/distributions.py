"""Distributions of receivables documents (RM10101, in history RM30301): which accounts a document will move.

A document entered without distributions gets those of its customer, else of the posting account setup (SY01100): from
practice, assumed. The codes of DISTTYPE are assumed.
"""

from collections.abc import Sequence
from decimal import Decimal

from gp365_sim.gp.amounts import amount, text, whole
from gp365_sim.gp.company import Company
from gp365_sim.gp.ledger import SEQUENCE, Line
from gp365_sim.gp.refusals import broken_rule
from gp365_sim.gp.rmtypes import CREDITS, FINANCE_CHARGE, PAYMENT
from gp365_sim.gp.sqltypes import Value

CASH, DISCOUNT, RECEIVABLE, WRITE_OFF, SALES, TAX, OTHER = 1, 2, 3, 4, 9, 13, 8
SERIES = 3
CUSTOMER_ACCOUNTS = {
    CASH: "RMCSHACC",
    RECEIVABLE: "RMARACC",
    SALES: "RMSLSACC",
    WRITE_OFF: "RMWRACC",
    DISCOUNT: "RMTAKACC",
}
SETUP_NAMES = {
    CASH: "Cash",
    DISCOUNT: "Terms Discounts Taken",
    RECEIVABLE: "Accounts Receivable",
    WRITE_OFF: "Write-offs",
    SALES: "Sales",
    TAX: "Tax",
    OTHER: "Finance Charges",
}
"""PTGACDSC of the posting accounts, as the seed has them."""


def account_of(company: Company, customer: str, kind: int) -> int:
    """Find the account of a distribution type; raises `Refusal` where none is set up."""
    card = company.find("RM00101", customer)
    column = CUSTOMER_ACCOUNTS.get(kind, "")
    if card is not None and column in card and card[column]:
        return whole(card, column)
    for row in company.rows("SY01100"):
        if row["SERIES"] == SERIES and row["PTGACDSC"] == SETUP_NAMES[kind]:
            return whole(row, "ACTINDX")
    raise broken_rule(f"no posting account is set up for {SETUP_NAMES[kind]}.", "DSTINDX")


def default_lines(
    company: Company, customer: str, kind: int, total: Decimal, tax: Decimal
) -> list[tuple[int, Line]]:
    """Give the distributions that a document has unless others were entered, each with its type."""
    receivable = account_of(company, customer, RECEIVABLE)
    against = OTHER if kind == FINANCE_CHARGE else CASH if kind == PAYMENT else SALES
    lines = [
        (RECEIVABLE, Line(receivable, debit=total)),
        (against, Line(account_of(company, customer, against), credit=total - tax)),
    ]
    if tax:
        lines.append((TAX, Line(account_of(company, customer, TAX), credit=tax)))
    if kind in CREDITS:
        lines = [(each, Line(line.account, line.credit, line.debit)) for each, line in lines]
    return [(each, line) for each, line in lines if line.debit or line.credit]


def write_lines(
    company: Company, customer: str, kind: int, number: str, lines: Sequence[tuple[int, Line]]
) -> None:
    """Write the distributions of an unposted document."""
    for place, (each, line) in enumerate(lines, 1):
        company.add(
            "RM10101",
            {
                "RMDTYPAL": kind,
                "DOCNUMBR": number,
                "CUSTNMBR": customer,
                "SEQNUMBR": place * SEQUENCE,
                "DISTTYPE": each,
                "DSTINDX": line.account,
                "DEBITAMT": line.debit,
                "CRDTAMNT": line.credit,
                "ORDBTAMT": line.debit,
                "ORCRDAMT": line.credit,
                "CURNCYID": company.identity.currency,
                "USERID": "sa",
                "DCSTATUS": 1,
            },
        )


def rows_of(company: Company, kind: int, number: str) -> list[dict[str, Value]]:
    """Give the distributions of a document in Work or Open, in their order."""
    table = company["RM10101"].table
    found = [
        table.as_dict(row)
        for row in company["RM10101"].unordered()
        if table.get(row, "RMDTYPAL") == kind and table.text(row, "DOCNUMBR") == number
    ]
    return sorted(found, key=lambda row: whole(row, "SEQNUMBR"))


def lines_of(rows: Sequence[dict[str, Value]]) -> list[Line]:
    """Read distributions as lines of a journal entry."""
    return [
        Line(whole(row, "DSTINDX"), amount(row, "DEBITAMT"), amount(row, "CRDTAMNT"), text(row, "DistRef"))
        for row in rows
    ]


def key_of(row: dict[str, Value]) -> list[Value]:
    """Give the key of a distribution in RM10101."""
    return [row[name] for name in ("USERID", "PSTGSTUS", "RMDTYPAL", "DOCNUMBR", "SEQNUMBR")]
