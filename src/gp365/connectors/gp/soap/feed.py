"""What changed since a cursor: by stamps that a list's criteria compare, by GP's lists of changed keys, else all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from gp365.connectors.gp.soap.answers import Element
from gp365.connectors.gp.soap.cursor import Cursor
from gp365.connectors.gp.soap.faults import Faulted
from gp365.connectors.gp.soap.held import key_in
from gp365.connectors.gp.soap.lists import Lists, stamp_of
from gp365.connectors.gp.soap.service import Service
from gp365.connectors.gp.soap.shapes import Shape, shape_of
from gp365.connectors.gp.soap.values import cells_from
from gp365.connectors.gp.values import capitals
from gp365.model.record import Change, ChangePage, Record
from gp365.model.values import Key
from gp365.wire.clock import Clock
from gp365.wire.windows import Lanes

_YOUNG = timedelta(seconds=2)
"""A row with so young a stamp may be changed again under the same one."""
_CHANGED = {"customer": "GetChangedCustomerKeyList", "customer_address": "GetChangedCustomerAddressKeyList"}

Scan = Callable[[str, Sequence[str]], Iterator[list[Record]]]


class Feed:
    """Tell what changed; `scan` gives everything."""

    def __init__(self, service: Service, lanes: Lanes, lists: Lists, clock: Clock, scan: Scan) -> None:
        self._service = service
        self._settings = service.settings
        self._lanes = lanes
        self._lists = lists
        self._clock = clock
        self._scan = scan
        self.sees_deletions = False
        """Whether GP was seen to keep the requester's lists of changed keys, which name deleted ones, too."""

    def changes(self, entity: str, fields: Sequence[str], cursor: str | None) -> Iterator[ChangePage]:
        """Give what has a newer stamp than the cursor, else everything; everything also after `compare_h` hours."""
        shape, now = shape_of(entity), self._clock.utc_now()
        told = Cursor.read(cursor) if shape.since else None
        if told is not None and now - told.compared < timedelta(hours=self._settings.compare_h):
            yield self._since(shape, told, now)
            return
        held: list[Record] | None = None
        for page in self._scan(entity, fields):
            if held is not None:
                yield ChangePage(_changes(held), full=True)
            held = page
        newest = self._lists.newest.get(entity)
        # A stamp of a later window may be newer than a change that an earlier one came too early for.
        at = min(newest, _naive(now)) if newest is not None else None
        following = Cursor(at, now).text() if at is not None and shape.since else None
        yield ChangePage(_changes(held or []), cursor=following, full=True)

    def _since(self, shape: Shape, told: Cursor, now: datetime) -> ChangePage:
        overlap = timedelta(days=1) if shape.by_day else timedelta(seconds=self._settings.overlap_s)
        since = told.at - overlap
        if shape.by_day:
            since = since.replace(hour=0, minute=0, second=0, microsecond=0)
        known, seen, keys, newest = set(told.seen), list[str](), dict[Key, None](), told.at
        given = {shape.since: {"From": since.isoformat(timespec="milliseconds")}}
        try:
            with self._lanes.lane() as lane, self._service.items(lane, shape.entity.name, given) as items:
                for item in items:
                    key = key_in(shape, cells_from(shape, shape.items, item, dict))
                    stamp = stamp_of(item.text_at((shape.since,)))
                    mark = _mark(key, stamp)
                    if stamp is not None and not shape.by_day:
                        newest = max(newest, stamp)
                        if stamp < _naive(now) - _YOUNG:
                            seen.append(mark)
                    elif stamp is not None:
                        newest = max(newest, stamp)
                    if mark not in known:
                        keys[key] = None
        except Faulted as fault:
            raise fault.explained from None
        changes = [Change(key) for key in keys]
        if shape.entity.name == "customer":
            changes = self._with_keys(changes, since, known, seen)
        if newest > told.at or seen:
            self._lists.newest[shape.entity.name] = newest
        at = max(told.at, min(newest, _naive(now)))
        return ChangePage(tuple(changes), cursor=Cursor(at, told.compared, tuple(seen)).text())

    def _with_keys(
        self, changes: list[Change], since: datetime, known: set[str], seen: list[str]
    ) -> list[Change]:
        """Add what GP's lists of changed keys tell: deleted customers, and customers whose addresses changed.

        They rest on triggers of eConnect's requester that a site must have enabled; without them they are empty.
        """
        found = {change.key: change for change in changes}
        for entity, operation in _CHANGED.items():
            for item in self._changed_keys(operation, since):
                path = ("Id",) if entity == "customer" else ("CustomerKey", "Id")
                number = capitals((item.text_at(path) or "").rstrip(" "))
                if not number:
                    continue
                self.sees_deletions = True
                act = item.text_at(("Action",)) or ""
                mark = _mark((entity, number, act), stamp_of(item.text_at(("LastModifiedDate",))))
                seen.append(mark)
                if mark not in known:
                    gone = entity == "customer" and act == "Deleted"
                    found.setdefault((number,), Change((number,), deleted=gone))
        return list(found.values())

    def _changed_keys(self, operation: str, since: datetime) -> list[Element]:
        if not self._service.messages.knows(operation):
            return []
        given = {"LastModifiedDate": {"From": since.isoformat(timespec="milliseconds")}}
        try:
            with self._lanes.lane() as lane:
                found = self._service.ask(lane, operation, "customer", criteria=given)
        except Faulted:
            return []
        return found.children if found is not None else []


def _changes(records: Sequence[Record]) -> tuple[Change, ...]:
    return tuple(Change(record.key, record) for record in records)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _mark(key: Key, stamp: datetime | None) -> str:
    """Return what stands for a changed row and its stamp in a cursor."""
    text = "\x1f".join((*key, stamp.isoformat() if stamp else ""))
    return blake2b(text.encode(), digest_size=6).hexdigest()
