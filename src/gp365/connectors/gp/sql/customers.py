"""Customers over SQL: a card is read in one row, its bill-to and ship-to joined by the codes that the customer names.

What the values mean is said in `connectors.gp.card`, which every channel keeps to; here the same is done by join. E-mail
addresses (SY01200, INET1 of the address, Master_Type CUS) are served here and not over REST.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gp365.connectors.gp.card import BILL, BILL_TO, MAIN, SHIP, SHIP_TO, birth_of
from gp365.connectors.gp.sql.port import Row, SqlValue
from gp365.connectors.gp.sql.rows import Convert, converter, text_of
from gp365.connectors.gp.sql.sources import source_of
from gp365.connectors.gp.sql.text import Names, Statement, bracketed, mark, select
from gp365.connectors.gp.tables import CODE_PAGE, entity_named
from gp365.connectors.gp.values import Unreadable
from gp365.model.entity import FieldDescription
from gp365.model.record import Record
from gp365.model.values import Value, show

CUSTOMER = "CUS"
EMAIL = "Email"
EMAILS = (f"{BILL_TO}.{EMAIL}", f"{SHIP_TO}.{EMAIL}")
EMAIL_LENGTH = 200
"""INET1 is char(201), the parameter of taCreateInternetAddresses char(200)."""

_ALIASES = {BILL_TO: ("b", "f"), SHIP_TO: ("s", "h")}
_MAIN, _BILL, _SHIP = (f"[t].{bracketed(column)}" for column in ("ADRSCODE", "PRBTADCD", "PRSTADCD"))
_CODES = {BILL_TO: f"CASE WHEN {_BILL} = '' THEN {_MAIN} ELSE {_BILL} END", SHIP_TO: _SHIP}


def card_fields() -> dict[str, FieldDescription]:
    """Describe a customer's fields as SQL serves them: with e-mail addresses, and writable where eConnect takes them."""
    entity, address = entity_named("customer"), entity_named("customer_address")
    fields = {
        name: _described(each, entity.fields[name].econnect)
        for name, each in entity.shown.items()
        if "." not in name
    }
    for name, each in entity.shown.items():
        inner = name.partition(".")[2]
        if name in EMAILS:
            fields[name] = FieldDescription(name, length=EMAIL_LENGTH, code_page=CODE_PAGE, assumed=True)
        elif inner:
            fields[name] = _described(each, address.fields[inner].econnect)
    return fields


def _described(described: FieldDescription, econnect: str) -> FieldDescription:
    return described if econnect else replace(described, writable="never")


@dataclass(frozen=True, slots=True)
class _Role:
    """Where a role's address stands in a row: its own code, per field the column of the address and of the customer."""

    name: str
    there: int
    fields: tuple[tuple[str, int, int, Convert], ...]
    email: int | None
    shows_email: bool


