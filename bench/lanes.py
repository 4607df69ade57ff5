"""GP lanes at capacity: edits of people in Dynamics 365 go to GP as single reads and writes over 1, 2 and 5 lanes.

The simulated GP counts by its own clock: the length of each call, calls at once, and the rest of each connection between
the end of an answer and the next call; more calls at once or shorter rests than were agreed are breaches. Capacity is
lanes / (mean call time + spacing), measured from the first single call of the run to the end of the last one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bench.load_site import GP, SALES, Site, fresh

CALL_S = 0.1
_SINGLE = re.compile(r"\(.*\)\.json$|\([^)]*\)$")
_MOST_EDITS = 30
LANES, SPACINGS_MS = (1, 2, 5), (150, 0)
_ASKED = 0.95
_CUSTOMERS_PER_EDIT = 6
"""A guard holds what would change more than a fifth of the links in a day: what is held is not measured."""


@dataclass(frozen=True)
class Setting:
    """A number of lanes, their spacing, and how many accounts people edit for each lane."""

    lanes: int
    spacing_ms: int
    edits_per_lane: int = _MOST_EDITS

    @property
    def edits(self) -> int:
        """How many accounts are edited."""
        return self.lanes * self.edits_per_lane


def lanes(edits_per_lane: int = _MOST_EDITS, call_s: float = CALL_S) -> dict[str, Any]:
    """Measure every setting on one pair of simulators, one after the other."""
    settings = [Setting(one, spacing, edits_per_lane) for spacing in SPACINGS_MS for one in LANES]
    customers = _CUSTOMERS_PER_EDIT * sum(setting.edits for setting in settings)
    with fresh(["--gp-call-seconds", str(call_s)], customers) as site:
        site.run("sync")
        site.run("sync")
        found = [_measured(site, number, setting) for number, setting in enumerate(settings)]
    return {"call_s": call_s, "settings": found}


def _measured(site: Site, number: int, setting: Setting) -> dict[str, Any]:
    _set(site, setting)
    cards = sorted(
        site.door(SALES, "GET", "/rows/gp365_customers")["rows"], key=lambda row: row["gp365_number"]
    )
    for card in cards[: setting.edits]:
        edited = {"address1_line1": f"{number + 1} New Street", "telephone1": f"(555) 555-{1000 + number}"}
        site.door(SALES, "PUT", f"/rows/accounts/{card['_gp365_accountid_value']}", edited)
    site.door(GP, "POST", "/pacing", {"at_once": setting.lanes, "rest_s": setting.spacing_ms / 1000})
    site.door(GP, "DELETE", "/pacing")
    ran = site.run("sync")
    told = site.door(GP, "GET", "/pacing?calls=1")
    written = sum(run["sides"]["gp"]["updated"] for run in ran["runs"] if "gp" in run["sides"])
    return _told(setting, told, ran["code"], written) | {
        "client_cpu_s": ran["cpu_s"],
        "client_s": ran["wall_s"],
    }


def _set(site: Site, setting: Setting) -> None:
    path = site.folder / "gp365.toml"
    text = re.sub(r"(?m)^lanes = \d+", f"lanes = {setting.lanes}", path.read_text("utf-8"))
    path.write_text(re.sub(r"(?m)^spacing_ms = \d+", f"spacing_ms = {setting.spacing_ms}", text), "utf-8")


def single_calls(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the answered calls of one record each; lists and the legs of logins are left out."""
    return [call for call in calls if call["status"] != 401 and _SINGLE.search(call["path"])]


def share_of_capacity(calls: list[dict[str, Any]], lanes: int, spacing_s: float) -> tuple[float, float]:
    """Return calls a second over the capacity of the lanes, and the mean call time in seconds.

    The last calls' rests are counted as passed: the job ends with them.
    """
    began, ended = min(call["began"] for call in calls), max(call["ended"] for call in calls)
    mean_s = sum(call["ended"] - call["began"] for call in calls) / len(calls)
    return len(calls) / (ended + spacing_s - began) / (lanes / (mean_s + spacing_s)), mean_s


def _told(setting: Setting, told: dict[str, Any], code: int, written: int) -> dict[str, Any]:
    calls = single_calls(told["calls"])
    share, mean_s = share_of_capacity(calls, setting.lanes, setting.spacing_ms / 1000)
    shortest = told["shortest_rest_s"]
    return {
        "lanes": setting.lanes,
        "spacing_ms": setting.spacing_ms,
        "edits": setting.edits,
        "written": written,
        "exit_code": code,
        "calls": len(calls),
        "mean_call_ms": round(mean_s * 1000, 1),
        "share_of_capacity": round(share, 3),
        "limit": _ASKED,
        "holds": _ASKED <= share <= 1.0,
        "most_at_once": told["most_at_once"],
        "shortest_rest_ms": None if shortest is None else round(shortest * 1000, 1),
        "breaches": told["too_many"] + told["too_soon"],
    }
