"""Match: look for the partner of a record that has none, in the order that the rules of identity give.

Our own mark in a record · a record of ours that names both ends · `same` rules in rank over all rows, conditions or
not · else a create. Several candidates, a candidate that is linked elsewhere, or agreement on a number alone are never
decided here: they are parked with what was found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gp365.model.flow import Through
from gp365.model.plan import Problem
from gp365.model.record import Record
from gp365.model.values import Key, Value, key_of, key_text, show, show_key
from gp365.store import links, match
from gp365.sync.job import Job, Place, drawn_id, reference_of, single_subject
from gp365.sync.norms import REFERENCE_RULE, canonical, norms_of, rules_of
from gp365.sync.observe import Observation
from gp365.sync.reading import read_keys
from gp365.sync.subject import Subject

Found = dict[tuple[str, int, str], list[str]]  # (side, rule, norm) → keys
Norms = dict[tuple[str, str], dict[int, str]]  # (side, key) → norm by rule


def match_singles(job: Job, observation: Observation, singles: Sequence[Subject]) -> list[Subject]:
    """Look for partners; return the subjects that were merged into their partner's subject."""
    by_through = _through_all(job, observation, singles)
    norms = _norms_of(job, singles)
    found = _standing(job, observation, _look_up(job, singles, norms), norms)
    linked = _links_of(job, found, by_through)
    merged: dict[int, Subject] = {}
    by_key = {(side, key): subject for subject in singles for side, key in subject.keys.items()}
    for subject in singles:
        if id(subject) in merged:
            continue
        side = next(iter(subject.records))
        partner = _partner(job, subject, side, norms, found, linked, by_through)
        if partner is None:
            continue
        _join(job, subject, side, partner, by_key, merged)
    return list(merged.values())


def _join(
    job: Job,
    subject: Subject,
    side: str,
    partner: Key,
    by_key: Mapping[tuple[str, Key], Subject],
    merged: dict[int, Subject],
) -> None:
    """Make one subject of two records, under the left one's name."""
    across = job.across(side)
    other = by_key.get((across.side, partner))
    subject.keys[across.side] = partner
    if other is not None and other is not subject:
        subject.rows.extend(other.rows)
        subject.records.update(other.records)
        merged[id(other)] = other
    if across.end == "left":
        subject.id = single_subject(across.side, key_text(partner))


def _partner(
    job: Job,
    subject: Subject,
    side: str,
    known: Norms,
    found: Found,
    linked: Mapping[tuple[str, str], int],
    by_through: Mapping[tuple[str, str], list[str]],
) -> Key | None:
    """Give the one partner, or None (and a problem on the subject where a person must look)."""
    record = subject.records[side]
    across = job.across(side)
    named = by_through.get((side, key_text(record.key)), [])
    marked = found.get((across.side, REFERENCE_RULE, _mark(job, record, side, across)), [])
    for keys, why in ((marked, "our own mark"), (named, "a record of ours names both")):
        if keys:
            return _only(subject, across, keys, linked, why)
    norms = known[side, key_text(record.key)]
    for number, fields, links_them in rules_of(job):
        norm = norms.get(number)
        keys = found.get((across.side, number, norm), []) if norm else []
        if not keys:
            continue
        if not links_them:
            _park_alone(job, subject, side, fields, keys)
            return None
        mine = found.get((side, number, norm or ""), [])
        if len(set(mine) | {key_text(record.key)}) > 1:
            _park_several(subject, side, across, fields, keys, mine)
            return None
        return _only(subject, across, keys, linked, f"same {', '.join(fields)}")
    return None


def _mark(job: Job, record: Record, side: str, across: Place) -> str:
    """Give the norm under which a record that we created for this one would be found."""
    if across.entity.reference_field:
        return reference_of(job.pair, job.flow.name, side, record)
    return key_text(drawn_id(job.pair, job.flow.name, side, record))


def _only(
    subject: Subject, across: Place, keys: Sequence[str], linked: Mapping[tuple[str, str], int], why: str
) -> Key | None:
    """Accept the only candidate; several, or one that is linked elsewhere, are for a person."""
    taken = [key for key in keys if (across.side, key) in linked]
    if len(keys) == 1 and not taken:
        subject.made_by = why
        return key_of(keys[0])
    names = tuple(show_key(key_of(key)) for key in keys)
    elsewhere = f" {', '.join(show_key(key_of(key)) for key in taken)} is linked already." if taken else ""
    message = f"{len(keys)} record(s) on {across.side} could be the same ({why}): {', '.join(names[:5])}.{elsewhere}"
    subject.problem = Problem("candidates", message, candidates=names, side=across.side)
    return None


def _park_several(
    subject: Subject,
    side: str,
    across: Place,
    fields: Sequence[str],
    keys: Sequence[str],
    mine: Sequence[str],
) -> None:
    names = tuple(show_key(key_of(key)) for key in keys)
    rivals = ", ".join(show_key(key_of(key)) for key in mine)
    message = f"Several records on {side} ({rivals}) agree in {', '.join(fields)} with {', '.join(names)} on {across.side}."
    subject.problem = Problem("candidates", message, candidates=names, side=across.side)


