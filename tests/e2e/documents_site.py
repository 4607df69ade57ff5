"""Sites that show receivable documents, and what GP itself says of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from e2e_channels import over
from e2e_site import GP, SALES, Answer, Row, Site, site

FLOW = "receivable_documents"
CREDITS = (7, 8, 9)
TABLES = ("RM10301", "RM10201", "RM20101", "RM30101")
Place = tuple[int, str]


@contextmanager
def documents_site(folder: Path, way: str = "sql", **wishes: Any) -> Generator[Site]:
    """Run the sample data of both worlds with receivables and documents, after a first sync."""
    with site(folder, provisioned=False, **wishes) as made:
        over(way, made)
        made.settings('flows = ["customers"]', 'flows = ["customers", "receivables", "receivable_documents"]')
        assert made.run("provision", "apply").code == 0
        done = made.sync()
        assert done.code == 0, done.out + done.err
        yield made


def theirs(at: Site) -> dict[Place, tuple[str, Row]]:
    """Return GP's documents by type and number: the table in which each stands, and its row."""
    return {
        (int(row["RMDTYPAL"]), row["DOCNUMBR"].strip()): (table, row)
        for table in TABLES
        for row in at.rows(GP, table)
    }


def shown(at: Site) -> dict[Place, Row]:
    """Return the rows in Dataverse by type and number."""
    rows = at.rows(SALES, "gp365_receivables")
    found = {(int(row["gp365_type"]), row["gp365_number"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def money(row: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(str(row[name]))


def signed(kind: int, amount: Decimal) -> Decimal:
    return -amount if kind in CREDITS else amount


def enter(
    at: Site, kind: int, number: str, who: str, amount: str, *, post: bool = True, **more: Any
) -> Place:
    """Enter a document as a clerk does, and post it."""
    name = "ORTRXAMT" if kind == 9 else "SLSAMNT"
    values = {"RMDTYPAL": kind, "DOCNUMBR": number, "CUSTNMBR": who, name: amount, **more}
    at.door(GP, "POST", "/document", {"values": values, "post": post})
    return kind, number


def apply(
    at: Site, credit: Place, debit: Place, money: str, discount: str = "0", *, undo: bool = False
) -> None:
    """Apply a credit to a debit, or take it back."""
    order = {
        "from": {"type": credit[0], "number": credit[1]},
        "to": {"type": debit[0], "number": debit[1]},
        "amount": money,
        "discount": discount,
    }
    at.door(GP, "POST", "/apply", {**order, "undo": True} if undo else order)


def void(at: Site, place: Place, *, unpaid: bool = False) -> None:
    """Void a document, or book a receipt back that was not paid."""
    order = {"type": place[0], "number": place[1]}
    at.door(GP, "POST", "/void", {**order, "nsf": True} if unpaid else order)


def synced(at: Site, *arguments: str) -> Answer:
    """Sync documents and what they need, without anything left to a person."""
    done = at.sync(FLOW, *arguments)
    assert done.code == 0, done.out + done.err
    assert done.balanced
    return done


def run_of(answer: Answer) -> Mapping[str, Any]:
    """Return the run of the flow."""
    return [run for run in answer.json["runs"] if run["flow"] == FLOW][-1]


def left_of(at: Site, who: str) -> Decimal:
    """Add up what Dataverse shows as left of a customer's posted documents that are not void."""
    card = at.card(who)["gp365_customerid"]
    return sum(
        (
            money(row, "gp365_remaining")
            for row in shown(at).values()
            if row["_gp365_cardid_value"] == card and row["gp365_posted"] and not row["gp365_void"]
        ),
        Decimal(0),
    )


def balance_of(at: Site, who: str) -> Decimal:
    """Return the balance that GP keeps of a customer."""
    return money(at.row(GP, "RM00103", who), "CUSTBLNC")
