"""The main forms that an organisation brings, and that every new table gets: a few columns of the real ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from .customizing import FORM, MAIN
from .organisation import Organisation
from .publishing import publish
from .schema import Table
from .store import Row

_FIRST_FORMS = {
    "account": ("name", "accountnumber", "primarycontactid", "creditlimit", "creditonhold"),
    "contact": ("fullname", "parentcustomerid", "emailaddress1"),
    "opportunity": ("name", "customerid", "parentaccountid", "estimatedvalue"),
    "quote": ("name", "customerid", "totalamount"),
    "salesorder": ("name", "customerid", "totalamount"),
}
_TEXT_BOX, _LOOKUP_BOX = "{4273EDBD-AC1D-40D3-9FB2-095C621B552D}", "{270BD3DB-D9AF-4782-9025-509E298DEC0A}"


def first_forms(org: Organisation) -> None:
    """Make the main forms that an organisation brings (their columns are a few of the real ones')."""
    for name, columns in _FIRST_FORMS.items():
        add_main_form(org, org.schema.tables[name], columns)
    publish(org, None)


def add_main_form(org: Organisation, table: Table, columns: Iterable[str]) -> None:
    """Make a table's main form, unpublished."""
    form_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"gp365-sim/form/{table.name}"))
    row: Row = {
        "formid": form_id,
        "name": table.label if table.name in _FIRST_FORMS else "Information",
        "objecttypecode": table.name,
        "type": MAIN,
        "formactivationstate": 1,
        "formxml": _main_form(table, columns),
        "componentstate": 1,
    }
    if org.store.find(FORM, form_id) is None:
        org.store.insert(org.schema.tables[FORM], row)


def _main_form(table: Table, columns: Iterable[str]) -> str:
    rows = "".join(_form_row(table, name) for name in columns)
    at = f"{table.name}/"
    return (
        '<form showImage="true"><tabs><tab name="SUMMARY_TAB" id="' + _id(at + "tab") + '" expanded="true">'
        '<labels><label description="Summary" languagecode="1033" /></labels><columns><column width="66%"><sections>'
        '<section name="general" id="'
        + _id(at + "one")
        + '" columns="1"><labels><label description="General" '
        f'languagecode="1033" /></labels><rows>{rows}</rows></section></sections></column><column width="34%">'
        '<sections><section name="notes" id="'
        + _id(at + "two")
        + '" columns="1"><labels><label description="Notes – '
        'Timeline" languagecode="1033" /></labels><rows /></section></sections></column></columns></tab><tab '
        'name="DETAILS_TAB" id="'
        + _id(at + "more")
        + '"><labels><label description="Details" languagecode="1033" />'
        '</labels><columns><column width="100%"><sections><section name="more" id="'
        + _id(at + "three")
        + '" '
        'columns="1"><rows /></section></sections></column></columns></tab></tabs></form>'
    )


def _form_row(table: Table, name: str) -> str:
    control = _LOOKUP_BOX if table.columns[name].targets else _TEXT_BOX
    label = table.columns[name].label.replace("&", "&amp;").replace('"', "&quot;")
    return (
        f'<row><cell id="{_id(f"{table.name}/{name}")}"><labels><label description="{label}" languagecode="1033" />'
        f'</labels><control id="{name}" classid="{control}" datafieldname="{name}" /></cell></row>'
    )


def _id(text: str) -> str:
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, f"gp365-sim/form/{text}")) + "}"
