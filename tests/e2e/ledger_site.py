"""Sites that show GP's general ledger, and what GP itself says of accounts and balances."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from e2e_channels import over
from e2e_site import GP, SALES, Answer, Row, Site, site

Place = tuple[int, int, int, int]
"""Account index, ledger, year, period."""
Amounts = tuple[Decimal, Decimal, Decimal, Decimal]
"""Debit, credit, net change, balance."""
UNITS = (2, 4)
OPTIONS = "[pairs.fabrikam.options]\n"


@contextmanager
def ledger_site(folder: Path, way: str, options: str = "") -> Generator[Site]:
    """Run the sample company with its ledger alone over a channel, after a first sync."""
    with site(folder, provisioned=False) as made:
        over(way, made)
        made.settings('flows = ["customers"]', 'flows = ["ledger"]')
        choose(made, options)
        assert made.run("provision", "apply").code == 0
        done = made.sync()
        assert done.code == 0 and done.balanced, done.out + done.err
        yield made


def choose(at: Site, options: str) -> None:
    """Set the options of the pair, in place of those that stand there."""
    path = at.folder / "gp365.toml"
    text = path.read_text("utf-8").partition(OPTIONS)[0]
    path.write_text(f"{text.rstrip()}\n\n{OPTIONS}{options}\n" if options else text, "utf-8")


def synced(at: Site, *arguments: str) -> Answer:
    """Sync, without anything left to a person."""
    done = at.sync(*arguments)
    assert done.code == 0, done.out + done.err
    assert done.balanced
    return done


def accounts(at: Site) -> dict[str, Row]:
    """Return the accounts in Dataverse by number."""
    return {row["gp365_number"]: row for row in at.rows(SALES, "gp365_glaccounts")}


def balances(at: Site) -> dict[Place, Row]:
    """Return the balances in Dataverse by what GP calls them."""
    return {place_of(row): row for row in at.rows(SALES, "gp365_glbalances")}


def place_of(row: Row) -> Place:
    """Return a balance's key in GP."""
    index, ledger, year, period = map(int, row["gp365_balancekey"].split())
    return index, ledger, year, period


def shown(at: Site) -> dict[Place, Amounts]:
    """Return the amounts in Dataverse, of accounts that have any."""
    names = ("gp365_debit", "gp365_credit", "gp365_netchange", "gp365_balance")
    found: dict[Place, Amounts] = {}
    for place, row in balances(at).items():
        if row.get("gp365_netchange") is not None:
            debit, credit, change, balance = (Decimal(str(row[name])) for name in names)
            found[place] = (debit, credit, change, balance)
    return found


def kept(at: Site) -> dict[Place, Amounts]:
    """Work out what GP's own summary rows say: a balance is the sum of its periods."""
    found: dict[Place, Amounts] = {}
    rows = {
        (row["ACTINDX"], row["Ledger_ID"], row["YEAR1"], row["PERIODID"]): row
        for table in ("GL10110", "GL10111")
        for row in at.rows(GP, table)
    }
    totals: dict[tuple[int, int, int], Decimal] = {}
    for place in sorted(rows):
        debit, credit, change = (Decimal(rows[place][name]) for name in ("DEBITAMT", "CRDTAMNT", "PERDBLNC"))
        totals[place[:3]] = totals.get(place[:3], Decimal(0)) + change
        found[place] = (debit, credit, change, totals[place[:3]])
    return found


def post(at: Site, debit: int, credit: int, amount: str, on: str, number: int) -> None:
    """Enter a journal entry of two lines in GP and post it."""
    book = {"DEBITAMT": "0.00000", "CRDTAMNT": "0.00000"}
    head = f"GL_Normal;TEST;{number}"
    late(at, "SY00500", "GL_Normal;TEST", SERIES=2, NUMOFTRX=1)
    late(at, "GL10000", head, TRXDATE=on, SOURCDOC="GJ", SERIES=2, Ledger_ID=1)
    late(at, "GL10001", f"{number};16384", BACHNUMB="TEST", ACTINDX=debit, **{**book, "DEBITAMT": amount})
    late(at, "GL10001", f"{number};32768", BACHNUMB="TEST", ACTINDX=credit, **{**book, "CRDTAMNT": amount})
    at.door(GP, "POST", "/post", {"document": {"type": 0, "number": str(number), "source": "GL_Normal"}})


def late(at: Site, table: str, key: str, **values: object) -> None:
    """Write any table of GP as GP itself does."""
    at.door(GP, "POST", "/late", {"table": table, "key": key, "values": values, "by_s": 0})
