"""What a process knows of the traffic with a system: places and who waits for them, requests, and refusals."""

from __future__ import annotations

from dataclasses import dataclass

from gp365.app.project import Project


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
    del project, system
    return Traffic()
