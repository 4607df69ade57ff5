"""A process of its own for the tests: it appends to a ledger, or stops inside a transaction until it is killed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from gp365.store import ledger, links
from gp365.store.engine import open_store


def append(url: str, name: str, commits: int) -> None:
    store = open_store(url)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(commits):
        with store.write() as conn:
            rows = [
                ledger.Entry("outcome", name, f"{name}-{number}-{part}", 1, "created") for part in range(3)
            ]
            ledger.append(conn, "fabrikam/customers", rows, actor=name, at=datetime.now(UTC))
    store.close()


def hold(url: str) -> None:
    store = open_store(url)
    with store.write() as conn:
        links.insert(conn, [links.NewLink("fabrikam", "customers", f"K{n}", f"A{n}") for n in range(500)])
        entry = ledger.Entry("outcome", "torn", subject="K1", subjects=1)
        ledger.append(conn, "fabrikam/customers", [entry], actor="child", at=datetime.now(UTC))
        print("inside", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    what, place, *rest = sys.argv[1:]
    if what == "append":
        append(place, rest[0], int(rest[1]))
    else:
        hold(place)
