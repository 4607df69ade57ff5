"""A store and a desk with doors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from door_desk import Desk

from gp365.store.engine import open_store


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = open_store(tmp_path / "gp365.db")
    yield Desk(store)
    store.close()
