"""One write in one transaction: its calls in order, checked before they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gp365.connectors.gp.sql.calls import arguments, our_field
from gp365.connectors.gp.sql.customers import CUSTOMER as CUSTOMERS
from gp365.connectors.gp.sql.desk import Desk
from gp365.connectors.gp.sql.held import INTERNET as INTERNET_COLUMNS
from gp365.connectors.gp.sql.held import Held, hold
from gp365.connectors.gp.sql.pool import Lane
from gp365.connectors.gp.sql.port import SqlValue
from gp365.connectors.gp.sql.procedures import ADDRESS, CUSTOMER, INTERNET, Procedures
from gp365.connectors.gp.writes import check_time
from gp365.model.errors import Rejected
from gp365.model.record import Write
from gp365.model.values import Value, Values, show, show_key


class Unfit(Exception):
    """A value cannot be given to a procedure; nothing of the transaction stands."""

    def __init__(self, error: Rejected) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(slots=True)
class Trip:
    """The calls of one write. `role` is that of the address that is being written, for a refusal to name its field."""

    desk: Desk
    procedures: Procedures
    lane: Lane
    write: Write
    role: str = ""

    def check_time(self) -> None:
        """Raise TooLate where the write must not be sent any more."""
        check_time(self.write, self.desk.clock)

    def hold(self, number: str) -> Held | None:
        """Read and lock a card."""
        return hold(self.lane, self.desk.names, number)

    def customer(self, number: str, values: Values, switches: Mapping[str, SqlValue]) -> None:
        """Create or update a customer's row."""
        self.role = ""
        self._call(CUSTOMER, "customer", {"CUSTNMBR": number, **arguments("customer", values), **switches})

    def address(
        self, number: str, code: str, values: Values, switches: Mapping[str, SqlValue], role: str
    ) -> None:
        """Create or update one address."""
        self.role = role
        key: dict[str, SqlValue] = {"CUSTNMBR": number, "ADRSCODE": code}
        self._call(ADDRESS, "customer_address", {**key, **arguments("customer_address", values), **switches})

    def email(self, number: str, code: str, there: Mapping[str, str], value: Value, role: str) -> None:
        """Write the e-mail address of an address, with everything else that the procedure would blank."""
        self.role = role
        whole = {**dict.fromkeys(INTERNET_COLUMNS, ""), **there, "INET1": show(value)}
        key = {"Master_Type": CUSTOMERS, "Master_ID": number, "ADRSCODE": code}
        self._call(INTERNET, "internet_address", {**key, **whole})

    def document(self, procedure: str, entity: str, given: Mapping[str, SqlValue], place: str = "") -> None:
        """Make one of a document's calls; `place` names the row of a list that it writes, as in `Lines[2]`."""
        self.role = place
        fault = self.procedures.unfit(procedure, given, show_key(self.write.key))
        if fault is not None:
            name = our_field(entity, fault.field, {})
            fault.field = f"{place}.{name}" if place else name
            raise Unfit(fault)
        self.check_time()
        self.procedures.run(self.lane, procedure, given)

    def _call(self, procedure: str, entity: str, given: Mapping[str, SqlValue]) -> None:
        record = show_key(self.write.key)
        fault = self.procedures.unfit(procedure, given, record)
        if fault is not None:
            if procedure == INTERNET:
                fault.field = f"{self.role}.Email"
            else:
                fault.field = our_field(entity, fault.field, self.write.values)
            raise Unfit(fault)
        self.check_time()
        self.procedures.run(self.lane, procedure, given)
