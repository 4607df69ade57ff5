"""One pair of simulators per file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.cli_desk import Site, make_site, search


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with make_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(simulated: Site, tmp_path: Path) -> Iterator[Site]:
    """The simulators without faults; whatever a test wrote is searched for canaries."""
    yield simulated
    for system in ("gp", "dataverse"):
        simulated.door(system, "DELETE", "/faults")
    simulated.door("dataverse", "POST", "/token", {"mode": "normal", "revoke": True})
    search(tmp_path)
