"""Named points of the engine where a test can stop it, break it, or kill it; in production they do nothing."""

from __future__ import annotations

from collections.abc import Callable

Probe = Callable[[str], None]

POINTS = (
    "observed",  # a feed page is stored
    "claimed",  # a page of subjects is claimed
    "intent",  # the page's intents are committed, nothing is sent
    "sent",  # the page's writes are answered, nothing is recorded
    "recorded",  # the page's outcomes are committed
    "closed",  # the run is closed
)

VERIFIED = (
    "verified"  # writes were read back and what was found is committed; reached only where some were drawn
)


def no_probe(point: str) -> None:
    """Do nothing at a point."""
    del point
