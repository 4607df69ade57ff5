"""Suggestions: a record that would be created beside one that looks like it is parked for a person, with the evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from gp365.model.plan import Candidate, Problem
from gp365.model.record import Record
from gp365.model.similar import generic_weight
from gp365.model.values import Key, key_of, show_key
from gp365.store import links, runs
from gp365.store.links import Link
from gp365.sync.evidence import linked_to
from gp365.sync.job import Job, Place, merged_into
from gp365.sync.observe import Observation
from gp365.sync.reading import read_keys
from gp365.sync.seen import Seen
from gp365.sync.similar.index import Index
from gp365.sync.similar.judge import MOST_SHOWN, Hit, judge, ranked
from gp365.sync.similar.shape import Shape, carding, texts_of
from gp365.sync.subject import Subject

_NUMBER_ALONE = "number-alone"
CREATED = "create"  # what made a link whose record we created (see record)


@dataclass(slots=True)
class Asked:
    """What was asked for a page: by side, the records without a partner, their cards, and the answer to come."""

    pages: list[tuple[Place, list[Subject], list[str], Future[list[list[Hit]]]]]


def ask(job: Job, observation: Observation, subjects: Sequence[Subject]) -> Asked:
    """Begin to look for records that are like those that have no partner and would be created on the other side."""
    index = observation.similar
    asked = Asked([])
    if index is None:
        return asked
    for place in job.places:
        across = job.across(place.side)
        if not job.flow.side(across.side).create:
            continue
        alone = [one for one in subjects if _is_alone(one, place)]
        if alone:
            seen, body_of = observation.seen[place.side], carding(job, index.shape, place)
            bodies = [_body(seen, one.records[place.side], body_of) for one in alone]
            asked.pages.append((place, alone, bodies, index.ask(across.side, bodies)))
    return asked


def suggest(job: Job, observation: Observation, asked: Asked) -> None:
    """Stop the records that look like others, with what was found."""
    index = observation.similar
    if index is None:
        return
    for place, alone, bodies, answer in asked.pages:
        across = job.across(place.side)
        found = dict(zip((id(one) for one in alone), zip(bodies, answer.result(), strict=True), strict=True))
        waiting = [one for one in alone if found[id(one)][1] and _is_alone(one, place)]
        hits = {id(one): found[id(one)] for one in waiting}
        hits = _standing(job, index, observation, across, hits)
        held = _links(job, across, [hit.key for _, ones in hits.values() for hit in ones])
        copies = _copies(job, held)
        for subject in waiting:
            body, ones = hits[id(subject)]
            ones = [hit for hit in ones if hit.key not in copies]
            if ones:
                subject.problem = _problem(index.shape, across, place, body, ones, held, subject.problem)


def alike(
    job: Job, observation: Observation, place: Place, subjects: Sequence[Subject]
) -> dict[int, tuple[Candidate, ...]]:
    """Find, by the id of each subject, the records of the other side that are like its record on a side."""
    index, across = observation.similar, job.across(place.side)
    if index is None or not subjects:
        return {}
    body_of = carding(job, index.shape, place)
    bodies = [body_of(one.records[place.side]) for one in subjects]
    answer = index.ask(across.side, bodies).result()
    found = {id(one): (body, hits) for one, body, hits in zip(subjects, bodies, answer, strict=True)}
    found = _standing(job, index, observation, across, found)
    held = _links(job, across, [hit.key for _, hits in found.values() for hit in hits])
    return {
        name: tuple(_candidate(index.shape, place, body, hit, held.get(hit.key)) for hit in hits)
        for name, (body, hits) in found.items()
    }


def _body(seen: Seen, record: Record, body_of: Callable[[Record], str]) -> str:
    card = seen.told(record).card
    return card if card is not None else body_of(record)


def _is_alone(subject: Subject, place: Place) -> bool:
    return (
        subject.link is None
        and (subject.problem is None or subject.problem.code == _NUMBER_ALONE)
        and not subject.open_intents
        and not subject.left_out
        and not subject.decided
        and list(subject.records) == [place.side]
        and len(subject.keys) == 1
    )


_Found = Mapping[int, tuple[str, list[Hit]]]


def _standing(job: Job, index: Index, observation: Observation, across: Place, found: _Found) -> _Found:
    """Look at records that are known from the store: those that are no more are left out, the others judged as they are."""
    keys = list(dict.fromkeys(key_of(hit.key) for _, hits in found.values() for hit in hits if hit.stored))
    if not keys:
        return found
    records = read_keys(job, observation, across, keys)
    body_of = carding(job, index.shape, across)
    bodies = {key: body_of(record) for key, record in records.items() if not merged_into(across, record)}
    return {name: (body, _looked_at(index, body, hits, bodies)) for name, (body, hits) in found.items()}


def _looked_at(index: Index, body: str, hits: Sequence[Hit], bodies: Mapping[Key, str]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in hits:
        now = bodies.get(key_of(hit.key)) if hit.stored else hit.body
        if now == hit.body:
            kept.append(hit)
        elif now is not None:
            again = judge(index.shape, texts_of(body), hit.key, now, generic_weight)
            kept += [again] if again is not None else []
    return ranked(kept)


def _links(job: Job, across: Place, keys: Sequence[str]) -> dict[str, Link]:
    if not keys:
        return {}
    with job.store.read() as conn:
        return links.by_keys(conn, job.pair, job.flow.name, across.end, keys)


def _copies(job: Job, held: Mapping[str, Link]) -> set[str]:
    """Name the records that a first load has made itself: that they look alike says that two of their sources do.

    A plan of the first load does not know them either. Later, whoever is like one of them may be a double.
    """
    made = {key for key, link in held.items() if link.made_by == CREATED}
    if not made:
        return made
    with job.store.read() as conn:
        return set() if runs.completed(conn, job.pair, job.flow.name, job.runs) else made


def _problem(
    shape: Shape,
    across: Place,
    place: Place,
    body: str,
    hits: Sequence[Hit],
    held: Mapping[str, Link],
    before: Problem | None,
) -> Problem:
    """Say what a record looks like; one that is stopped for its number already shows that first."""
    evidence = [_candidate(shape, place, body, hit, held.get(hit.key)) for hit in hits]
    if before is not None:
        known = {one.key for one in before.evidence}
        more = [one for one in evidence if one.key not in known][: MOST_SHOWN - len(known)]
        names = tuple(show_key(key_of(one.key)) for one in more)
        return replace(before, candidates=(*before.candidates, *names), evidence=(*before.evidence, *more))
    names = tuple(show_key(key_of(hit.key)) for hit in hits)
    best = ", ".join(f"{name} ({hit.score:.2f})" for name, hit in list(zip(names, hits, strict=True))[:3])
    taken = sum(bool(one.linked_to) for one in evidence)
    linked = f" Linked already: {taken}." if taken else ""
    message = f"{len(hits)} record(s) on {across.side} look like it: {best}.{linked}"
    return Problem("similar", message, side=across.side, candidates=names, evidence=tuple(evidence))


def _candidate(shape: Shape, place: Place, body: str, hit: Hit, link: Link | None) -> Candidate:
    fields = {
        field.name: (mine or None, theirs or None)
        for field, mine, theirs in zip(shape.fields, texts_of(body), texts_of(hit.body), strict=True)
        if mine or theirs
    }
    rule = ", ".join(shape.fields[at].name for at, _ in shape.rules[hit.rule])
    return Candidate(hit.key, f"similar {rule}", hit.score, fields, linked_to(link, place))
