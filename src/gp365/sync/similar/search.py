"""The search among cards: by the blocks that cards share, the rare ones only, then judged one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from gp365.model.similar import Weigh, far_apart, generic_weight, is_generic
from gp365.model.similar_blocks import is_weak, word_block
from gp365.model.similar_words import name_words
from gp365.store import similar
from gp365.store.similar import Scope
from gp365.sync.similar.judge import Hit, judge, ranked
from gp365.sync.similar.shape import Shape, texts_of

# A block with more records than this tells nothing; a record is compared with so many others at most.
_LARGEST_BLOCK = 40
_LARGEST_WEAK_BLOCK = 25
_MOST_COMPARED = 40
# So few are compared at once; of more, those whose outlines are less alike than this are left out first.
_FEW = 3
_NEAR, _NEAR_WHOLE = 0.72, 0.7
_MOST_WORDS = 200_000
# What one step of rarity takes off: a step is a word four times as frequent.
_STEP, _LEAST = 0.12, 0.3


# A card's number, and above it the place of its source: one number is made, hashed and compared in a fraction of the
# time of a pair.
_Card = int
_PLACE = 1 << 56
_Told = tuple[str, str, str, str, str]  # key, body, its texts alone, both outlines of its name
_Candidate = tuple[_Card, _Told]


@dataclass(frozen=True, slots=True)
class Source:
    """Where cards lie: the store, or the file of a plan, whose cards stand for the store's."""

    conn: Connection
    stored: bool


@dataclass(slots=True)
class Search:
    """What a run remembers of one side's blocks: the large ones, and how many records share a word."""

    shape: Shape
    scope: Scope
    large: set[int] = field(default_factory=set[int])
    words: dict[str, int] = field(default_factory=dict[str, int])

    def ask(self, sources: Sequence[Source], bodies: Sequence[str]) -> list[list[Hit]]:
        """Find for each card those that a person should look at, best first."""
        blocks = [self._blocks(body) for body in bodies]
        wanted: dict[int, bool] = {}
        for mine in blocks:
            wanted.update(mine)
        found = self._members(sources, wanted)
        chosen = [_chosen(found, mine) for mine in blocks]
        cards = self._cards(sources, set[_Card]().union(*chosen))
        near = [
            self._near(body, ones, [(one, cards[one]) for one in ones if one in cards])
            for body, ones in zip(bodies, chosen, strict=True)
        ]
        weigh = self._weigh(sources, [*bodies, *{told[2] for ones in near for _, told in ones}])
        return [self._judged(sources, body, ones, weigh) for body, ones in zip(bodies, near, strict=True)]

    def _blocks(self, body: str) -> dict[int, bool]:
        """Give the numbers of a card's blocks on the other side, and whether each is weak."""
        blocks = self.shape.blocks(body)
        return dict(zip(self.scope.numbers(blocks), map(is_weak, blocks), strict=True))

    def _members(self, sources: Sequence[Source], wanted: Mapping[int, bool]) -> dict[int, list[_Card]]:
        """Give the cards (source, number) of the blocks that are not too large; remember those that are."""
        numbers = [block for block in wanted if block not in self.large]
        sizes: dict[int, int] = {}
        found: dict[int, list[_Card]] = {}
        for place, source in enumerate(sources):
            for block, size, held in similar.members(source.conn, numbers, _LARGEST_BLOCK):
                sizes[block] = sizes.get(block, 0) + size
                ours = held if place == 0 else [place * _PLACE + card for card in held]
                found[block] = found[block] + ours if block in found else ours
        for block, size in sizes.items():
            if size > (_LARGEST_WEAK_BLOCK if wanted[block] else _LARGEST_BLOCK):
                self.large.add(block)
                del found[block]
        return found

    def _cards(self, sources: Sequence[Source], wanted: set[_Card]) -> dict[_Card, _Told]:
        """Read cards; one that an earlier source has as well is left out."""
        found: dict[_Card, _Told] = {}
        keys: set[str] = set()
        for place, source in enumerate(sources):
            above = place * _PLACE
            mine = sorted([card - above for card in wanted if card // _PLACE == place])
            held = similar.cards(source.conn, mine)
            for number, (key, body) in held.items():
                if place == 0 or key not in keys:
                    found[above + number] = (key, body, *self.shape.told(body))
            if place + 1 < len(sources):
                keys.update([key for key, _ in held.values()])
        return found

    def _near(
        self, body: str, chosen: Mapping[_Card, bool], candidates: list[_Candidate]
    ) -> list[_Candidate]:
        """Leave out, at a glance, those that share little and whose name is another one."""
        at = self.shape.named
        mine = texts_of(body)[at] if at is not None else ""
        if not mine or len(candidates) < _FEW:
            return candidates
        weak = held = [one for one in candidates if chosen[one[0]]]
        outlines = self.shape.outlines(body)
        # Telling words first: of two plumbers, it is the other word that parts them.
        for place, least in ((int(is_generic(mine)), _NEAR), (1, _NEAR_WHOLE)):
            far = far_apart(outlines[place], [told[3 + place] for _, told in held], least)
            held = [one for one, is_far in zip(held, far, strict=True) if not is_far]
        left_out = {card for card, _ in weak}.difference([card for card, _ in held])
        return [one for one in candidates if one[0] not in left_out]

    def _weigh(self, sources: Sequence[Source], bodies: Iterable[str]) -> Weigh:
        """Give the weight of words by how many records of the other side share them."""
        names = [place for place, one in enumerate(self.shape.fields) if one.kind == ""]
        held = {word for body in bodies for place in names for word in name_words(texts_of(body)[place])}
        unknown = {self.scope.number(word_block(word)): word for word in held if word not in self.words}
        if len(self.words) > _MOST_WORDS:
            self.words.clear()
        self.words.update(dict.fromkeys(unknown.values(), 0))
        for source in sources:
            for block, size in similar.sizes(source.conn, unknown).items():
                self.words[unknown[block]] += size
        weights = {word: generic_weight(word) * _rarity(self.words.get(word, 0)) for word in held}
        return weights.__getitem__

    def _judged(
        self,
        sources: Sequence[Source],
        body: str,
        candidates: Sequence[_Candidate],
        weigh: Weigh,
    ) -> list[Hit]:
        mine = texts_of(body)
        hits: list[Hit] = []
        for card, (key, _, theirs, _, _) in candidates:
            hit = judge(self.shape, mine, key, theirs, weigh, sources[card // _PLACE].stored)
            if hit is not None:
                hits.append(hit)
        return ranked(hits)


def _rarity(records: int) -> float:
    return max(_LEAST, 1 - _STEP * (records.bit_length() // 2))


def _chosen(found: Mapping[int, Sequence[_Card]], mine: Mapping[int, bool]) -> dict[_Card, bool]:
    """Choose the cards that share most with mine, what few records share before what many do; True: only weak blocks."""
    shared: dict[_Card, float] = {}
    strong: set[_Card] = set()
    known = shared.get
    for block, weak in mine.items():
        members = found.get(block)
        if members is None:
            continue
        worth = 1 / len(members)
        for one in members:
            shared[one] = known(one, 0.0) + 1 + worth
        if not weak:
            strong.update(members)
    ordered = sorted([(-worth, one) for one, worth in shared.items()])[:_MOST_COMPARED]
    return {one: one not in strong for _, one in ordered}