class Cards:
    """What one query over customers selects; see `queries.View`."""

    def __init__(self, names: Names, fields: Sequence[str], also: Sequence[str] = ()) -> None:
        """Select `fields`, and join what `also` names for conditions only."""
        self._names = names
        self._source = source_of("customer")
        self._columns: list[str] = []
        entity = self._source.entity
        own = dict.fromkeys(
            (*entity.key, *entity.birth, entity.reference, *(n for n in fields if n in entity.fields))
        )
        self._own = {name: self._add(f"[t].{bracketed(entity.fields[name].sql)}") for name in own}
        self._plan = [
            (name, self._own[name], converter(entity.fields[name].description))
            for name in fields
            if name in self._own
        ]
        inner = {
            role: [n.partition(".")[2] for n in fields if n.startswith(f"{role}.")]
            for role in (BILL_TO, SHIP_TO)
        }
        wanted = [role for role in inner if inner[role] or any(n.startswith(f"{role}.") for n in also)]
        self._codes = [
            self._add(f"[t].{bracketed(entity.fields[name].sql)}") for name in (MAIN, BILL, SHIP) if wanted
        ]
        self._roles = [
            self._role(role, inner[role], mail=f"{role}.{EMAIL}" in (*fields, *also)) for role in wanted
        ]

    def _add(self, column: str) -> int:
        if column not in self._columns:
            self._columns.append(column)
        return self._columns.index(column)

    def _role(self, role: str, inner: Sequence[str], *, mail: bool) -> _Role:
        address, customer = entity_named("customer_address"), self._source.entity
        alias, letters = _ALIASES[role]
        there = self._add(f"[{alias}].{bracketed('ADRSCODE')}")
        fields = tuple(
            (
                f"{role}.{name}",
                self._add(f"[{alias}].{bracketed(address.fields[name].sql)}"),
                self._add(f"[t].{bracketed(customer.fields[name].sql)}"),
                converter(customer.fields[name].description),
            )
            for name in inner
            if name in address.fields
        )
        email = self._add(f"[{letters}].{bracketed('INET1')}") if mail else None
        return _Role(role, there, fields, email, EMAIL in inner)

    def column(self, name: str) -> str:
        """Return the column of a field as conditions name it; that of a role is its address's own."""
        role, _, inner = name.rpartition(".")
        if not role:
            return f"[t].{bracketed(self._source.field(name).sql)}"
        alias, mail = _ALIASES[role]
        if inner == EMAIL:
            return f"[{mail}].{bracketed('INET1')}"
        return f"[{alias}].{bracketed(entity_named('customer_address').fields[inner].sql)}"

    def key_of(self, row: Row) -> tuple[SqlValue, ...]:
        """Return the number as it came."""
        return (row[0],)

    def select(self, top: int | None, where: Statement | None, *, ordered: bool = False) -> Statement:
        """Return the statement; see View."""
        statement = select(self._columns, self._names.object("RM00101"), top=top)
        for role in self._roles:
            statement.join([self._joined(role)], "")
        if where is not None:
            statement.add(" WHERE ").join([where], "")
        return statement.add(f" ORDER BY [t].{bracketed('CUSTNMBR')}") if ordered else statement

    def _joined(self, role: _Role) -> Statement:
        alias, mail = _ALIASES[role.name]
        number, code = bracketed("CUSTNMBR"), bracketed("ADRSCODE")
        statement = Statement(
            f" LEFT JOIN {self._names.object('RM00102')} AS [{alias}]"
            f" ON [{alias}].{number} = [t].{number} AND [{alias}].{code} = {_CODES[role.name]}"
        )
        if role.email is None:
            return statement
        statement.add(
            f" LEFT JOIN {self._names.object('SY01200')} AS [{mail}] ON [{mail}].{bracketed('Master_Type')} = "
        )
        statement.add(mark("varchar(3)"), CUSTOMER)
        return statement.add(
            f" AND [{mail}].{bracketed('Master_ID')} = [t].{number} AND [{mail}].{code} = {_CODES[role.name]}"
        )

    def record(self, row: Row) -> Record:
        """Make a card's record; a value that is not of its field's kind is absent."""
        values: dict[str, Value] = {}
        for name, at, convert in self._plan:
            try:
                values[name] = convert(row[at])
            except (Unreadable, ValueError, TypeError, ArithmeticError, AttributeError):
                continue
        if self._roles:
            self._addresses(row, values)
        entity = self._source.entity
        birth = {
            name: converter(entity.fields[name].description)(row[self._own[name]]) for name in entity.birth
        }
        return Record(
            (show(self._number(row[0])),),
            values,
            birth=birth_of("customer", birth),
            reference=show(text_of(row[self._own[entity.reference]])),
        )

    def records(self, rows: Sequence[Row]) -> list[Record]:
        """Make records of rows."""
        return [self.record(row) for row in rows]

    @property
    def _number(self) -> Convert:
        return converter(self._source.field("CustomerNumber").description)

    def _addresses(self, row: Row, values: dict[str, Value]) -> None:
        main, bill, ship = (show(_upper(row[at])) for at in self._codes)
        bill = bill or main
        codes = {BILL_TO: bill, SHIP_TO: "" if ship == bill else ship}
        for role in self._roles:
            code = codes[role.name]
            there = row[role.there] is not None
            for name, at, own, convert in role.fields:
                if not code:
                    values[name] = None
                elif there:
                    values[name] = convert(row[at])
                elif code == main:
                    values[name] = convert(row[own])
            if role.email is not None and role.shows_email:
                raw = row[role.email] if code else None
                values[f"{role.name}.{EMAIL}"] = None if raw is None else text_of(raw)


_upper = converter(entity_named("customer").fields[MAIN].description)
