"""What a process knows of the traffic with a system: places and who waits for them, requests, and refusals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from time import monotonic
from weakref import WeakKeyDictionary

from gp365.app.alerts.days import company_zone
from gp365.app.project import Project
from gp365.app.sharing import Shared
from gp365.model.errors import Gp365Error
from gp365.store import alerts
from gp365.wire.calls import Priority

KEEP_EVERY_S = 60.0
_kept_at: WeakKeyDictionary[Project, float] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Traffic:
    """The traffic with one system as one process sees it.

    Of this process: `places` at which calls may be under way now (0 for a system without a limit), `busy` of them,
    `waiting` callers, `requests` and `refusals` (429s) since it began. `requests_today` are those of all processes of the
    store since the company's midnight, those of others as of a minute ago.
    """

    places: int = 0
    busy: int = 0
    waiting: int = 0
    requests: int = 0
    refusals: int = 0
    requests_today: int = 0


def traffic(project: Project, system: str) -> Traffic:
    """Return the traffic with a system; asks the store at most once a minute, and the system never."""
    found = project.shared.get(system)
    if found is None:
        return Traffic()
    keep_counts(project)
    places, busy, waiting = _standing(found)
    return Traffic(places, busy, waiting, found.requests, found.refusals, found.on(_today(project)))


def keep_counts(project: Project, *, every_s: float = KEEP_EVERY_S) -> None:
    """Add what was counted to the sums of the day, unless that was done less than `every_s` ago, and read them.

    A store that fails costs nothing but delay.
    """
    if not project.shared or not project.has_store() or not _due(project, every_s):
        return
    taken = {system: one.take_unkept() for system, one in project.shared.items()}
    today = _today(project)
    try:
        sums = _kept(project, taken, today)
    except Gp365Error:
        for system, unkept in taken.items():
            project.shared[system].put_back(unkept)
        return
    for system, one in project.shared.items():
        one.kept_day, one.kept_today = today, sums.get(_name(system), 0)


def _due(project: Project, every_s: float) -> bool:
    now = monotonic()
    if now - _kept_at.get(project, float("-inf")) < every_s:
        return False
    _kept_at[project] = now
    return True


def _kept(project: Project, taken: dict[str, Counter[date]], today: date) -> dict[str, int]:
    days: dict[date, dict[str, int]] = {}
    for system, unkept in taken.items():
        for day, number in unkept.items():
            days.setdefault(day, {})[_name(system)] = number
    with project.store.write() if days else project.store.read() as conn:
        for day, sums in days.items():
            alerts.add_to_day(conn, day.isoformat(), "", "", sums)
        return alerts.day_sums(conn, [today.isoformat()]).get((today.isoformat(), "", ""), {})


def _name(system: str) -> str:
    return f"sent:{system}"


def _today(project: Project) -> date:
    return project.clock().astimezone(company_zone(project.settings)).date()


def _standing(found: Shared) -> tuple[int, int, int]:
    stands = [gate.standing() for gate in found.gates]
    places = sum(one.places for one in stands)
    busy, waiting = sum(one.busy for one in stands), sum(one.waiting for one in stands)
    budget = found.the_budget
    if budget is not None:
        standing = budget.standing()
        places += standing.limit or 0
        busy += standing.running
        waiting += sum(budget.waiting(priority) for priority in Priority)
    return places, busy, waiting
