"""A worker as a process of its own, with leases as short as its environment says."""

from __future__ import annotations

import os
import sys

from gp365.app.actions import lease
from gp365.app.service import service, worker
from gp365.cli import main

if __name__ == "__main__":
    life_s = float(os.environ["CREW_LEASE_S"])
    worker.SOUND_S = 1.0  # type: ignore[misc]
    lease.CREW_S = worker.CREW_S = service.LEASE_S = life_s  # type: ignore[misc]
    sys.exit(main())
