"""A project folder, and running simulators with a project folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.app_folder import Folder, make_folder
from gp365.app.actions.simulators import Simulators, simulators


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return make_folder(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    """Both simulators with the sample data; one start per file of tests."""
    with simulators(tmp_path_factory.mktemp("project")) as started:
        yield started
