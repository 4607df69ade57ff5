"""Receivables document types: their codes, sign, abbreviation and where their documents lie.

Sources for the codes: gptables.azurecurve.co.uk; Microsoft Learn, eConnect node taRMTransaction. An amount is stored
without a sign: types 1 to 6 raise the balance of a customer, 7 to 9 lower it.
"""

from decimal import Decimal

INVOICE, SCHEDULED, DEBIT_MEMO, FINANCE_CHARGE, SERVICE, WARRANTY = 1, 2, 3, 4, 5, 6
CREDIT_MEMO, RETURN, PAYMENT = 7, 8, 9
SALES_TYPES = (INVOICE, DEBIT_MEMO, FINANCE_CHARGE, SERVICE, WARRANTY, CREDIT_MEMO, RETURN)
"""Types that are entered as receivables transactions; scheduled payments are not modelled."""
CREDITS = (CREDIT_MEMO, RETURN, PAYMENT)
NAMES = {
    INVOICE: ("Sales / Invoices", "SLS"),
    SCHEDULED: ("Scheduled Payments", "SCP"),
    DEBIT_MEMO: ("Debit Memos", "DR"),
    FINANCE_CHARGE: ("Finance Charges", "FIN"),
    SERVICE: ("Service / Repairs", "SVC"),
    WARRANTY: ("Warranty", "WRN"),
    CREDIT_MEMO: ("Credit Memos", "CR"),
    RETURN: ("Returns", "RTN"),
    PAYMENT: ("Payments", "PMT"),
}
WORK, OPEN, HISTORY = 1, 2, 3
"""DCSTATUS in RM00401."""
NOT_VOIDED, VOIDED, NSF = 0, 1, 2
"""VOIDSTTS of a document (from practice, assumed)."""


def sign(kind: int) -> Decimal:
    """Give what a type does to the balance: 1 raises it, -1 lowers it."""
    return Decimal(-1 if kind in CREDITS else 1)
