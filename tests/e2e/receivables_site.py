"""Sites that run the flow receivables, and what GP itself says of a customer's figures."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from e2e_channels import over
from e2e_site import GP, SALES, Answer, Row, Site, site

FLOW = "receivables"
_OURS = 'flows = ["customers"]'
_WITH = 'flows = ["customers", "receivables"]'
SUMMARY = {
    "gp365_balance": "CUSTBLNC",
    **{f"gp365_aging{n}": f"AGPERAMT_{n}" for n in range(1, 8)},
    "gp365_onorder": "ONORDAMT",
    "gp365_lastpayment": "LPYMTAMT",
    "gp365_salesthisyear": "TTLSLYTD",
    "gp365_saleslastyear": "TTLSLLYR",
}
"""Columns of a card that show one of RM00103 as it is."""


@contextmanager
def receivables_site(folder: Path, way: str, companies: int = 1) -> Generator[Site]:
    """Run the sample data of both worlds with receivables over a channel, after a first sync; a second company over SQL."""
    with site(folder, provisioned=False, companies=companies) as made:
        over(way, made)
        made.settings(_OURS, _WITH)
        if companies > 1:
            path = made.folder / "gp365.toml"
            text = path.read_text("utf-8").replace(_OURS, _WITH)
            table = re.search(r"\[systems\.gp\.sql\]\n(?:[^\[]+\n)+", text)
            assert table is not None
            canada = table.group().replace("systems.gp.", "systems.gp_canada.").replace('"TWO"', '"CAN"')
            path.write_text(f"{text}\n{canada}", "utf-8")
        assert made.run("provision", "apply").code == 0
        done = made.sync()
        # Of two companies' sample customers some wait for a person: they share names and numbers.
        assert done.code == 0 or (companies > 1 and done.code == 1), done.out + done.err
        yield made


def run_of(answer: Answer, flow: str = FLOW) -> Mapping[str, Any]:
    """Return the run of a flow (the last one, where it ran again)."""
    return [run for run in answer.json["runs"] if run["flow"] == flow][-1]


def updated(answer: Answer, flow: str) -> int:
    """Count what the runs of a flow have changed."""
    return sum(int(run["updated"]) for run in answer.json["runs"] if run["flow"] == flow)


def summaries(at: Site) -> dict[str, Row]:
    """Return GP's summary rows by customer number; many customers have none."""
    return {row["CUSTNMBR"].strip(): row for row in at.rows(GP, "RM00103")}


def cards(at: Site) -> dict[str, Row]:
    """Return the cards in Dataverse by customer number."""
    return {row["gp365_number"]: row for row in at.rows(SALES, "gp365_customers")}


def money(row: Row, name: str) -> Decimal:
    """Return an amount of a row."""
    return Decimal(str(row[name]))


def late(at: Site, table: str, key: str, **values: Any) -> None:
    """Write any table of GP as GP itself does."""
    at.door(GP, "POST", "/late", {"table": table, "key": key, "values": values, "by_s": 0})


def figures(at: Site, number: str, **values: Any) -> None:
    """Let GP have other figures of a customer; its card is saved too, so that the next poll looks there."""
    late(at, "RM00103", number, **values)
    at.put(GP, "RM00101", number, COMMENT2="looked at")


def synced(at: Site, *arguments: str) -> Answer:
    """Sync, without anything left to a person."""
    done = at.sync(*arguments)
    assert done.code == 0, done.out + done.err
    assert done.balanced
    return done


def changed(before: Mapping[str, Row], after: Mapping[str, Row]) -> Sequence[str]:
    """Name the cards that were written in between."""
    return sorted(name for name in after if after[name]["versionnumber"] != before[name]["versionnumber"])
