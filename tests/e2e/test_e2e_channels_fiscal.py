"""GP's fiscal calendar over SQL Server, in a running service: the example of docs/serve.md, word by word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from e2e_channels import SqlDoor, site_over
from e2e_serving import SELDOM, serving, until
from e2e_site import GP, PAIR, Site

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


def logged(at: Site) -> list[str]:
    """Give the lines of the log that tell of rules for closings."""
    lines = (at.folder / ".gp365" / "logs" / "gp365.log").read_text("utf-8").splitlines()
    return [line for line in lines if '"what": "trigger"' in line or '"what":"trigger"' in line]
