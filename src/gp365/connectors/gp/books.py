"""Dynamics GP against itself: what its receivables documents, customer balances and ledger say of the same money.

Three figures should be one: the signed rest of every posted document that is not void (RM20101), the balance of every
customer (RM00103), and the control accounts of the general ledger. Where they differ, the difference is GP's own: nothing
of it came from gp365, and GP's Reconcile and a journal entry put it right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gp365.model.contract import Connector
from gp365.model.errors import Misconfigured
from gp365.model.record import Record
from gp365.model.sums import ZERO, added
from gp365.model.values import Values

FIGURES = "customer_figures"
_FIELDS = ("CustomerNumber", "Balance", "DocumentsDebit", "DocumentsCredit", "ReceivablesAccountIndex")
_SALES_SERIES, _RECEIVABLES = "3", "200"
_BASE_LEDGER = 1
_CHUNK = 200
LISTED = 1000
"""So many customers whose figures differ are listed."""


@dataclass(frozen=True, slots=True)
class CustomerBooks:
    """A customer whose documents and balance differ; `waiting` explains part of it: receipts applied and not yet posted."""

    customer: str
    documents: Decimal
    balance: Decimal
    waiting: Decimal

    @property
    def difference(self) -> Decimal:
        """Give by how much the documents are more than the balance, apart from what waits to be posted."""
        return added(self.documents, self.waiting, -self.balance)


@dataclass(frozen=True, slots=True)
class AccountBooks:
    """A control account with its balance in the ledger of the open years."""

    account: str
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Books:
    """What GP says of its receivables in its three places; `listed` are the first of the `differing` customers.

    `left_out` says why nothing could be compared, "" where it was.
    """

    currency: str
    customers: int = 0
    documents: Decimal = ZERO
    balance: Decimal = ZERO
    waiting: Decimal = ZERO
    differing: int = 0
    listed: tuple[CustomerBooks, ...] = ()
    accounts: tuple[AccountBooks, ...] = ()
    left_out: str = ""

    @property
    def ledger(self) -> Decimal:
        """Give what the control accounts hold."""
        return added(*(one.balance for one in self.accounts))

    @property
    def difference(self) -> Decimal:
        """Give by how much the documents are more than the customers' balances, apart from what waits."""
        return added(self.documents, self.waiting, -self.balance)

    @property
    def ledger_difference(self) -> Decimal:
        """Give by how much the ledger holds more than the customers' balances; 0 where no control account is known."""
        return added(self.ledger, -self.balance) if self.accounts else ZERO

    @property
    def agrees(self) -> bool:
        """Say whether GP agrees with itself, as far as it was compared."""
        return not (self.differing or self.ledger_difference)


def read_books(gp: Connector, currency: str, accounts: Sequence[str] = ()) -> Books:
    """Read and compare; `accounts` name the control accounts instead of those that GP's setup names.

    Amounts are in the company's functional currency, exact. What a channel does not serve leaves the books out.
    """
    lacking = _lacking(gp)
    if lacking:
        return Books(currency, left_out=f"{gp.name} does not serve {lacking} here: over SQL Server it would.")
    waiting = _waiting(gp)
    documents = balance = ZERO
    customers = differing = 0
    listed: list[CustomerBooks] = []
    indexes: set[int] = set()
    for page in gp.scan(FIGURES, _FIELDS):
        for record in page:
            one = _customer(record, waiting)
            customers += 1
            documents, balance = added(documents, one.documents), added(balance, one.balance)
            index = record.values.get("ReceivablesAccountIndex")
            if isinstance(index, int) and index:
                indexes.add(index)
            if one.difference:
                differing += 1
                if len(listed) < LISTED:
                    listed.append(one)
    found = _accounts(gp, indexes, accounts)
    total = added(*waiting.values())
    return Books(currency, customers, documents, balance, total, differing, tuple(listed), found)


def _lacking(gp: Connector) -> str:
    served = gp.entities()
    for name in (FIGURES, "apply", "gl_balance", "posting_account"):
        if name not in served:
            return name
    fields = gp.entity(FIGURES).fields
    return next((f"{FIGURES}.{n}" for n in _FIELDS if n not in fields or not fields[n].readable), "")


def _customer(record: Record, waiting: Mapping[str, Decimal]) -> CustomerBooks:
    values = record.values
    documents = added(_amount(values, "DocumentsDebit"), -_amount(values, "DocumentsCredit"))
    number = record.key[0]
    return CustomerBooks(number, documents, _amount(values, "Balance"), waiting.get(number, ZERO))


def _amount(values: Values, name: str) -> Decimal:
    held = values.get(name)
    return held if isinstance(held, Decimal) else ZERO


def _waiting(gp: Connector) -> Mapping[str, Decimal]:
    """Give by customer what receipts are applied to that are not posted yet: the document is lower, the balance is not."""
    fields = ("CustomerNumber", "Posted", "AppliedAmount", "DiscountTaken", "WriteoffAmount")
    found: dict[str, Decimal] = {}
    for record in gp.find("apply", "Posted", [False], fields):
        number = str(record.values.get("CustomerNumber") or "")
        parts = (_amount(record.values, name) for name in fields[2:])
        found[number] = added(found.get(number, ZERO), *parts)
    return found


def _accounts(gp: Connector, indexes: Iterable[int], named: Sequence[str]) -> tuple[AccountBooks, ...]:
    if named:
        return tuple(_named(gp, account) for account in named)
    key = (_SALES_SERIES, _RECEIVABLES)
    setup = gp.get("posting_account", [key], ["AccountIndex"]).get(key)
    index = setup.values.get("AccountIndex") if setup is not None else None
    more: set[int] = {index} if isinstance(index, int) and index else set()
    wanted = sorted({*indexes} | more)
    return tuple(
        one for at in range(0, len(wanted), _CHUNK) for one in _balances(gp, wanted[at : at + _CHUNK])
    )


def _named(gp: Connector, account: str) -> AccountBooks:
    found = gp.find("gl_account", "AccountNumber", [account], ["AccountIndex"])
    if not found:
        raise Misconfigured(
            "settings-invalid",
            f"[systems.{gp.name}] receivables_accounts: the chart of accounts has no {account}.",
            system=gp.name,
            field="receivables_accounts",
            value=account,
        )
    balances = _balances(gp, [int(record.key[0]) for record in found])
    return balances[0] if balances else AccountBooks(account, ZERO)


def _balances(gp: Connector, indexes: Sequence[int]) -> list[AccountBooks]:
    """Add up the periods of the open years; the oldest of them brings the opening balance (period 0)."""
    fields = ("AccountIndex", "LedgerID", "AccountNumber", "NetChange", "TransactionState")
    sums: dict[str, Decimal] = {}
    for record in gp.find("gl_balance", "AccountIndex", list(indexes), fields):
        held = record.values
        if held.get("LedgerID") == _BASE_LEDGER and held.get("TransactionState") == "Open":
            name = str(held.get("AccountNumber") or record.key[0])
            sums[name] = added(sums.get(name, ZERO), _amount(held, "NetChange"))
    return [AccountBooks(name, sums[name]) for name in sorted(sums)]
