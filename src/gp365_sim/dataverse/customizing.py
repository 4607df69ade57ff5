"""Views, forms and security roles: what the organisation takes of them, and when people see them.

Sources: references of the tables savedquery, systemform and role; Customize entity forms page (a form is shown once it
is published), RetrieveUnpublishedMultiple function; Create a quick view form page (shown by a lookup that stands on the
form); AddPrivilegesRole and RetrieveRolePrivilegesRole references. Assumed: that a view or form that was never published
is in no plain read, the wording of every refusal, and that System Customizer may make roles. Not modelled: copies of a
role in units below its own, what a role holds from the start, and what people may do by a role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

from gp365_sim.identity.tokens import Caller

from . import refusal
from .metadata_rights import CUSTOMIZER_ROLE
from .organisation import Organisation
from .schema import Table
from .store import Row
from .values import as_guid

VIEW, FORM, ROLE = "savedquery", "systemform", "role"
PUBLISHED, PRIVILEGES = "#published", "#privileges"
MAIN, QUICK = 2, 6
QUICK_VIEW_CONTROL = "5C5600E0-1D6E-4205-A272-BE80DA87FD42"
COMPONENTS = {VIEW: 26, FORM: 60, ROLE: 20}
"""Component types of the solutioncomponent table."""


@dataclass(frozen=True)
class Element:
    """One element of a definition's XML, with its text and the path of names above it."""

    name: str
    given: dict[str, str]
    above: tuple[str, ...]
    text: list[str] = field(default_factory=list[str])

    @property
    def content(self) -> str:
        return "".join(self.text)


def elements(text: str, what: str) -> list[Element]:
    """Read XML into its elements in order; raises 400 where it is not well-formed."""
    found: list[Element] = []
    open_: list[Element] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(name: str, given: dict[str, str]) -> None:
        element = Element(name, given, tuple(one.name for one in open_))
        open_.append(element)
        found.append(element)

    def end(_: str) -> None:
        open_.pop()

    def characters(data: str) -> None:
        open_[-1].text.append(data)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise refusal.invalid(f"The {what} is not valid XML: {error}") from error
    return found


# --- who, and what is taken ------------------------------------------------------------------------------------------


def check_customizer(caller: Caller, table: Table, verb: str) -> None:
    """Refuse an application user without the role System Customizer; people at the control door are administrators."""
    if table.name in COMPONENTS and caller.client_id and CUSTOMIZER_ROLE not in caller.roles:
        raise refusal.denied(caller.user_id, f"prv{verb}{table.schema_name}")


def settle(org: Organisation, table: Table, row: Row, old: Row | None) -> None:
    """Check a view, form or role before it is stored, and note that it is not published yet."""
    rule = _RULES.get(table.name)
    if rule is None:
        return
    rule(org, row)
    if table.name == ROLE:
        row[PRIVILEGES] = dict((old or {}).get(PRIVILEGES) or {})
        return
    row["componentstate"] = 1
    if old is not None and PUBLISHED in old:
        row[PUBLISHED] = old[PUBLISHED]


def _subject(org: Organisation, name: object) -> Table:
    table = org.schema.tables.get(str(name or ""))
    if table is None:
        raise refusal.invalid(f"The entity '{name}' does not exist.")
    return table


def _known(table: Table, name: str, what: str) -> None:
    if name not in table.columns:
        raise refusal.invalid(
            f"{what}: '{table.name}' entity doesn't contain attribute with Name = '{name}'."
        )


def _check_view(org: Organisation, row: Row) -> None:
    table = _subject(org, row.get("returnedtypecode"))
    if row.get("querytype") != 0:
        raise refusal.not_modelled(f"views of querytype {row.get('querytype')}")
    fetched = _check_fetch(table, str(row.get("fetchxml") or ""))
    cells = elements(str(row.get("layoutxml") or ""), "layoutxml")
    grid = cells[0].given
    if cells[0].name != "grid" or grid.get("object") != str(table.type_code):
        raise refusal.invalid(f"The layoutxml is not a grid of the object type code {table.type_code}.")
    for cell in cells:
        if cell.name == "cell" and cell.given.get("name") not in fetched:
            raise refusal.invalid(f"The layoutxml shows '{cell.given.get('name')}', which is not fetched.")


def _check_fetch(table: Table, text: str) -> set[str]:
    found = elements(text, "fetchxml")
    entity = next((one for one in found if one.name == "entity"), None)
    if found[0].name != "fetch" or entity is None or entity.given.get("name") != table.name:
        raise refusal.invalid(f"The fetchxml does not fetch '{table.name}'.")
    if any(one.name == "link-entity" for one in found):
        raise refusal.not_modelled("views over linked tables")
    fetched: set[str] = set()
    for one in found:
        name = one.given.get("name" if one.name == "attribute" else "attribute", "")
        if one.name in {"attribute", "order", "condition"}:
            _known(table, name, "The fetchxml")
        if one.name == "attribute":
            fetched.add(name)
    return fetched


