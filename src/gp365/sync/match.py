"""Match: look for the partner of a record that has none, in the order that the rules of identity give.

Our own mark in a record · a record of ours that names both ends · `same` rules in rank over all rows, conditions or
not · else a create. Several candidates, a candidate that is linked elsewhere, one that contradicts in all that could
confirm it, or agreement on a number alone are never decided here: they are parked with what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gp365.model.plan import Candidate, Problem
from gp365.model.record import Record
from gp365.model.values import Key, key_of, key_text, show, show_key
from gp365.store import links, match
from gp365.store.links import Link
from gp365.sync.evidence import candidate, contradict
from gp365.sync.job import Job, Place, drawn_id, reference_of, single_subject
from gp365.sync.norms import REFERENCE_RULE, Rules, canonical, norming, rules_of
from gp365.sync.observe import Observation, matched_by
from gp365.sync.reading import read_keys
from gp365.sync.subject import Subject
from gp365.sync.through import through_all

Found = dict[tuple[str, int, str], list[str]]  # (side, rule, norm) → keys
Norms = dict[tuple[str, str], dict[int, str]]  # (side, key) → norm by rule
# Evidence is read by people.
_MOST_SHOWN = 10


@dataclass(slots=True)
class _Lookout:
    """What matching a page goes by: norms and marks of records, candidates by norm, their records and links.

    By (side, key); the mark of a record is the norm under which one that we created for it would be found. `gone` are
    partners that a record of ours names and that are no more.
    """

    job: Job
    norms: Norms
    found: Found = field(default_factory=dict[tuple[str, int, str], list[str]])
    records: dict[tuple[str, str], Record] = field(default_factory=dict[tuple[str, str], Record])
    linked: Mapping[tuple[str, str], Link] = field(default_factory=dict[tuple[str, str], Link])
    through: Mapping[tuple[str, str], list[str]] = field(default_factory=dict[tuple[str, str], list[str]])
    marks: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    gone: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    rules: Rules = field(default_factory=Rules)


def match_singles(job: Job, observation: Observation, singles: Sequence[Subject]) -> list[Subject]:
    """Look for partners; return the subjects that were merged into their partner's subject."""
    look = _Lookout(job, _norms_of(job, observation, singles), rules=rules_of(job))
    for subject in singles:
        look.records.update({(side, key_text(one.key)): one for side, one in subject.records.items()})
    look.through = through_all(job, singles)
    _read_named(look, observation)
    look.found = _standing(look, observation, _look_up(look, singles))
    look.linked = _links_of(look)
    merged: dict[int, Subject] = {}
    by_key = {(side, key): subject for subject in singles for side, key in subject.keys.items()}
    for subject in singles:
        if id(subject) in merged:
            continue
        side = next(iter(subject.records))
        partner = _partner(look, subject, side)
        if partner is not None:
            _join(look, subject, side, partner, by_key, merged)
    return list(merged.values())


def _read_named(look: _Lookout, observation: Observation) -> None:
    """Read the partners that records of ours name: a card may outlive its customer."""
    for place in look.job.places:
        side = place.side
        named = {key for (at, _), keys in look.through.items() if at != side for key in keys}
        missing = [key_of(key) for key in named if (side, key) not in look.records]
        found = read_keys(look.job, observation, place, missing) if missing else {}
        look.records.update({(side, key_text(key)): record for key, record in found.items()})
        look.gone |= {(side, key_text(key)) for key in missing if key not in found}


def _join(
    look: _Lookout,
    subject: Subject,
    side: str,
    partner: Key,
    by_key: Mapping[tuple[str, Key], Subject],
    merged: dict[int, Subject],
) -> None:
    """Make one subject of two records, under the left one's name."""
    across = look.job.across(side)
    other = by_key.get((across.side, partner))
    subject.keys[across.side] = partner
    if other is not None and other is not subject:
        subject.rows.extend(other.rows)
        subject.records.update(other.records)
        merged[id(other)] = other
    elif (record := look.records.get((across.side, key_text(partner)))) is not None:
        subject.records[across.side] = record
    if across.end == "left":
        subject.id = single_subject(across.side, key_text(partner))


