"""The search among cards, step by step: what it finds in bulk is what comparing one card after the other finds."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.firms import make_firms
from bench.matching_world import make_matching_world
from rapidfuzz import fuzz
from sqlalchemy import Connection

from gp365.model.similar import generic_weight, is_generic, names_alike
from gp365.model.similar_blocks import is_weak, word_block
from gp365.model.similar_words import name_words
from gp365.store import similar
from gp365.store.similar import Scope
from gp365.sync.similar.judge import Hit, judge, ranked
from gp365.sync.similar.keeping import keep_cards
from gp365.sync.similar.search import Search, Source
from gp365.sync.similar.shape import Shape, carding, shape_of, texts_of

Card = tuple[str, str]  # key, body
THEIRS = Scope("bench", "customers", "gp")


def cards_of(size: int, seed: int, folder: Path) -> tuple[Shape, list[Card], list[Card]]:
    """Make the cards of generated firms, of customers and of accounts."""
    world = make_matching_world(make_firms(size, seed=seed), folder)
    shape = shape_of(world.job.flow)
    assert shape is not None
    made: list[list[Card]] = []
    for place in world.job.places:
        body_of = carding(world.job, shape, place)
        rows = [row for page in place.connector.scan(place.entity.name, place.fields) for row in page]
        made.append([(row.key[0], body_of(row)) for row in rows])
    world.close()
    return shape, made[0], made[1]


class StepByStep:
    """The search as it reads: blocks by name, every card with its own blocks, one candidate after the other.

    A card's place is its number; a store's comes after those of a plan's file, whose cards stand for the store's.
    """

    def __init__(self, shape: Shape, held: Sequence[tuple[Sequence[Card], bool]]) -> None:
        self.shape, self.blocks = shape, dict[str, list[int]]()
        self.cards = [(key, body, stored) for cards, stored in held for key, body in cards]
        for number, (_, body, _) in enumerate(self.cards):
            for block in shape.blocks(body):
                self.blocks.setdefault(block, []).append(number)

    def ask(self, mine: str) -> list[Hit]:
        shared: dict[int, float] = {}
        strong: set[int] = set()
        for block in self.shape.blocks(mine):
            members = self.blocks.get(block, [])
            if len(members) > (25 if is_weak(block) else 40):
                continue
            for one in members:
                shared[one] = shared.get(one, 0.0) + 1 + 1 / len(members)
                if not is_weak(block):
                    strong.add(one)
        chosen = sorted(shared, key=lambda one: (-shared[one], one))[:40]
        hits = [self.judged(mine, one) for one in chosen if not self.is_far(mine, one, chosen, strong)]
        return ranked([hit for hit in hits if hit is not None])

    def is_far(self, mine: str, one: int, chosen: list[int], strong: set[int]) -> bool:
        name, theirs = (texts_of(body)[self.named] for body in (mine, self.cards[one][1]))
        if not name or len(chosen) < 3 or one in strong:
            return False
        whole = self.likeness(name, theirs, telling=False)
        first = whole if is_generic(name) else self.likeness(name, theirs, telling=True)
        return first < 72 or whole < 70

    @property
    def named(self) -> int:
        assert self.shape.named is not None
        return self.shape.named

    def likeness(self, mine: str, theirs: str, *, telling: bool) -> float:
        def told(name: str) -> str:
            words = sorted(name_words(name))
            return " ".join([word for word in words if not telling or generic_weight(word) != 0.4] or words)

        return fuzz.ratio(told(mine), told(theirs))

    def judged(self, mine: str, one: int) -> Hit | None:
        key, body, stored = self.cards[one]
        return judge(self.shape, texts_of(mine), key, body, self.weigh, stored)

    def weigh(self, word: str) -> float:
        records = len(self.blocks.get(word_block(word), []))
        return generic_weight(word) * max(0.3, 1 - 0.12 * (records.bit_length() // 2))


@contextmanager
def kept(shape: Shape, folder: Path, *held: Sequence[Card]) -> Iterator[list[Connection]]:
    """Keep cards, each list in a file of its own."""
    engines = [similar.open_file(folder / f"{number}.db") for number in range(len(held))]
    for engine, cards in zip(engines, held, strict=True):
        with engine.begin() as conn:
            keep_cards(conn, THEIRS, cards, shape)
    conns = [engine.connect() for engine in engines]
    yield conns
    for conn, engine in zip(conns, engines, strict=True):
        conn.close()
        engine.dispose()


def test_a_search_in_bulk_finds_what_a_search_step_by_step_finds(tmp_path: Path) -> None:
    shape, customers, accounts = cards_of(400, 23, tmp_path)
    plain = StepByStep(shape, [(customers, False)])
    with kept(shape, tmp_path, customers) as [conn]:
        search = Search(shape, THEIRS)
        bodies = [body for _, body in accounts]
        # In unequal pages, so that what is remembered from one page to the next takes part.
        found = [
            hits
            for start, end in ((0, 150), (150, 160), (160, len(bodies)))
            for hits in search.ask([Source(conn, stored=False)], bodies[start:end])
        ]
    wanted = [plain.ask(body) for body in bodies]
    assert found == wanted and sum(map(bool, found)) > 100


def test_a_plan_s_cards_stand_for_those_of_the_store(tmp_path: Path) -> None:
    shape, customers, accounts = cards_of(120, 29, tmp_path)
    older = [(key, body.replace("e", "i")) for key, body in customers[:30]]
    fresh, stored = customers[:30], [*older, *customers[30:]]
    with kept(shape, tmp_path, fresh, stored) as [file, store]:
        sources = [Source(file, stored=False), Source(store, stored=True)]
        found = Search(shape, THEIRS).ask(sources, [body for _, body in accounts])
    new, hits = {key for key, _ in fresh}, [hit for ones in found for hit in ones]
    assert {hit.stored for hit in hits if hit.key in new} == {False}
    assert {hit.stored for hit in hits if hit.key not in new} == {True}
    bodies = dict(customers)
    assert all(hit.body == bodies[hit.key] for hit in hits)


def test_a_name_below_what_every_rule_asks_is_no_hit_whatever_else_agrees(tmp_path: Path) -> None:
    shape, customers, accounts = cards_of(150, 31, tmp_path)
    at, least = shape.named, shape.least_name
    assert at is not None
    pairs = [(mine, theirs) for (_, mine), (_, theirs) in zip(customers, accounts, strict=False)]
    for mine, theirs in pairs:
        hit = judge(shape, texts_of(mine), "key", theirs, generic_weight)
        if hit is not None:
            assert names_alike(texts_of(mine)[at], texts_of(theirs)[at]) >= least - 1e-9
