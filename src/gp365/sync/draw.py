"""Drawing keys: under which number or id a record is created, free in the target and reserved for us first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Connection

from gp365.model.numbers import candidates
from gp365.model.record import Op
from gp365.model.values import Key, key_of, key_text, show
from gp365.store import reservations
from gp365.sync.job import Job, Place, drawn_id
from gp365.sync.norms import canonical
from gp365.sync.subject import Subject

TRIES = 24


@dataclass(slots=True)
class Drawn:
    """The keys drawn for a page: offers per subject, what is taken in the target, and what was reserved."""

    keys: dict[tuple[str, str], Key] = field(default_factory=dict[tuple[str, str], Key])
    offers: dict[tuple[str, str], list[str]] = field(default_factory=dict[tuple[str, str], list[str]])
    taken: set[str] = field(default_factory=set[str])

    def key(self, subject: Subject, side: str) -> Key | None:
        """Return the key for a subject's create on a side."""
        return self.keys.get((subject.id, side))


def draw(job: Job, subjects: Sequence[Subject]) -> Drawn:
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
            for subject in wanted:
                source = subject.records[job.across(place.side).side]
                turn = subject.turn
                drawn.keys[(subject.id, place.side)] = drawn_id(
                    job.pair, job.flow.name, job.across(place.side).side, source, turn
                )
            continue
        for subject in wanted:
            drawn.offers[(subject.id, place.side)] = _offers(job, place, subject)
        offered = {
            offer for (_, side), offers in drawn.offers.items() if side == place.side for offer in offers
        }
        drawn.taken |= _taken(place, offered)
    return drawn


def _creates_on(subject: Subject, side: str) -> bool:
    plan = subject.plan
    return (
        plan is not None
        and plan.problem is None
        and subject.problem is None
        and any(w.side == side and w.op is Op.CREATE for w in plan.writes)
    )


def _offers(job: Job, place: Place, subject: Subject) -> list[str]:
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
    return list(islice(numbers, subject.turn, subject.turn + TRIES))


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
        got: Mapping[str, str] = reservations.reserve(conn, place.system, place.entity.name, offers, set())
        for owner, number in got.items():
            drawn.keys[(owners[owner].id, place.side)] = key_of(number)


def propose(job: Job, subjects: Sequence[Subject], drawn: Drawn) -> None:
    """Choose numbers for a plan that is only shown: nothing is reserved."""
    used: set[str] = set(drawn.taken)
    for place in job.places:
        for subject in subjects:
            for offer in drawn.offers.get((subject.id, place.side), []):
                if offer.upper() not in used:
                    used.add(offer.upper())
                    drawn.keys[(subject.id, place.side)] = (offer,)
                    break


def _owner(job: Job, subject: Subject, place: Place) -> str:
    """Name who reserves: the source record for ever, and how often its number turned out to be taken."""
    source = job.across(place.side)
    record = subject.records[source.side]
    return "\x1e".join(
        (job.pair, job.flow.name, source.side, key_text(record.key), record.birth, str(subject.turn))
    )
