"""A test aid: GP365_HOLD_AT="POINT:FILE" makes a run write FILE at a named point and then wait for ever, to be killed.

The points are those of `gp365.sync.points`. Without the variable nothing happens. What stands after the first colon is
the file, so that a Windows path works.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Event

from gp365.model.errors import Misconfigured
from gp365.sync.points import POINTS, VERIFIED, Probe, no_probe

VARIABLE = "GP365_HOLD_AT"


def probe_of(environment: Mapping[str, str] = os.environ) -> Probe:
    """Return the probe that the environment asks for; Misconfigured("usage") for a point that does not exist."""
    asked = environment.get(VARIABLE, "")
    if not asked:
        return no_probe
    point, _, file = asked.partition(":")
    if point not in (*POINTS, VERIFIED) or not file:
        fix = f"Write POINT:FILE; the points are {', '.join((*POINTS, VERIFIED))}."
        raise Misconfigured("usage", f"{VARIABLE} names no point and file.", value=asked, fix=fix)

    def hold(reached: str) -> None:
        if reached == point:
            Path(file).write_text(point, "utf-8")
            Event().wait()

    return hold
