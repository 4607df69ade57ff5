"""GP's fiscal calendar over SQL Server, in a running service: the example of docs/serve.md, word by word."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from e2e_channels import SqlDoor, site_over
from e2e_serving import SELDOM, serving, until
from e2e_site import GP, PAIR, Site

from gp365.app.project import open_project
from gp365.app.service import triggers_kept
from gp365.app.service.service import Service
from gp365.app.service.standing import TriggerStanding

PAGE = Path(__file__).resolve().parents[2] / "docs" / "serve.md"
MONTH_END = f"fiscal month_end {PAIR}"


def example() -> str:
    """Take the settings that the page shows."""
    section = PAGE.read_text("utf-8").partition("## By the calendar")[2].partition("\n* ")[0]
    return "\n".join(line[4:] for line in section.splitlines() if line.startswith("    ") or not line)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_over(tmp_path_factory.mktemp("fiscal") / "site", "sql") as made:
        path = made.folder / "gp365.toml"
        settings = example().replace("around_period_end", "look_s = 1.0\naround_period_end")
        path.write_text(path.read_text("utf-8") + SELDOM + settings, "utf-8")
        yield made


def rule(service: Service, name: str) -> TriggerStanding:
    (found,) = [one for one in service.standing().triggers if one.name == name]
    return found


def test_the_example_of_the_page_reads_customers_whole_when_accounting_closes_a_period_for_sales(
    there: Site,
) -> None:
    door = SqlDoor.of(there)
    order = {"year": 2026, "period": 10}
    with serving(there) as service:
        until(lambda: rule(service, MONTH_END).seen_at is not None)
        rounds, asked = service.rounds, door.last
        for series in ("purchasing", "payroll", "sales"):
            there.door(GP, "POST", "/period", order | {"series": series})
        until(lambda: service.rounds > rounds and service.is_quiet())
        until(lambda: not rule(service, MONTH_END).left)
        periods = [one for one in door.asked(asked) if "SY40100" in str(one["text"])]
        assert periods and all("TOP" not in str(one["text"]) for one in periods)  # one question a look
        seen = rule(service, MONTH_END).seen_at
        until(lambda: rule(service, MONTH_END).seen_at != seen)
        assert len(logged(there)) == 1
        quarter = rule(service, f"cycle quarter {PAIR}")
        assert quarter.next_at is not None and quarter.next_at > datetime.now(UTC)
    there.door(GP, "POST", "/period", order | {"series": "sales", "closed": False})


@contextmanager
def running(at: Site) -> Generator[subprocess.Popen[bytes]]:
    """Run `gp365 serve` as a process of its own until it has looked at the calendar; end it unless it was killed."""
    door = SqlDoor.of(at)
    asked = door.last
    words = [sys.executable, "-m", "gp365", "-C", str(at.folder), "serve"]
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: any("SY40100" in str(one["text"]) for one in door.asked(asked)))
            yield process
        finally:
            process.terminate()


def whole_reads(door: SqlDoor, after: int) -> int:
    """Count how often customers were read whole: only then is the server's own clock asked."""
    return sum("GETUTCDATE() AS [now]" in str(one["text"]) for one in door.asked(after))


def is_done(at: Site, period: int) -> bool:
    """Tell whether a closing was seen and nothing is left to be done for it."""
    with open_project(at.folder) as project:
        _, held, calendars = triggers_kept.read(project.store)
    closed = {one.key for one in calendars["gp/TWO"].periods if "sales" in one.closed}
    return f"2026/{period}" in closed and not held[MONTH_END].left


@pytest.mark.proof
def test_a_closing_outlives_kills_and_both_sides_are_read_whole_for_it(there: Site) -> None:
    door, chance = SqlDoor.of(there), random.Random(365)
    order = {"year": 2026, "series": "sales"}
    with running(there):
        pass
    for period in (8, 9):
        asked = door.last
        with running(there) as process:
            there.door(GP, "POST", "/period", order | {"period": period})
            time.sleep(chance.uniform(0.2, 2.0))  # any moment before, in or after the run
            process.kill()
        with running(there):
            until(lambda period=period: is_done(there, period))
        assert whole_reads(door, asked)
    asked = door.last
    with running(there):
        until(lambda: door.last > asked + 20)
    assert not whole_reads(door, asked)
    for period in (8, 9):
        there.door(GP, "POST", "/period", order | {"period": period, "closed": False})


def logged(at: Site) -> list[str]:
    """Give the lines of the log that tell of rules for closings."""
    lines = (at.folder / ".gp365" / "logs" / "gp365.log").read_text("utf-8").splitlines()
    return [line for line in lines if '"what": "trigger"' in line or '"what":"trigger"' in line]
