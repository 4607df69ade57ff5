"""Creates, updates and deletes rows by the rules of the platform: stamps, states, money, computed columns, cascades."""

from __future__ import annotations

import uuid
from decimal import ROUND_HALF_EVEN, Decimal

from gp365_sim.identity.tokens import Caller

from . import invoicing, refusal
from .access import check_access, check_secured, check_targets
from .customizing import check_customizer, check_form_unused, settle
from .fold import comparable
from .hooks_events import note
from .hooks_rules import check_registrar, check_registration
from .organisation import TARGET_SUFFIX, Organisation
from .owning import OWNER, OWNER_TARGET, belongings, settle_owner
from .schema import Relationship, Table
from .store import Row

CENT_OF_CENT = Decimal("0.0001")
# Rows that everything points at; deleting them is another subject.
UNDELETABLE = frozenset({"systemuser", "team", "businessunit", "organization", "transactioncurrency"})


def create(
    org: Organisation, caller: Caller, table: Table, values: Row, *, check_duplicates: bool = False
) -> Row:
    """Add a row; `values` come from `read_payload`. The id may be the caller's own choice."""
    check_registrar(caller, table, "Create")
    check_customizer(caller, table, "Create")
    check_secured(caller, table, values, creating=True)
    check_targets(org, caller, table, values)
    if check_duplicates:
        _check_duplicates(org, table, values)
    now = org.stamp()
    row: Row = dict.fromkeys(table.flags, False)
    row.update({wire: value for wire, value in values.items() if value is not None})
    row.setdefault(table.id_column, str(uuid.uuid4()))
    _stamp(table, row, caller, now, "created")
    _stamp(table, row, caller, now, "modified")
    if "ownerid" in table.columns:
        if OWNER not in row:
            row.update({OWNER: caller.user_id, OWNER_TARGET: "systemuser"})
        settle_owner(org, table, row)
    _settle_state(table, row, None, values)
    invoicing.check(org, table, None, row, values)
    _settle_money(org, table, row, {**values, **invoicing.compute(org, table, row)})
    _compute(table, row)
    _check_required(table, row)
    check_registration(org, table, row)
    settle(org, table, row, None)
    with org.store.atomic():
        org.store.insert(table, row)
        note(org, caller, "Create", table, None, row, values)
        invoicing.raised(org, caller, table, row)
    return row


def update(org: Organisation, caller: Caller, table: Table, old: Row, values: Row) -> Row:
    """Change columns of a row. An unchanged value counts as a change too, as Dataverse has it.

    An inactive row can be changed like any other (assumed: forms lock it, the API does not); one that a merge ended
    cannot, unless the organisation is set up so (assumed).
    """
    check_registrar(caller, table, "Write")
    check_customizer(caller, table, "Write")
    check_access(org, caller, table, old, "WriteAccess")
    check_secured(caller, table, values, creating=False)
    check_targets(org, caller, table, values)
    if old.get("merged") and org.rules.merged_locked:
        raise refusal.ended_by_merge(table.name, old[table.id_column])
    row = dict(old)
    for wire, value in values.items():
        if wire == table.id_column:
            continue
        if value is None:
            row.pop(wire, None)
        else:
            row[wire] = value
    _stamp(table, row, caller, org.stamp(), "modified")
    assigned = OWNER in values and OWNER in table.wire
    if assigned:
        settle_owner(org, table, row)
    _settle_state(table, row, old, values)
    invoicing.check(org, table, old, row, values)
    _settle_money(org, table, row, {**values, **invoicing.compute(org, table, row)})
    _compute(table, row)
    _check_required(table, row)
    check_registration(org, table, row)
    settle(org, table, row, old)
    with org.store.atomic():
        org.store.replace(table, row)
        note(org, caller, "Update", table, old, row, values)
        invoicing.raised(org, caller, table, old, row)
        if assigned and row[OWNER] != old.get(OWNER):
            _hand_on(org, caller, table, row)
    return row


def _hand_on(org: Organisation, caller: Caller, table: Table, row: Row) -> None:
    """Assign what hangs on a row to its new owner too; a row that is handed on has been modified."""
    for child, old in list(belongings(org, table, row[table.id_column])):
        given = {**old, OWNER: row[OWNER], OWNER_TARGET: row[OWNER_TARGET]}
        settle_owner(org, child, given)
        stamp_changed(org, caller, child, given)
        org.store.replace(child, given)
        note(org, caller, "Update", child, old, given, (OWNER,))


def stamp_changed(org: Organisation, caller: Caller, table: Table, row: Row) -> None:
    """Note on a row that this caller modifies it now."""
    _stamp(table, row, caller, org.stamp(), "modified")


def delete(org: Organisation, caller: Caller, table: Table, row_id: str) -> None:
    """Delete a row with what hangs on it: cascade, remove the link, or refuse, as each relationship says."""
    if table.name in UNDELETABLE:
        raise refusal.not_modelled(f"deleting rows of '{table.name}'")
    check_registrar(caller, table, "Delete")
    check_customizer(caller, table, "Delete")
    check_form_unused(org, table, row_id)
    row = org.store.get(table.name, row_id)
    check_access(org, caller, table, row, "DeleteAccess")
    invoicing.check(org, table, row, None, ())
    with org.store.atomic():
        _delete(org, caller, table, row_id)


