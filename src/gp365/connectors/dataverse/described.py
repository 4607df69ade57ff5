"""What an organisation says of its tables, worked out once for as long as it says the same.

It is asked anew for every run; an answer that is the same to the byte means the same table, which nobody changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from gp365.connectors.dataverse.describe import description
from gp365.connectors.dataverse.metadata import Table, table_of
from gp365.connectors.dataverse.narrow import narrowed
from gp365.connectors.dataverse.settings import Sizes
from gp365.connectors.dataverse.values import loads
from gp365.model.entity import EntityDescription

_MOST = 128
_tables: dict[bytes, Table] = {}
_entities: dict[tuple[int, int, bool, float, int], tuple[Table, Table | None, EntityDescription]] = {}


def table_in(texts: Sequence[bytes]) -> Table:
    """Return the table, as it is read, of the answers to `metadata.questions`."""
    said = sha256()
    for text in texts:
        said.update(len(text).to_bytes(8, "big"))
        said.update(text)
    mark = said.digest()
    found = _tables.get(mark)
    if found is None:
        found = narrowed(table_of([loads(text) for text in texts]))
        if len(_tables) >= _MOST:
            _tables.clear()
        _tables[mark] = found
    return found


def entity_of(
    table: Table, contact: Table | None, *, tracked: bool, sizes: Sizes, lanes: int
) -> EntityDescription:
    """Describe a table, tracked or not, with the joined fields of an account's `contact`; see `description`."""
    # A table that is held here cannot leave its number to another one.
    key = (id(table), id(contact), tracked, sizes.longest_reply_s, lanes)
    held = _entities.get(key)
    if held is None:
        described = description(replace(table, tracked=tracked), contact, sizes, lanes)
        held = (table, contact, described)
        if len(_entities) >= _MOST:
            _entities.clear()
        _entities[key] = held
    return held[2]
