"""The service in the test's own process, in front of running simulators."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from e2e_site import Site

from gp365.app.project import open_project
from gp365.app.service.service import Service

SELDOM = "\n[service]\npoll = {shortest_s = 3600.0, longest_s = 3600.0}\n"


@contextmanager
def serving(at: Site) -> Generator[Service]:
    """Run the service for the block, once it has done what there was to do; nothing of its own may go wrong."""
    with open_project(at.folder) as project:
        service = Service(project)
        service.start()
        try:
            until(lambda: service.rounds > 0 and service.is_quiet())
            yield service
            assert service.failure is None
        finally:
            assert service.stop(60)


def until(true: Callable[[], Any], timeout_s: float = 60) -> None:
    """Wait until something is true."""
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