def _partner(look: _Lookout, subject: Subject, side: str) -> Key | None:
    """Give the one partner, or None (and a problem on the subject where a person must look)."""
    job, record, across = look.job, subject.records[side], look.job.across(side)
    named = look.through.get((side, key_text(record.key)), [])
    mark = look.marks[side, key_text(record.key)]
    marked = look.found.get((across.side, REFERENCE_RULE, mark), [])
    if named and not marked and all((across.side, key) in look.gone for key in named):
        message = f"A record of ours names {_names(named)} on {across.side} as its partner, which is gone."
        _park(look, subject, side, "candidates", message, named, "a record of ours names both")
        return None
    for keys, why in ((marked, "our own mark"), (named, "a record of ours names both")):
        if keys:
            return _only(look, subject, side, keys, why)
    norms = look.norms[side, key_text(record.key)]
    for number, fields, links_them in look.rules:
        norm = norms.get(number, "")
        keys = look.found.get((across.side, number, norm), []) if norm else []
        if not keys:
            continue
        if not links_them:
            _park_alone(look, subject, side, fields, keys)
            return None
        why, mine = f"same {', '.join(fields)}", look.found.get((side, number, norm), [])
        if len({*mine, key_text(record.key)}) > 1:
            _park_several(look, subject, side, fields, keys, mine)
            return None
        partner = _only(look, subject, side, keys, why)
        if partner is not None and _contradicts(look, subject, side, number, partner):
            _park_contradicting(look, subject, side, keys[0], why, job.flow.unless[number - 1])
            return None
        return partner
    return None


def _mark(job: Job, record: Record, side: str, across: Place) -> str:
    """Give the norm under which a record that we created for this one would be found."""
    if across.entity.reference_field:
        return reference_of(job.pair, job.flow.name, side, record)
    return key_text(drawn_id(job.pair, job.flow.name, side, record))


def _only(look: _Lookout, subject: Subject, side: str, keys: Sequence[str], why: str) -> Key | None:
    """Accept the only candidate; several, or one that is linked elsewhere, are for a person."""
    across = look.job.across(side)
    taken = [key for key in keys if (across.side, key) in look.linked]
    if len(keys) == 1 and not taken:
        subject.made_by = why
        return key_of(keys[0])
    elsewhere = f" {_names(taken)} is linked already." if taken else ""
    message = (
        f"{len(keys)} record(s) on {across.side} could be the same ({why}): {_names(keys[:5])}.{elsewhere}"
    )
    _park(look, subject, side, "candidates", message, keys, why)
    return None


def _contradicts(look: _Lookout, subject: Subject, side: str, number: int, partner: Key) -> bool:
    """Tell whether two records that agree in a rule's fields differ in everything that the rule would have them share."""
    unless = look.job.flow.unless[number - 1]
    other = look.records.get((look.job.across(side).side, key_text(partner)))
    if not unless or other is None:
        return False
    return contradict(look.job, unless, {side: subject.records[side], look.job.across(side).side: other})


def _park_contradicting(
    look: _Lookout, subject: Subject, side: str, key: str, why: str, unless: Sequence[str]
) -> None:
    across = look.job.across(side).side
    message = f"{_names([key])} on {across} could be the same ({why}), but differs in {', '.join(unless)}."
    _park(look, subject, side, "candidates", message, [key], why)


def _park_several(
    look: _Lookout,
    subject: Subject,
    side: str,
    fields: Sequence[str],
    keys: Sequence[str],
    mine: Sequence[str],
) -> None:
    across, agreed = look.job.across(side).side, ", ".join(fields)
    message = f"Several records on {side} ({_names(mine)}) agree in {agreed} with {_names(keys)} on {across}."
    _park(look, subject, side, "candidates", message, keys, f"same {agreed}")


def _park_alone(
    look: _Lookout, subject: Subject, side: str, fields: Sequence[str], keys: Sequence[str]
) -> None:
    job, record = look.job, subject.records[side]
    held = ", ".join(show(canonical(job, job.place(side), record, name)) for name in fields)
    across, agreed = job.across(side).side, ", ".join(fields)
    message = f"{agreed} {held} agrees with {_names(keys)} on {across}, but nothing else does."
    _park(look, subject, side, "number-alone", message, keys, f"{agreed} alone", fields[0], held)


def _park(
    look: _Lookout,
    subject: Subject,
    side: str,
    code: str,
    message: str,
    keys: Sequence[str],
    why: str,
    name: str = "",
    value: str = "",
) -> None:
    across = look.job.across(side).side
    evidence = tuple(_candidate(look, subject, side, key, why) for key in keys[:_MOST_SHOWN])
    names = tuple(show_key(key_of(key)) for key in keys)
    subject.problem = Problem(code, message, name, value, across, names, evidence)


