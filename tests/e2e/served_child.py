"""Runs a command of gp365 so many seconds in the future (SERVED_AHEAD_S), as on a machine whose clock has jumped."""

from __future__ import annotations

import functools
import os
import sys
from datetime import UTC, datetime, timedelta

from gp365.app import project
from gp365.cli import main

if __name__ == "__main__":
    later = timedelta(seconds=float(os.environ.get("SERVED_AHEAD_S", "0")))
    if later:
        opened = project.open_project
        project.open_project = functools.partial(opened, clock=lambda: datetime.now(UTC) + later)  # type: ignore[assignment]
    sys.exit(main(sys.argv[1:]))
