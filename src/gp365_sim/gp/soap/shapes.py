"""The shapes of objects: which column stands behind which element (`data/soap/shapes.json`), both ways."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from gp365_sim.gp.refusals import Refusal
from gp365_sim.gp.soap.codecs import CODECS, Codec, Misfit
from gp365_sim.gp.soap.errors import BadMessage, Finding, Invalid
from gp365_sim.gp.soap.reading import Obj
from gp365_sim.gp.soap.scene import Cells, Scene

Path = tuple[str, ...]
KEPT = frozenset({"CreatedDate", "ModifiedDate", "LastModifiedDate", "DeleteOnUpdate", "Extensions"})
"""What every caller must send (non-nullable) or may, and the service sets itself."""


@dataclass(frozen=True)
class Cell:
    """One element, by its path in the object, and the column behind it."""

    path: Path
    column: str
    codec: Codec
    argument: str

    @property
    def spoken(self) -> str:
        """The path as a property name."""
        return ".".join(self.path)


@dataclass(frozen=True)
class Shape:
    """What an object is made of; `table` is empty where rows of several tables look alike."""

    name: str
    table: str
    cells: tuple[Cell, ...]
    by_path: Mapping[Path, Cell]

    def property_of(self, column: str) -> str:
        """Give the property that a column stands behind; the column's own name where there is none."""
        return next((each.spoken for each in self.cells if each.column == column), column)


@cache
def shapes() -> Mapping[str, Shape]:
    """Read the shapes."""
    source = json.loads(files("gp365_sim.gp").joinpath("data", "soap", "shapes.json").read_text("utf-8"))
    return {name: _shape(name, spec["table"], spec["fields"]) for name, spec in source["shapes"].items()}


def _shape(name: str, table: str, fields: Mapping[str, str]) -> Shape:
    cells = tuple(_cell(path, spec) for path, spec in fields.items())
    return Shape(name, table, cells, {each.path: each for each in cells})


def _cell(path: str, spec: str) -> Cell:
    column, *more = spec.split(" ")
    codec, argument = (*more, *("text", "")[len(more) :])
    return Cell(tuple(path.split(".")), column, CODECS[codec], argument)


def spoken(scene: Scene, shape: Shape, row: Cells) -> Obj:
    """Make the object of a row; columns that the row lacks or the user may not see are left out."""
    found: Obj = {}
    hidden = scene.security.columns.get(shape.table, frozenset())
    for cell in shape.cells:
        if cell.column not in row or cell.column in hidden:
            continue
        value = cell.codec.speak(scene, row, cell.column, cell.argument)
        if value is not None:
            _set(found, cell.path, value)
    return found


def _set(found: Obj, path: Path, value: object) -> None:
    for name in path[:-1]:
        inner = found.setdefault(name, {})
        assert isinstance(inner, dict)
        found = inner  # pyright: ignore[reportUnknownVariableType]
    found[path[-1]] = value


def taken(scene: Scene, shape: Shape, given: Obj, apart: frozenset[str] = frozenset()) -> dict[str, object]:
    """Turn the properties of an object that have a value into columns; `apart` are top elements not looked at.

    Dates that the service keeps itself and company keys are passed over. Raises `Invalid`, and `BadMessage` for a
    property that the simulator does not model.
    """
    values: dict[str, object] = {}
    wrong: list[Finding] = []
    for path, value in _leaves(shape, given, ()):
        if path[0] in apart or path[-1] in KEPT:
            continue
        cell = shape.by_path.get(path)
        if cell is None or cell.codec.take is None:
            raise BadMessage(f"the simulator does not model writing {shape.name}.{'.'.join(path)}.")
        try:
            values[cell.column] = cell.codec.take(scene, value, cell.argument)
        except Misfit as misfit:
            wrong.append(Finding(f"{cell.spoken} {misfit}", shape.name, (cell.spoken,), "InvalidValue"))
    if wrong:
        raise Invalid(wrong)
    return values


def _leaves(shape: Shape, given: Obj, above: Path) -> Iterator[tuple[Path, object]]:
    for name, value in given.items():
        path = (*above, name)
        if name in ("@type", "CompanyKey"):
            continue
        if isinstance(value, dict) and path not in shape.by_path:
            yield from _leaves(shape, value, path)  # pyright: ignore[reportUnknownArgumentType]
        else:
            yield path, value


def refused(refusal: Refusal, shape: Shape) -> Invalid:
    """Say a window's refusal in the service's words: one finding with the property that is to blame."""
    name = shape.property_of(refusal.field) if refusal.field else ""
    words = f"{name}: {refusal.message}" if name else refusal.message
    return Invalid([Finding(words, shape.name, (name,) if name else (), refusal.code)])
