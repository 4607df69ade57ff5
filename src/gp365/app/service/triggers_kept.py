"""How what triggers hold is kept in the store: a row for each rule, and one for each calendar as it was last seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import orjson

from gp365.app.service import fiscal
from gp365.app.service.fiscal import Calendar
from gp365.app.service.triggers import Held, Triggers
from gp365.store import triggers as store
from gp365.store.engine import Store
from gp365.store.triggers import Kept

_RULE, _CALENDAR = "rule ", "calendar "
Rows = Mapping[str, Kept]


class Overtaken(Exception):
    """Somebody else has changed what is kept; it is to be read anew."""


def read(kept: Store) -> tuple[Rows, dict[str, Held], dict[str, Calendar]]:
    """Read what is kept: its rows as they are, what is held of each rule, and each calendar."""
    with kept.read() as conn:
        rows = store.read(conn)
    held = {name.removeprefix(_RULE): _held(row) for name, row in rows.items() if name.startswith(_RULE)}
    calendars = {
        name.removeprefix(_CALENDAR): fiscal.from_plain(orjson.loads(row.body))
        for name, row in rows.items()
        if name.startswith(_CALENDAR)
    }
    return rows, held, calendars


def keep(kept: Store, rows: Rows, triggers: Triggers) -> Rows:
    """Keep what has changed, all or nothing; Overtaken if somebody else has changed it since it was read."""
    changed = [
        row for row in _rows(rows, triggers) if row.name not in rows or rows[row.name].body != row.body
    ]
    if not changed:
        return rows
    made = dict(rows)
    with kept.write() as conn:
        for row in changed:
            done = store.put(conn, row)
            if done is None:
                raise Overtaken
            made[row.name] = done
    return made


def forget_others(kept: Store, rows: Rows, triggers: Triggers) -> Rows:
    """Drop what was kept of rules and calendars that there are no more: should they come back, they begin anew."""
    names = {row.name for row in _rows(rows, triggers)}
    if set(rows) - names:
        with kept.write() as conn:
            store.forget_others(conn, names)
    return {name: row for name, row in rows.items() if name in names}


def _rows(rows: Rows, triggers: Triggers) -> Iterator[Kept]:
    needed = {rule.calendar for rule in triggers.rules.values()}
    bodies = {f"{_RULE}{name}": _plain(held) for name, held in triggers.held.items()}
    bodies |= {
        f"{_CALENDAR}{name}": fiscal.to_plain(seen)
        for name, seen in triggers.calendars.items()
        if name in needed
    }
    for name, body in bodies.items():
        number = rows[name].number if name in rows else 0
        yield Kept(name, orjson.dumps(body), number)


def _plain(held: Held) -> dict[str, Any]:
    return {
        "mark": held.mark,
        "at": held.at.isoformat(),
        "calendar": held.calendar,
        "series": {name: day.isoformat() for name, day in sorted(held.series.items())},
        "left": held.left,
        "why": held.why,
    }


def _held(row: Kept) -> Held:
    told = orjson.loads(row.body)
    return Held(
        told["mark"],
        datetime.fromisoformat(told["at"]),
        told["calendar"],
        {name: date.fromisoformat(day) for name, day in told["series"].items()},
        tuple(told["left"]),
        tuple(told["why"]),
    )
