"""FormXml: our quick-view form, and the one section of ours in a form that is not ours, put in and taken out again.

Sources: Create a quick view form page (single column sections, columns, subgrids; shown by a lookup that stands on the
form), FormXml reference, and the classids that forms of Dynamics 365 Sales itself carry. A form that is not ours is only
cut at two places: every other byte of it stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from gp365.connectors.dataverse.metadata import Table
from gp365.connectors.dataverse.own import OwnGrid, OwnPlace, OwnQuickView
from gp365.connectors.dataverse.views import own_id

MAIN, QUICK_VIEW = 2, 6
SECTION = "gp365_standing"
_QUICK_VIEW_CONTROL = "{5C5600E0-1D6E-4205-A272-BE80DA87FD42}"
_SUBGRID = "{E7A81278-8635-4D9E-8D4D-59480B391C5B}"
_TEXT = "{4273EDBD-AC1D-40D3-9FB2-095C621B552D}"
_CONTROLS: Mapping[str, str] = {
    "String": _TEXT,
    "Memo": "{E0DECE4B-6FC8-4A8F-A065-082708572369}",
    "Boolean": "{67FAC785-CD58-4F9F-ABB3-4B7DDC6ED5ED}",
    "DateTime": "{5B773807-9FB2-42DB-97C3-7A91EFF8ADFF}",
    "Decimal": "{C3EFE0C3-0EC6-42BE-8349-CBD9079DFD8E}",
    "Integer": "{C6D124CA-7EDA-4A60-AEA9-7FB8D318B68F}",
    "Lookup": "{270BD3DB-D9AF-4782-9025-509E298DEC0A}",
    "Money": "{533B9E00-756B-4312-95A0-DC888637AC78}",
    "Picklist": "{3EF39988-22BB-4F0B-BBBE-64B5A3748AEE}",
}


def quick_view_id(view: OwnQuickView) -> str:
    """Return the id of a quick-view form of ours."""
    return own_id("quick-view", view.table, view.name)


def quick_view_body(
    view: OwnQuickView, table: Table, labels: Mapping[str, str], language: int
) -> dict[str, object]:
    """Return the systemform of a quick view; `labels` are those of its columns, which forms spell out."""
    at = _Ids(quick_view_id(view))
    section = _section(at, view.name, _content(at, view, table, labels, language), language)
    tab = (
        f'<tab name="general" id={at.id("tab")} IsUserDefined="0" locklevel="0" showlabel="false" expanded="true">'
        f"{_labels(view.name, language)}"
        f'<columns><column width="100%"><sections>{section}</sections></column></columns></tab>'
    )
    return {
        "formid": quick_view_id(view),
        "name": view.name,
        "description": view.about,
        "objecttypecode": view.table,
        "type": QUICK_VIEW,
        "formxml": f"<form><tabs>{tab}</tabs></form>",
    }


def placed_section(
    view: OwnQuickView, place: OwnPlace, form_id: str, table: Table, labels: Mapping[str, str], language: int
) -> str:
    """Return our section for a main form: the quick view of a lookup, or on the table itself what the quick view shows."""
    at = _Ids(form_id)
    if not place.lookup:
        return _section(at, view.name, _content(at, view, table, labels, language), language)
    named = f"<QuickFormId entityname={quoteattr(view.table)}>{quick_view_id(view)}</QuickFormId>"
    forms = f"<QuickFormIds>{named}</QuickFormIds>"
    control = (
        f'<control id="{SECTION}_view" classid="{_QUICK_VIEW_CONTROL}" datafieldname={quoteattr(place.lookup)} '
        f'disabled="false"><parameters><QuickForms>{escape(forms)}</QuickForms></parameters></control>'
    )
    row = f'<row><cell id={at.id("view")} showlabel="false">{_labels(view.name, language)}{control}</cell></row>'
    return _section(at, view.name, row, language)


@dataclass(frozen=True, slots=True)
class _Ids:
    """Ids of the parts of one form, the same whenever they are made."""

    form: str

    def id(self, part: str) -> str:
        return f'"{{{own_id("form", self.form.lower(), part)}}}"'


def _section(at: _Ids, label: str, rows: str, language: int) -> str:
    return (
        f'<section name="{SECTION}" id={at.id("section")} showlabel="true" showbar="false" columns="1" '
        f'IsUserDefined="0">{_labels(label, language)}<rows>{rows}</rows></section>'
    )


def _content(at: _Ids, view: OwnQuickView, table: Table, labels: Mapping[str, str], language: int) -> str:
    fields = "".join(_field(at, name, table, labels.get(name, name), language) for name in view.columns)
    return fields + "".join(_grid(at, number, grid, language) for number, grid in enumerate(view.grids, 1))


def _field(at: _Ids, name: str, table: Table, label: str, language: int) -> str:
    column = table.columns.get(name)
    control = _CONTROLS.get(column.type, _TEXT) if column else _TEXT
    return (
        f"<row><cell id={at.id(name)}>{_labels(label, language)}"
        f'<control id="{SECTION}_{name}" classid="{control}" datafieldname={quoteattr(name)} disabled="true"/>'
        "</cell></row>"
    )


def _grid(at: _Ids, number: int, grid: OwnGrid, language: int) -> str:
    view = "{" + own_id("view", grid.table, grid.view) + "}"
    parameters = {
        "ViewId": view,
        "IsUserView": "false",
        "RelationshipName": grid.relationship,
        "TargetEntityType": grid.table,
        "AutoExpand": "Fixed",
        "EnableQuickFind": "false",
        "EnableViewPicker": "false",
        "ViewIds": view,
        "EnableJumpBar": "false",
        "ChartGridMode": "Grid",
        "EnableChartPicker": "false",
        "RecordsPerPage": str(grid.rows),
    }
    inside = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parameters.items())
    return (
        f'<row><cell id={at.id(f"grid{number}")} showlabel="true" colspan="1" rowspan="{grid.rows}" auto="false">'
        f"{_labels(grid.label, language)}"
        f'<control id="{SECTION}_grid{number}" classid="{_SUBGRID}" indicationOfSubgrid="true">'
        f"<parameters>{inside}</parameters></control></cell></row>"
    ) + "<row/>" * (grid.rows - 1)


def _labels(text: str, language: int) -> str:
    return f'<labels><label description={quoteattr(text)} languagecode="{language}"/></labels>'


# forms that are not ours


@dataclass(slots=True)
class _Seen:
    """Where things stand in a FormXml, in bytes."""

    fields: set[str]
    tabs: int = 0
    end_of_sections: int = -1
    ours: tuple[int, int] | None = None


def shows(form_xml: str, column: str) -> bool:
    """Say whether a form has a control of its own for a column (a quick view needs its lookup on the form)."""
    return column in _seen(form_xml).fields


def has_section(form_xml: str) -> bool:
    """Say whether our section stands in a form."""
    return _seen(form_xml).ours is not None


def with_section(form_xml: str, section: str) -> str | None:
    """Return the form with our section at the end of its first tab; None where it has no place for one."""
    seen = _seen(form_xml)
    raw = form_xml.encode()
    at = seen.end_of_sections
    if at < 0 or not raw[at:].startswith(b"</"):
        return None
    return (raw[:at] + section.encode() + raw[at:]).decode()


def without_section(form_xml: str) -> str:
    """Return the form as it is without our section."""
    seen = _seen(form_xml)
    if seen.ours is None:
        return form_xml
    raw = form_xml.encode()
    start, end = seen.ours
    return (raw[:start] + raw[end:]).decode()


def _seen(form_xml: str) -> _Seen:
    """Read a form; ValueError where it is not XML."""
    raw, seen = form_xml.encode(), _Seen(set())
    parser = expat.ParserCreate("utf-8")
    begins: list[int] = []

    def start(name: str, given: dict[str, str]) -> None:
        begins.append(-1)
        if name == "tab":
            seen.tabs += 1
        elif name == "section" and given.get("name") == SECTION:
            begins[-1] = parser.CurrentByteIndex
        elif name == "control" and not any(begun >= 0 for begun in begins):
            field = "" if given.get("classid", "").upper() == _QUICK_VIEW_CONTROL else "datafieldname"
            seen.fields.add(given.get(field, ""))

    def end(name: str) -> None:
        begun = begins.pop()
        if begun >= 0:
            seen.ours = begun, raw.index(b">", parser.CurrentByteIndex) + 1
        elif name == "sections" and seen.tabs == 1:
            seen.end_of_sections = parser.CurrentByteIndex

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise ValueError(f"a form's FormXml cannot be read: {error}") from None
    return seen
