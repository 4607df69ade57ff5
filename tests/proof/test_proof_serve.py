"""The service is killed at random moments while webhooks come in: what was acknowledged stands in GP in the end.

The long form prints its figures as JSON; SERVE_SEED chooses another course, SERVE_KILLS another number of kills.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from proof.serve_kills import Load, Served, serve_kills

SEED = int(os.environ.get("SERVE_SEED", "2026"))
KILLS = int(os.environ.get("SERVE_KILLS", "100"))
SHORT = Load(firms=15, lives_s=(0.0, 1.0))


def judge(told: Served, kills: int) -> None:
    assert told.unkept == []
    assert told.figures.found == []
    figures = told.figures
    assert (figures.lost, figures.doubled, figures.unbalanced, figures.strange) == (0, 0, 0, 0)
    assert sum(figures.kills.values()) == kills
    assert not any(told.left.values()), told.left
    assert told.acknowledged > 0


@pytest.mark.proof
def test_a_service_that_is_killed_while_webhooks_come_in_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Short here; a hundred kills under `make proof`."""
    judge(serve_kills(tmp_path, 11, 4, SHORT), 4)


@pytest.mark.proof
def test_a_hundred_kills_of_the_service_lose_no_webhook_that_was_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = serve_kills(tmp_path, SEED, KILLS)
    with capsys.disabled():
        print(f"\n{json.dumps({'kills of the service': told.as_dict()})}")
    judge(told, KILLS)
