"""What an edit left, compared with what the service said it stored: the last look that a whole-object write can take."""

from __future__ import annotations

from gp365.model.errors import Rejected
from gp365.model.values import Values, show


def unkept(record: str, stored: Values, held: Values) -> Rejected | None:
    """Return the complaint about values that do not stand as they were written, or None."""
    differing = [name for name, value in stored.items() if name in held and held[name] != value]
    if not differing:
        return None
    told = "; ".join(
        f"{name} is {show(held[name]) or 'empty'}, not {show(stored[name]) or 'empty'}" for name in differing
    )
    return Rejected(
        "rejected",
        f"The edit was made, but right after it Dynamics GP held something else: {told}",
        record=record,
        field=differing[0],
        value=show(held[differing[0]])[:80],
        fix="Look at the card in Dynamics GP: somebody may have saved it at the same moment.",
    )