def _park_alone(job: Job, subject: Subject, side: str, fields: Sequence[str], keys: Sequence[str]) -> None:
    names = tuple(show_key(key_of(key)) for key in keys)
    held = ", ".join(show(canonical(job, job.place(side), subject.records[side], name)) for name in fields)
    across = job.across(side).side
    message = f"{', '.join(fields)} {held} agrees with {', '.join(names)} on {across}, but nothing else does."
    subject.problem = Problem("number-alone", message, fields[0], held, across, names)


def _norms_of(job: Job, singles: Sequence[Subject]) -> Norms:
    norms: Norms = {}
    for subject in singles:
        side, record = next(iter(subject.records.items()))
        norms[side, key_text(record.key)] = dict(norms_of(job, job.place(side), record))
    return norms


def _look_up(job: Job, singles: Sequence[Subject], known: Norms) -> Found:
    """Look all rules of all singles up at once, on the other side and (for rivals) on their own."""
    wanted: dict[tuple[str, int], set[str]] = {}
    for subject in singles:
        side = next(iter(subject.records))
        record, across = subject.records[side], job.across(side)
        wanted.setdefault((across.side, REFERENCE_RULE), set()).add(_mark(job, record, side, across))
        for number, norm in known[side, key_text(record.key)].items():
            if number != REFERENCE_RULE:
                wanted.setdefault((across.side, number), set()).add(norm)
                wanted.setdefault((side, number), set()).add(norm)
    found: Found = {}
    with job.store.read() as conn:
        for (side, number), norms in wanted.items():
            for norm, keys in match.find(conn, job.pair, job.flow.name, side, number, list(norms)).items():
                found[(side, number, norm)] = list(keys)
    _look_up_scratch(job, wanted, found)
    return found


def _standing(job: Job, observation: Observation, found: Found, known: Norms) -> Found:
    """Keep the candidates that stand and still agree: the keys that matching looks up may be of a record's past."""
    norms = dict(known)
    for place in job.places:
        named = {key for (side, _, _), held in found.items() if side == place.side for key in held}
        keys = [key for key in named if (place.side, key) not in known]
        records = read_keys(job, observation, place, [key_of(key) for key in keys])
        for key, record in records.items():
            norms[place.side, key_text(key)] = dict(norms_of(job, place, record))
    return {
        (side, rule, norm): [key for key in keys if norms.get((side, key), {}).get(rule) == norm]
        for (side, rule, norm), keys in found.items()
    }


def _look_up_scratch(job: Job, wanted: Mapping[tuple[str, int], set[str]], found: Found) -> None:
    """Add what a plan (which stores nothing) has observed itself."""
    for (side, number), norms in wanted.items():
        table = job.scratch.table(f"{job.chain}/match/{side}")
        for key, index, _ in table.find([f"{number}\x1d{norm}" for norm in norms]):
            name = (side, number, index.split("\x1d", 1)[1])
            keys = found.setdefault(name, [])
            if (text := key.split("\x1d", 1)[1]) not in keys:
                keys.append(text)


def _links_of(
    job: Job, found: Found, by_through: Mapping[tuple[str, str], list[str]]
) -> Mapping[tuple[str, str], int]:
    """Tell which candidates are linked already."""
    candidates: dict[str, set[str]] = {place.side: set() for place in job.places}
    for (side, _, _), keys in found.items():
        candidates[side].update(keys)
    for (side, _), keys in by_through.items():
        candidates[job.across(side).side].update(keys)
    taken: dict[tuple[str, str], int] = {}
    with job.store.read() as conn:
        for place in job.places:
            known = links.by_keys(conn, job.pair, job.flow.name, place.end, list(candidates[place.side]))
            taken.update({(place.side, key): link.id for key, link in known.items()})
    return taken


def _through_all(
    job: Job, observation: Observation, singles: Sequence[Subject]
) -> dict[tuple[str, str], list[str]]:
    """Find partners by records of ours that name both ends: (side, key) → keys on the other side."""
    named: dict[tuple[str, str], list[str]] = {}
    for rule in job.flow.through:
        _through(job, observation, rule, singles, named)
    return named


def _through(
    job: Job,
    observation: Observation,
    rule: Through,
    singles: Sequence[Subject],
    named: dict[tuple[str, str], list[str]],
) -> None:
    """One rule: the records of `rule.entity` hold the other side's value in `field` and this side's key in `to`."""
    del observation
    here, there = job.place(rule.side), job.across(rule.side)
    numbers: dict[str, Key] = {}
    accounts: list[Value] = []
    for subject in singles:
        if there.side in subject.records:
            value = canonical(job, there, subject.records[there.side], rule.names)
            numbers[show(value).upper()] = subject.records[there.side].key
        else:
            accounts.append(subject.records[here.side].key[0])
    fields = [name for name in (rule.company, rule.field, rule.to) if name]
    held: list[Record] = []
    if numbers:
        held += here.connector.find(rule.entity, rule.field, list(numbers), fields)
    if accounts:
        held += here.connector.find(rule.entity, rule.to, accounts, fields)
    for record in held:
        number, to = record.values.get(rule.field), record.values.get(rule.to)
        if number is None or to is None or (rule.company and record.values.get(rule.company) != job.company):
            continue
        there_key = key_text(numbers.get(str(number).upper(), (str(number),)))
        _name(named, (there.side, there_key), str(to))
        _name(named, (here.side, str(to)), there_key)


def _name(named: dict[tuple[str, str], list[str]], one: tuple[str, str], other: str) -> None:
    keys = named.setdefault(one, [])
    if other not in keys:
        keys.append(other)
