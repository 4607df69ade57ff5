"""Observe: read what changed on both sides, tell what is plainly unchanged, and make the rest work.

A record whose fingerprint is the one that its link keeps is quiet: neither converted nor compared. A feed's keys and
its cursor are stored in one commit. A linked key that a full reading does not show, or that a feed says is deleted,
becomes work too (`get` decides), but only once the guards have looked at the whole observation: until it is accepted no
cursor moves, and nothing is made of what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gp365.model.contract import ScratchTable
from gp365.model.record import Change, ChangePage, Record
from gp365.model.values import Key, fingerprinting, key_of, key_text
from gp365.store import links, match, runs, work
from gp365.sync.bitmap import Bitmap
from gp365.sync.job import Job, Place, Since, is_ours
from gp365.sync.norms import norming
from gp365.sync.seen import Seen, Told
from gp365.sync.similar.index import Index, begin
from gp365.sync.strays import renumbered, unmerged

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class LastPiece:
    """The end of a feed, which is stored with its cursor."""

    records: Sequence[Record]
    told: Sequence[Told]
    bare: Sequence[Key]
    cursor: str


@dataclass(slots=True)
class Observation:
    """What a run has in hand after observing: per side the records that are not quiet, and the quiet links.

    `quiet` are links that neither side's reading shows as changed; `read` counts records read per side; `full` says
    which sides were read whole; `absent` are linked keys that a census taken later does not show; `missing` are the
    (link, key) that a full reading did not show or a feed calls deleted; `beginnings` are how keys begin of which a feed
    says that their records may be gone; `met` are links whose record was seen; `linked`
    counts the linked records that are not quiet. `last` is what is stored when the observation is accepted. `similar` is
    where records are looked up by what they are like; it asks for a full reading when it has not seen all records.
    `since` is what stood when the reading began: what other runs have done after it, the records in hand do not show.
    `assuming`: what nobody told us of need not be read where a write looks by itself (see `sync.assumed`).
    """

    seen: dict[str, Seen]
    quiet: Bitmap = field(default_factory=Bitmap)
    busy: Bitmap = field(default_factory=Bitmap)
    read: dict[str, int] = field(default_factory=dict[str, int])
    full: dict[str, bool] = field(default_factory=dict[str, bool])
    missing: dict[str, list[tuple[int, str]]] = field(default_factory=dict[str, list[tuple[int, str]]])
    met: dict[str, Bitmap] = field(default_factory=dict[str, Bitmap])
    linked: dict[str, int] = field(default_factory=dict[str, int])
    last: dict[str, LastPiece] = field(default_factory=dict[str, LastPiece])
    beginnings: dict[str, set[Key]] = field(default_factory=dict[str, set[Key]])
    epochs: dict[str, str] = field(default_factory=dict[str, str])
    fresh: dict[str, int] = field(default_factory=dict[str, int])
    absent: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    similar: Index | None = None
    since: Since | None = None
    assuming: bool = False

    def unchanged(self) -> Bitmap:
        """Give the links that are quiet on every side that was read."""
        return self.quiet.clear_all_in(self.busy)


def observe(
    job: Job, *, full: bool = False, store_keys: bool = True, since: Since | None = None
) -> Observation:
    """Read both sides. With `store_keys` the keys become work; without (a plan) nothing is kept. See `accept`."""
    observation = Observation(
        {place.side: Seen(job.scratch, f"{job.chain}/{place.side}") for place in job.places}
    )
    observation.since = since
    observation.similar = begin(job, kept=store_keys)
    if not store_keys:
        for place in job.places:
            matched_by(job, place.side).clear()
    if observation.similar is not None and not observation.similar.complete:
        full = True
    for place in job.places:
        _observe_side(job, place, observation, full, store_keys)
        observation.epochs[place.side] = place.connector.epoch()
    return observation


def accept(job: Job, observation: Observation) -> None:
    """Make work of what is missing, and only then let the cursors move."""
    for place in job.places:
        missing = observation.missing.get(place.side, [])
        for start in range(0, len(missing), CHUNK):
            rows = [(place.side, key, "vanished") for _, key in missing[start : start + CHUNK]]
            with job.store.write(job.lease) as conn:
                work.enqueue(conn, job.pair, job.flow.name, rows)
        last = observation.last.pop(place.side, None)
        if last is not None:
            _store(job, place, last.records, last.told, last.bare, last.cursor)
            job.probe("observed")


def _observe_side(job: Job, place: Place, observation: Observation, full: bool, store_keys: bool) -> None:
    if not place.entity.listed:
        observation.full[place.side], observation.met[place.side] = False, Bitmap()
        return
    cursor = None if full else _cursor(job, place)
    observation.full[place.side] = cursor is None
    observation.met[place.side] = Bitmap()
    for page in _gathered(place.connector.changes(place.entity.name, place.fields, cursor)):
        observation.beginnings.setdefault(place.side, set()).update(page.beginnings)
        if page.full:
            observation.full[place.side] = True
        _take(job, place, page, observation, store_keys)
    if observation.full[place.side]:
        _find_vanished(job, place, observation, store_keys)
        if store_keys and observation.similar is not None and not observation.similar.complete:
            with job.store.write(job.lease) as conn:
                observation.similar.read_whole(conn, place)
    else:
        _find_gone(job, place, observation, store_keys)


def _gathered(pages: Iterable[ChangePage]) -> Iterator[ChangePage]:
    """Cut and join a feed's pages into pieces of CHUNK changes: small ones are not worth a commit each.

    A record that comes twice in a piece is taken as it came last.
    """
    held: dict[Key, Change] = {}
    begun: dict[Key, None] = {}
    full = False
    for page in pages:
        full = full or page.full
        begun |= dict.fromkeys(page.beginnings)
        changes = page.changes
        if len(held) + len(changes) <= CHUNK:
            held.update([(change.key, change) for change in changes])
            changes = ()
        for change in changes:
            if len(held) == CHUNK:
                yield ChangePage(tuple(held.values()), full=full, beginnings=tuple(begun))
                held, begun = {}, {}
            held[change.key] = change
        if page.cursor is not None:
            yield ChangePage(tuple(held.values()), page.cursor, full, tuple(begun))
            held, begun = {}, {}
    if held or full or begun:
        yield ChangePage(tuple(held.values()), full=full, beginnings=tuple(begun))


def _cursor(job: Job, place: Place) -> str | None:
    with job.store.read() as conn:
        held = runs.cursor_get(conn, job.pair, job.flow.name, place.side)
    return held.value if held is not None and held.digest == job.flow.digest else None


def _take(job: Job, place: Place, page: ChangePage, observation: Observation, store_keys: bool) -> None:
    records = [one.record for one in page.changes if one.record is not None]
    if job.flow.side(place.side).company:
        records = [one for one in records if is_ours(job, place, one)]
    loud, told = _look_at(job, place, records, observation, store_keys)
    bare = _bare(job, place, [change for change in page.changes if change.record is None], observation)
    if not store_keys:
        _index(job, place, loud, told)
    elif page.cursor is not None:
        observation.last[place.side] = LastPiece(loud, told, bare, page.cursor)
    elif loud or bare:
        _store(job, place, loud, told, bare, None)
        job.probe("observed")
    job.progress(f"read {place.side}", observation.read[place.side], 0)


def take_known(job: Job, place: Place, records: Sequence[Record], observation: Observation) -> None:
    """Take records that were read by key, which have their rows in the queue, as if a feed had brought them.

    The quiet ones are in hand too: whoever told us of them waits for an answer.
    """
    loud, told = _look_at(job, place, records, observation, True)
    known = {one.key for one in loud}
    observation.seen[place.side].put([one for one in records if one.key not in known])
    if loud:
        with job.store.write(job.lease) as conn:
            match.put_keys(conn, job.pair, job.flow.name, place.side, _norm_rows(loud, told))


def _look_at(
    job: Job, place: Place, records: Sequence[Record], observation: Observation, store_keys: bool
) -> tuple[list[Record], list[Told]]:
    """Part the quiet records from the others, and give these with what they are found by; they are in hand now."""
    loud = _loud(job, place, records, observation)
    cards = _keep_cards(job, place, records, loud, observation, store_keys)
    norms_of = norming(job, place)
    told = [Told(norms_of(one), cards.get(key_text(one.key))) for one in loud]
    observation.seen[place.side].put(loud, told)
    observation.read[place.side] = observation.read.get(place.side, 0) + len(records)
    return loud, told


def _keep_cards(
    job: Job,
    place: Place,
    records: Sequence[Record],
    loud: Sequence[Record],
    observation: Observation,
    store_keys: bool,
) -> dict[str, str]:
    """Keep what records are compared by, of those that changed, or of all when some are not known yet; give the cards."""
    index = observation.similar
    chosen = loud if index is None or index.complete else records
    if index is None or not chosen:
        return {}
    cards = index.cards(place, chosen)
    if not store_keys:
        index.put_aside(place, cards)
        return cards
    with job.store.write(job.lease) as conn:
        index.put(conn, place, chosen, cards)
    return cards


def _loud(job: Job, place: Place, records: Sequence[Record], observation: Observation) -> list[Record]:
    """Part the quiet records from those that need a look."""
    keys = [key_text(record.key) for record in records]
    with job.store.read() as conn:
        prints = links.prints(conn, job.pair, job.flow.name, place.end, keys)
    print_of = fingerprinting(place.fields, job.flow.digest)
    met, quiets, busies = observation.met[place.side], observation.quiet, observation.busy
    loud: list[Record] = []
    fresh: list[Record] = []
    strange: list[Record] = []
    seen: list[int] = []
    busy: list[int] = []
    calm: list[int] = []
    for key, record in zip(keys, records, strict=True):
        held = prints.get(key)
        if held is None:
            fresh.append(record)
            loud.append(record)
            continue
        number, known, _, state, birth, _ = held
        if birth and record.birth and record.birth != birth:
            strange.append(record)
        elif state == links.OPEN:
            if known == print_of(record.values):
                calm.append(number)
                continue
            seen.append(number)
        busy.append(number)
        loud.append(record)
    busies.add_all(busy)
    met.add_all(seen)
    met.add_all(calm)
    quiets.add_all(calm)
    of_links = len(loud) - len(fresh)
    if of_links:
        observation.linked[place.side] = observation.linked.get(place.side, 0) + of_links
    observation.fresh[place.side] = observation.fresh.get(place.side, 0) + len(fresh)
    for number in renumbered(job, place, [*fresh, *strange]):
        met.add(number)
        busies.add(number)
    for number in unmerged(job, place, fresh):
        busies.add(number)
    return loud


def _bare(job: Job, place: Place, changes: Sequence[Change], observation: Observation) -> list[Key]:
    """Give the keys that come without a record; those of linked records that the feed calls deleted are missing."""
    if not changes:
        return []
    with job.store.read() as conn:
        keys = [key_text(change.key) for change in changes]
        prints = links.prints(conn, job.pair, job.flow.name, place.end, keys)
    bare: list[Key] = []
    for change in changes:
        held = prints.get(key_text(change.key))
        if held is not None:
            observation.busy.add(held.id)
        if held is not None and change.deleted and held.state == "open":
            observation.missing.setdefault(place.side, []).append((held.id, key_text(change.key)))
        else:
            bare.append(change.key)
    return bare


def _store(
    job: Job,
    place: Place,
    loud: Sequence[Record],
    told: Sequence[Told],
    bare: Sequence[Key],
    cursor: str | None,
) -> None:
    with job.store.write(job.lease) as conn:
        worked = loud if job.looked is None else job.looked.fresh(conn, job, place, loud)
        rows = [(place.side, key_text(record.key), "changed") for record in worked]
        rows += [(place.side, key_text(key), "named") for key in bare]
        match.put_keys(conn, job.pair, job.flow.name, place.side, _norm_rows(loud, told))
        work.enqueue(conn, job.pair, job.flow.name, rows)
        if cursor is not None:
            runs.cursor_set(conn, job.pair, job.flow.name, place.side, cursor, job.flow.digest)


def _index(job: Job, place: Place, loud: Sequence[Record], told: Sequence[Told]) -> None:
    """For a plan the matching keys go to the scratch, not to the store."""
    matched_by(job, place.side).put(
        [
            (key_text(record.key), f"{rule}\x1d{norm}", b"")
            for record, held in zip(loud, told, strict=True)
            for rule, norm in held.norms
        ]
    )


def matched_by(job: Job, side: str) -> ScratchTable:
    """Open the table of what a plan has observed: keys, found by rule and norm; a key's past may be among them."""
    return job.scratch.table(f"{job.chain}/match/{side}", unique_keys=False)


