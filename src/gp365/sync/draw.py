"""Drawing keys: under which number or id a record is created, free in the target and reserved for us first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Connection

from gp365.model.numbers import candidates
from gp365.model.record import Op
from gp365.model.values import Key, key_of, key_text, show
from gp365.store import links, reservations
from gp365.sync.job import Job, Place, drawn_id
from gp365.sync.norms import canonical
from gp365.sync.subject import Subject

TRIES = 24
# A plan that is only shown asks about so many numbers of each create at first: nearly always the first one is free.
_FEW = 4


@dataclass(slots=True)
class Drawn:
    """The keys drawn for a page: offers per subject, what is taken in the target, and what was reserved.

    `linked` are offers that are a link's end, of whatever state: that link knows another record by the number.
    """

    keys: dict[tuple[str, str], Key] = field(default_factory=dict[tuple[str, str], Key])
    offers: dict[tuple[str, str], list[str]] = field(default_factory=dict[tuple[str, str], list[str]])
    taken: set[str] = field(default_factory=set[str])
    linked: set[str] = field(default_factory=set[str])

    def key(self, subject: Subject, side: str) -> Key | None:
        """Return the key for a subject's create on a side."""
        return self.keys.get((subject.id, side))


def draw(job: Job, subjects: Sequence[Subject], tries: int = TRIES) -> Drawn:
    """Work out the keys that creates could take, and ask the target which of them are taken."""
    drawn = Drawn()
    for place in job.places:
        wanted = [subject for subject in subjects if _creates_on(subject, place.side)]
        scheme = job.flow.side(place.side).number
        for subject in [one for one in wanted if one.recreate == place.side]:
            drawn.keys[(subject.id, place.side)] = subject.keys[place.side]
            wanted.remove(subject)
        if not wanted:
            continue
        if scheme is None:
            _draw_ids(job, place, wanted, drawn)
            continue
        _offer(job, place, wanted, drawn, tries)
    return drawn


def _offer(job: Job, place: Place, subjects: Sequence[Subject], drawn: Drawn, tries: int) -> None:
    """Work out the numbers of creates, and ask which of them are in use."""
    offered: set[str] = set()
    for subject in subjects:
        offers = drawn.offers[(subject.id, place.side)] = _offers(job, place, subject, tries)
        offered.update(offers)
    drawn.linked |= _linked(job, place, offered)
    drawn.taken |= _taken(place, offered) | {offer.upper() for offer in drawn.linked}


def _draw_ids(job: Job, place: Place, wanted: Sequence[Subject], drawn: Drawn) -> None:
    """Draw the id of each create, the next one where a link knows another record by it."""
    source = job.across(place.side)
    waiting = list(wanted)
    for turn in range(TRIES):
        ids = {
            one.id: drawn_id(job.pair, job.flow.name, source.side, one.records[source.side], one.turn + turn)
            for one in waiting
        }
        linked = _linked(job, place, {key_text(key) for key in ids.values()})
        drawn.keys.update(
            ((name, place.side), key) for name, key in ids.items() if key_text(key) not in linked
        )
        waiting = [one for one in waiting if key_text(ids[one.id]) in linked]
        if not waiting:
            return


def _linked(job: Job, place: Place, keys: set[str]) -> set[str]:
    with job.store.read() as conn:
        return set(links.by_keys(conn, job.pair, job.flow.name, place.end, sorted(keys)))


def _creates_on(subject: Subject, side: str) -> bool:
    plan = subject.plan
    return (
        plan is not None
        and plan.problem is None
        and subject.problem is None
        and any(w.side == side and w.op is Op.CREATE for w in plan.writes)
    )


def _offers(job: Job, place: Place, subject: Subject, tries: int) -> list[str]:
    scheme = job.flow.side(place.side).number
    assert scheme is not None
    source = job.across(place.side)
    record = subject.records[source.side]
    name = show(canonical(job, source, record, scheme.name)) if scheme.name else ""
    account = show(canonical(job, source, record, scheme.account_number)) if scheme.account_number else ""
    length = place.entity.fields[place.entity.key[0]].length or 15
    numbers = candidates(
        scheme.scheme, name=name, account_number=account, record_id=record.key[0], length=length
    )
    return list(islice(numbers, subject.turn, subject.turn + tries))


def _taken(place: Place, offers: set[str]) -> set[str]:
    """Ask the target which numbers are in use: the first few of each at once."""
    keys: list[Key] = [(offer,) for offer in offers]
    found = place.connector.get(place.entity.name, keys, place.entity.key)
    return {key[0].upper() for key in found}


def reserve(conn: Connection, job: Job, subjects: Sequence[Subject], drawn: Drawn) -> None:
    """Reserve the first free number for each create; numbers belong to (system, entity)."""
    for place in job.places:
        offers: dict[str, list[str]] = {}
        owners: dict[str, Subject] = {}
        for subject in subjects:
            free = [
                offer
                for offer in drawn.offers.get((subject.id, place.side), [])
                if offer.upper() not in drawn.taken
            ]
            if free:
                owner = _owner(job, subject, place)
                offers[owner], owners[owner] = free, subject
        if not offers:
            continue
        got: Mapping[str, str] = reservations.reserve(
            conn, place.system, place.entity.name, offers, drawn.linked
        )
        for owner, number in got.items():
            drawn.keys[(owners[owner].id, place.side)] = key_of(number)


def propose(job: Job, subjects: Sequence[Subject]) -> Drawn:
    """Draw keys for a plan that is only shown: nothing is reserved.

    Of a number few are asked about at first; where those are in use, by others of the page too, as many as in a run.
    """
    drawn = draw(job, subjects, _FEW)
    extended: set[tuple[str, str]] = set()
    while True:
        short = [one for one in _choose(job, subjects, drawn) if (one[0].id, one[1]) not in extended]
        if not short:
            return drawn
        extended.update((subject.id, side) for subject, side in short)
        for place in job.places:
            more = [subject for subject, side in short if side == place.side]
            if more:
                _offer(job, place, more, drawn, TRIES)


def _choose(job: Job, subjects: Sequence[Subject], drawn: Drawn) -> list[tuple[Subject, str]]:
    """Choose the first free number of each create, one after the other; name those for which none was left."""
    used, short = set(drawn.taken), list[tuple[Subject, str]]()
    for place in job.places:
        for subject in subjects:
            name = (subject.id, place.side)
            if name not in drawn.offers:
                continue
            free = next((offer for offer in drawn.offers[name] if offer.upper() not in used), None)
            if free is None:
                drawn.keys.pop(name, None)
                short.append((subject, place.side))
            else:
                used.add(free.upper())
                drawn.keys[name] = (free,)
    return short


def _owner(job: Job, subject: Subject, place: Place) -> str:
    """Name who reserves: the source record for ever, and how often its number turned out to be taken."""
    source = job.across(place.side)
    record = subject.records[source.side]
    return "\x1e".join(
        (job.pair, job.flow.name, source.side, key_text(record.key), record.birth, str(subject.turn))
    )
