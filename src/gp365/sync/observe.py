"""Observe: read what changed on both sides, tell what is plainly unchanged, and make the rest work.

A record whose fingerprint is the one that its link keeps is quiet: neither converted nor compared. A feed's keys and
its cursor are stored in one commit. A linked key that a full reading does not show becomes work too: `get` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gp365.model.record import Change, ChangePage, Record
from gp365.model.values import Key, fingerprint, key_text
from gp365.store import links, match, runs, work
from gp365.sync.bitmap import Bitmap
from gp365.sync.job import Job, Place
from gp365.sync.norms import norms_of
from gp365.sync.seen import Seen

CHUNK = 1000


@dataclass(slots=True)
class Observation:
    """What a run has in hand after observing: per side the records that are not quiet, and the quiet links.

    `quiet` are links that neither side's reading shows as changed; `read` counts records read per side; `full` says
    which sides were read whole; `absent` are linked keys that a census taken later does not show; `vanished`
    counts those that a full reading did not show.
    """

    seen: dict[str, Seen]
    quiet: Bitmap = field(default_factory=Bitmap)
    busy: Bitmap = field(default_factory=Bitmap)
    read: dict[str, int] = field(default_factory=dict[str, int])
    full: dict[str, bool] = field(default_factory=dict[str, bool])
    vanished: dict[str, int] = field(default_factory=dict[str, int])
    fresh: dict[str, int] = field(default_factory=dict[str, int])
    absent: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def unchanged(self) -> Bitmap:
        """Give the links that are quiet on every side that was read."""
        return self.quiet.clear_all_in(self.busy)


def observe(job: Job, *, full: bool = False, store_keys: bool = True) -> Observation:
    """Read both sides. With `store_keys` the keys become work and the cursors move; without (a plan) nothing is kept."""
    observation = Observation(
        {place.side: Seen(job.scratch, f"{job.chain}/{place.side}") for place in job.places}
    )
    for place in job.places:
        _observe_side(job, place, observation, full, store_keys)
    return observation


def _observe_side(job: Job, place: Place, observation: Observation, full: bool, store_keys: bool) -> None:
    cursor = None if full else _cursor(job, place)
    observation.full[place.side] = cursor is None
    met = Bitmap()
    for page in _gathered(place.connector.changes(place.entity.name, place.fields, cursor)):
        if page.full:
            observation.full[place.side] = True
        _take(job, place, page, observation, met, store_keys)
    if observation.full[place.side]:
        _find_vanished(job, place, observation, met, store_keys)


def _gathered(pages: Iterable[ChangePage]) -> Iterator[ChangePage]:
    """Cut and join a feed's pages into pieces of CHUNK changes: small ones are not worth a commit each.

    A record that comes twice in a piece is taken as it came last.
    """
    held: dict[Key, Change] = {}
    full = False
    for page in pages:
        full = full or page.full
        for change in page.changes:
            if len(held) == CHUNK:
                yield ChangePage(tuple(held.values()), full=full)
                held = {}
            held[change.key] = change
        if page.cursor is not None:
            yield ChangePage(tuple(held.values()), page.cursor, full)
            held = {}
    if held or full:
        yield ChangePage(tuple(held.values()), full=full)


def _cursor(job: Job, place: Place) -> str | None:
    with job.store.read() as conn:
        held = runs.cursor_get(conn, job.pair, job.flow.name, place.side)
    return held.value if held is not None and held.digest == job.flow.digest else None


def _take(
    job: Job,
    place: Place,
    page: ChangePage,
    observation: Observation,
    met: Bitmap,
    store_keys: bool,
) -> None:
    records = [
        change.record
        for change in page.changes
        if change.record is not None and _ours(job, place, change.record)
    ]
    bare = [change.key for change in page.changes if change.record is None]
    loud = _loud(job, place, records, bare, observation, met)
    observation.seen[place.side].put(loud)
    observation.read[place.side] = observation.read.get(place.side, 0) + len(records)
    if not store_keys:
        _index(job, place, loud, observation)
    elif loud or bare or page.cursor is not None:
        _store(job, place, loud, bare, page.cursor)
        job.probe("observed")
    job.progress(f"read {place.side}", observation.read[place.side], 0)


def _ours(job: Job, place: Place, record: Record) -> bool:
    """Leave out the records of other companies that share a table with ours."""
    company = job.flow.side(place.side).company
    return not company or record.values.get(company) == job.company


def _loud(
    job: Job,
    place: Place,
    records: Sequence[Record],
    bare: Sequence[Key],
    observation: Observation,
    met: Bitmap,
) -> list[Record]:
    """Part the quiet records from those that need a look."""
    keys = [key_text(record.key) for record in records] + [key_text(key) for key in bare]
    with job.store.read() as conn:
        prints = links.prints(conn, job.pair, job.flow.name, place.end, keys)
    loud: list[Record] = []
    for record in records:
        held = prints.get(key_text(record.key))
        if held is None:
            observation.fresh[place.side] = observation.fresh.get(place.side, 0) + 1
            loud.append(record)
            continue
        met.add(held.id)
        quiet = held.state == "open" and held.print == fingerprint(
            record.values, place.fields, job.flow.digest
        )
        (observation.quiet if quiet else observation.busy).add(held.id)
        if not quiet:
            loud.append(record)
    for key in bare:
        held = prints.get(key_text(key))
        if held is not None:
            observation.busy.add(held.id)
    return loud


def _store(job: Job, place: Place, loud: Sequence[Record], bare: Sequence[Key], cursor: str | None) -> None:
    rows = [(place.side, key_text(record.key), "changed") for record in loud]
    rows += [(place.side, key_text(key), "hint") for key in bare]
    with job.store.write(job.lease) as conn:
        match.put_keys(conn, job.pair, job.flow.name, place.side, _norm_rows(job, place, loud))
        work.enqueue(conn, job.pair, job.flow.name, rows)
        if cursor is not None:
            runs.cursor_set(conn, job.pair, job.flow.name, place.side, cursor, job.flow.digest)


def _index(job: Job, place: Place, loud: Sequence[Record], observation: Observation) -> None:
    """For a plan the matching keys go to the scratch, not to the store."""
    del observation
    table = job.scratch.table(f"{job.chain}/match/{place.side}")
    table.put(
        [(f"{rule}\x1d{key}", f"{rule}\x1d{norm}", b"") for rule, key, norm in _norm_rows(job, place, loud)]
    )


def _norm_rows(job: Job, place: Place, records: Sequence[Record]) -> list[tuple[int, str, str]]:
    rows: list[tuple[int, str, str]] = []
    for record in records:
        for rule, norm in norms_of(job, place, record):
            rows.append((rule, key_text(record.key), norm))
    return rows


def _find_vanished(job: Job, place: Place, observation: Observation, met: Bitmap, store_keys: bool) -> None:
    """Make work of the linked keys that a full reading did not show."""
    with job.store.read() as conn:
        if links.count(conn, job.pair, job.flow.name, "open") == len(met):
            return
        absent = [
            (link, key)
            for page in links.scan_keys(conn, job.pair, job.flow.name, place.end, "open")
            for link, key in page
            if link not in met
        ]
    observation.vanished[place.side] = len(absent)
    for number, _ in absent:
        observation.busy.add(number)
    if store_keys and absent:
        with job.store.write(job.lease) as conn:
            rows = [(place.side, key, "vanished") for _, key in absent]
            work.enqueue(conn, job.pair, job.flow.name, rows)
