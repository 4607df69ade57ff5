"""The steps of provisioning: each looks how it stands (present, make, wait, differs) and can make what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gp365.connectors.dataverse import blueprint as ours
from gp365.connectors.dataverse.settings import CARD
from gp365.connectors.dataverse.site import FRESH, IN_SOLUTION, Site
from gp365.connectors.dataverse.terms import PaymentTerm, TermOption, propose
from gp365.model.errors import Misconfigured

Looked = tuple[str, str]
PRESENT: Looked = ("present", "")
MAKE: Looked = ("make", "")
PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Work:
    """One step: its id and title, how it stands, and how it is made."""

    id: str
    title: str
    look: Callable[[Site], Looked]
    make: Callable[[Site], None]


def work_list(
    site: Site, terms: Sequence[PaymentTerm], *, opportunities: bool, receivables: bool = False
) -> tuple[tuple[Work, ...], tuple[TermOption, ...]]:
    """Return the steps in the order in which they must be made, and the option of each payment term.

    `opportunities` are tracked and the columns of `receivables` made only where a pair needs them.
    """
    figures = ours.FIGURES if receivables else ()
    options = propose(terms, _term_options(site)) if terms else ()
    tracked = ("account", "contact", CARD, *(("opportunity",) if opportunities else ()))
    return (
        Work("publisher", "Publisher gp365 (prefix gp365)", _look_publisher, _make_publisher),
        Work("solution", "Solution gp365", _look_solution, _make_solution),
        Work(f"table:{CARD}", f"Table {CARD}, owned by users", _look_card, _make_card),
        *(_column_work(column) for column in (*ours.COLUMNS, *ours.ACCOUNT_COLUMNS, *figures)),
        *(_lookup_work(lookup) for lookup in ours.LOOKUPS),
        Work("key", f"Key {ours.KEY_NAME}: {' + '.join(ours.KEY_COLUMNS)}", _look_key, _make_key),
        *(_tracking_work(name) for name in tracked),
        *(_option_work(option) for option in options if option.new),
        Work(PUBLISH, "Publish all changes", _look_published, _publish),
        Work("key-active", f"Wait until the key {ours.KEY_NAME} is active", _look_active, _await_key),
    ), options


def _term_options(site: Site) -> Mapping[int, str]:
    account = site.table("account")
    column = account.columns.get(ours.TERMS_COLUMN) if account else None
    if column is None:
        raise Misconfigured("entity-unknown", f"Dataverse has no account.{ours.TERMS_COLUMN}")
    return column.options


def _look_publisher(site: Site) -> Looked:
    found = site.publisher()
    if found is None:
        return MAKE
    prefix = found.get("customizationprefix")
    return PRESENT if prefix == ours.PREFIX else ("differs", f"its prefix is {prefix}")


def _make_publisher(site: Site) -> None:
    site.write(
        lambda: site.api.post("publishers", ours.publisher_body()), lambda: site.publisher() is not None
    )


def _look_solution(site: Site) -> Looked:
    return PRESENT if site.solution() is not None else MAKE


def _make_solution(site: Site) -> None:
    publisher = site.publisher() or {}
    body = ours.solution_body(str(publisher.get("publisherid", "")))
    site.write(lambda: site.api.post("solutions", body), lambda: site.solution() is not None)


def _look_card(site: Site) -> Looked:
    return PRESENT if site.table(CARD) is not None else MAKE


def _make_card(site: Site) -> None:
    body = ours.table_body(site.language())
    site.write(
        lambda: site.api.post("EntityDefinitions", body, IN_SOLUTION),
        lambda: site.table(CARD) is not None,
    )


def _column_work(column: ours.OwnColumn) -> Work:
    title = (
        f"Column {column.table}.{column.name} ({column.type}{f' {column.length}' if column.length else ''})"
    )
    return Work(f"column:{column.name}", title, partial(_look_column, column), partial(_make_column, column))


def _look_column(column: ours.OwnColumn, site: Site) -> Looked:
    table = site.table(column.table)
    found = table.columns.get(column.name) if table else None
    if found is None:
        return MAKE
    if found.type != column.type:
        return "differs", f"it is of type {found.type}"
    if column.length and (found.length or 0) < column.length:
        return "differs", f"it holds {found.length} characters, {column.length} are needed"
    if column.type == "DateTime" and not found.day:
        return "differs", "it holds moments, days are needed"
    if column.type == "Money" and (found.precision or 0) < 4:
        return "differs", f"it keeps {found.precision} decimals, 4 are needed"
    lacking = [str(value) for value, _ in column.options if value not in found.options]
    return ("differs", f"it lacks the options {', '.join(lacking)}") if lacking else PRESENT


def _make_column(column: ours.OwnColumn, site: Site) -> None:
    body = ours.column_body(column, site.language())
    path = f"EntityDefinitions(LogicalName='{column.table}')/Attributes"
    site.write(
        lambda: site.api.post(path, body, IN_SOLUTION), lambda: _look_column(column, site)[0] != "make"
    )


def _lookup_work(lookup: ours.OwnLookup) -> Work:
    title = f"Lookup {lookup.referencing}.{lookup.name} to {lookup.referenced}"
    return Work(f"lookup:{lookup.name}", title, partial(_look_lookup, lookup), partial(_make_lookup, lookup))


def _look_lookup(lookup: ours.OwnLookup, site: Site) -> Looked:
    table = site.table(lookup.referencing)
    found = table.columns.get(lookup.name) if table else None
    if found is None:
        return MAKE
    if lookup.referenced in found.navigation:
        return PRESENT
    return "differs", f"it points at {', '.join(found.navigation) or 'nothing'}"


def _make_lookup(lookup: ours.OwnLookup, site: Site) -> None:
    body = ours.lookup_body(lookup, site.language())
    site.write(
        lambda: site.api.post("RelationshipDefinitions", body, IN_SOLUTION),
        lambda: _look_lookup(lookup, site)[0] != "make",
    )


def _key_status(site: Site) -> str:
    table = site.table(CARD)
    keys = [key for key in (table.keys if table else ()) if key.name == ours.KEY_NAME]
    return keys[0].status if keys else ""


def _look_key(site: Site) -> Looked:
    table = site.table(CARD)
    for key in table.keys if table else ():
        if key.name == ours.KEY_NAME:
            same = set(key.columns) == set(ours.KEY_COLUMNS)
            return PRESENT if same else ("differs", f"its columns are {', '.join(key.columns)}")
    return MAKE


def _make_key(site: Site) -> None:
    path = f"EntityDefinitions(LogicalName='{CARD}')/Keys"
    body = ours.key_body(site.language())
    site.write(lambda: site.api.post(path, body, IN_SOLUTION), lambda: bool(_key_status(site)))


def _look_active(site: Site) -> Looked:
    status = _key_status(site)
    if status == "Active":
        return PRESENT
    if status == "Failed":
        return "differs", "building its index failed: two cards carry the same company and number"
    return "wait", f"its index is {status or 'not begun'}"


def _await_key(site: Site) -> None:
    for pause in (1.0, 2.0, 5.0, *([10.0] * 30)):
        site.forget()
        if _look_active(site)[0] != "wait":
            return
        site.sleep(pause)


def _tracking_work(name: str) -> Work:
    title = f"Change tracking of {name}"
    return Work(f"tracking:{name}", title, partial(_look_tracking, name), partial(_make_tracking, name))


def _look_tracking(name: str, site: Site) -> Looked:
    table = site.table(name)
    if table is not None and table.tracked:
        return PRESENT
    return "make", "it cannot be switched off again"


def _make_tracking(name: str, site: Site) -> None:
    # A definition is updated by sending all of it back (create-update-entity-definitions page).
    path = f"EntityDefinitions(LogicalName='{name}')"
    whole: dict[str, Any] = dict(site.api.get(path, headers=FRESH))
    body = {key: value for key, value in whole.items() if not key.startswith("@odata.c")}
    body["ChangeTrackingEnabled"] = True
    site.write(
        lambda: site.api.put(path, body, {"MSCRM.MergeLabels": "true"}),
        lambda: _look_tracking(name, site)[0] == "present",
    )


def _option_work(option: TermOption) -> Work:
    title = f"Option {option.value} '{option.label}' of account.{ours.TERMS_COLUMN} (assumed)"
    return Work(f"option:{option.value}", title, partial(_look_option, option), partial(_make_option, option))


def _look_option(option: TermOption, site: Site) -> Looked:
    held = _term_options(site).get(option.value)
    if held is None:
        return MAKE
    return PRESENT if held == option.label else ("differs", f"it is called {held}")


def _make_option(option: TermOption, site: Site) -> None:
    body = {
        "EntityLogicalName": "account",
        "AttributeLogicalName": ours.TERMS_COLUMN,
        "Value": option.value,
        "Label": ours.label(option.label, site.language()),
        "SolutionUniqueName": ours.SOLUTION,
    }
    site.write(lambda: site.api.post("InsertOptionValue", body), lambda: option.value in _term_options(site))


def _look_published(site: Site) -> Looked:
    solution = site.solution()
    return PRESENT if solution is not None and solution.get("description") == ours.PUBLISHED else MAKE


def _publish(site: Site) -> None:
    # Written into the solution, so that a run that broke off before this step is seen to be unfinished.
    entities = "".join(f"<entity>{name}</entity>" for name in ("account", "contact", CARD))
    body = {"ParameterXml": f"<importexportxml><entities>{entities}</entities></importexportxml>"}
    site.api.post("PublishXml", body)
    site.describe_solution(ours.PUBLISHED)