def _candidate(look: _Lookout, subject: Subject, side: str, key: str, why: str) -> Candidate:
    place = (look.job.across(side).side, key)
    link, record = look.linked.get(place), look.records.get(place)
    return candidate(look.job, side, subject.records[side], record, key, why, link)


def _names(keys: Sequence[str]) -> str:
    return ", ".join(show_key(key_of(key)) for key in keys)


def _norms_of(job: Job, observation: Observation, singles: Sequence[Subject]) -> Norms:
    norms: Norms = {}
    rules = rules_of(job)
    norms_of = {place.side: norming(job, place, rules) for place in job.places}
    for subject in singles:
        side, record = next(iter(subject.records.items()))
        held = observation.seen[side].told(record).norms or norms_of[side](record)
        norms[side, key_text(record.key)] = dict(held)
    return norms


def _look_up(look: _Lookout, singles: Sequence[Subject]) -> Found:
    """Look all rules of all singles up at once, on the other side and then, for rivals, on their own."""
    job = look.job
    wanted: set[tuple[str, int, str]] = set()
    mine: set[tuple[str, int, str]] = set()
    for subject in singles:
        side = next(iter(subject.records))
        record, across = subject.records[side], job.across(side)
        mark = look.marks[side, key_text(record.key)] = _mark(job, record, side, across)
        wanted.add((across.side, REFERENCE_RULE, mark))
        for number, norm in look.norms[side, key_text(record.key)].items():
            if number != REFERENCE_RULE:
                wanted.add((across.side, number, norm))
                mine.add((side, number, norm))
    found = find_norms(job, wanted)
    # Rivals matter only where there is something to be had.
    rivals = {one for one in mine if (job.across(one[0]).side, *one[1:]) in found} - wanted
    return found | find_norms(job, rivals)


def find_norms(job: Job, wanted: set[tuple[str, int, str]]) -> Found:
    """Find the keys that have, or once had, these norms: (side, rule, norm) → keys."""
    found: Found = {}
    if not wanted:
        return found
    with job.store.read() as conn:
        norms = sorted({norm for _, _, norm in wanted}) if match.any_kept(conn) else ()
        held = match.find(conn, job.pair, job.flow.name, norms)
    for side, number, norm, key in held:
        if (side, number, norm) in wanted:
            found.setdefault((side, number, norm), []).append(key)
    _look_up_scratch(job, wanted, found)
    return found


def _standing(look: _Lookout, observation: Observation, found: Found) -> Found:
    """Keep the candidates that stand and still agree: the keys that matching looks up may be of a record's past."""
    norms, rules = look.norms, look.rules
    for place in look.job.places:
        named = {key for (side, _, _), held in found.items() if side == place.side for key in held}
        keys = [key for key in named if (place.side, key) not in norms]
        norms_of = norming(look.job, place, rules)
        for key, record in read_keys(look.job, observation, place, [key_of(key) for key in keys]).items():
            look.records[place.side, key_text(key)] = record
            held = observation.seen[place.side].told(record).norms or norms_of(record)
            norms[place.side, key_text(key)] = dict(held)
    return {
        (side, rule, norm): [key for key in keys if norms.get((side, key), {}).get(rule) == norm]
        for (side, rule, norm), keys in found.items()
    }


def _look_up_scratch(job: Job, wanted: Iterable[tuple[str, int, str]], found: Found) -> None:
    """Add what a plan (which stores nothing) has observed itself."""
    by_side: dict[str, dict[str, tuple[str, int, str]]] = {place.side: {} for place in job.places}
    for one in wanted:
        by_side[one[0]][f"{one[1]}\x1d{one[2]}"] = one
    for side, indexes in by_side.items():
        for key, index, _ in matched_by(job, side).find(sorted(indexes)):
            keys = found.setdefault(indexes[index], [])
            if key not in keys:
                keys.append(key)


def _links_of(look: _Lookout) -> Mapping[tuple[str, str], Link]:
    """Tell which candidates are linked already, and with whom."""
    job = look.job
    candidates: dict[str, set[str]] = {place.side: set() for place in job.places}
    for (side, _, _), keys in look.found.items():
        candidates[side].update(keys)
    for (side, _), keys in look.through.items():
        candidates[job.across(side).side].update(keys)
    taken: dict[tuple[str, str], Link] = {}
    with job.store.read() as conn:
        for place in job.places:
            known = links.by_keys(conn, job.pair, job.flow.name, place.end, sorted(candidates[place.side]))
            taken.update({(place.side, key): link for key, link in known.items()})
    return taken
