"""One call of an operation, and what most operations share: rows the user sees, lists, records by key."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gp365_sim.gp.database import Database
from gp365_sim.gp.soap.criteria import chosen
from gp365_sim.gp.soap.errors import Invalid, invalid
from gp365_sim.gp.soap.journal import Journal
from gp365_sim.gp.soap.reading import Obj
from gp365_sim.gp.soap.scene import Cells, Scene
from gp365_sim.gp.soap.shapes import shapes, spoken
from gp365_sim.gp.sqltypes import Value
from gp365_sim.gp.tables import Row, folded_key


@dataclass(frozen=True)
class Call:
    """An operation with its arguments, in the surroundings of its caller; `changes` tells whether triggers are made."""

    operation: str
    arguments: Obj
    scene: Scene
    journal: Journal
    changes: bool

    def object(self, name: str) -> Obj:
        """Give an argument that is an object, empty where it was not given."""
        value = self.arguments.get(name, {})
        assert isinstance(value, dict)
        return value  # pyright: ignore[reportUnknownVariableType]

    def text(self, name: str) -> str:
        """Give an argument that is a plain value."""
        return str(self.arguments.get(name, ""))


Answer = Callable[[Call], object]


def inner(given: Obj, *path: str) -> object:
    """Give what lies under a path of elements; None where something on the way is missing."""
    value: object = given
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return value  # pyright: ignore[reportUnknownVariableType]


def key_text(given: Obj, *path: str) -> str:
    """Give a part of a key, blank where it is missing."""
    value = inner(given, *path)
    return "" if value is None else str(value)


def database(scene: Scene, table: str) -> Database:
    """Find the database that has a table: the company's or the system's."""
    return scene.company if table in scene.company else scene.system


def seen(scene: Scene, table: str) -> Iterator[Cells]:
    """Give the rows of a table that the user sees, in the order of the primary key."""
    heap = database(scene, table)[table]
    rows = scene.security.seen(scene.company, table, heap.scan())
    found = (_Spelled(heap.table.place, row) for row in rows)
    return found if table in ("RM00101", "RM00102") else visible(scene, found)


class _Spelled(Mapping[str, Value]):
    """A row as a mapping that reads the columns it is asked for: lists look at few of the many."""

    __slots__ = ("_place", "_row")

    def __init__(self, place: Mapping[str, int], row: Row) -> None:
        self._place, self._row = place, row

    def __getitem__(self, name: str) -> Value:
        return self._row[self._place[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._place

    def __iter__(self) -> Iterator[str]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._row)


def visible(scene: Scene, rows: Iterable[Cells]) -> Iterator[Cells]:
    """Leave out the rows of customers that are hidden from the user."""
    if not scene.security.filters:
        return iter(rows)
    return (row for row in rows if _customer_shown(scene, row))


def _customer_shown(scene: Scene, row: Cells) -> bool:
    if "CUSTNMBR" not in row:
        return True
    customer = scene.company["RM00101"].find(folded_key([str(row["CUSTNMBR"])]))
    return customer is None or scene.security.shows(scene.company, "RM00101", customer)


def find(scene: Scene, table: str, *parts: Value) -> Cells | None:
    """Find the row of a key, if the user sees it."""
    heap = database(scene, table)[table]
    row = heap.find(heap.table.fold(*parts))
    if row is None or not scene.security.shows(scene.company, table, row):
        return None
    found = heap.table.as_dict(row)
    return found if table in ("RM00101", "RM00102") or _customer_shown(scene, found) else None


def missing(what: str, key: str) -> Invalid:
    """Say that no such record exists (that this is a validation exception is assumed)."""
    return invalid(f"{what} {key} does not exist.", what, "Key", code="RecordNotFound")


def listing(criteria: str, summary: str, more: Callable[[Scene, Cells, Obj], None] | None = None) -> Answer:
    """Make the answer of a list: the rows of the criteria's table that meet them, all at once (lists have no pages)."""

    def answer(call: Call) -> object:
        shape = shapes()[criteria]
        rows = chosen(call.scene, shape, call.object("criteria"), seen(call.scene, shape.table))
        return described(call.scene, summary, rows, more)

    return answer


def described(
    scene: Scene,
    summary: str,
    rows: Iterable[Cells],
    more: Callable[[Scene, Cells, Obj], None] | None = None,
) -> list[Obj]:
    """Make the objects of rows; `more` adds what no single column says."""
    found: list[Obj] = []
    for row in rows:
        each = spoken(scene, shapes()[summary], row)
        if more is not None:
            more(scene, row, each)
        found.append(each)
    return found


def by_key(
    name: str,
    *paths: Sequence[str],
    more: Callable[[Scene, Cells, Obj], None] | None = None,
) -> Answer:
    """Make the answer of a record by its key, whose parts lie under these paths."""

    def answer(call: Call) -> object:
        shape = shapes()[name]
        parts = [key_text(call.object("key"), *path) for path in paths]
        row = find(call.scene, shape.table, *parts)
        if row is None:
            raise missing(name, ";".join(parts))
        return described(call.scene, name, [row], more)[0]

    return answer
