"""A GP company database: tables, statements with their stamps, triggers and counters. It knows no view and no window.

Everything that GP or SQL Server does by itself when a row is written happens here; what a person or a service may
write is decided in `windows`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from gp365_sim.gp.heap import Heap
from gp365_sim.gp.sqltypes import AMOUNT_STEP, Value, sql_moment
from gp365_sim.gp.tables import Key, Row, tables

Now = Callable[[], datetime]
Setup = Callable[[], Iterable[tuple[str, Mapping[str, object]]]]
"""Gives the rows to begin with, each with its table, anew at every call."""

FIRST_NOTE = 1001


@dataclass(frozen=True)
class Identity:
    """What a company is called: display name (in service addresses), database and company number.

    `time_zone` is where its clerks sit; empty: where those of the first company do.
    """

    name: str = "Fabrikam, Inc."
    interid: str = "TWO"
    number: int = -1
    time_zone: str = ""


@dataclass(frozen=True)
class Image:
    """A backup of a company database: its rows and counters at one moment."""

    rows: Mapping[str, Mapping[Key, Row]]
    next_note: int
    next_row: Mapping[str, int]
    documents: Mapping[str, tuple[str, ...]]


class Company:
    """One company database on its SQL Server.

    `now` gives aware UTC moments; `time_zone` is where the clerks sit, whose calendar day goes into MODIFDT and
    CREATDDT. That GP takes the day from the local calendar is assumed: the columns are date-only by CHECK
    constraint (public schema dump), their zone is documented nowhere.
    """

    def __init__(self, identity: Identity, now: Now, time_zone: str = "America/Chicago") -> None:
        self.identity = identity
        self._now = now
        self._zone = ZoneInfo(time_zone)
        self._heaps = {name: Heap(table) for name, table in tables().items()}
        self._next_note = FIRST_NOTE
        self._next_row = dict.fromkeys(self._heaps, 1)
        self.documents: dict[str, list[str]] = {}
        """Numbers of open or unposted documents by folded customer number; the documents themselves are not here."""

    def __getitem__(self, table: str) -> Heap:
        return self._heaps[table]

    def __contains__(self, table: str) -> bool:
        return table in self._heaps

    def today(self) -> date:
        """Give the calendar day where the clerks sit."""
        return self._now().astimezone(self._zone).date()

    def statement(self) -> datetime:
        """Give the moment of one SQL statement: every row that it writes carries this same DEX_ROW_TS.

        Ties are therefore normal, as after an aging or class roll-down run. Source: DEFAULT getutcdate() and the
        AFTER UPDATE trigger zDT_<table>U in a public schema dump; timwappat.info, "beware DEX_ROW_TS".
        """
        return sql_moment(self._now())

    def draw_note(self) -> Decimal:
        """Draw the next note index of the company (a card keeps its own for life)."""
        drawn = self._next_note
        self._next_note += 1
        return Decimal(drawn).quantize(AMOUNT_STEP)

    def insert(self, table: str, values: Mapping[str, Value], at: datetime) -> Row:
        """Insert a row: defaults, identity, stamp and triggers; the values are accepted ones, the key is new."""
        heap = self._heaps[table]
        return self._write(heap, heap.table.changed(heap.table.blank, values), at, fresh=True)

    def update(self, table: str, key: Key, values: Mapping[str, Value], at: datetime) -> Row:
        """Update the row of a folded key; it is stamped whether or not a value differs, as the trigger does."""
        heap = self._heaps[table]
        row = heap.find(key)
        if row is None:
            raise KeyError(key)
        changed = heap.table.changed(row, values)
        if heap.table.key_of(changed) != key:
            heap.remove(key)
        return self._write(heap, changed, at, fresh=False)

    def delete(self, table: str, key: Key, at: datetime) -> Row:
        """Delete the row of a folded key; its parent is stamped as trigger zDT_RM00102D does."""
        row = self._heaps[table].remove(key)
        self._stamp_parent(table, key, at)
        return row

    def load(self, setup: Setup) -> None:
        """Fill tables with rows as an import would: types are checked, windows are not asked, one stamp for all.

        Missing NOTEINDX, CREATDDT and MODIFDT are supplied. Raises `Refusal` for a value that does not fit.
        """
        at, today = self.statement(), self.today()
        for name, given in setup():
            heap = self._heaps[name]
            values: dict[str, Value] = {
                each: today for each in ("CREATDDT", "MODIFDT") if each in heap.table.place
            } | heap.table.accepted(given)
            if "NOTEINDX" in heap.table.place and "NOTEINDX" not in values:
                values["NOTEINDX"] = self.draw_note()
            self._put(heap, heap.table.changed(heap.table.blank, values), at, fresh=True)

    def clear(self) -> None:
        """Empty every table and start the counters again."""
        for heap in self._heaps.values():
            heap.clear()
        self._next_note = FIRST_NOTE
        self._next_row = dict.fromkeys(self._heaps, 1)
        self.documents.clear()

    def image(self) -> Image:
        """Back the database up."""
        return Image(
            {name: heap.image() for name, heap in self._heaps.items()},
            self._next_note,
            dict(self._next_row),
            {number: tuple(held) for number, held in self.documents.items()},
        )

    def restore(self, image: Image) -> None:
        """Put a backup in place of everything, counters and stamps included, as SQL Server's RESTORE does.

        What the company is called stays: names and numbers of companies are kept outside of their databases, so a live
        company's backup restored over a test company lives on under the test company's name.
        """
        for name, heap in self._heaps.items():
            heap.fill(image.rows[name].values())
        self._next_note = image.next_note
        self._next_row = dict(image.next_row)
        self.documents = {number: list(held) for number, held in image.documents.items()}

    def move_documents(self, old: str, new: str) -> None:
        """Give the open documents of one folded customer number to another."""
        moved = self.documents.pop(old, [])
        if moved:
            self.documents.setdefault(new, []).extend(moved)

    def row(self, table: str, key: Key) -> dict[str, Value]:
        """Spell out the row of a folded key; raises KeyError."""
        heap = self._heaps[table]
        row = heap.find(key)
        if row is None:
            raise KeyError(key)
        return heap.table.as_dict(row)

    def _write(self, heap: Heap, row: Row, at: datetime, *, fresh: bool) -> Row:
        key, written = self._put(heap, row, at, fresh=fresh)
        self._stamp_parent(heap.table.name, key, at)
        return written

    def _put(self, heap: Heap, row: Row, at: datetime, *, fresh: bool) -> tuple[Key, Row]:
        own: dict[str, Value] = {"DEX_ROW_TS": at} if heap.table.stamped else {}
        if fresh:
            own["DEX_ROW_ID"] = self._next_row[heap.table.name]
            self._next_row[heap.table.name] += 1
        written = heap.table.changed(row, own)
        return heap.put(written), written

    def _stamp_parent(self, table: str, key: Key, at: datetime) -> None:
        """Stamp the customer of an address: triggers zDT_RM00102C, D and U of a public schema dump."""
        if table != "RM00102":
            return
        customers = self._heaps["RM00101"]
        parent = customers.find((key[0],))
        if parent is not None:
            customers.put(customers.table.changed(parent, {"DEX_ROW_TS": at}))
