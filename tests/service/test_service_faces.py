"""The service's faces over HTTP: health for anybody, figures and the page for this machine."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from gp365.cli.serving import served
from gp365.model.errors import Misconfigured
from service.service_desk import FAST, desk_with, until


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, ""


def test_health_figures_and_the_page_are_served_while_the_service_is_at_work(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, f'listen = "127.0.0.1:0"\n{FAST}')
    with desk.open() as project, served(project) as (service, address):
        until(lambda: service.rounds > 0)
        assert json.loads(get(f"{address}/health/live")[1]) == {"live": True}
        until(lambda: get(f"{address}/health/ready")[0] == 200)
        until(
            lambda: 'gp365_runs_total{ended="done",flow="firms",pair="main"}' in get(f"{address}/metrics")[1]
        )
        assert "firms" in get(f"{address}/")[1]
        assert get(f"{address}/hooks/nobody")[0] in (401, 405)
    with pytest.raises(urllib.error.URLError):
        get(f"{address}/health/live")


def test_an_address_that_is_taken_is_told_and_the_folder_is_free_again(tmp_path: Path) -> None:
    first = desk_with(tmp_path / "one", f'listen = "127.0.0.1:0"\n{FAST}')
    with first.open() as project, served(project) as (_, address):
        port = address.rpartition(":")[2]
        second = desk_with(tmp_path / "two", f'listen = "127.0.0.1:{port}"\n{FAST}')
        with second.open() as other, pytest.raises(Misconfigured) as refused, served(other):
            pass
        assert refused.value.field == "service.listen"
        with second.open() as other, other.locked():
            pass
