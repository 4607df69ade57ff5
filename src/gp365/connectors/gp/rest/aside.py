"""Reading records back by the other way: writes go to single objects, and what they left is looked up in the list.

Where the list is long for the few records that are wanted, each is read alone and afresh instead: a customer and its
addresses on whatever lane is free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gp365.connectors.gp.card import card_record
from gp365.connectors.gp.rest.lists import Lists, row_key
from gp365.connectors.gp.rest.reading import Reading, fetched, record_of
from gp365.connectors.gp.rest.service import Service
from gp365.connectors.gp.rows import cells_of
from gp365.connectors.gp.settings import GpSettings
from gp365.connectors.gp.tables import entity_named
from gp365.connectors.gp.values import folded
from gp365.model.record import Record
from gp365.model.values import Key
from gp365.wire.calls import CallFailed, Requests
from gp365.wire.windows import Lanes

WAY = "its list, read anew; single objects where the list is long"
ROWS_PER_OBJECT = 200
"""So many rows of a list are taken to cost what one object costs, login lane and spacing included (assumed)."""
_ATTEMPTS = 3
_Raw = Mapping[str, Any]


def read_aside(
    service: Service,
    lanes: Lanes,
    lists: Lists,
    reading: Reading,
    entity: str,
    keys: Sequence[Key],
    fields: Sequence[str],
) -> dict[Key, Record]:
    """Read records by key past the run's lists; see Connector.read_aside."""
    alone = dear(service.settings, lists.length(entity), len(keys))
    found = {} if alone else _listed(service, lanes, entity, keys, fields)
    missing = [key for key in keys if key not in found]
    return {**found, **reading.get(entity, missing, fields, fresh=True)} if missing else found


def dear(settings: GpSettings, length: int | None, wanted: int) -> bool:
    """Tell whether single objects are cheaper than a list; None: how long it is that this run has not read, nobody knows."""
    short = length is not None and length <= wanted * ROWS_PER_OBJECT
    return wanted <= settings.single_limit and not short


def _listed(
    service: Service, lanes: Lanes, entity: str, keys: Sequence[Key], fields: Sequence[str]
) -> dict[Key, Record]:
    wanted = {folded(key): key for key in keys}
    with lanes.lane() as lane:
        rows = _rows(service, lane, entity, {at: at for at in wanted}, len(entity_named(entity).key))
        if entity != "customer":
            return {
                wanted[at]: record_of(entity, cells_of(entity_named(entity), each[0]), fields)
                for at, each in rows.items()
            }
        joined = any("." in name for name in fields)
        addresses = _rows(service, lane, "customer_address", {at: at for at in rows}, 1) if joined else {}
    return {
        wanted[at]: card_record(fetched(each[0], _by_code(addresses.get(at, []))).card, fields)
        for at, each in rows.items()
    }


def _by_code(addresses: Sequence[_Raw]) -> dict[str, _Raw]:
    entity = entity_named("customer_address")
    return {row_key(entity, cells_of(entity, raw))[1]: raw for raw in addresses}


def _rows(
    service: Service, lane: Requests, name: str, wanted: Mapping[tuple[str, ...], object], parts: int
) -> dict[tuple[str, ...], list[_Raw]]:
    """Pass over a list and keep the wanted rows by the first parts of their key; one that breaks off is read again."""
    for attempt in range(1, _ATTEMPTS + 1):
        found: dict[tuple[str, ...], list[_Raw]] = {}
        try:
            with service.rows(lane, name) as rows:
                for raw in rows:
                    at = row_key(entity_named(name), cells_of(entity_named(name), raw))[:parts]
                    if at in wanted:
                        found.setdefault(at, []).append(raw)
            return found
        except CallFailed as failure:
            if failure.code != "answer-cut" or attempt == _ATTEMPTS:
                raise
    return {}
