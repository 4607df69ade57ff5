"""New customer classes through eConnect, each as a copy of a class that stands.

The defaults of taCreateCustomerClass are blank and 0 (its signature): a class made of an id and a name has no posting
accounts, and every customer made with it posts nowhere. So all that the template has is sent, and what stands then is
compared with it: the procedure has no parameter for some columns (finance charge, statements, bank).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from gp365.connectors.gp.sql.held import locked_rows
from gp365.connectors.gp.sql.port import SqlValue
from gp365.connectors.gp.sql.queries import among
from gp365.connectors.gp.sql.rows import sent, text_of
from gp365.connectors.gp.sql.text import bracketed, select
from gp365.connectors.gp.sql.trip import Trip, Unfit
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import capitals
from gp365.model.errors import Bug, Rejected
from gp365.model.record import Op, Outcome, Record, Status
from gp365.model.values import Values, show, show_key

CLASS = "taCreateCustomerClass"
ENTITY = "customer_class"
ACCOUNTS: Mapping[str, str] = {
    "CashAccountIndex": "CASHACCT",
    "AccountsReceivableAccountIndex": "ACCTRECACCT",
    "SalesAccountIndex": "SALESACCT",
    "CostOfSalesAccountIndex": "COSTOFSALESACCT",
    "InventoryAccountIndex": "IVACCT",
    "TermsDiscountsTakenAccountIndex": "TERMDISCTAKENACCT",
    "TermsDiscountsAvailableAccountIndex": "TERMDISCAVAILACCT",
    "FinanceChargesAccountIndex": "FINCHRGACCT",
    "WriteoffsAccountIndex": "WRITEOFFACCT",
    "SalesOrderReturnsAccountIndex": "SALESORDERRETACCT",
    "OverpaymentWriteoffAccountIndex": "RMOvrpymtWrtoffAcct",
}
"""Parameters that take an account by its number where the table has its index."""
NUMBERS = "GL00105"
"""The table of account numbers by index."""
_OWN = frozenset({"ClassID", "ClassDescription", "DefaultClass", "Inactive", "NoteIndex", "CreatedDate"})
_NOT_COMPARED = _OWN | {"ModifiedDate"}


def copy_class(trip: Trip) -> Outcome:
    """Make a class under the key of the write; EXISTS, with the record, when it is there: eConnect would overwrite it.

    DONE with `error` says what the template has and the new class has not.
    """
    if trip.write.op is not Op.CREATE:
        raise Bug("bug", f"A customer class is not to be changed: {show_key(trip.write.key)}.")
    name = capitals(trip.write.key[0].rstrip(" "))
    template = capitals(show(trip.write.values["TemplateClass"]))
    there = _class(trip, name)
    if there is not None:
        record = _record(there)
        return Outcome(Status.EXISTS, record.key, record=record)
    model = _class(trip, template)
    if model is None:
        raise Unfit(_no_template(trip, template))
    trip.document(CLASS, ENTITY, {**_copied(trip, model), **_own(trip, name)})
    made = _class(trip, name)
    if made is None:
        raise Bug("bug", f"eConnect created the class {name}, and it is not there.")
    record = _record(made)
    stored = {field: record.values[field] for field in trip.write.values if field in record.values}
    return Outcome(
        Status.DONE, record.key, stored=stored, record=record, error=_unlike(name, template, model, made)
    )


def _class(trip: Trip, name: str) -> Values | None:
    """Read a class, and lock its place until the end of the transaction."""
    found = locked_rows(trip.lane, trip.desk.names, ENTITY, "CLASSID", name, trip.desk.missing(ENTITY))
    return found[0] if found else None


def _own(trip: Trip, name: str) -> dict[str, SqlValue]:
    """Return what is the new class's own: never the default class, which the template may be."""
    description = show(trip.write.values.get("ClassDescription"))
    return {"CLASSID": name, "CLASDSCR": description, "DEFLTCLS": 0}


def _copied(trip: Trip, model: Values) -> dict[str, SqlValue]:
    """Return everything of the template that the procedure takes, accounts by their numbers."""
    fields = entity_named(ENTITY).fields
    plain = {
        fields[name].econnect: sent(fields[name].description, value)
        for name, value in model.items()
        if fields[name].econnect and name not in _OWN
    }
    indexes = {name: cast("int", model[name]) for name in ACCOUNTS if model.get(name)}
    numbers = _numbers(trip, set(indexes.values()))
    return {
        **plain,
        **{ACCOUNTS[name]: numbers[index] for name, index in indexes.items() if index in numbers},
    }


def _numbers(trip: Trip, indexes: set[int]) -> dict[int, str]:
    """Read the numbers of accounts; an account that is gone from GP has none, and the comparison tells."""
    if not indexes:
        return {}
    index, number = (f"[t].{bracketed(column)}" for column in ("ACTINDX", "ACTNUMST"))
    statement = select([index, number], trip.desk.names.object(NUMBERS)).add(" WHERE ")
    statement.join([among([index], ["int"], [(each,) for each in sorted(indexes)])], "")
    return {cast("int", row[0]): show(text_of(row[1])) for row in trip.lane.rows(statement)}


def _record(values: Values) -> Record:
    return Record((show(values.get("ClassID")),), values)


def _no_template(trip: Trip, template: str) -> Rejected:
    return Rejected(
        "rejected",
        f"Dynamics GP has no customer class {template} that the new one could be a copy of.",
        record=show_key(trip.write.key),
        field="TemplateClass",
        value=template,
        fix="Name a class of Dynamics GP as the template.",
    )


def _unlike(name: str, template: str, model: Values, made: Values) -> Rejected | None:
    differing = [
        f"{field} is {show(made[field]) or 'empty'}, not {show(value)}"
        for field, value in model.items()
        if field not in _NOT_COMPARED and field in made and made[field] != value
    ]
    if not differing:
        return None
    return Rejected(
        "rejected",
        f"The class was created, but it is not in all a copy of {template}: {'; '.join(differing)}",
        record=name,
        fix="Enter these in the Customer Class Setup window of Dynamics GP before the class is given to customers.",
    )
