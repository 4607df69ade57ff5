"""Lanes as the simulated GP sees them: never more calls at once than lanes, never a shorter rest than the spacing."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gp365.app.actions.simulators import Simulators, simulators
from gp365.wire.gate import Gate
from gp365.wire.handshake import WindowsLogin
from gp365.wire.trust import Trust
from gp365.wire.windows import Lanes

CUSTOMERS = "Tenants(DefaultTenant)/Companies(Fabrikam, Inc.)/Sales/Customers"
KEY = f"{CUSTOMERS}(AARONFIT0001).json"
CALLS = 30


@pytest.fixture(scope="module")
def gp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    folder: Path = tmp_path_factory.mktemp("lanes") / "sim"
    with simulators(folder, extra=("--gp-call-seconds", "0.01")) as started:
        yield started


def door(gp: Simulators, method: str, path: str, body: Any = None) -> Any:
    told = gp.description
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(told["gp"]["control"] + path, content, method=method)
    trust = ssl.create_default_context(cafile=told["ca_file"])
    with urllib.request.urlopen(request, context=trust) as answer:
        return json.load(answer)


def opened(gp: Simulators, lanes: int, spacing_s: float, gate: Gate | None = None) -> Lanes:
    told = gp.description["gp"]
    login = WindowsLogin(told["user"], told["password"])
    trust = Trust(Path(gp.description["ca_file"]))
    return Lanes(
        told["url"], system="gp", trust=trust, login=login, lanes=lanes, spacing_s=spacing_s, gate=gate
    )


def read_then_write(lanes: Lanes) -> int:
    """Read and write back on one lane, as an edit does."""
    with lanes.lane() as lane:
        found = lane.request("GET", KEY).json()
        content = json.dumps({"Payload": found}).encode()
        return lane.request(
            "PATCH", KEY, content=content, headers={"Content-Type": "application/json"}
        ).status


@pytest.mark.parametrize("spacing_s", [0.03, 0.0])
@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_lanes_are_all_used_and_neither_their_number_nor_their_rest_is_ever_broken(
    gp: Simulators, lanes: int, spacing_s: float
) -> None:
    door(gp, "POST", "/pacing", {"at_once": lanes, "rest_s": spacing_s})
    door(gp, "DELETE", "/pacing")
    asking = opened(gp, lanes, spacing_s)
    with ThreadPoolExecutor(3 * lanes) as callers:
        statuses = list(callers.map(lambda _: read_then_write(asking), range(CALLS)))
    asking.close()
    assert set(statuses) == {200}
    told = door(gp, "GET", "/pacing?calls=1")
    assert (told["too_many"], told["too_soon"]) == (0, 0)
    assert told["connections"] == lanes
    assert told["most_at_once"] <= lanes
    assert sum(call["status"] == 200 for call in told["calls"]) >= 2 * CALLS
    assert told["shortest_rest_s"] >= spacing_s


@pytest.mark.parametrize("spacing_s", [0.03, 0.0])
def test_two_sets_at_one_gate_keep_the_setting_together(gp: Simulators, spacing_s: float) -> None:
    """As the service has them: one for rounds, one for what somebody has just told of."""
    door(gp, "POST", "/pacing", {"at_once": 2, "rest_s": spacing_s})
    door(gp, "DELETE", "/pacing")
    gate = Gate(2, spacing_s)
    sets = [opened(gp, 2, spacing_s, gate) for _ in range(2)]
    with ThreadPoolExecutor(8) as callers:
        statuses = list(callers.map(lambda number: read_then_write(sets[number % 2]), range(CALLS)))
    for one in sets:
        one.close()
    assert set(statuses) == {200}
    told = door(gp, "GET", "/pacing")
    assert (told["too_many"], told["too_soon"]) == (0, 0)
    assert told["most_at_once"] <= 2


def test_a_rest_that_a_caller_cuts_short_is_noticed(gp: Simulators) -> None:
    """The count above means something."""
    door(gp, "POST", "/pacing", {"at_once": 1, "rest_s": 5.0})
    door(gp, "DELETE", "/pacing")
    asking = opened(gp, 2, 0.0)
    with ThreadPoolExecutor(4) as callers:
        assert set(callers.map(lambda _: read_then_write(asking), range(6))) == {200}
    asking.close()
    told = door(gp, "GET", "/pacing")
    assert told["too_soon"] > 0
    assert told["too_many"] > 0
