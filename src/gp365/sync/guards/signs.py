"""Signs that a system was restored from a backup, as far as its records tell: fields set back, births exchanged, and
creates of ours undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gp365.model.record import Op, Record
from gp365.model.values import Key, key_of, key_text, unpack
from gp365.store import intents, links
from gp365.store.intents import Intent
from gp365.store.links import Link
from gp365.sync.envelope import unseal
from gp365.sync.guards.gone import Missing
from gp365.sync.job import Job, Place
from gp365.sync.observe import Observation

FEW = 3
SHARE = 0.2
SAMPLE = 5000  # so many changed records are looked at; their share tells as much as that of all


@dataclass(slots=True)
class Signs:
    """What the changed records of one side tell. `loud` linked records were looked at.

    `reverted` stand at exactly what our own last write found there, while the other side did not change; `exchanged`
    carry another birth mark than the linked record; `undone` are the newest records that we created, all missing.
    """

    loud: int = 0
    reverted: int = 0
    exchanged: int = 0
    undone: int = 0
    missing: int = 0

    @property
    def any(self) -> bool:
        """Tell whether anything points to a restore; one undone create alone may be a person's deletion."""
        return bool(self.reverted or self.exchanged or self.undone > 1)

    @property
    def many(self) -> bool:
        """Tell whether so much points to a restore that no other evidence is needed."""
        most = max(FEW, SHARE * self.loud)
        return self.reverted > most or self.exchanged > most or self.undone > max(FEW, SHARE * self.missing)


def signs_of(job: Job, observation: Observation, place: Place, missing: Missing) -> Signs:
    """Look at the changed linked records of a side, in bulk, and at what is newly missing there."""
    found = Signs(missing=len(missing), undone=_undone(job, place, missing))
    if not observation.linked.get(place.side):
        return found
    for keys in observation.seen[place.side].pages():
        _look(job, observation, place, keys, found)
        if found.loud >= SAMPLE:
            break
    return found


def _look(job: Job, observation: Observation, place: Place, keys: Sequence[Key], found: Signs) -> None:
    records = observation.seen[place.side].get(keys)
    with job.store.read() as conn:
        texts = [key_text(key) for key in records]
        linked = links.by_keys(conn, job.pair, job.flow.name, place.end, texts)
        open_ones = {key: link for key, link in linked.items() if link.state == links.OPEN}
        last = intents.last_write(conn, place.system, place.entity.name, open_ones)
    loud = _loud_across(job, observation, place, open_ones)
    for key, link in open_ones.items():
        record = records[key_of(key)]
        found.loud += 1
        if _exchanged(place, link, record):
            found.exchanged += 1
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
