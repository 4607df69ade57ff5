"""Collecting garbage less often while a whole set is worked: millions of small values, and no rings among them.

Python looks for rings after every 700 new objects; over a large plan that alone costs a fifth of the time.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

_NEW_OBJECTS = 100_000


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
