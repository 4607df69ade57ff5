"""The normalised keys under which a record is found when partners are looked for (first contact and later)."""

from __future__ import annotations

from collections.abc import Callable

from gp365.model.matching import kind_of, normalise
from gp365.model.record import Record
from gp365.model.values import Value, Values, key_text, show
from gp365.sync.job import Job, Place, merged_into
from gp365.sync.seen import Norms

REFERENCE_RULE = 0
Rules = list[tuple[int, tuple[str, ...], bool]]


def rules_of(job: Job) -> Rules:
    """Number the matching rules: (number, canonical fields, whether agreement on them links)."""
    flow = job.flow
    rules = [(1 + place, fields, True) for place, fields in enumerate(flow.same)]
    return rules + [(1 + len(flow.same) + place, fields, False) for place, fields in enumerate(flow.alone)]


def norms_of(job: Job, place: Place, record: Record, rules: Rules | None = None) -> Norms:
    """Give (rule, normalised key) for each rule whose fields are all filled, and for the mark that names our creates.

    A record that was merged into another one is nobody's partner, and matches by nothing. `rules` spares working them
    out for each of many records.
    """
    return norming(job, place, rules)(record)


def norming(job: Job, place: Place, rules: Rules | None = None) -> Callable[[Record], Norms]:
    """Return what gives the norms of any record of a side; see `norms_of`."""
    numbered = rules if rules is not None else rules_of(job)
    names = list(dict.fromkeys(name for _, fields, _ in numbered for name in fields))
    normals = [_normal(job, place, name) for name in names]
    asked = [(number, tuple([names.index(name) for name in fields])) for number, fields, _ in numbered]

    def norms(record: Record) -> Norms:
        if merged_into(place, record):
            return []
        values = record.values
        texts = [normal(values) for normal in normals]
        found = [(REFERENCE_RULE, record.reference or key_text(record.key))]
        for number, places in asked:
            parts = [texts[at] for at in places]
            if all(parts):
                found.append((number, "\x1e".join(parts)))
        return found

    return norms


def _normal(job: Job, place: Place, name: str) -> Callable[[Values], str]:
    """Return what normalises what both sides can hold of a field: a name that was cut on one side is the same name."""
    read, kind = job.compiled.reader(place.side, name), kind_of(name, job.compiled.by_name[name].row.convert)

    def normal(values: Values) -> str:
        seen = read(values)
        if seen is None:
            return ""
        value = " ".join(show(part) for part in seen.raw or ()) if seen.bad else seen.fitted
        return normalise(value, kind) if value is not None else ""

    return normal


def canonical(job: Job, place: Place, record: Record, name: str) -> Value:
    """Read one canonical field of a record for matching; an unusable value counts as its raw text."""
    return reading(job, place, name)(record.values)


def reading(job: Job, place: Place, name: str) -> Callable[[Values], Value]:
    """Return what reads one canonical field of any record of a side; see `canonical`."""
    read = job.compiled.reader(place.side, name)

    def canonical_of(values: Values) -> Value:
        seen = read(values)
        if seen is None:
            return None
        return " ".join(show(part) for part in seen.raw or ()) if seen.bad else seen.canonical

    return canonical_of
