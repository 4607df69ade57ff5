"""A process that borrows a place, says so, and never lets go of it."""

from __future__ import annotations

import sys
import time

from gp365.app.lending import StoreLender
from gp365.store.engine import open_store
from gp365.wire.gate import Gate
from gp365.wire.loans import share

if __name__ == "__main__":
    url, ttl_s = sys.argv[1:]
    gate = share(Gate(1, 0.0), StoreLender("gp/rest", lambda: open_store(url), ttl_s=float(ttl_s)))
    with gate.place() as place:
        place.begin()
        print("held", flush=True)
        time.sleep(600)
