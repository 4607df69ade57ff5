"""What the connectors of a system share in a process, and with other processes: places, budget, counts."""

from __future__ import annotations

import gc
import json
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gp365.app.actions.simulators import Simulators
from gp365.app.assembly import Assembly
from gp365.app.project import SERVICE, Project, open_project
from gp365.app.sharing import are_several, shared
from gp365.app.traffic import Traffic, keep_counts, traffic
from gp365.store import lease as leases
from gp365.store.lanes import holders

LANES, REST_S = 2, 0.03


def door(running: Simulators, system: str, method: str, path: str, body: Any = None) -> Any:
    """Use the control door as a user of the system."""
    context = ssl.create_default_context(cafile=str(running.description["ca_file"]))
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{running.description[system]['control']}{path}", content, method=method
    )
    with urllib.request.urlopen(request, context=context) as answer:
        return json.load(answer)


@pytest.fixture(autouse=True, scope="module")
def spaced(running: Simulators) -> None:
    """Set the spacing, which simulators begin without."""
    path = running.folder / "gp365.toml"
    text = path.read_text("utf-8").replace("spacing_ms = 0 ", f"spacing_ms = {REST_S * 1000:.0f} ")
    path.write_text(text, "utf-8")


@pytest.fixture
def project(running: Simulators) -> Iterator[Project]:
    with open_project(running.folder, actor="tester") as opened:
        yield opened


@pytest.fixture
def paced(running: Simulators) -> Iterator[None]:
    """Let GP count calls at once and rests from here on."""
    door(running, "gp", "POST", "/pacing", {"at_once": LANES, "rest_s": REST_S})
    door(running, "gp", "DELETE", "/pacing")
    yield
    told = door(running, "gp", "GET", "/pacing")
    assert (told["too_many"], told["too_soon"]) == (0, 0)
    assert 0 < told["most_at_once"] <= LANES


@pytest.fixture
def serving(project: Project) -> Iterator[None]:
    """Let the lease of a service stand."""
    with project.store.write() as conn:
        lease = leases.take(conn, SERVICE, "test", 600.0)
    yield
    with project.store.write() as conn:
        leases.release(conn, lease)


def read(assembly: Assembly, times: int = 3) -> int:
    """Read customers one by one, afresh."""
    gp = assembly.connector("gp")
    keys = [("AARONFIT0001",), ("ADAMPARK0001",)]
    return sum(len(gp.get("customer", keys, ["Name"], fresh=True)) for _ in range(times))


@pytest.mark.usefixtures("paced")
def test_urgent_and_usual_connectors_of_two_projects_keep_the_lanes_together(
    running: Simulators, project: Project
) -> None:
    with (
        open_project(running.folder, actor="prompt") as other,
        Assembly(project) as usual,
        Assembly(other, urgent=True) as urgent,
        ThreadPoolExecutor(6) as callers,
    ):
        found = list(callers.map(read, [usual, urgent] * 3))
        assert found == [6] * 6
        assert shared(project, "gp") is shared(other, "gp")
        mine, theirs = traffic(project, "gp"), traffic(other, "gp")
        assert (mine.places, mine.busy, mine.waiting) == (LANES, 0, 0)
        assert mine.requests == theirs.requests >= 36
        assert mine.requests_today >= mine.requests


@pytest.mark.usefixtures("paced", "serving")
def test_beside_a_service_the_lanes_are_kept_with_other_processes_too(
    running: Simulators, project: Project
) -> None:
    assert are_several(project)
    command = [sys.executable, "-m", "gp365", "-C", str(running.folder), "--json", "doctor"]
    with Assembly(project) as usual:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while child.poll() is None:
            read(usual, 1)
        out, err = child.communicate()
        assert json.loads(out), err
        with project.store.read() as conn:
            assert set(holders(conn, "gp/rest")) <= {1, 2}
    with project.store.read() as conn:
        assert holders(conn, "gp/rest") == {}, "what a closed connector had is there for others at once"


def test_alone_in_its_folder_a_command_asks_nobody(project: Project) -> None:
    assert not are_several(project)
    with Assembly(project) as usual:
        usual.connector("gp")
        [gate] = shared(project, "gp").gates
        assert gate.loans is None or gate.standing().busy == 0


def test_dataverse_connectors_of_a_process_have_one_budget(running: Simulators, project: Project) -> None:
    with (
        open_project(running.folder, actor="prompt") as other,
        Assembly(project) as usual,
        Assembly(other, urgent=True) as urgent,
    ):
        one, two = usual.connector("sales"), urgent.connector("sales")
        assert one.api.budget is two.api.budget  # type: ignore[attr-defined]
        assert one.api.budget is shared(project, "sales").the_budget  # type: ignore[attr-defined]


def test_refusals_are_counted(running: Simulators, project: Project) -> None:
    fault = {"method": "GET", "path": r"/accounts$", "times": 2, "do": "429", "retry_after_s": 0}
    with Assembly(project) as usual:
        usual.connector("sales")
        before = traffic(project, "sales").refusals
        door(running, "dataverse", "POST", "/faults", [fault])
        list(usual.connector("sales").census("account"))
        door(running, "dataverse", "DELETE", "/faults")
        told = traffic(project, "sales")
    assert told.refusals == before + 2
    assert told.places > 0


def test_the_requests_of_the_day_outlive_the_process(running: Simulators, project: Project) -> None:
    with Assembly(project) as usual:
        read(usual, 1)
        keep_counts(project, every_s=0.0)
        counted = traffic(project, "gp").requests_today
    project.close()
    project.shared.clear()
    del usual
    gc.collect()
    with open_project(running.folder, actor="tester") as again:
        with Assembly(again) as anew:
            anew.connector("gp")
            told = traffic(again, "gp")
        assert told.requests_today >= counted > 0
        assert told.requests == 0


def test_a_system_that_nobody_has_called_has_no_traffic(project: Project) -> None:
    assert traffic(project, "gp") == Traffic()
