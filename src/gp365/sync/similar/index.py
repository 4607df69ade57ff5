"""The index of a run: cards are kept in the store, or for a plan in a file of its own, and searched from either.

A store without cards (an older one, or a flow whose rules have changed) asks for a full reading of both sides, which
fills it. Of a plan that reads everything, the file is filled and searched by a second process, beside the planning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack

from sqlalchemy import Connection, Engine

from gp365.model.record import Record
from gp365.model.values import key_text
from gp365.store import similar
from gp365.store.similar import Scope
from gp365.sync.job import Job, Place, merged_into
from gp365.sync.similar.judge import Hit
from gp365.sync.similar.keeping import keep_cards
from gp365.sync.similar.search import Search, Source
from gp365.sync.similar.shape import Shape, carding, shape_of
from gp365.sync.similar.worker import Worker

# From so many cards on, a second process is worth its start.
MANY = 20_000


class Index:
    """The cards of one job. `complete` tells whether the store has all of them, made as they are made today."""

    def __init__(self, job: Job, shape: Shape, *, kept: bool) -> None:
        self.shape = shape
        self._job, self._kept = job, kept
        self._searches = {place.side: Search(shape, self._scope(place.side)) for place in job.places}
        self._file: Engine | None = None
        self._worker: Worker | None = None
        self._count = 0
        self._waiting: list[tuple[Scope, list[tuple[str, str]]]] = []
        with job.store.read() as conn:
            self.complete = all(
                similar.filled(conn, self._scope(place.side)) == shape.digest for place in job.places
            )

    def _scope(self, side: str) -> Scope:
        return Scope(self._job.pair, self._job.flow.name, side)

    # filling

    def cards(self, place: Place, records: Sequence[Record]) -> dict[str, str]:
        """Make the cards of records, by key; a merged record has none."""
        body_of = carding(self._job, self.shape, place)
        return {key_text(one.key): body_of(one) for one in records if not merged_into(place, one)}

    def put(
        self, conn: Connection, place: Place, records: Sequence[Record], cards: Mapping[str, str]
    ) -> None:
        """Keep cards in the store, in the caller's transaction; a record without one is forgotten."""
        scope = self._scope(place.side)
        keep_cards(conn, scope, cards.items(), self.shape)
        merged = [key for one in records if (key := key_text(one.key)) not in cards]
        if merged:
            similar.drop_cards(conn, scope, merged, self.shape.blocks)

    def put_aside(self, place: Place, cards: Mapping[str, str]) -> None:
        """Keep cards in the plan's file; the first ones only when it is known who fills it, or somebody asks."""
        self._count += len(cards)
        self._waiting.append((self._scope(place.side), list(cards.items())))
        if self._worker is None and self._count > MANY and not self.complete:
            self._hand_over()
        if self._worker is not None or self.complete:
            self._fill()

    def _fill(self) -> None:
        """Bring the cards that wait to the file."""
        waiting, self._waiting = self._waiting, []
        for scope, rows in waiting:
            if self._worker is not None:
                self._worker.put(scope, rows)
                continue
            with self._opened().begin() as conn:
                keep_cards(conn, scope, rows, self.shape)

    def read_whole(self, conn: Connection, place: Place) -> None:
        """Note that a full reading has brought every record of a side."""
        similar.mark_filled(conn, self._scope(place.side), self.shape.digest)

    def _opened(self) -> Engine:
        if self._file is None:
            self._file = similar.open_file(self._job.scratch.file())
        return self._file

    def _hand_over(self) -> None:
        """Let a second process go on with the file."""
        path = self._opened().url.database or ""
        self._opened().dispose()
        self._file = None
        self._worker = Worker(path, self.shape)

    # asking

    def ask(self, side: str, bodies: Sequence[str]) -> Future[list[list[Hit]]]:
        """Look for cards of a side that are like these."""
        if self._worker is not None:
            return self._worker.ask(self._scope(side), bodies)
        answer: Future[list[list[Hit]]] = Future()
        answer.set_result(self._searched(side, bodies))
        return answer

    def _searched(self, side: str, bodies: Sequence[str]) -> list[list[Hit]]:
        self._fill()
        with ExitStack() as stack:
            sources: list[Source] = []
            if self._file is not None:
                sources.append(Source(stack.enter_context(self._file.begin()), stored=False))
            if self.complete or self._kept:
                sources.append(Source(stack.enter_context(self._job.store.read()), stored=True))
            return self._searches[side].ask(sources, bodies) if sources else [[] for _ in bodies]

    def close(self) -> None:
        """End the second process and close the file, which goes with the scratch."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        if self._file is not None:
            self._file.dispose()
            self._file = None


def begin(job: Job, *, kept: bool) -> Index | None:
    """Begin the index of a run; `kept`: cards go to the store. None for a flow without rules for similar records."""
    shape = shape_of(job.flow)
    return Index(job, shape, kept=kept) if shape is not None else None
