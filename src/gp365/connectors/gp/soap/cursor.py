"""The cursor of a feed by stamps: how far was read, what stood there already, and when all was last read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import orjson

_WAY = "soap"
_MOST_SEEN = 400


@dataclass(frozen=True, slots=True)
class Cursor:
    """`at`: the newest stamp that was seen, UTC without saying so. `seen`: rows within the overlap, with their stamps."""

    at: datetime
    compared: datetime
    seen: tuple[str, ...] = ()

    def text(self) -> str:
        """Write the cursor; where too many rows were seen none is kept, and the overlap is read again."""
        seen = self.seen if len(self.seen) <= _MOST_SEEN else ()
        written = {
            "way": _WAY,
            "at": self.at.isoformat(),
            "compared": self.compared.isoformat(),
            "seen": seen,
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
            return cls(datetime.fromisoformat(held["at"]), compared, tuple(held["seen"]))
        except (ValueError, KeyError, TypeError):
            return None
