"""Fixtures of the whole-system tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e_site import Site, World, site, world


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Site]:
    """The sample data of both worlds, provisioned, never synced."""
    with site(tmp_path / "site") as made:
        yield made


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The sample data of both worlds after a first sync; the tests of a file work on records of their own."""
    with site(tmp_path_factory.mktemp("lived") / "site") as made:
        assert made.sync().code == 0
        yield made


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """What the sample data of both worlds become by a first sync that nothing disturbs."""
    with site(tmp_path_factory.mktemp("undisturbed") / "site") as made:
        assert made.sync().code == 0
        return world(made)
