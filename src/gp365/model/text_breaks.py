"""Line breaks that one side holds and the other shows as blanks: kept where an edit from the narrow side leaves them."""

from __future__ import annotations

import re

from gp365.model import text as texts

_PIECE = re.compile(r"\r\n|.", re.DOTALL)


def keep_breaks(old_wide: str, old_narrow: str, new_narrow: str) -> str | None:
    """Return the wide value with the narrow side's edit in it and its line breaks elsewhere as they were.

    `old_narrow` is the wide value on one line. None when the two are the same text anyway, or cannot be laid side by side.
    """
    stripped = old_wide.strip()
    if stripped == old_narrow:
        return None
    pieces = _PIECE.findall(stripped)
    if len(pieces) != len(old_narrow):
        return None
    if any(texts.clean(f"x{piece}x") != f"x{char}x" for piece, char in zip(pieces, old_narrow, strict=True)):
        return None
    before = _alike(old_narrow, new_narrow)
    after = min(_alike(old_narrow[::-1], new_narrow[::-1]), min(len(old_narrow), len(new_narrow)) - before)
    kept = "".join(pieces[:before]) + new_narrow[before : len(new_narrow) - after]
    whole = kept + "".join(pieces[len(pieces) - after :])
    return whole if texts.clean(whole) == new_narrow else None


def _alike(one: str, other: str) -> int:
    """Count the characters with which both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