def _check_form(org: Organisation, row: Row) -> None:
    table = _subject(org, row.get("objecttypecode"))
    if row.get("type") not in {MAIN, QUICK}:
        raise refusal.not_modelled(f"forms of type {row.get('type')}")
    row.setdefault("formactivationstate", 1)
    found = elements(str(row.get("formxml") or ""), "formxml")
    if found[0].name != "form":
        raise refusal.invalid("The formxml does not begin with <form>.")
    if row["type"] == QUICK and sum(one.name == "tab" for one in found) != 1:
        raise refusal.invalid("A quick view form has one tab.")
    _check_ids(found)
    for control in (one for one in found if one.name == "control"):
        name = control.given.get("datafieldname")
        if as_guid(control.given.get("classid", "").strip("{}")) is None:
            raise refusal.invalid(f"The control '{control.given.get('id')}' has no classid.")
        if name:
            _known(table, name, "The formxml")
    _check_quick_forms(org, table, found)
    _check_grids(org, table, found)


def _check_ids(found: Iterable[Element]) -> None:
    for kind in ("control", "cell", "section", "tab"):
        ids = [one.given.get("id", "").lower() for one in found if one.name == kind]
        if len(ids) != len(set(ids)) or "" in ids:
            raise refusal.invalid(f"Every {kind} of a form has an id of its own.")


def _check_quick_forms(org: Organisation, table: Table, found: list[Element]) -> None:
    """Refuse a quick view of no such form, or by a lookup that is no lookup to its table."""
    for position, one in enumerate(found):
        if one.name != "QuickForms":
            continue
        control = next(above for above in reversed(found[:position]) if above.name == "control")
        column = table.columns.get(control.given.get("datafieldname", ""))
        for named in elements(one.content, "QuickForms"):
            if named.name != "QuickFormId":
                continue
            form = org.store.find(FORM, named.content.strip("{}").lower())
            target = named.given.get("entityname")
            if form is None or form["type"] != QUICK or form["objecttypecode"] != target:
                raise refusal.invalid(f"There is no quick view form {named.content} of '{target}'.")
            if column is None or target not in column.targets:
                raise refusal.invalid("A quick view is shown by a lookup to the table of its form.")
            others = [c for c in found if c.name == "control" and c is not control]
            if column.name not in {c.given.get("datafieldname") for c in others}:
                raise refusal.invalid(f"The lookup '{column.name}' of a quick view has to stand on the form.")


def _check_grids(org: Organisation, table: Table, found: Iterable[Element]) -> None:
    for one in found:
        if one.name == "TargetEntityType":
            _subject(org, one.content)
        elif one.name == "RelationshipName":
            relation = org.schema.relationships.get(one.content)
            if relation is None or relation.referenced != table.name:
                raise refusal.invalid(f"'{one.content}' is no relationship of '{table.name}'.")
        elif one.name == "ViewId" and org.store.find(VIEW, one.content.strip("{}").lower()) is None:
            raise refusal.invalid(f"There is no view {one.content}.")


def _check_role(org: Organisation, row: Row) -> None:
    unit = org.store.get("businessunit", row.get("_businessunitid_value") or "")
    if unit.get("_parentbusinessunitid_value"):
        raise refusal.not_modelled("roles below the root business unit")
    for other in org.store.rows[ROLE].values():
        if other["roleid"] != row["roleid"] and other["name"].lower() == row["name"].lower():
            raise refusal.invalid(f"A role with the name '{row['name']}' exists in this business unit.")


_RULES: dict[str, Callable[[Organisation, Row], None]] = {
    VIEW: _check_view,
    FORM: _check_form,
    ROLE: _check_role,
}


# --- what hangs on what ----------------------------------------------------------------------------------------------


def check_unused(org: Organisation, table: Table, column: str = "", relationship: str = "") -> None:
    """Refuse to delete what a view or form needs: a column or a relationship, or without them the whole table."""
    for row in (*org.store.rows[FORM].values(), *org.store.rows[VIEW].values()):
        if _uses(row, table.name, column, relationship):
            raise refusal.tied_by_component(column or relationship or table.name)


def _uses(row: Row, table: str, column: str, relationship: str) -> bool:
    own = table in (row.get("objecttypecode"), row.get("returnedtypecode"))
    found = elements(row.get("formxml") or row.get("fetchxml") or "", "definition")
    if column:
        names = ("datafieldname", "attribute", *(("name",) if "fetchxml" in row else ()))
        fields = {one.given.get(name) for one in found for name in names if one.name != "entity"}
        return own and column in fields
    if relationship:
        return any(one.name == "RelationshipName" and one.content == relationship for one in found)
    return not own and any(one.name == "TargetEntityType" and one.content == table for one in found)


def check_form_unused(org: Organisation, table: Table, row_id: str) -> None:
    """Refuse to delete a quick view form that stands on a form, or a view that a list of a form shows."""
    if table.name not in {FORM, VIEW}:
        return
    for row in org.store.rows[FORM].values():
        if row["formid"] != row_id and row_id in row["formxml"].lower():
            raise refusal.tied_by_component(row_id)


def forget_table(org: Organisation, table: Table) -> None:
    """Delete the views and forms of a deleted table."""
    for kind, column in ((FORM, "objecttypecode"), (VIEW, "returnedtypecode")):
        gone = [i for i, row in org.store.rows[kind].items() if row[column] == table.name]
        for row_id in gone:
            org.store.remove(org.schema.tables[kind], row_id)
