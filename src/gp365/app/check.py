"""The check of a flow against both systems' descriptions, before the first request: every finding with file and line."""

from __future__ import annotations

from gp365.app.effective import Ends, FlowFinding, effective
from gp365.app.loader import LoadedFlow


def check_flow(loaded: LoadedFlow, ends: Ends) -> tuple[LoadedFlow, list[FlowFinding]]:
    """Return the flow as it will run, and what was found."""
    return effective(loaded, ends)
