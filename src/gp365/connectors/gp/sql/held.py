"""A customer's card as it stands in the middle of a transaction, with locks that keep it so until the end.

UPDLOCK keeps every other writer from the rows, HOLDLOCK keeps rows from appearing under the same keys (table hints,
Transact-SQL reference): what is compared here is what the procedures then change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gp365.connectors.gp.card import BILL_TO, SHIP_TO, Card, card_record, code_of
from gp365.connectors.gp.sql.customers import CUSTOMER, EMAIL
from gp365.connectors.gp.sql.pool import Lane
from gp365.connectors.gp.sql.port import Row, SqlValue
from gp365.connectors.gp.sql.rows import Convert, converter, text_of
from gp365.connectors.gp.sql.text import Names, bracketed, mark, select
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import Unreadable
from gp365.model.record import Record
from gp365.model.values import Value, Values, show

INTERNET = (
    *(f"INET{number}" for number in range(1, 9)),
    *("INETINFO", "Messenger_Address", "EmailToAddress", "EmailCcAddress", "EmailBccAddress"),
)
"""All that taCreateInternetAddresses overwrites: its defaults are blank, so that all of it is read and sent again."""
_LOCKED = " WITH (UPDLOCK, HOLDLOCK)"


@dataclass(frozen=True, slots=True)
class Held:
    """A customer, all of its addresses, and the internet addresses of each by code."""

    card: Card
    internet: Mapping[str, Mapping[str, str]]

    def email(self, role: str) -> Value:
        """Return the e-mail address of a role's address."""
        code = code_of(self.card.customer, role)
        return (self.internet.get(code, {}).get("INET1") or None) if code else None

    def record(self, fields: Sequence[str]) -> Record:
        """Return the card as a record."""
        record = card_record(self.card, fields)
        emails = {
            name: self.email(role) for role in (BILL_TO, SHIP_TO) if (name := f"{role}.{EMAIL}") in fields
        }
        return record._replace(values={**record.values, **emails}) if emails else record


def hold(lane: Lane, names: Names, number: str) -> Held | None:
    """Read and lock a customer and its addresses; None, with the place locked, if there is no such customer."""
    customers = locked_rows(lane, names, "customer", "CUSTNMBR", number)
    if not customers:
        return None
    rows = locked_rows(lane, names, "customer_address", "CUSTNMBR", number)
    addresses = {show(each["AddressCode"]): each for each in rows}
    return Held(Card(customers[0], addresses), _internet(lane, names, number))


def locked_rows(
    lane: Lane, names: Names, entity: str, column: str, key: str, missing: Collection[str] = ()
) -> list[Values]:
    """Read and lock the rows of an entity's table that have a key of up to 15 signs; `missing` are fields without column."""
    described = entity_named(entity)
    fields = [
        (name, each.sql, converter(each.description))
        for name, each in described.fields.items()
        if each.sql and name not in missing
    ]
    columns = [f"[t].{bracketed(column)}" for _, column, _ in fields]
    statement = select(columns, names.object(described.table)).add(_LOCKED).add(" WHERE ")
    statement.add(f"[t].{bracketed(column)} = {mark('varchar(15)')}", key)
    return [_values(row, [(name, convert) for name, _, convert in fields]) for row in lane.rows(statement)]


def _values(row: Row, plan: Sequence[tuple[str, Convert]]) -> Values:
    values: dict[str, Value] = {}
    for raw, (name, convert) in zip(row, plan, strict=True):
        try:
            values[name] = convert(raw)
        except (Unreadable, ValueError, TypeError, ArithmeticError):
            continue
    return values


def _internet(lane: Lane, names: Names, number: str) -> dict[str, dict[str, str]]:
    columns = [f"[t].{bracketed(column)}" for column in ("ADRSCODE", *INTERNET)]
    statement = select(columns, names.object("SY01200")).add(_LOCKED).add(" WHERE ")
    statement.add(f"[t].{bracketed('Master_Type')} = {mark('varchar(3)')}", CUSTOMER)
    statement.add(f" AND [t].{bracketed('Master_ID')} = {mark('varchar(31)')}", number)
    upper = converter(entity_named("customer_address").fields["AddressCode"].description)
    return {
        show(upper(row[0])): {name: _text(raw) for name, raw in zip(INTERNET, row[1:], strict=True)}
        for row in lane.rows(statement)
    }


def _text(raw: SqlValue) -> str:
    return "" if raw is None else show(text_of(raw))
