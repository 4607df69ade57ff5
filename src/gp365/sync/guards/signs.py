"""Signs that a system was restored from a backup, as far as its records tell: fields set back, births exchanged, and
creates of ours undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gp365.model.plan import Half, Pair
from gp365.model.record import Op, Record
from gp365.model.values import Key, key_of, key_text, unpack, unpack_deep
from gp365.store import intents, links
from gp365.store.intents import Intent
from gp365.store.links import Link
from gp365.sync.envelope import unseal
from gp365.sync.guards.gone import Missing
from gp365.sync.job import Job, Place
from gp365.sync.observe import Observation
from gp365.sync.plan.pairs import pairs_of

FEW = 3
SHARE = 0.2
SEVERAL = 10  # people do take back their own edits
SAMPLE = 5000  # so many changed records are looked at; their share tells as much as that of all


@dataclass(slots=True)
class Signs:
    """What the changed records of one side tell. `loud` linked records were looked at.

    `reverted` stand at exactly what our own last write found there, while the other side did not change; `earlier` stand
    at what they held before their last change went across; `exchanged` carry another birth mark than the linked record;
    `undone` are the newest records that we created, all missing, `latest` the newest linked ones.
    """

    loud: int = 0
    reverted: int = 0
    exchanged: int = 0
    undone: int = 0
    latest: int = 0
    earlier: int = 0
    missing: int = 0

    @property
    def any(self) -> bool:
        """Tell whether anything points to a restore; one record that is missing alone may be a person's deletion."""
        return bool(self.reverted or self.earlier or self.exchanged or self.undone > 1 or self.latest > 1)

    @property
    def many(self) -> bool:
        """Tell whether so much points to a restore that no other evidence is needed."""
        most = max(FEW, SHARE * self.loud)
        return (
            self.reverted > most
            or self.exchanged > most
            or self.undone > max(FEW, SHARE * self.missing)
            or self.earlier > max(SEVERAL, self.loud / 2)
        )


def signs_of(job: Job, observation: Observation, place: Place, missing: Missing) -> Signs:
    """Look at the changed linked records of a side, in bulk, and at what is newly missing there."""
    found = Signs(missing=len(missing), undone=_undone(job, place, missing))
    found.latest = _latest(job, place, missing)
    if not observation.linked.get(place.side):
        return found
    for keys in observation.seen[place.side].pages():
        look_at(job, observation, place, keys, found)
        if found.loud >= SAMPLE:
            break
    return found


def look_at(job: Job, observation: Observation, place: Place, keys: Sequence[Key], found: Signs) -> None:
    """Count the signs of some records of a side that are in hand."""
    records = observation.seen[place.side].get(keys)
    with job.store.read() as conn:
        texts = [key_text(key) for key in records]
        linked = links.by_keys(conn, job.pair, job.flow.name, place.end, texts)
        open_ones = {key: link for key, link in linked.items() if link.state == links.OPEN}
        last = _known(
            job, observation, intents.last_updates(conn, place.system, place.entity.name, open_ones)
        )
        births = [record.birth for record in records.values() if record.birth]
        # Not by former marks, too: one that is back speaks for a restore, not for swapped numbers.
        moved = links.by_births(conn, job.pair, job.flow.name, place.end, births)
    found.earlier += _earlier(job, observation, place, open_ones, records)
    loud = _loud_across(job, observation, place, open_ones)
    for key, link in open_ones.items():
        record = records[key_of(key)]
        found.loud += 1
        if _exchanged(place, link, record):
            found.exchanged += record.birth not in moved  # else numbers were swapped
        elif key in last and key not in loud and set_back(record, last[key]):
            found.reverted += 1


def _loud_across(job: Job, observation: Observation, place: Place, linked: dict[str, Link]) -> set[str]:
    """Name those of these records whose partner changed as well."""
    across = job.across(place.side)
    partner = {
        key_of(other): key
        for key, link in linked.items()
        if (other := link.right_key if place.end == "left" else link.left_key) is not None
    }
    return {partner[other] for other in observation.seen[across.side].get(list(partner))}


