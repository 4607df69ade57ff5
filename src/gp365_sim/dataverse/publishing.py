"""Views and forms as people see them: what was published last, beside what a customizer has made since.

Sources: Customize entity forms page (a form is shown once it is published), RetrieveUnpublishedMultiple function. That a
view or form that was never published is in no plain read is assumed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager

from . import refusal
from .customizing import FORM, PUBLISHED, VIEW, elements
from .organisation import Organisation
from .schema import Table


def publish(org: Organisation, tables: Iterable[str] | None) -> None:
    """Show the views and forms of these tables as they are now, of all where None is given."""
    wanted = None if tables is None else set(tables)
    for kind, column in ((FORM, "objecttypecode"), (VIEW, "returnedtypecode")):
        definition = org.schema.tables[kind]
        for row in list(org.store.rows[kind].values()):
            if row.get("componentstate") == 0 or (wanted is not None and row[column] not in wanted):
                continue
            shown = {k: v for k, v in row.items() if k != PUBLISHED} | {"componentstate": 0}
            org.store.replace(definition, {**shown, PUBLISHED: shown})


def published_tables(text: str) -> list[str]:
    """Read the tables of the ParameterXml of PublishXml."""
    found = elements(text, "ParameterXml")
    if found[0].name != "importexportxml":
        raise refusal.invalid("The ParameterXml does not begin with <importexportxml>.")
    strange = {one.name for one in found} - {"importexportxml", "entities", "entity"}
    if strange:
        raise refusal.not_modelled(f"publishing {', '.join(sorted(strange))}")
    return [one.content.strip() for one in found if one.name == "entity"]


@contextmanager
def as_published(org: Organisation, table: Table) -> Generator[None]:
    """Let a plain read of views and forms see what was published last, and nothing that never was."""
    if table.name not in {VIEW, FORM}:
        yield
        return
    rows = org.store.rows[table.name]
    shown = {row_id: row[PUBLISHED] for row_id, row in rows.items() if PUBLISHED in row}
    versions = {
        row_id: {**row, "versionnumber": rows[row_id]["versionnumber"]} for row_id, row in shown.items()
    }
    with org.store.instead(table.name, versions):
        yield
