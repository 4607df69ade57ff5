"""The rows behind a simulated system, as the control door and tests see them."""

from collections.abc import Iterable, Mapping
from typing import Protocol

Row = dict[str, object]


class Refused(Exception):
    """A system's own refusal of an edit, answered to the control door unchanged.

    `body` is a JSON-ready value, or text or bytes that go out as they are under `media_type`.
    """

    def __init__(self, status: int, body: object, media_type: str = "application/json") -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.media_type = media_type


class NoSuchTable(LookupError):
    """The system has no table of that name."""


class World(Protocol):
    """What a system lends to the control door. Every verb raises NoSuchTable for a name it does not know."""

    def rows(self, table: str) -> Iterable[Row]:
        """Return every row with every stored column: a snapshot, best made row by row (100,000 are normal)."""
        ...

    def row(self, table: str, key: str) -> Row | None:
        """Return one row by its key (parts joined by `;`), or None."""
        ...

    def put(self, table: str, key: str, values: Mapping[str, object]) -> Row:
        """Create or change a row as a user of the system would; its rules and stamps apply.

        `values` are plain JSON values; columns left out keep what they hold. Raises Refused.
        """
        ...

    def delete(self, table: str, key: str) -> Row:
        """Delete a row as a user would and return what it held; raises Refused."""
        ...

    def reset(self) -> None:
        """Put the sample data back."""
        ...