def _exchanged(place: Place, link: Link, record: Record) -> bool:
    birth = link.left_birth if place.end == "left" else link.right_birth
    return bool(birth and record.birth and birth != record.birth)


def set_back(record: Record, last: Intent) -> bool:
    """Tell whether a record stands, in every field that our last write changed, at what that write found there.

    The last write may be another flow's: what this flow does not read of it says nothing.
    """
    if last.op != str(Op.UPDATE):
        return False
    before, written = unpack(last.before), unseal(last.values).values
    changed = [name for name, value in written.items() if name in before and before[name] != value]
    return bool(changed) and all(
        name in record.values and record.values[name] == before[name] for name in changed
    )


def _known(job: Job, observation: Observation, last: Mapping[str, Intent]) -> dict[str, Intent]:
    """Leave out what other runs wrote after the reading began: the records in hand do not show it yet."""
    since = observation.since
    return {
        key: one
        for key, one in last.items()
        if since is None or one.run in job.runs or one.ended_at is None or one.ended_at <= since.at
    }


def _earlier(
    job: Job,
    observation: Observation,
    place: Place,
    linked: Mapping[str, Link],
    records: Mapping[Key, Record],
) -> int:
    """Count the records that hold again what they held before their last change went across."""
    across, number = job.across(place.side), 0 if place.end == "left" else 1
    partner = {
        other: records[key_of(key)]
        for key, link in linked.items()
        if (other := link.right_key if place.end == "left" else link.left_key) is not None
    }
    went: dict[str, tuple[Record, dict[str, Half]]] = {}
    with job.store.read() as conn:
        last = _known(
            job, observation, intents.last_updates(conn, across.system, across.entity.name, partner)
        )
        for key, intent in last.items():
            if (intent.pair, intent.flow) == (job.pair, job.flow.name):
                pairs = unseal(intent.values).pairs
                went[intent.inputs] = (partner[key], {name: pair[number] for name, pair in pairs.items()})
        went = {name: one for name, one in went.items() if _is_back(job, place, *one)}
        before = intents.inputs_of(conn, went)
    return sum(
        _holds(job, place, record, halves, pairs_of(unpack_deep(before[name]).get("pairs") or {}), number)
        for name, (record, halves) in went.items()
        if name in before
    )


def _is_back(job: Job, place: Place, record: Record, went: Mapping[str, Half]) -> bool:
    """Tell whether what went across does not stand there any more, without a further look."""
    rows = job.compiled.by_name
    if any(name not in rows for name in went):
        return False
    return any(rows[name].half(place.side, record.values) != half for name, half in went.items())


def _holds(
    job: Job, place: Place, record: Record, went: Mapping[str, Half], agreed: Mapping[str, Pair], number: int
) -> bool:
    """Tell whether every field that went across holds what had been agreed before."""
    return all(
        name in agreed and job.compiled.row(name).half(place.side, record.values) == agreed[name][number]
        for name in went
    )


def _latest(job: Job, place: Place, missing: Missing) -> int:
    """Count the newest linked records of a side that are all missing."""
    gone = {number for number, _ in missing}
    count = 0
    with job.store.read() as conn:
        for number in links.newest(conn, job.pair, job.flow.name, place.end, len(gone) + 1) if gone else ():
            if number not in gone:
                break
            count += 1
    return count


def _undone(job: Job, place: Place, missing: Missing) -> int:
    """Count the newest records that we created on a side and that are all missing: what a restore takes away."""
    if not missing:
        return 0
    gone = {key for _, key in missing}
    with job.store.read() as conn:
        newest = intents.newest_creates(conn, job.pair, job.flow.name, place.side, len(missing) + 1)
    count = 0
    for key in newest:
        if key not in gone:
            break
        count += 1
    return count
