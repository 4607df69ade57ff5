"""Collecting garbage less often while a whole set is worked: millions of small values, and no rings among them.

Python looks for rings after every 700 new objects; over a large plan that alone costs a fifth of the time. Setting aside
what was there before makes Python forget how long ago it looked at everything, so that is done here, now and then: a
service begins such a block every few seconds, for years.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic

_EVERYTHING_S = 60.0
_NEW_OBJECTS = 100_000
_looked_at = monotonic()


@contextmanager
def collecting_seldom() -> Generator[None]:
    """Let the collector wait for many more new objects until the block ends, and pass by what was there before."""
    young, middle, old = gc.get_threshold()
    gc.set_threshold(max(young, _NEW_OBJECTS) if young else 0, middle, old)
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(young, middle, old)
        _look_at_everything()


def _look_at_everything() -> None:
    """Look for rings among all objects, unless that was done within the last minute."""
    global _looked_at
    if gc.isenabled() and monotonic() - _looked_at > _EVERYTHING_S:
        gc.collect()
        _looked_at = monotonic()