def _norm_rows(records: Sequence[Record], told: Sequence[Told]) -> list[tuple[int, str, str]]:
    return [
        (rule, key_text(record.key), norm)
        for record, held in zip(records, told, strict=True)
        for rule, norm in held.norms
    ]


def _find_gone(job: Job, place: Place, observation: Observation, store_keys: bool) -> None:
    """Read by key the linked records of which a feed says how their keys begin, and which it does not show."""
    begun, met = sorted(observation.beginnings.get(place.side, ())), observation.met[place.side]
    if not begun:
        return
    missing = observation.missing.setdefault(place.side, [])
    known = {link for link, _ in missing}
    with job.store.read() as conn:
        found = links.beginning(conn, job.pair, job.flow.name, place.end, map(key_text, begun))
    absent = [one for one in found if one[0] not in met and one[0] not in known]
    for link, key in _beyond(job, place, absent, observation, store_keys):
        missing.append((link, key))
        observation.busy.add(link)


def _find_vanished(job: Job, place: Place, observation: Observation, store_keys: bool) -> None:
    """Note the linked keys that a full reading did not show."""
    met, since = observation.met[place.side], observation.since
    with job.store.read() as conn:
        if links.count(conn, job.pair, job.flow.name, "open") == len(met):
            return
        absent = [
            (link, key)
            for page in links.scan_keys(conn, job.pair, job.flow.name, place.end, "open")
            for link, key in page
            if link not in met and (since is None or link <= since.link)
        ]
    if absent and place.entity.partial:
        absent = _beyond(job, place, absent, observation, store_keys)
    observation.missing[place.side] = absent
    for number, _ in absent:
        observation.busy.add(number)


def _beyond(
    job: Job, place: Place, absent: list[tuple[int, str]], observation: Observation, store_keys: bool
) -> list[tuple[int, str]]:
    """Read by key what a full reading leaves out because it is old, as if it had shown it; give what is not there."""
    gone: list[tuple[int, str]] = []
    for start in range(0, len(absent), CHUNK):
        piece = absent[start : start + CHUNK]
        found = place.connector.get(place.entity.name, [key_of(key) for _, key in piece], place.fields)
        _take(
            job,
            place,
            ChangePage(tuple(Change(key, record) for key, record in found.items())),
            observation,
            store_keys,
        )
        gone += [one for one in piece if key_of(one[1]) not in found]
    return gone
