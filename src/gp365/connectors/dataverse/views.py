"""Public views of ours: FetchXML and layout of a savedquery (SavedQuery table reference, Customize views page)."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import quoteattr

from gp365.connectors.dataverse.metadata import Table
from gp365.connectors.dataverse.own import OwnView, Scalar

PUBLIC = 0
STATE = "statecode"
_WIDTH = 150


def own_id(*names: str) -> str:
    """Return the id under which gp365 makes a view, form or role: the same in every organisation.

    So what is ours is known by its id, whatever a site has called it since.
    """
    return str(uuid5(NAMESPACE_URL, "gp365/" + "/".join(names)))


def view_id(view: OwnView) -> str:
    """Return the id of a view of ours."""
    return own_id("view", view.table, view.name)


def view_body(view: OwnView, table: Table) -> dict[str, object]:
    """Return the savedquery: what people may change it to later stays."""
    return {
        "savedqueryid": view_id(view),
        "name": view.name,
        "returnedtypecode": view.table,
        "querytype": PUBLIC,
        "fetchxml": fetch_xml(view, table),
        "layoutxml": layout_xml(view, table),
    }


def fetch_xml(view: OwnView, table: Table) -> str:
    """Return the query: active rows where all values hold, unless the view itself speaks of the state."""
    where: dict[str, Scalar] = {} if STATE in view.where or STATE not in table.columns else {STATE: 0}
    where |= view.where
    columns = (table.id_column, *(name for name in view.columns if name != table.id_column))
    parts = [f"<attribute name={quoteattr(name)}/>" for name in columns]
    parts += [_order(name) for name in view.order]
    if where:
        conditions = "".join(_condition(name, value) for name, value in where.items())
        parts.append(f'<filter type="and">{conditions}</filter>')
    entity = f"<entity name={quoteattr(view.table)}>{''.join(parts)}</entity>"
    return f'<fetch version="1.0" output-format="xml-platform" mapping="logical">{entity}</fetch>'


def layout_xml(view: OwnView, table: Table) -> str:
    """Return the grid; it names the table by its object type code and opens a row by its name."""
    cells = "".join(f'<cell name={quoteattr(name)} width="{_WIDTH}"/>' for name in view.columns)
    row = f'<row name="result" id={quoteattr(table.id_column)}>{cells}</row>'
    jump = quoteattr(table.name_column or view.columns[0])
    return (
        f'<grid name="resultset" object="{table.type_code}" jump={jump} select="1" icon="1" preview="1">'
        f"{row}</grid>"
    )


def _order(name: str) -> str:
    down = "true" if name.startswith("-") else "false"
    return f'<order attribute={quoteattr(name.removeprefix("-"))} descending="{down}"/>'


def _condition(name: str, value: Scalar) -> str:
    if value is None:
        return f'<condition attribute={quoteattr(name)} operator="null"/>'
    text = str(int(value)) if isinstance(value, bool) else str(value)
    return f'<condition attribute={quoteattr(name)} operator="eq" value={quoteattr(text)}/>'