def _delete(org: Organisation, caller: Caller, table: Table, row_id: str) -> None:
    relationships = {(r.referencing, r.column): r for r in org.schema.pointing_at(table.name)}
    for other, other_id, wire in org.store.pointing_at(row_id):
        other_table = org.schema.tables[other]
        other_row = org.store.find(other, other_id)
        relationship = relationships.get((other, other_table.wire[wire].name))
        if other_row is not None and relationship is not None:
            _let_go(org, caller, other_table, other_row, relationship)
    row = org.store.find(table.name, row_id)
    if row is not None:
        org.store.remove(table, row_id)
        note(org, caller, "Delete", table, row, None, ())
        invoicing.raised(org, caller, table, row)


def _let_go(org: Organisation, caller: Caller, table: Table, row: Row, relationship: Relationship) -> None:
    wire = table.columns[relationship.column].wire
    if relationship.on_delete == "Restrict":
        raise refusal.tied_by_association(relationship.referenced)
    if relationship.on_delete == "Cascade":
        _delete(org, caller, table, row[table.id_column])
    elif relationship.on_delete == "RemoveLink":
        kept = {k: v for k, v in row.items() if k not in {wire, wire + TARGET_SUFFIX}}
        _stamp(table, kept, caller, org.stamp(), "modified")
        org.store.replace(table, kept)
        note(org, caller, "Update", table, row, kept, (wire,))


# --- what the platform writes by itself ------------------------------------------------------------------------------


def _stamp(table: Table, row: Row, caller: Caller, now: str, kind: str) -> None:
    if f"{kind}on" in table.columns:
        row[f"{kind}on"] = now
    if f"{kind}by" in table.columns:
        row[f"_{kind}by_value"] = caller.user_id


def _settle_state(table: Table, row: Row, old: Row | None, values: Row) -> None:
    """Keep state and status a valid pair: either alone brings its partner, both must fit."""
    status = table.columns.get("statuscode")
    if "statecode" not in table.columns or status is None or not status.options:
        return
    given_state, given_status = values.get("statecode"), values.get("statuscode")
    if given_state is None and given_status is None and old is not None:
        return
    option = status.option(given_status) if given_status is not None else None
    state = given_state if given_state is not None else (old or {}).get("statecode")
    if option is None:
        state = 0 if state is None else state
        option = next((o for o in status.options if o.state == state), status.options[0])
    elif state is not None and option.state is not None and option.state != state:
        states = table.columns["statecode"].option(state)
        label = f"{table.schema_name}State.{states.label if states else state}"
        raise refusal.bad_status(table.name, row[table.id_column], option.value, label)
    row["statuscode"] = option.value
    row["statecode"] = option.state if option.state is not None else (state or 0)


def _settle_money(org: Organisation, table: Table, row: Row, values: Row) -> None:
    """Stamp the currency on a row with money, and compute the rate and every base amount.

    Source: transaction currency pages of the developer guide: base = amount / exchange rate of the row's currency.
    """
    if not table.money or "transactioncurrencyid" not in table.columns or table.name == "transactioncurrency":
        return
    touched = [m for m in table.money if m in values]
    moved = "_transactioncurrencyid_value" in values
    if any(values[m] is not None for m in touched):
        row.setdefault("_transactioncurrencyid_value", org.base_currency)
    currency = row.get("_transactioncurrencyid_value")
    if currency is None or not (touched or moved):
        return
    rate = org.exchange_rate(currency)
    if "exchangerate" in table.columns:
        row["exchangerate"] = rate
    for name in table.money if moved else touched:
        _settle_base(table, row, name, rate)


def _settle_base(table: Table, row: Row, name: str, rate: Decimal) -> None:
    base = f"{name}_base"
    if base not in table.columns:
        return
    if row.get(name) is None:
        row.pop(base, None)
    else:
        row[base] = (row[name] / rate).quantize(CENT_OF_CENT, ROUND_HALF_EVEN)


def _compute(table: Table, row: Row) -> None:
    if "fullname" in table.columns and table.columns["fullname"].for_update is False:
        _put(row, "fullname", " ".join(p for p in (row.get("firstname"), row.get("lastname")) if p))
    for n in ("1", "2"):
        if f"address{n}_composite" in table.columns:
            _put(row, f"address{n}_composite", _composite(row, f"address{n}_"))


def _composite(row: Row, prefix: str) -> str:
    lines = [row.get(prefix + name) for name in ("line1", "line2", "line3")]
    town = " ".join(p for p in (row.get(prefix + "stateorprovince"), row.get(prefix + "postalcode")) if p)
    city = ", ".join(p for p in (row.get(prefix + "city"), town) if p)
    return "\r\n".join(p for p in (*lines, city, row.get(prefix + "country")) if p)


def _put(row: Row, name: str, text: str) -> None:
    if text:
        row[name] = text
    else:
        row.pop(name, None)


def _check_required(table: Table, row: Row) -> None:
    # Only SystemRequired is enforced by the API; ApplicationRequired is a matter of forms.
    for wire in table.required:
        if row.get(wire) is None:
            raise refusal.invalid(f"Attribute: {table.wire[wire].name} cannot be set to NULL")


def _check_duplicates(org: Organisation, table: Table, values: Row) -> None:
    """Apply the published duplicate rules, asked for by MSCRM.SuppressDuplicateDetection: false."""
    for name, columns in org.rules.duplicate_rules:
        wanted = [comparable(values.get(c)) for c in columns]
        if name != table.name or None in wanted:
            continue
        for row in org.store.rows[table.name].values():
            if [comparable(row.get(c)) for c in columns] == wanted:
                raise refusal.duplicate_rule()
