"""The cursor of a feed by stamps: how far was read, what stood there already, when all rows were last compared.

It also keeps the day as of which figures were given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import orjson

_WAY = "sql"
_MOST_SEEN = 400


@dataclass(frozen=True, slots=True)
class Cursor:
    """`at`: the newest stamp (naive, UTC). `compared`: when everything was last read. `seen`: rows within the overlap.

    `day`: the day as of which figures were given (company's time zone), "" for none.

    A row that is in `seen` was given with the very stamp that it has; where they are too many none is kept, and the
    overlap is read again.
    """

    at: datetime
    compared: datetime
    seen: tuple[str, ...] = ()
    day: str = ""

    def text(self) -> str:
        """Write the cursor."""
        seen = self.seen if len(self.seen) <= _MOST_SEEN else ()
        written: dict[str, Any] = {
            "way": _WAY,
            "at": self.at.isoformat(),
            "compared": self.compared.isoformat(),
            "seen": seen,
            **({"day": self.day} if self.day else {}),
        }
        return orjson.dumps(written).decode()

    @classmethod
    def read(cls, text: str | None) -> Cursor | None:
        """Read a cursor; None for none, or for one of another channel."""
        try:
            loaded: Any = orjson.loads(text or "")
            if not isinstance(loaded, dict):
                return None
            held = cast("dict[str, Any]", loaded)
            if held["way"] != _WAY:
                return None
            compared = datetime.fromisoformat(held["compared"]).astimezone(UTC)
            at = datetime.fromisoformat(held["at"])
            return cls(at, compared, tuple(held["seen"]), str(held.get("day", "")))
        except (ValueError, KeyError, TypeError):
            return None
