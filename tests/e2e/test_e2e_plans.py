"""A plan is what happens: applied, it leaves the rows of a bare sync, and it foretells what a sync will ask for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from e2e_site import GP, SALES, Site, World, site, world

THOUSAND = {"customers": 500, "accounts": 500, "overlap": 300, "seed": 7}
FEW = {"customers": 250, "accounts": 150, "overlap": 100, "seed": 11}


def asked(at: Site) -> dict[str, int]:
    """Count what both systems answered since the mark, but for logins and tokens, by the names of the settings."""
    return {
        "gp": sum(one["status"] != 401 for one in at.requests(GP)),
        "sales": sum("/api/data/" in str(one["path"]) for one in at.requests(SALES)),
    }


def within_a_fifth(forecast: Mapping[str, int], counted: Mapping[str, int]) -> bool:
    return all(abs(forecast[name] - counted[name]) <= 0.2 * counted[name] for name in ("gp", "sales"))


def test_a_plan_that_is_applied_leaves_the_rows_of_a_bare_sync(fresh: Site, undisturbed: World) -> None:
    file = fresh.folder / "plans" / "first.jsonl"
    planned = fresh.run("plan", "--out", str(file))
    assert planned.code == 0
    applied = fresh.run("apply", str(file))
    assert applied.code == 0, applied.out
    assert applied.json["moved"] == []
    assert world(fresh) == undisturbed
    assert fresh.sync().written == 0


def test_a_plan_writes_nothing_anywhere(fresh: Site) -> None:
    before, links = world(fresh), fresh.link_count("customers")
    fresh.mark()
    assert fresh.run("plan").code == 0
    assert world(fresh) == before
    assert fresh.link_count("customers") == links == 0
    writes = [
        one
        for system in (GP, SALES)
        for one in fresh.requests(system)
        if one["method"] != "GET" and not one["path"].endswith(("/token", "/$batch"))
    ]
    assert writes == []


@pytest.mark.parametrize(
    ("wishes", "share"),
    [({}, 0.0), ({}, 1.0), (THOUSAND, 0.05)],
    ids=["sample data", "all read back", "a thousand"],
)
def test_a_forecast_is_within_a_fifth_of_what_the_systems_count(
    tmp_path: Path, wishes: dict[str, Any], share: float
) -> None:
    with site(tmp_path / "site", **wishes) as made:
        settings = made.folder / "gp365.toml"
        settings.write_text(settings.read_text("utf-8") + f"\n[verify]\nshare = {share}\n", "utf-8")
        told = made.run("plan").json
        made.mark()
        done = made.sync()
        assert done.code == 0
        counted, forecast = asked(made), told["requests"]
        assert within_a_fifth(forecast, counted), (forecast, counted)
        assert any(flow["read_back"] for flow in told["flows"]) == (share > 0)


def test_generated_firms_planned_and_applied_are_those_of_a_bare_sync(tmp_path: Path) -> None:
    with site(tmp_path / "one", **FEW) as planned:
        file = planned.folder / "plans" / "first.jsonl"
        assert planned.run("plan", "--out", str(file)).code == 0
        assert planned.run("apply", str(file)).code == 0
        by_plan = world(planned)
    with site(tmp_path / "two", **FEW) as bare:
        assert bare.sync().code == 0
        assert world(bare) == by_plan
    assert len(by_plan["gp365_customers"]) == 300
