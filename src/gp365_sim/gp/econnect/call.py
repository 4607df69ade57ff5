"""One call of a procedure: what was given, what it finds wrong, what it gives back."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from gp365_sim.gp.company import Company
from gp365_sim.gp.database import Database
from gp365_sim.gp.econnect.refused import Refused, number_of
from gp365_sim.gp.econnect.values import day_of, time_of_day
from gp365_sim.gp.sqltypes import EMPTY_AMOUNT, Value


class Call:
    """The arguments of one call by their plain names (CUSTNMBR, not @I_vCUSTNMBR), and its errors so far.

    A procedure names everything that is wrong with the arguments before it gives up: `need` notes an error, `settle`
    ends the call when there are any.
    """

    def __init__(
        self, company: Company, system: Database, procedure: str, values: Mapping[str, Value | None]
    ) -> None:
        self.company = company
        self.system = system
        self.procedure = procedure
        self.values = values
        self.outputs: dict[str, Value] = {}
        self._wrong: list[int] = []

    def has(self, name: str) -> bool:
        """Tell whether a value came, be it blank; NULL is none."""
        return self.values[name] is not None

    def value(self, name: str) -> Value | None:
        """Give a value as it came."""
        return self.values[name]

    def text(self, name: str) -> str:
        """Give a text, blank for NULL."""
        value = self.values[name]
        return value if isinstance(value, str) else ""

    def integer(self, name: str) -> int:
        """Give a whole number, 0 for NULL."""
        value = self.values[name]
        return value if isinstance(value, int) else 0

    def flag(self, name: str) -> bool:
        """Tell whether a switch is 1."""
        return self.integer(name) == 1

    def amount(self, name: str) -> Decimal:
        """Give a number with decimals, 0 for NULL."""
        value = self.values[name]
        return value if isinstance(value, Decimal) else EMPTY_AMOUNT

    def day(self, name: str) -> date:
        """Give the day of a date, 1900-01-01 for NULL."""
        return day_of(self.values[name])

    def date(self, name: str, table: str) -> date:
        """Give a date that goes into a column of a table; a time of day breaks its CHECK constraint (547)."""
        value = self.values[name]
        if isinstance(value, datetime):
            raise time_of_day(table, name)
        return day_of(value)

    def need(self, holds: object, meaning: str) -> bool:
        """Note an error by its short name unless something holds; tell whether it does."""
        if not holds:
            self._wrong.append(number_of(meaning))
        return bool(holds)

    def settle(self) -> None:
        """End the call if anything was wrong. Raises `Refused`."""
        if self._wrong:
            raise Refused(self._wrong)

    def refuse(self, meaning: str) -> Refused:
        """Give the end of the call with what was wrong so far and this, to be raised."""
        return Refused([*self._wrong, number_of(meaning)])
