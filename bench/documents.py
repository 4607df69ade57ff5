"""Loading receivable documents over SQL into Dataverse under its service protection limits: rate and memory.

Customers, cards and their accounts stand already; what is measured is the first load of the documents. The sustained rate
is that of `load`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bench.load import FULL as FULL_LIMITS
from bench.load import SCALED as SCALED_LIMITS
from bench.load import Scale, measured
from bench.load_site import GP, Site, fresh

CUSTOMERS = 500
_PIECE = 2000
_FLOW, _TABLE = "receivable_documents", "gp365_receivables"
_THEIRS = ("RM20101", "RM30101", "RM10301", "RM10201")
_SHARE = 0.9


@dataclass(frozen=True)
class Documents:
    """How many documents there are, and the limits of the organisation."""

    count: int
    scale: Scale


SCALED = Documents(8_000, replace(SCALED_LIMITS, customers=CUSTOMERS))
FULL = Documents(200_000, replace(FULL_LIMITS, customers=CUSTOMERS))


def documents(size: Documents) -> dict[str, Any]:
    """Load half of the documents by a first reading and the other half by the feed; the peaks of memory are compared."""
    with fresh(size.scale.extra, CUSTOMERS) as site:
        site.append(size.scale.settings)
        _over_sql(site)
        site.settings('flows = ["customers"]', f'flows = ["customers", "{_FLOW}"]')
        for command in (("provision", "apply"), ("sync", "customers")):
            done = site.run(*command)
            if done["code"]:
                raise RuntimeError(f"{command[0]} ended with {done['code']}: {str(done)[:2000]}")
        numbers = [row["CUSTNMBR"].strip() for row in site.door(GP, "GET", "/rows/RM00101")["rows"]]
        halves = [_half(site, size, numbers, at) for at in (0, 1)]
    found: dict[str, Any] = {"documents": size.count, "limits": size.scale.limits, "halves": halves}
    found["peak_grows_by"] = round(halves[1]["peak_mb"] / halves[0]["peak_mb"] - 1, 3)
    return {**found, "holds": all(one["holds"] for one in halves)}


def _half(site: Site, size: Documents, numbers: list[str], half: int) -> dict[str, Any]:
    many = size.count // 2
    rows = [_row(at, numbers) for at in range(half * many, (half + 1) * many)]
    for start in range(0, len(rows), _PIECE):
        site.door(GP, "POST", "/fill", {"table": "RM20101", "rows": rows[start : start + _PIECE]})
    before = site.count(_TABLE)
    ran, told = measured(
        site, size.scale, lambda: site.run("sync", _FLOW), lambda: site.count(_TABLE) - before
    )
    lost = sum(len(site.door(GP, "GET", f"/rows/{name}")["rows"]) for name in _THEIRS) - site.count(_TABLE)
    holds = ran["code"] == 0 and not lost and told["share_of_sustained"] >= _SHARE
    return told | {"exit_code": ran["code"], "lost": lost, "peak_mb": ran["peak_mb"], "holds": holds}


def _row(at: int, numbers: list[str]) -> dict[str, Any]:
    amount = f"{10 + at % 9000}.{at % 100:02}"
    paid = at % 3 == 0
    return {
        "RMDTYPAL": 9 if at % 4 == 0 else 1,
        "DOCNUMBR": f"BENCH{at:08}",
        "CUSTNMBR": numbers[at % len(numbers)],
        "DOCDATE": "2026-10-01",
        "DUEDATE": "2026-10-31",
        "ORTRXAMT": amount,
        "CURTRXAM": "0.00" if paid else amount,
        "CURNCYID": "Z-US$",
        "TRXDSCRN": "Sale",
    }


def _over_sql(site: Site) -> None:
    """Reach GP over SQL alone: the table that stands there as a comment becomes a setting."""
    path = site.folder / "gp365.toml"
    lines = path.read_text("utf-8").splitlines()
    begin = next(at for at, line in enumerate(lines) if line.lstrip("# ") == "[systems.gp.sql]")
    end = next((at for at in range(begin, len(lines)) if not lines[at].strip()), len(lines))
    table = [line.removeprefix("#").removeprefix(" ") for line in lines[begin:end]]
    text = "\n".join([*lines[:begin], *table, "page = 5000", *lines[end:]])
    path.write_text(text + "\n", "utf-8")
