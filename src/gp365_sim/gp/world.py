"""The control door's sight of the company: SQL tables by name, keys joined by `;`, edits as a GP user makes them."""

from collections.abc import Mapping, Sequence

from gp365_sim.core.world import NoSuchTable, Refused
from gp365_sim.gp import windows
from gp365_sim.gp.combine import combine
from gp365_sim.gp.company import Company, Image, Setup
from gp365_sim.gp.furnishing import furnish
from gp365_sim.gp.heap import Heap
from gp365_sim.gp.plain import typed
from gp365_sim.gp.refusals import Refusal, not_found
from gp365_sim.gp.rename import renumber
from gp365_sim.gp.tables import Key, Row, folded_key

DoorRow = dict[str, object]

STATUS = {"RecordNotFound": 404, "DuplicateKey": 409, "NotModelled": 501}


class GpWorld:
    """Lends one company's tables to the control door.

    Texts are shown without the padding of their char columns; columns are those of `data/tables.json`.
    """

    def __init__(self, company: Company, setup: Setup) -> None:
        self.company = company
        self._setup = setup
        self._images: dict[str, Image] = {}

    def rows(self, table: str) -> list[DoorRow]:
        """Give all rows in the order of the primary key."""
        heap = self._heap(table)
        return [_shown(heap, row) for row in heap.scan()]

    def row(self, table: str, key: str) -> DoorRow | None:
        """Give one row by its key, e.g. `AARONFIT0001;PRIMARY`; None when there is none."""
        heap = self._heap(table)
        found = heap.find(_key(heap, key))
        return None if found is None else _shown(heap, found)

    def put(self, table: str, key: str, values: Mapping[str, object]) -> DoorRow:
        """Save a card as a GP user would: a new key creates, a known one changes the columns named.

        Raises `Refused` with `{"code","field","message"}`.
        """
        heap = self._window(table)
        place = _key(heap, key)
        try:
            given = {name: typed(heap.table.column(name), value) for name, value in values.items()}
            if place in heap:
                row = windows.change(self.company, table, place, given)
            else:
                row = windows.create(self.company, table, {**given, **_key_columns(heap, key)})
        except Refusal as refusal:
            raise refused(refusal) from None
        return _shown(heap, row)

    def delete(self, table: str, key: str) -> DoorRow:
        """Delete a card as a GP user would and give what it held; raises `Refused` as `put` does."""
        heap = self._window(table)
        try:
            return _shown(heap, windows.remove(self.company, table, _key(heap, key)))
        except Refusal as refusal:
            raise refused(refusal) from None

    def renumber(self, old: str, new: str) -> DoorRow:
        """Rename a customer as the Professional Services Tools Library does; raises `Refused`."""
        try:
            return _shown(self._heap("RM00101"), renumber(self.company, old, new))
        except Refusal as refusal:
            raise refused(refusal) from None

    def combine(self, gone: str, kept: str) -> DoorRow:
        """Put a customer into another one as the Professional Services Tools Library does; raises `Refused`."""
        try:
            return _shown(self._heap("RM00101"), combine(self.company, gone, kept))
        except Refusal as refusal:
            raise refused(refusal) from None

    def set_documents(self, customer: str, numbers: Sequence[str]) -> None:
        """Say which open or unposted documents a customer has; none ends it. Raises `Refused`."""
        key = folded_key([customer])
        if key not in self.company["RM00101"]:
            raise refused(not_found("Customer master", customer))
        self.company.documents.pop(key[0], None)
        if numbers:
            self.company.documents[key[0]] = list(numbers)

    def snapshot(self, name: str) -> list[str]:
        """Back the database up under a name and give the names of all backups."""
        self._images[name] = self.company.image()
        return sorted(self._images)

    def image(self, name: str | None = None) -> Image:
        """Give a backup by its name, or one of this moment; raises KeyError."""
        return self.company.image() if name is None else self._images[name]

    def reset(self) -> None:
        """Put the sample data back, counters included; backups are forgotten."""
        self._images.clear()
        self.company.clear()
        self.company.load(self._setup)
        furnish(self.company)

    def _heap(self, table: str) -> Heap:
        """Find a table of the company, or of the system database."""
        if table in self.company:
            return self.company[table]
        if table not in self.company.system:
            raise NoSuchTable(table)
        return self.company.system[table]

    def _window(self, table: str) -> Heap:
        """Find a table that a window writes; the others are read only here (posting and its like have routes)."""
        heap = self._heap(table)
        if table not in windows.MODELLED:
            message = f"no window is modelled that writes {table}: {heap.table.what}."
            raise Refused(501, {"code": "NotModelled", "field": "", "message": message})
        return heap


def refused(refusal: Refusal) -> Refused:
    """Give GP's refusal as the control door passes it on."""
    status = STATUS.get(refusal.code, 400)
    return Refused(status, {"code": refusal.code, "field": refusal.field, "message": str(refusal)})


def _key_parts(heap: Heap, key: str) -> list[str]:
    """Split a key; only its last part, an address code, is taken to hold no `;`."""
    return key.rsplit(";", len(heap.table.key) - 1)


def _key(heap: Heap, key: str) -> Key:
    return heap.table.fold(*_key_parts(heap, key))


def _key_columns(heap: Heap, key: str) -> dict[str, object]:
    return dict(zip(heap.table.key, _key_parts(heap, key), strict=False))


def _shown(heap: Heap, row: Row) -> DoorRow:
    return dict(heap.table.as_dict(row))
