"""Ten thousand documents in three currencies: what they come to is the same in both systems, to the last decimal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from documents_site import CREDITS, FLOW, documents_site, money, signed
from e2e_site import GP, SALES

pytestmark = pytest.mark.proof

COUNT = int(os.environ.get("DOCUMENTS", "10000"))
RATES = {
    "Z-US$": ("USD", Decimal(1)),
    "Z-C$": ("CAD", Decimal("0.7213448")),
    "Z-AUD": ("AUD", Decimal("0.6519")),
}
KINDS = (1, 1, 1, 3, 4, 5, 6, 7, 8, 9, 9)


def _rounded(value: Decimal, decimals: str = "0.0001") -> Decimal:
    return value.quantize(Decimal(decimals), ROUND_HALF_UP)


def _documents(seed: int, numbers: list[str]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Give table, row and multicurrency row of made documents; open ones are settled in part, those of history whole."""
    chance = Random(seed)
    for at in range(COUNT):
        kind, currency = chance.choice(KINDS), chance.choice(list(RATES))
        iso_rate = RATES[currency][1]
        original = Decimal(chance.randrange(1, 10**9)).scaleb(-5 if currency != "Z-US$" else -4)
        settled = chance.random() < 0.3
        rest = Decimal(0) if settled else _rounded(original * chance.randrange(1, 101) / 100, "0.00001")
        if currency == "Z-US$":
            rest = _rounded(rest)
        place = {"RMDTYPAL": kind, "DOCNUMBR": f"D{at:08}", "CUSTNMBR": chance.choice(numbers)}
        common = {**place, "CURNCYID": currency, "DOCDATE": "2026-10-01"}
        amounts = {"ORTRXAMT": _rounded(original * iso_rate), "CURTRXAM": _rounded(rest * iso_rate)}
        row = {**common, **{name: str(each) for name, each in amounts.items()}, "DUEDATE": "2026-10-31"}
        more = {**common, "ORORGTRX": str(original), "ORCTRXAM": str(rest), "XCHGRATE": str(iso_rate)}
        yield ("RM30101" if settled and chance.random() < 0.5 else "RM20101"), row, more


def test_sums_over_ten_thousand_documents_in_three_currencies_agree_to_the_last_decimal(
    tmp_path: Path,
) -> None:
    with documents_site(tmp_path / "site") as story:
        at, numbers = story.at, sorted(story.evenings[0].cards)
        made = list(_documents(2026, numbers))
        for table in ("RM20101", "RM30101"):
            rows = [row for where, row, _ in made if where == table]
            for start in range(0, len(rows), 1000):
                at.door(GP, "POST", "/fill", {"table": table, "rows": rows[start : start + 1000]})
        foreign = [more for _, _, more in made if more["CURNCYID"] != "Z-US$"]
        for start in range(0, len(foreign), 1000):
            at.door(GP, "POST", "/fill", {"table": "MC020102", "rows": foreign[start : start + 1000]})
        done = at.sync(FLOW)
        assert done.code == 0 and done.balanced, done.out[-2000:]

        expected: dict[tuple[str, str], Decimal] = {}

        def add(name: str, iso: str, kind: int, amount: Decimal) -> None:
            expected[name, iso] = expected.get((name, iso), Decimal(0)) + signed(kind, amount)

        others = {(more["RMDTYPAL"], more["DOCNUMBR"]): more for more in foreign}
        for table in ("RM20101", "RM30101", "RM10301", "RM10201"):
            whole, left = ("DOCAMNT", "ACCTAMNT") if table == "RM10301" else ("ORTRXAMT", "CURTRXAM")
            for row in at.rows(GP, table):
                kind, number = int(row["RMDTYPAL"]), row["DOCNUMBR"].strip()
                add("amount", "USD", kind, money(row, whole))
                add("remaining", "USD", kind, money(row, left))
                other = others.get((kind, number))
                iso = RATES[row["CURNCYID"].strip()][0]
                add("original_amount", iso, kind, money(other, "ORORGTRX") if other else money(row, whole))
                add("original_remaining", iso, kind, money(other, "ORCTRXAM") if other else money(row, left))

        shown: dict[tuple[str, str], Decimal] = {}
        rows = at.rows(SALES, "gp365_receivables")
        assert len(rows) == COUNT + len(story.evenings[0].rows)
        for row in rows:
            for name in ("amount", "remaining", "originalamount", "originalremaining"):
                iso = row["gp365_currency"] if name.startswith("original") else "USD"
                key = name.replace("original", "original_"), iso
                shown[key] = shown.get(key, Decimal(0)) + money(row, f"gp365_{name}")
        assert shown == expected and {iso for _, iso in shown} == {"USD", "CAD", "AUD"}

        answer = at.run("reconcile", FLOW)
        assert answer.code == 0, answer.out[-2000:]
        report = next(one["report"] for one in answer.json["flows"] if one["report"]["flow"] == FLOW)
        totals = {(one["field"], one["currency"]): one for one in report["totals"]}
        for key, amount in expected.items():
            assert {Decimal(text) for text in totals[key]["linked"].values()} == {amount}, key
            assert totals[key]["difference"] == "0"
        assert any(kind in CREDITS for _, row, _ in made for kind in (row["RMDTYPAL"],))
