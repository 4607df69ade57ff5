"""First load of GP customers into Dataverse under its service protection limits: gp365, a loop, a pool, Microsoft's client.

The simulated Dataverse lets every request take its execution time, as a real one does. The sustained rate is what the
limits grant in the long run, min(20 requests/s x rows per call, 4 s/s / server seconds per row), for the rows that were
written, each by the cheapest call for it (100 creates in one CreateMultiple, an update as a part of a $batch). The full
window that everybody begins with is not part of it; `seconds_at_best` says what a client could do that uses it up at once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.load_clients import CLIENTS, write_job
from bench.load_site import SALES, Site, fresh, in_child

REQUESTS_PER_S = 20.0
SECONDS_PER_S = 4.0
_ROWS_PER_CREATE = 100


@dataclass(frozen=True)
class Scale:
    """How large the run is: a window of the limits, customers, and how long the other clients may take.

    Costs are assumed: no page says what a row costs. `row_s` is counted for each row read or written, `written_row_s`
    besides for a written one, `request_s` for each request and part of a batch.
    """

    customers: int = 7_000
    window_s: float = 30.0
    patience_s: float = 90.0
    request_s: float = 0.02
    row_s: float = 0.0003
    written_row_s: float = 0.02

    @property
    def limits(self) -> dict[str, Any]:
        """What one user may use in a window: 6,000 requests and 1,200 s in 300 s (service protection limits page)."""
        return {
            "requests": int(REQUESTS_PER_S * self.window_s),
            "execution_s": SECONDS_PER_S * self.window_s,
            "at_once": 52,
            "window_s": self.window_s,
        }

    @property
    def extra(self) -> list[str]:
        """The options of the simulators."""
        limits = self.limits
        options = {
            "window": self.window_s,
            "requests": limits["requests"],
            "seconds": limits["execution_s"],
            "concurrent": limits["at_once"],
            "request-seconds": self.request_s,
            "row-seconds": self.row_s,
            "written-row-seconds": self.written_row_s,
        }
        return [
            "--dataverse-waited",
            *(part for name, value in options.items() for part in (f"--dataverse-{name}", str(value))),
        ]

    @property
    def settings(self) -> str:
        """The settings of gp365 that tell it how large the window is; at full size they are its defaults."""
        told = {name: value for name, value in self.limits.items() if name != "at_once"}
        return "[systems.sales.limits]\n" + "".join(f"{name} = {value}\n" for name, value in told.items())

    def sustained_s(self, created: int, updated: int) -> float:
        """Give the seconds that so many written rows take at the sustained rate."""
        row_s = self.row_s + self.written_row_s
        requests = created / _ROWS_PER_CREATE + updated / _ROWS_PER_CREATE
        spent_s = created * (row_s + self.request_s / _ROWS_PER_CREATE) + updated * (row_s + self.request_s)
        return max(requests / REQUESTS_PER_S, spent_s / SECONDS_PER_S)


SCALED, FULL = Scale(), Scale(customers=70_000, window_s=300.0, patience_s=900.0)


def load(scale: Scale) -> dict[str, Any]:
    """Run gp365 and the other clients one after the other, each against fresh simulators; return the figures."""
    found: dict[str, Any] = {"limits": scale.limits, "scale": asdict(scale)}
    with tempfile.TemporaryDirectory(prefix="gp365-bench-") as folder:
        job = Path(folder) / "job.jsonl"
        with fresh(scale.extra, scale.customers) as site:
            site.append(scale.settings)
            found["gp365"] = _gp365(site, scale)
            rows = _rows(site)
        for name in CLIENTS:
            with fresh(scale.extra, 0) as site:
                told = {**site.started.description[SALES], "ca_file": site.started.description["ca_file"]}
                write_job(job, told, rows, scale.patience_s)
                found[name] = _other(site, scale, name, job)
    return found


def _gp365(site: Site, scale: Scale) -> dict[str, Any]:
    before = _Before(site)
    ran = site.run("sync")
    updated = sum(run["sides"]["sales"]["updated"] for run in ran["runs"] if "sales" in run["sides"])
    created = site.count("accounts") + site.count("gp365_customers")
    told = {
        "exit_code": ran["code"],
        "lost": 2 * scale.customers - created,
        "seconds_of_runs": {run["flow"]: run["seconds"] for run in ran["runs"]},
    }
    return (
        before.told(scale, created, updated, ran["wall_s"], ran["cpu_s"]) | told | {"peak_mb": ran["peak_mb"]}
    )


def measured(
    site: Site, scale: Scale, run: Callable[[], Any], created: Callable[[], int]
) -> tuple[Any, dict[str, Any]]:
    """Run something of gp365 and tell what it reached and cost; `created` counts the rows that it made."""
    before = _Before(site)
    ran = run()
    return ran, before.told(scale, created(), 0, ran["wall_s"], ran["cpu_s"])


def _other(site: Site, scale: Scale, name: str, job: Path) -> dict[str, Any]:
    before = _Before(site)
    done = in_child(name, str(job))
    told = before.told(scale, done["rows"], 0, done["seconds"], done["cpu_s"])
    whole = done["rows"] == done["wanted"]
    more = {} if whole else {"stopped_after_s": scale.patience_s}
    seconds = done["seconds"] * done["wanted"] / max(1, done["rows"])
    return told | {"finished": whole, "seconds_for_all": round(seconds), **more}


def _rows(site: Site) -> list[tuple[Any, Any]]:
    accounts = {row["accountid"]: row for row in site.door(SALES, "GET", "/rows/accounts")["rows"]}
    cards = site.door(SALES, "GET", "/rows/gp365_customers")["rows"]
    return [(accounts[card["_gp365_accountid_value"]], card) for card in cards]


class _Before:
    """Where a site stood before a run, so that what the run cost can be told."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._last, self._spent_s, self._cpu_s = site.last(), site.spent_s(), site.cpu_s()

    def told(
        self, scale: Scale, created: int, updated: int, seconds: float, client_cpu_s: float
    ) -> dict[str, Any]:
        """Tell what the run reached and cost. The requests are asked for first: asking costs the simulators time.

        `core_at_sustained` is the part of one core that our process needs to keep up with the sustained rate: on a busy
        machine the wall's figures tell of its load, this one of us.
        """
        server_cpu_s = self._site.cpu_s() - self._cpu_s
        spent_s = self._site.spent_s() - self._spent_s
        asked = self._site.requests(self._last)
        refused = sum(one["status"] == 429 for one in asked)
        rows, needed_s = created + updated, scale.sustained_s(created, updated)
        at_best_s = max(0.0, needed_s - scale.window_s)
        return {
            "rows_created": created,
            "rows_updated": updated,
            "seconds": round(seconds, 1),
            "rows_per_s": round(rows / seconds, 1),
            "sustained_rows_per_s": round(rows / needed_s, 1) if needed_s else None,
            "share_of_sustained": round(needed_s / seconds, 3),
            "seconds_at_best": round(at_best_s, 1),
            "requests": len(asked),
            "refused_429": refused,
            "share_refused": round(refused / max(1, len(asked)), 4),
            "execution_s": round(spent_s, 1),
            "share_of_execution_time": round(spent_s / (SECONDS_PER_S * seconds), 3),
            "client_cpu_s": round(client_cpu_s, 1),
            "client_ms_per_row": round(1000 * client_cpu_s / max(1, rows), 2),
            "core_at_sustained": round(client_cpu_s / needed_s, 2) if needed_s else None,
            "simulators_cpu_s": round(server_cpu_s, 1),
        }
