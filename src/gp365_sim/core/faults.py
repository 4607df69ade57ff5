"""Faults that the control door orders: which request they meet, how often, and what then goes wrong."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

Do = Literal["429", "503", "401", "reset", "slow", "truncate", "lost_reply"]
REFUSALS = frozenset({"429", "503", "401"})


class Fault(BaseModel):
    """One ordered fault.

    It looks at every request whose method equals `method` (any if empty) and whose path, or path with
    `?query`, is found by the regular expression `path`. The `nth` such request and the following ones,
    `times` in all (0: until cleared), get it. `retry_after_s` goes with refusals, `seconds` with slow,
    `after_bytes` with truncate.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Do
    method: str = ""
    path: str = ""
    nth: int = Field(default=1, ge=1)
    times: int = Field(default=1, ge=0)
    retry_after_s: float | None = Field(default=None, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    after_bytes: int = Field(default=0, ge=0)

    @field_validator("do", mode="before")
    @classmethod
    def _number_or_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) else value

    @field_validator("path")
    @classmethod
    def _regular_expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value

    def matches(self, method: str, path: str, query: str) -> bool:
        """Say whether this fault looks at such a request."""
        if self.method and self.method.upper() != method.upper():
            return False
        found = re.search(self.path, path)
        return bool(found or (query and re.search(self.path, f"{path}?{query}")))


@dataclass(slots=True)
class _Order:
    fault: Fault
    seen: int = 0
    fired: int = 0

    def fires(self) -> bool:
        """Count one more matching request and say whether the fault applies to it."""
        self.seen += 1
        late = self.fault.times and self.seen >= self.fault.nth + self.fault.times
        return self.seen >= self.fault.nth and not late


class Faults:
    """The ordered faults of one system. Each counts all requests it matches; the first that fires is done."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def add(self, faults: Iterable[Fault]) -> None:
        """Order more faults behind those already ordered."""
        self._orders.extend(_Order(fault) for fault in faults)

    def clear(self) -> None:
        """Drop every ordered fault."""
        self._orders.clear()

    def meet(self, method: str, path: str, query: str) -> Fault | None:
        """Count this request and return the fault that it gets, if any."""
        firing = [
            order for order in self._orders if order.fault.matches(method, path, query) and order.fires()
        ]
        if not firing:
            return None
        firing[0].fired += 1
        return firing[0].fault

    def listed(self) -> list[dict[str, object]]:
        """Return the ordered faults with how many requests each has seen and hit."""
        return [{**o.fault.model_dump(), "seen": o.seen, "fired": o.fired} for o in self._orders]


_FAULT_LIST = TypeAdapter(list[Fault])


def read_faults(document: object) -> list[Fault]:
    """Read the control door's JSON (one fault or a list); ValueError naming the field that is wrong."""
    try:
        return _FAULT_LIST.validate_python(document if isinstance(document, list) else [document])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where}: {first['msg']} (do is one of {', '.join(get_args(Do))})") from error
