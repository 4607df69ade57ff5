"""Documents of Dynamics GP: the lists inside of their records, the calls that write them, what GP's books ask before that.

A document (`sales_document`, `receivables_document`, `cash_receipt`, `apply`, `purchase_order`) is one record. Its lines,
payments and distributions are lists in its values (`Lines`, `Payments`, `Distributions`); a row of a list is a mapping
under the fields of the entity that the data file names for it, without the fields that name the document itself. A list
that is asked for by name is read back in the same form, in the order of its sequence. `with_rows` puts lists into values.

Vendors and their addresses are written in the same way, as documents without lists, batch and period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson

from gp365.connectors.gp.tables import NAMES, entity_named
from gp365.model.errors import Rejected
from gp365.model.values import Value, Values, deep

STEP = 16384
"""What lines are numbered by (LNITMSEQ of SOP10200, ORD of POP10110: schema and rows of GP's sample company)."""

Rows = list[dict[str, Value]]


@dataclass(frozen=True, slots=True)
class Step:
    """One procedure: for every row of a list (`rows`), or once; `fields` limits it to some of the document's own fields.

    `same` fills elements from the document's fields (or with a number), `sets` says aloud what GP would assume in
    silence, `mark` is the element that takes our reference, `switch` the one that lets an update overwrite. `keeps` are
    elements whose default would change what stands: an update sends what is held.
    """

    procedure: str
    entity: str
    rows: str
    fields: tuple[str, ...]
    same: Mapping[str, str | int]
    sets: Mapping[str, int]
    update_sets: Mapping[str, int]
    updates: bool
    mark: str
    switch: str
    keeps: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Period:
    """The series under which GP's periods are closed for a document; `types` are those that post, () for all."""

    series: int
    flag: str
    name: str
    origin: str
    types: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The procedure that gives the next number: parameters from fields (or numbers), the one that takes, the output."""

    procedure: str
    given: Mapping[str, str | int]
    take: str
    output: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A table whose row an update must send again, because the procedure blanks what does not come (document exchange).

    Elements are columns of the same name, but for `columns`; `only` limits them, `leaves` are not sent.
    """

    table: str
    columns: Mapping[str, str]
    only: tuple[str, ...]
    leaves: frozenset[str]


@dataclass(frozen=True, slots=True)
class Used:
    """Where a number stays in use when the document itself is gone: a table, its columns, and its type per our type."""

    table: str
    number: str
    kind: str
    of: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list inside of a document: the entity of its rows, and their fields that name the document."""

    entity: str
    by: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Document:
    """How an entity is written as a document. `work` and `open_` are the states in which it may be changed.

    `assumed` says what of the writing no public document confirms.
    """

    entity: str
    title: str
    steps: tuple[Step, ...]
    lists: Mapping[str, Listing]
    lock_table: str
    lock: Mapping[str, str | int]
    dates: tuple[str, ...]
    type_field: str = ""
    types: tuple[int, ...] = ()
    not_type: str = ""
    work: str = ""
    open_: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    batch: str = ""
    period: Period | None = None
    number: Drawing | None = None
    orphans: tuple[str, ...] = ()
    exchange: tuple[Exchange, ...] = ()
    used: Used | None = None
    assumed: tuple[str, ...] = ()

    def posts(self, kind: Value) -> bool:
        """Say whether a document of this type is posted to the ledger."""
        return self.period is not None and (not self.period.types or kind in self.period.types)


@cache
def document_of(entity: str) -> Document | None:
    """Read how an entity is written as a document; None if it is none."""
    source = files("gp365.connectors.gp").joinpath("entities", f"{entity}.json").read_bytes()
    spec = cast("dict[str, Any]", orjson.loads(source))
    given: dict[str, Any] | None = spec.get("document")
    if given is None:
        return None
    lists = {name: Listing(each["entity"], each["by"]) for name, each in spec.get("children", {}).items()}
    return Document(
        entity,
        given["title"],
        tuple(_step(entity, lists, each) for each in given["steps"]),
        lists,
        given["lock"]["table"],
        given["lock"]["columns"],
        tuple(given["dates"]),
        given.get("types", ""),
        tuple(given.get("writes", ())),
        given.get("not_type", ""),
        given.get("work", ""),
        {name: tuple(each) for name, each in given.get("open", {}).items()},
        given.get("batch", ""),
        _period(given["period"]) if "period" in given else None,
        Drawing(**given["number"]) if "number" in given else None,
        tuple(given.get("orphans", ())),
        tuple(_exchange(each) for each in given.get("exchange", ())),
        _used(given["used"]) if "used" in given else None,
        tuple(given["assumed"]),
    )


@cache
def documents() -> tuple[Document, ...]:
    """Return every document."""
    return tuple(found for name in NAMES if (found := document_of(name)) is not None)


@cache
def written_within() -> Mapping[str, str]:
    """Return the entities that are rows of documents, with the first document that has them."""
    found: dict[str, str] = {}
    for document in documents():
        for listing in document.lists.values():
            found.setdefault(listing.entity, document.entity)
    return found


def with_rows(values: Values, **lists: Sequence[Mapping[str, Value]]) -> Values:
    """Return values with lists in them, as a document's record and writes hold them."""
    held: dict[str, object] = {
        **values,
        **{name: [dict(row) for row in rows] for name, rows in lists.items()},
    }
    # The one place where a list passes for a value: stores pack and compare it like any other.
    return cast("Values", held)


def rows_of(values: Values, name: str) -> Rows | None:
    """Return the rows of a list, None where the values have none of this name.

    Rows that come back from a store have their decimals and days still tagged: they are made values again. Raises
    Rejected("bad-value") for what is no list of mappings.
    """
    if name not in values:
        return None
    held = cast("object", values[name])
    rows = cast("list[object]", deep(held)) if isinstance(held, list) else None
    if rows is None or not all(isinstance(row, dict) for row in rows):
        raise Rejected("bad-value", "The value is no list of rows.", field=name)
    return cast("Rows", rows)


def own_values(document: Document, values: Values) -> dict[str, Value]:
    """Return the values that are the document's own, without its lists."""
    return {name: value for name, value in values.items() if name not in document.lists}


def place_of(name: str, at: int) -> str:
    """Name the row of a list for people, the first as 1."""
    return f"{name}[{at + 1}]"


def flat(entity: str, values: Values) -> Values:
    """Return values with every field of every row under a name of its own, for refusals to name: `Lines[2].Quantity`."""
    document = document_of(entity)
    if document is None:
        return values
    found = own_values(document, values)
    for name in document.lists:
        for at, row in enumerate(rows_of(values, name) or ()):
            found |= {f"{place_of(name, at)}.{field_}": value for field_, value in row.items()}
    return found


def procedures() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return per document its procedures, that of its number too, each with the elements that must be there."""
    return {document.entity: {**_numbering(document), **_steps(document)} for document in documents()}


def _steps(document: Document) -> dict[str, tuple[str, ...]]:
    return {
        step.procedure: tuple(
            dict.fromkeys((*step.same, *step.sets, *step.keeps, *filter(None, (step.mark, step.switch))))
        )
        for step in document.steps
    }


def _numbering(document: Document) -> dict[str, tuple[str, ...]]:
    return {} if document.number is None else {document.number.procedure: ()}


def _step(entity: str, lists: Mapping[str, Listing], given: Mapping[str, Any]) -> Step:
    rows = given.get("rows", "")
    return Step(
        given["procedure"],
        lists[rows].entity if rows else entity,
        rows,
        tuple(given.get("fields", ())),
        given["same"],
        given["sets"],
        given.get("update_sets", {}),
        given.get("updates", False),
        given.get("mark", ""),
        given.get("switch", ""),
        given.get("keeps", {}),
    )


def _period(given: Mapping[str, Any]) -> Period:
    return Period(
        given["series"], given["flag"], given["name"], given["origin"], tuple(given.get("types", ()))
    )


def _used(given: Mapping[str, Any]) -> Used:
    kinds = {int(kind): other for kind, other in given["of"].items()}
    return Used(given["table"], given["number"], given["kind"], kinds)


def _exchange(given: Mapping[str, Any]) -> Exchange:
    return Exchange(
        given["table"],
        given.get("columns", {}),
        tuple(given.get("only", ())),
        frozenset(given.get("leaves", ())),
    )


def step_fields(document: Document, step: Step) -> Mapping[str, str]:
    """Return the fields that a step sends, with their elements; those that another step takes are not its own."""
    elements = {
        name: each.econnect for name, each in entity_named(step.entity).fields.items() if each.econnect
    }
    if step.fields:
        return {name: elements[name] for name in step.fields}
    taken = {
        name for other in document.steps if other is not step and not other.rows for name in other.fields
    }
    return {name: element for name, element in elements.items() if name not in taken}
