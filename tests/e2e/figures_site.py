"""Sites of many customers whose figures move in masses, and what that costs Dataverse in requests and in rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from e2e_channels import over
from e2e_site import GP, SALES, Answer, Row, Site, site
from receivables_site import FLOW, late

from gp365_sim.samples.generated import generated

CARDS, ACCOUNTS = "gp365_customers", "accounts"
AGES_AGO = "2024-02-01"
"""A day so long ago that what fell due then stands in GP's last bucket for good."""
_PIECE = 2000
_WRITES = ("CreateMultiple", "UpdateMultiple", "$batch")


@dataclass(frozen=True)
class Cost:
    """What a sync wrote: requests that may write, by how they do, and the rows with another version than before."""

    done: Answer
    requests: Mapping[str, int]
    cards: frozenset[str]
    accounts: frozenset[str]

    @property
    def sent(self) -> int:
        """Count the requests that Dataverse saw; those that only ask are the few by which a process begins."""
        return sum(self.requests.values())

    @property
    def told(self) -> Mapping[str, int]:
        """Tell by flow with how many requests its run says that it wrote, where it did."""
        counts = {run["flow"]: sum(run["write_requests"].values()) for run in self.done.json["runs"]}
        return {flow: count for flow, count in counts.items() if count}


@dataclass
class Figures:
    """A site and the customers of GP, by number."""

    at: Site
    numbers: Sequence[str]

    def fill(self, table: str, rows: Iterator[Row]) -> None:
        """Write rows into a table of GP as they are."""
        held = list(rows)
        for start in range(0, len(held), _PIECE):
            self.at.door(GP, "POST", "/fill", {"table": table, "rows": held[start : start + _PIECE]})

    def owe(self, numbers: Sequence[str], amount: str = "100.00000", due: str = "2026-07-01") -> None:
        """Let customers owe an invoice that fell due long ago: an open document, named by its amount, and their summary."""
        self.fill("RM20101", (_invoice(f"{number}{amount[:3]}", number, amount, due) for number in numbers))
        for number in numbers:
            late(self.at, "RM00103", number, CUSTBLNC=amount, AGPERAMT_1=amount)

    @property
    def owing(self) -> set[str]:
        """Name the customers with something in a bucket; the generated company has a few of its own."""
        return {number for number, held in self.buckets().items() if any(held)}

    def buckets(self) -> dict[str, tuple[Decimal, ...]]:
        """Return what stands in GP's buckets of every summary, by customer."""
        return {
            row["CUSTNMBR"].strip(): tuple(Decimal(row[f"AGPERAMT_{number}"]) for number in range(1, 8))
            for row in self.at.rows(GP, "RM00103")
        }

    def shown(self) -> dict[str, str | None]:
        """Return the day of aging that the cards show, by customer."""
        return {row["gp365_number"]: row.get("gp365_agedon") for row in self.at.rows(SALES, CARDS)}

    def looks(self, run: str) -> tuple[list[Row], list[Row]]:
        """Return the rows of the ledger in which a run tells of single records, and of several at once."""
        told = self.at.run("history", "--run", run, "--ledger", "--limit", "1000000").json["rows"]
        rows = [row for row in told if row["kind"] == "outcome"]
        return [row for row in rows if row["subject"]], [row for row in rows if not row["subject"]]

    def age(self, day: str) -> None:
        """Run GP's aging: it dates every summary."""
        self.at.door(GP, "POST", "/age", {"as_of": day})

    def synced(self, *arguments: str) -> Cost:
        """Sync in a process of its own; nothing may be left to a person. Tell what it wrote."""
        before = {table: _versions(self.at, table) for table in (CARDS, ACCOUNTS)}
        self.at.mark()
        done = self.at.in_child("sync", *arguments)
        assert done.code == 0 and done.balanced, done.out[-3000:] + done.err[-3000:]
        asked = Counter(_way(one) for one in self.at.requests(SALES))
        del asked[""]
        after = {table: _versions(self.at, table) for table in before}
        moved = {
            table: frozenset(name for name, version in rows.items() if before[table].get(name) != version)
            for table, rows in after.items()
        }
        return Cost(done, asked, moved[CARDS], moved[ACCOUNTS])


@contextmanager
def figures_site(folder: Path, customers: int, owing: int = 0, moving: int = 0) -> Generator[Figures]:
    """Run generated customers over SQL, of whom the first ones owe something, all aged by GP; the cards show it.

    What they owe is so old that no later aging moves it, but that of the first ones among them (`moving`).
    """
    with site(
        folder, provisioned=False, customers=customers, accounts=0, patience_s=120 + customers / 100
    ) as made:
        over("sql", made, page=5000)
        made.settings('flows = ["customers"]', f'flows = ["customers", "{FLOW}"]')
        assert made.run("provision", "apply").code == 0
        figures = Figures(made, [row["CUSTNMBR"] for row in generated(customers, 0, 0).customers()])
        figures.owe(figures.numbers[:moving])
        figures.owe(figures.numbers[moving:owing], due=AGES_AGO)
        figures.age("2026-07-31")
        done = made.in_child("sync")
        assert done.code == 0 and done.balanced, done.out[-3000:] + done.err[-3000:]
        yield figures


def _invoice(document: str, number: str, amount: str, due: str) -> dict[str, Any]:
    return {
        "RMDTYPAL": 1,
        "DOCNUMBR": document,
        "CUSTNMBR": number,
        "DOCDATE": due,
        "DUEDATE": due,
        "ORTRXAMT": amount,
        "CURTRXAM": amount,
        "CURNCYID": "Z-US$",
    }


def _versions(at: Site, table: str) -> Mapping[str, int]:
    name = "gp365_number" if table == CARDS else "accountid"
    return {row[name]: int(row["versionnumber"]) for row in at.rows(SALES, table)}


def _way(one: Row) -> str:
    """Name how a request may write; nothing for one that reads. A batch counts whatever it holds."""
    if one["method"] == "GET" or not str(one["path"]).startswith("/api/data/"):
        return ""
    return next((way for way in _WRITES if way in one["path"]), f"{one['method']} {one['path']}")
