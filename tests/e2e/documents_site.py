"""A site that shows receivable documents, a few days of its clerks, and what stood in both systems at the end of each."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from e2e_channels import over
from e2e_site import GP, SALES, Answer, Row, Site, site

FLOW = "receivable_documents"
CREDITS = (7, 8, 9)
TABLES = ("RM10301", "RM10201", "RM20101", "RM30101")
ADAM, ASTOR, PLAZA, COHO = "ADAMPARK0001", "ASTORSUI0001", "PLAZAONE0001", "COHOWINE0001"
"""Customers of the sample company that have no documents."""
PARENT, CHILD = "CENTRALC0001", "BLUEYOND0001"
RENAMED, NOW = "UNIFIEDW0001", "UNIFIEDW0009"
Place = tuple[int, str]

UNPOSTED, TYPO = (1, "POSTED1"), (1, "TYPO1")
A, B, RECEIPT, FEE = (1, "ROW16A"), (1, "ROW16B"), (9, "PYROW16"), (3, "NSFFEE1")
MOVED, MOVED_BY = (1, "MOVED1"), (9, "PYMOVED1")
OF_CHILD, OF_PARENT = (1, "CHILD1"), (9, "PYPARENT")


@dataclass(frozen=True)
class Evening:
    """What stood in both systems after a sync: GP's documents with their tables, our rows, balances, cards."""

    done: Answer
    theirs: Mapping[Place, tuple[str, Row]]
    rows: Mapping[Place, Row]
    balances: Mapping[str, Decimal]
    cards: Mapping[str, Row]

    @property
    def run(self) -> Mapping[str, Any]:
        """Give the run of the flow."""
        return [run for run in self.done.json["runs"] if run["flow"] == FLOW][-1]

    def left(self, *places: Place) -> list[Decimal]:
        """Give what our rows show as left."""
        return [money(self.rows[place], "gp365_remaining") for place in places]

    def flags(self, place: Place) -> set[str]:
        """Name what is said of a document."""
        names = ("posted", "paid", "void", "removed")
        return {name for name in names if self.rows[place][f"gp365_{name}"]}

    def left_of(self, who: str) -> Decimal:
        """Add up what is left of a customer's posted documents that are not void."""
        card = self.cards[who]["gp365_customerid"]
        mine = (row for row in self.rows.values() if row["_gp365_cardid_value"] == card)
        counted = (row for row in mine if row["gp365_posted"] and not row["gp365_void"])
        return sum((money(row, "gp365_remaining") for row in counted), Decimal(0))


@dataclass
class Story:
    """A site and its evenings."""

    at: Site
    evenings: list[Evening] = field(default_factory=list[Evening])

    def sync(self, *arguments: str) -> None:
        """Sync documents and what they need; nothing may be left to a person."""
        self.sync_all(FLOW, *arguments)

    def sync_all(self, *arguments: str) -> None:
        """Sync every flow; nothing may be left to a person."""
        done = self.at.sync(*arguments)
        assert done.code == 0, done.out + done.err
        assert done.balanced
        self.evenings.append(evening(self.at, done))


@contextmanager
def documents_site(folder: Path) -> Generator[Story]:
    """Run the sample data of both worlds with receivables and documents over SQL, after a first sync."""
    with site(folder, provisioned=False) as made:
        over("sql", made)
        made.settings('flows = ["customers"]', 'flows = ["customers", "receivables", "receivable_documents"]')
        assert made.run("provision", "apply").code == 0
        done = made.sync()
        assert done.code == 0, done.out + done.err
        yield Story(made, [evening(made, done)])


def first_day(at: Site) -> None:
    """Enter documents: one to be posted later, one by mistake, and those of the other stories."""
    _enter(at, UNPOSTED, ADAM, "75.25", post=False, CSTPONBR="PO 4711", DOCDESCR="Chairs")
    _enter(at, TYPO, PLAZA, "12.00", post=False)
    _enter(at, A, ASTOR, "1000.00")
    _enter(at, B, ASTOR, "500.00")
    _enter(at, MOVED, COHO, "60.00")
    _enter(at, MOVED_BY, COHO, "60.00")
    _apply(at, MOVED_BY, MOVED, "60.00")
    at.put(GP, "RM00101", CHILD, CPRCSTNM=PARENT)
    _enter(at, OF_CHILD, CHILD, "3000.00")


def second_day(at: Site) -> None:
    """Post, receive 1,200 on two invoices, remove what is paid, let the parent pay, delete the mistake."""
    at.door(GP, "POST", "/post", {"document": {"type": 1, "number": UNPOSTED[1]}})
    _enter(at, RECEIPT, ASTOR, "1200.00")
    _apply(at, RECEIPT, A, "980.00", "20.00")
    _apply(at, RECEIPT, B, "150.00")
    at.door(GP, "POST", "/remove_paid", {"customer": COHO})
    _enter(at, OF_PARENT, PARENT, "3000.00")
    _apply(at, OF_PARENT, OF_CHILD, "3000.00")
    at.door(GP, "POST", "/discard", {"type": TYPO[0], "number": TYPO[1]})


def third_day(at: Site) -> None:
    """Void, let two receipts bounce (one from history), use the deleted number again, give a customer another number."""
    _void(at, UNPOSTED)
    _void(at, RECEIPT, unpaid=True)
    _enter(at, FEE, ASTOR, "25.00")
    _void(at, MOVED_BY, unpaid=True)
    _enter(at, TYPO, PLAZA, "21.00")
    at.door(GP, "POST", "/renumber", {"from": RENAMED, "to": NOW})


def evening(at: Site, done: Answer) -> Evening:
    """Look at both systems."""
    rows = at.rows(SALES, "gp365_receivables")
    found = {(int(row["gp365_type"]), row["gp365_number"]): row for row in rows}
    assert len(found) == len(rows)
    theirs = {
        (int(row["RMDTYPAL"]), row["DOCNUMBR"].strip()): (table, row)
        for table in TABLES
        for row in at.rows(GP, table)
    }
    balances = {row["CUSTNMBR"].strip(): money(row, "CUSTBLNC") for row in at.rows(GP, "RM00103")}
    cards = {row["gp365_number"]: row for row in at.rows(SALES, "gp365_customers")}
    return Evening(done, theirs, found, balances, cards)


def money(row: Mapping[str, Any], name: str) -> Decimal:
    """Return an amount of a row."""
    return Decimal(str(row[name]))


def signed(kind: int, amount: Decimal) -> Decimal:
    """Return an amount with the sign of its document's type."""
    return -amount if kind in CREDITS else amount


def _enter(at: Site, place: Place, who: str, amount: str, *, post: bool = True, **more: Any) -> None:
    kind, number = place
    name = "ORTRXAMT" if kind == 9 else "SLSAMNT"
    values = {"RMDTYPAL": kind, "DOCNUMBR": number, "CUSTNMBR": who, name: amount, **more}
    at.door(GP, "POST", "/document", {"values": values, "post": post})


def _apply(at: Site, credit: Place, debit: Place, amount: str, discount: str = "0") -> None:
    ends = {name: {"type": place[0], "number": place[1]} for name, place in (("from", credit), ("to", debit))}
    at.door(GP, "POST", "/apply", {**ends, "amount": amount, "discount": discount})


def _void(at: Site, place: Place, *, unpaid: bool = False) -> None:
    order = {"type": place[0], "number": place[1]}
    at.door(GP, "POST", "/void", {**order, "nsf": True} if unpaid else order)
