"""What a flow's rules for similar records look at: the fields of a card, and the rules over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gp365.model import matching
from gp365.model.flow import Flow, Row
from gp365.model.record import Record
from gp365.model.similar import outlines
from gp365.model.similar_blocks import blocks_of
from gp365.model.values import digest, pack, show
from gp365.sync.evidence import lines_of
from gp365.sync.job import Job, Place
from gp365.sync.norms import reading

# Another way to make cards or blocks has another number: the next run fills them anew.
VERSION = 2
_BETWEEN = "\x1f"
_TAIL = "\x1e"


@dataclass(frozen=True, slots=True)
class CardField:
    """One text of a card: the canonical field that rules name, its kind, and the rows that it is made of."""

    name: str
    kind: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a card, the rules as (place of the field, threshold), and per rule the places that speak against it.

    `named` is the name that every rule asks for, if there is one, and `least_name` how alike it must be for any.
    """

    fields: tuple[CardField, ...]
    rules: tuple[tuple[tuple[int, float], ...], ...]
    against: tuple[tuple[int, ...], ...]
    digest: str
    named: int | None
    least_name: float

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of the fields."""
        return tuple(field.kind for field in self.fields)

    def kept(self, body: str) -> str:
        """Return a card as it is kept: with both outlines of its name, so that a glance need not work them out."""
        if self.named is None:
            return body
        name = texts_of(body)[self.named]
        return _TAIL.join((body, *outlines(name)))

    def told(self, body: str) -> tuple[str, str, str]:
        """Return a card without what is kept beside its texts, and the outlines of its name."""
        parts = body.split(_TAIL)
        if len(parts) == 3:
            return parts[0], parts[1], parts[2]
        name = texts_of(body)[self.named] if self.named is not None else ""
        return parts[0], *outlines(name)

    def outlines(self, body: str) -> tuple[str, str]:
        """Return the outlines of a card's name: of the telling words, and of all."""
        return self.told(body)[1:]

    def blocks(self, body: str) -> list[str]:
        """Return the blocks of a card."""
        return blocks_of(self.kinds, texts_of(body))


def shape_of(flow: Flow) -> Shape | None:
    """Return what a flow's rules look at; None for a flow without such rules."""
    names = list(dict.fromkeys(name for rule in (*flow.similar, *flow.similar_unless) for name in rule))
    if not names:
        return None
    fields = tuple(_field(flow, flow.by_name[name]) for name in names)
    rules = tuple(tuple((names.index(name), least) for name, least in rule.items()) for rule in flow.similar)
    against = tuple(tuple(names.index(name) for name in rule) for rule in flow.similar_unless)
    told = [[field.name, field.kind, *field.rows] for field in fields]
    return Shape(
        fields,
        rules,
        against,
        digest(pack({"version": VERSION, "fields": told})),
        *_least_name(fields, rules),
    )


def _least_name(
    fields: Sequence[CardField], rules: Sequence[Sequence[tuple[int, float]]]
) -> tuple[int | None, float]:
    """Find the name that every rule asks for, and how alike it must be at least; None where a rule asks for none."""
    place = next((at for at, field in enumerate(fields) if field.kind == ""), None)
    asked = [dict(rule).get(place, 0.0) if place is not None else 0.0 for rule in rules]
    return (place, min(asked)) if asked and min(asked) > 0 else (None, 0.0)


def _field(flow: Flow, row: Row) -> CardField:
    return CardField(row.name, matching.kind_of(row.name, row.convert), tuple(lines_of(flow, row.name)))


def body_of(job: Job, shape: Shape, place: Place, record: Record) -> str:
    """Make the card of a record: the texts of its fields."""
    return carding(job, shape, place)(record)


def carding(job: Job, shape: Shape, place: Place) -> Callable[[Record], str]:
    """Return what makes the card of any record of a side; see `body_of`."""
    fields = [[reading(job, place, name) for name in field.rows] for field in shape.fields]

    def body(record: Record) -> str:
        values = record.values
        return _BETWEEN.join([_text([show(read(values)) for read in readers]) for readers in fields])

    return body


def _text(texts: list[str]) -> str:
    text = ", ".join(filter(None, texts)) if len(texts) > 1 else texts[0]
    # What stands between texts in a card is a blank to Python, so no text has it any more.
    return " ".join(text.split())


def texts_of(body: str) -> list[str]:
    """Read the texts of a card."""
    return bare(body).split(_BETWEEN)


def bare(body: str) -> str:
    """Return a card without what is kept beside its texts."""
    return body.partition(_TAIL)[0]
