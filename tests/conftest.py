"""What every room's tests share: a secret of one test is nothing to mask in the next one's words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gp365.wire.redact import SECRETS
from nursery import nursed
from postgresql import server


@pytest.fixture(scope="session", autouse=True)
def quick_simulators() -> Iterator[None]:
    """Begin simulators as forks of a process that has them loaded."""
    with nursed():
        yield


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Give the address of a PostgreSQL server."""
    with server() as address:
        yield address


@pytest.fixture(autouse=True)
def secrets_of_this_test() -> Iterator[None]:
    """Forget the secrets that a test made known; those of its module stay."""
    before = SECRETS._secrets
    yield
    SECRETS._keep(before)
