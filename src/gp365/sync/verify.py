"""Verify: the drawn writes of a run are read back by another way than they went, and compared with what was said.

Done at the end of a run, before it is closed, a page of records at a time. What a run did not come to (it was killed, or
the system went down) stays due and is the next run's; a write that did not stand is looked at again by every run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gp365.model.errors import Gp365Error
from gp365.model.record import Record
from gp365.model.values import Key, Value, Values, key_of, key_text, unpack, unpack_deep
from gp365.store import intents, verifications
from gp365.store.intents import Intent
from gp365.store.verifications import DUE, STANDING, Verification
from gp365.sync.job import Job, Place
from gp365.sync.verify_keep import keep_verdicts
from gp365.sync.verify_verdict import Acknowledged, Verdict, differing, judge

PAGE = 500
NAMED = 50


@dataclass(frozen=True, slots=True)
class Unkept:
    """A write that did not stand: its record, and by field what was acknowledged and what was found."""

    number: int
    side: str
    system: str
    entity: str
    key: Key
    fields: Mapping[str, tuple[Value, Value]]
    intent: str
    run: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A record that was read back: how its write was found."""

    kept: Verification
    verdict: Verdict
    record: Record | None
    fields: Mapping[str, tuple[Value, Value]]

    @property
    def healed(self) -> bool:
        """Tell whether a write that had not stood stands now."""
        return self.kept.state == STANDING and self.verdict is Verdict.AGREED


@dataclass(slots=True)
class Verified:
    """What a run has read back, by how it was found; `healed` are those agreed that had not stood before.

    `unkept` names the first of the mismatched, those of earlier runs that still stand among them.
    """

    sampled: int = 0
    agreed: int = 0
    changed_since: int = 0
    mismatched: int = 0
    cannot_tell: int = 0
    healed: int = 0
    unkept: list[Unkept] = field(default_factory=list[Unkept])

    def count(self, one: Looked) -> None:
        """Count a record that was read back."""
        self.sampled += 1
        self.healed += one.healed
        match one.verdict:
            case Verdict.AGREED:
                self.agreed += 1
            case Verdict.CHANGED:
                self.changed_since += 1
            case Verdict.UNKNOWN:
                self.cannot_tell += 1
            case Verdict.MISMATCH:
                self.mismatched += 1
                if len(self.unkept) < NAMED:
                    self.unkept.append(unkept_of(one.kept, one.fields))

    def counts(self) -> dict[str, int]:
        """Give the counts by name."""
        return {
            "sampled": self.sampled,
            "agreed": self.agreed,
            "changed_since": self.changed_since,
            "mismatched": self.mismatched,
            "cannot_tell": self.cannot_tell,
            "healed": self.healed,
        }


def unkept_of(kept: Verification, fields: Mapping[str, tuple[Value, Value]]) -> Unkept:
    """Name a write that did not stand."""
    return Unkept(
        kept.number, kept.side, kept.system, kept.entity, key_of(kept.key), fields, kept.intent, kept.run
    )


def standing_of(kept: Verification) -> Unkept:
    """Name a kept write that did not stand, with what was found then."""
    found = {name: (pair[0], pair[1]) for name, pair in unpack_deep(kept.found).items()}
    return unkept_of(kept, found)


def verify_run(job: Job, run: str, verified: Verified) -> Gp365Error | None:
    """Read back everything of a flow that is due or did not stand, and count it in `verified`.

    Return the error of a system that fails: what was not read back stays due, and the run is stopped.
    """
    try:
        _verify(job, run, verified)
    except Gp365Error as error:
        return error
    return None


def verify_left_over(job: Job, run: str, verified: Verified) -> None:
    """Read back what an earlier run was killed before, ahead of everything else; raises the error of a system.

    Else the value that was not kept would be seen as somebody's change, and be carried back to where it came from.
    """
    with job.store.read() as conn:
        due = verifications.waiting(conn, job.pair, job.flow.name).due
    if due:
        _verify(job, run, verified, (DUE,))


def _verify(job: Job, run: str, verified: Verified, states: Sequence[str] = (DUE, STANDING)) -> None:
    after = 0
    while True:
        with job.store.read() as conn:
            page = verifications.page(conn, job.pair, job.flow.name, after, PAGE, states)
        if not page:
            return
        after = page[-1].number
        for place in job.places:
            mine = [one for one in page if _is_of(one, place)]
            if mine:
                _page(job, run, place, mine, verified)


def _is_of(one: Verification, place: Place) -> bool:
    return (one.side, one.system, one.entity) == (place.side, place.system, place.entity.name)


def _page(job: Job, run: str, place: Place, page: Sequence[Verification], verified: Verified) -> None:
    expected = {one.number: unpack(one.expected) for one in page}
    names = {name: None for values in expected.values() for name in values if name in place.entity.fields}
    found = dict(_read(place, page, list(names)))
    suspects = [one for one in page if differing(place.entity, expected[one.number], found.get(one.key))]
    unversioned = [one for one in suspects if not found[one.key].version]
    if unversioned:  # without a version, only what else has moved tells of somebody's edit
        found |= _read(place, unversioned, list(names | dict.fromkeys(place.fields)))
    with job.store.read() as conn:
        written = intents.by_ids(conn, [one.intent for one in suspects])
    looked = [
        _look(place, one, expected[one.number], written.get(one.intent), found.get(one.key)) for one in page
    ]
    keep_verdicts(job, run, place, looked, written)
    for one in looked:
        verified.count(one)


def _read(place: Place, page: Sequence[Verification], fields: Sequence[str]) -> dict[str, Record]:
    keys = [key_of(one.key) for one in page]
    found = place.connector.read_aside(place.entity.name, keys, fields)
    return {key_text(key): record for key, record in found.items()}


def _look(
    place: Place, one: Verification, expected: Values, intent: Intent | None, record: Record | None
) -> Looked:
    told = Acknowledged(expected, one.version, one.birth, done_at=one.done_at)
    if intent is not None:
        told = replace(told, planned_on=intent.version, before=unpack(intent.before))
    verdict = judge(place.entity, told, record)
    return Looked(one, verdict, record, differing(place.entity, expected, record))
