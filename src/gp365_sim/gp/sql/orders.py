"""Faults that are ordered at the control door of the SQL server, and the list of what it was asked."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

CUTS = frozenset({"reset", "lost_reply"})


class SqlFault(BaseModel):
    """One ordered fault.

    It looks at every text in which the regular expression `match` is found (a connection's own commit and rollback are
    the texts COMMIT and ROLLBACK, its login is LOGIN). The `nth` such text and the following ones, `times` in all (0:
    until cleared), get it. `do`: a SQL error number (1205 rolls the transaction back, -2 is a time-out of the client),
    `slow` (waits `seconds` first), `reset` (nothing is done, the connection is cut) or `lost_reply` (all is done, then it
    is cut).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: str
    match: str = ""
    nth: int = Field(default=1, ge=1)
    times: int = Field(default=1, ge=0)
    seconds: float = Field(default=0.0, ge=0)

    @field_validator("do", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        text = str(value)
        if text not in ("slow", *CUTS) and not re.fullmatch(r"-?[0-9]+", text):
            raise ValueError("do is slow, reset, lost_reply or a SQL error number")
        return text

    @field_validator("match")
    @classmethod
    def _regular_expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value


@dataclass(slots=True)
class _Order:
    fault: SqlFault
    seen: int = 0
    fired: int = 0

    def fires(self, text: str) -> bool:
        """Count a text that the fault looks at and tell whether it gets it."""
        if not re.search(self.fault.match, text, re.IGNORECASE):
            return False
        self.seen += 1
        late = self.fault.times and self.seen >= self.fault.nth + self.fault.times
        return self.seen >= self.fault.nth and not late


class Orders:
    """The ordered faults; each counts all texts that it looks at, the first that fires is done."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def add(self, document: object) -> None:
        """Order one fault or a list of them. Raises ValueError that names what is wrong."""
        try:
            found = _LIST.validate_python(document if isinstance(document, list) else [document])
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        self._orders.extend(_Order(each) for each in found)

    def clear(self) -> None:
        """Drop every fault."""
        self._orders.clear()

    def meet(self, text: str) -> SqlFault | None:
        """Count a text and give the fault that it gets, if any."""
        firing = [order for order in self._orders if order.fires(text)]
        if not firing:
            return None
        firing[0].fired += 1
        return firing[0].fault

    def listed(self) -> list[dict[str, object]]:
        """Give the faults with how many texts each has seen and hit."""
        return [{**each.fault.model_dump(), "seen": each.seen, "fired": each.fired} for each in self._orders]


_LIST = TypeAdapter(list[SqlFault])


@dataclass(frozen=True, slots=True)
class Asked:
    """One text that was run: without its values, of which only the number is told."""

    n: int
    at: datetime
    session: int
    user: str
    database: str
    text: str
    values: int
    rows: int
    duration_ms: float
    error: int


class Record:
    """The last texts, numbered from 1."""

    def __init__(self, keep: int = 100_000) -> None:
        self._asked: deque[Asked] = deque(maxlen=keep)
        self.last = 0

    def add(self, asked: Asked) -> None:
        """Add a text; `number` gives it."""
        self._asked.append(asked)

    def number(self) -> int:
        """Give the next number."""
        self.last += 1
        return self.last

    def after(self, n: int) -> list[dict[str, object]]:
        """Give the texts numbered above `n`, oldest first."""
        return [asdict(each) for each in self._after(n)]

    def _after(self, n: int) -> Iterable[Asked]:
        return (each for each in self._asked if each.n > n)

    def clear(self) -> None:
        """Forget the texts; numbering goes on."""
        self._asked.clear()
