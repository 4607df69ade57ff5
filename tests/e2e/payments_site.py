"""Sites that run the flows of payments, and what GP's clerks do there: invoices, receipts, applications, reversals."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from e2e_channels import over
from e2e_site import GP, SALES, Row, Site, site
from receivables_site import money, synced

PAYMENT, CREDIT_MEMO, DEBIT_MEMO, INVOICE = 9, 7, 3, 1
FLOWS = ("receivables", "payments", "payment_notes")


@contextmanager
def payments_site(folder: Path) -> Generator[Site]:
    """Run the sample data of both worlds with receivables and payments over SQL, after a first sync."""
    with site(folder, provisioned=False) as made:
        over("sql", made)
        names = ", ".join(f'"{name}"' for name in ("customers", *FLOWS))
        made.settings('flows = ["customers"]', f"flows = [{names}]")
        assert made.run("provision", "apply").code == 0
        done = made.sync()
        assert done.code == 0 and done.balanced, done.out + done.err
        yield made


def today() -> date:
    """Return the company's day."""
    return datetime.now(UTC).astimezone(ZoneInfo("America/Chicago")).date()


def document(at: Site, customer: str, kind: int, amount: str, **values: str) -> str:
    """Let GP post a document or receipt and return its number."""
    column = "ORTRXAMT" if kind == PAYMENT else "SLSAMNT"
    given = {"RMDTYPAL": kind, "CUSTNMBR": customer, column: amount, **values}
    (row,) = at.door(GP, "POST", "/document", {"values": given, "post": True})["rows"]
    return str(row["DOCNUMBR"]).strip()


def apply(
    at: Site,
    source: str,
    target: str,
    amount: str = "0",
    *,
    discount: str = "0",
    write_off: str = "0",
    source_type: int = PAYMENT,
    undo: bool = False,
) -> None:
    """Let GP apply a payment or credit to an invoice, or take that back."""
    pair = {"from": {"type": source_type, "number": source}, "to": {"type": INVOICE, "number": target}}
    amounts = {"amount": amount, "discount": discount, "write_off": write_off}
    at.door(GP, "POST", "/apply", {**pair, **amounts, **({"undo": True} if undo else {})})


def void(at: Site, kind: int, number: str, *, nsf: bool = False) -> None:
    """Let GP void a document, or book a receipt back that was not paid."""
    at.door(GP, "POST", "/void", {"type": kind, "number": number, **({"nsf": True} if nsf else {})})


def applied(at: Site, source: str) -> dict[str, Row]:
    """Return the rows of what a payment or credit was applied to, by the number of the document."""
    rows = at.rows(SALES, "gp365_applications")
    return {row["gp365_tonumber"]: row for row in rows if row["gp365_fromnumber"] == source}


def parts(row: Row) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Return what was settled, and of it cash, terms discount and write-off."""
    names = ("gp365_settled", "gp365_cash", "gp365_discount", "gp365_writeoff")
    settled, cash, discount, write_off = (money(row, name) for name in names)
    return settled, cash, discount, write_off


def notes(at: Site, number: str) -> list[Row]:
    """Return the notes of ours about a payment."""
    rows = at.rows(SALES, "annotations")
    return [row for row in rows if row["subject"] == f"GP payment TWO {number}"]


def note(at: Site, number: str) -> str:
    """Return the text of the one note about a payment."""
    (found,) = notes(at, number)
    return str(found["notetext"])


def open_amount(at: Site, customer: str, kind: int, number: str) -> Decimal:
    """Return what GP says is left of an open document."""
    return money(at.row(GP, "RM20101", f"{customer};{kind};{number}"), "CURTRXAM")


# stories


Story = Callable[[Site], Generator[None]]


@dataclass
class Book:
    """Stories of several customers told side by side: what happens to all of them in a day is looked at by one sync.

    A story yields where a day ends; what it says afterwards is checked against what then stands there.
    """

    at: Site
    failed: dict[str, BaseException] = field(default_factory=dict[str, BaseException])
    written_again: list[int] = field(default_factory=list[int])
    ended: set[str] = field(default_factory=set[str])

    def tell(self, stories: Sequence[Story]) -> None:
        """Tell the stories day by day, with a second sync after each."""
        told = {story.__name__: story(self.at) for story in stories}
        while told := {name: one for name, one in told.items() if self._goes_on(name, one)}:
            synced(self.at)
            self.written_again.append(synced(self.at).written)

    def _goes_on(self, name: str, story: Generator[None]) -> bool:
        try:
            next(story)
        except StopIteration:
            self.ended.add(name)
            return False
        except BaseException as trouble:  # noqa: BLE001 (raised again in the story's own test)
            self.failed[name] = trouble
            return False
        return True

    def retell(self, name: str) -> None:
        """Raise what went wrong in a story."""
        if name in self.failed:
            raise self.failed[name]
        assert name in self.ended


STORIES: list[Story] = []


def told(story: Story) -> Callable[[Book], None]:
    """Make a test of a story; the fixture `book` tells all of them."""
    STORIES.append(story)

    def test(book: Book) -> None:
        book.retell(story.__name__)

    return test
