"""A company over SQL Server for the tests of a file, where the file makes none of its own kind."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from gp_sql_place import SqlPlace, sql_place


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[SqlPlace]:
    """The sample company, served for the whole file."""
    with sql_place(tmp_path_factory.mktemp("gp")) as found:
        yield found


@pytest.fixture
def here(served: SqlPlace) -> SqlPlace:
    """The company of the file, with none of the server's orders of earlier tests."""
    served.sql.server.orders.clear()
    return served
