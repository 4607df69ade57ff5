"""The normalised keys under which a record is found when partners are looked for (first contact and later)."""

from __future__ import annotations

from gp365.model.matching import kind_of, normalise
from gp365.model.record import Record
from gp365.model.values import Value, key_text, show
from gp365.sync.job import Job, Place, merged_into

REFERENCE_RULE = 0
Rules = list[tuple[int, tuple[str, ...], bool]]


def rules_of(job: Job) -> Rules:
    """Number the matching rules: (number, canonical fields, whether agreement on them links)."""
    flow = job.flow
    rules = [(1 + place, fields, True) for place, fields in enumerate(flow.same)]
    return rules + [(1 + len(flow.same) + place, fields, False) for place, fields in enumerate(flow.alone)]


def norms_of(job: Job, place: Place, record: Record, rules: Rules | None = None) -> list[tuple[int, str]]:
    """Give (rule, normalised key) for each rule whose fields are all filled, and for the mark that names our creates.

    A record that was merged into another one is nobody's partner, and matches by nothing. `rules` spares working them
    out for each of many records.
    """
    if merged_into(place, record):
        return []
    found = [(REFERENCE_RULE, record.reference or key_text(record.key))]
    texts: dict[str, str] = {}
    for number, fields, _ in rules if rules is not None else rules_of(job):
        parts: list[str] = []
        for name in fields:
            text = texts.get(name)
            if text is None:
                text = texts[name] = _normal(job, place, record, name)
            if not text:
                break
            parts.append(text)
        else:
            found.append((number, "\x1e".join(parts)))
    return found


def _normal(job: Job, place: Place, record: Record, name: str) -> str:
    """Normalise what both sides can hold of a field: a name that was cut on one side is still the same name."""
    seen = job.compiled.reader(place.side, name)(record.values)
    if seen is None:
        return ""
    value = " ".join(show(part) for part in seen.raw or ()) if seen.bad else seen.fitted
    return normalise(value, kind_of(name, job.compiled.by_name[name].row.convert))


def canonical(job: Job, place: Place, record: Record, name: str) -> Value:
    """Read one canonical field of a record for matching; an unusable value counts as its raw text."""
    seen = job.compiled.reader(place.side, name)(record.values)
    if seen is None:
        return None
    return " ".join(show(part) for part in seen.raw or ()) if seen.bad else seen.canonical
