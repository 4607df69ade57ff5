"""Views: another look at an entity of GP, one record for each of its records and whatever a key's last part names.

An order changes a customer that other flows are linked with, and several orders may change the same one. Each of them has a
record of its own here, under the customer's number and the order's id, which is read and written as the customer itself,
over whichever channel that goes. Views are known by key alone: no list and no feed has them. `views.json` holds them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from threading import RLock
from typing import Any

import orjson

from gp365.model.contract import Connector, Tally
from gp365.model.entity import EntityDescription, Feed, FieldDescription
from gp365.model.record import ChangePage, Outcome, Record, Status, Write
from gp365.model.values import Key, Values

CURSOR = "view"


@dataclass(frozen=True, slots=True)
class View:
    """One view: the entity that it is a look at, the key's last part, and the fields that are read and written."""

    name: str
    of: str
    shows: tuple[str, ...]
    part: str
    fields: tuple[str, ...]
    writes: frozenset[str]

    def described(self, base: EntityDescription) -> EntityDescription:
        """Describe the view, given the description of its entity: updates only, with that entity's strength."""
        part = FieldDescription(self.part, length=60, required=True, writable="never", assumed=False)
        fields = {name: self._field(base.fields[name]) for name in self.fields if name in base.fields}
        return replace(
            base,
            name=self.name,
            key=(*base.key, self.part),
            fields={**fields, self.part: part},
            feed=Feed.NONE,
            feed_sees_deletions=False,
            reference_field="",
            renamable=False,
            all_or_nothing=False,
            creates=False,
            merged_into="",
            retired={},
            lists={},
            listed=False,
            shows=self.shows,
        )

    def _field(self, held: FieldDescription) -> FieldDescription:
        verb = "update" if self.writable(held) else "never"
        return replace(held, writable=verb, required=False)

    def writable(self, held: FieldDescription) -> bool:
        """Tell whether a field is written through this view."""
        return held.name in self.writes and held.can("update")

    def names(self, fields: Sequence[str]) -> list[str]:
        """Give of the fields asked for those that the entity has itself."""
        return [name for name in fields if name != self.part]

    def record(self, held: Record, key: Key, fields: Sequence[str]) -> Record:
        """Show a record of the entity under a key of the view."""
        if held.hidden:
            return held._replace(key=key)
        more: Values = {self.part: key[-1]} if self.part in fields else {}
        return held._replace(key=key, values={**held.values, **more}, reference="")

    def write(self, one: Write) -> Write:
        """Turn a write to the view into the one that is sent."""
        expected = {name: value for name, value in one.expected.items() if name != self.part}
        return replace(one, key=one.key[:-1], expected=expected)

    def outcome(self, one: Write, came: Outcome) -> Outcome:
        """Show what came of a write under the view's key."""
        record, before = (
            None if held is None else self.record(held, one.key, (self.part,))
            for held in (came.record, came.before)
        )
        return replace(came, key=one.key, record=record, before=before)


@cache
def views() -> Mapping[str, View]:
    """Read the views from their data file."""
    told: dict[str, dict[str, Any]] = orjson.loads(
        files("gp365.connectors.gp").joinpath("views.json").read_bytes()
    )
    return {
        name: View(
            name,
            spec["of"],
            tuple(spec["shows"]),
            spec["part"],
            tuple(spec["fields"]),
            frozenset(spec["writes"]),
        )
        for name, spec in told.items()
    }


@dataclass(slots=True)
class Viewing:
    """The views of one company over its connector. What they have written is counted here, and there not."""

    connector: Connector
    done: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    lock: RLock = field(default_factory=RLock, repr=False)

    def get(
        self, view: View, keys: Sequence[Key], fields: Sequence[str], *, fresh: bool = False
    ) -> dict[Key, Record]:
        """Read records of a view."""
        return _shown(view, keys, fields, lambda base: self._read(view, base, fields, fresh))

    def read_aside(self, view: View, keys: Sequence[Key], fields: Sequence[str]) -> dict[Key, Record]:
        """Read records of a view by another way than its writes take."""
        names = view.names(fields)
        return _shown(view, keys, fields, lambda base: self.connector.read_aside(view.of, base, names))

    def changes(self) -> Iterator[ChangePage]:
        """Give the end of a feed that never has anything."""
        yield ChangePage((), CURSOR)

    def write(self, view: View, writes: Sequence[Write]) -> list[Outcome]:
        """Do the writes; of several to one record of the entity, each is sent once the one before it is done."""
        found: dict[int, Outcome] = {}
        rest = list(enumerate(writes))
        while rest:
            now, later = _apart(rest)
            with self.lock:
                came = self.connector.write(view.of, [view.write(one) for _, one in now])
                for (at, one), outcome in zip(now, came, strict=True):
                    found[at] = view.outcome(one, outcome)
                    self.done[view.of, str(one.op)] += outcome.status is Status.DONE
                    self.done[view.name, str(one.op)] += outcome.status is Status.DONE
            rest = later
        return [found[at] for at in range(len(writes))]

    def told(self, tally: Callable[[], Tally]) -> Tally:
        """Count what was written through views as theirs, and not as their entity's."""
        with self.lock:
            whole = tally()
            acknowledged = Counter(whole.acknowledged)
            for name, number in self.done.items():
                acknowledged[name] += number if name[0] in views() else -number
        return replace(whole, acknowledged=+acknowledged)

    def _read(
        self, view: View, keys: Sequence[Key], fields: Sequence[str], fresh: bool
    ) -> Mapping[Key, Record]:
        return self.connector.get(view.of, keys, view.names(fields), fresh=fresh)


def _shown(
    view: View, keys: Sequence[Key], fields: Sequence[str], read: Callable[[list[Key]], Mapping[Key, Record]]
) -> dict[Key, Record]:
    held = read(list(dict.fromkeys(key[:-1] for key in keys)))
    return {key: view.record(held[key[:-1]], key, fields) for key in keys if key[:-1] in held}


def _apart(
    rest: Sequence[tuple[int, Write]],
) -> tuple[list[tuple[int, Write]], list[tuple[int, Write]]]:
    """Part writes into those that can go together, and those to a record that one of them goes to."""
    taken: set[Key] = set()
    now: list[tuple[int, Write]] = []
    later: list[tuple[int, Write]] = []
    for at, one in rest:
        (later if one.key[:-1] in taken else now).append((at, one))
        taken.add(one.key[:-1])
    return now, later
