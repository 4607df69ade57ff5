"""Checking decisions before they are stored: the partner stands, the value fits, the planner would carry it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gp365.app.actions.outputs import Shown
from gp365.app.actions.resolve_choices import (
    CREATE,
    LINK,
    REUSED,
    TAKE,
    VALUE,
    check_verb,
    decided_words,
    is_beside,
    side_of_create,
    side_of_link,
)
from gp365.app.actions.resolve_outputs import DecisionOut, PartnerOut
from gp365.app.actions.values import shown_half
from gp365.app.assembly import Assembly
from gp365.model.errors import Misconfigured
from gp365.model.fit import Unfit
from gp365.model.plan import FieldPlan, Verdict
from gp365.model.record import Record
from gp365.model.values import Key, Value, key_of, key_text, pack, show, show_key, unpack_deep
from gp365.store import links
from gp365.store.links import Link
from gp365.store.parked import Parked
from gp365.sync.deciding import Trial, refused, rows_of, try_decision
from gp365.sync.job import Job, Place
from gp365.sync.typed import canonical_of

CHUNK = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """A decision as a person gave it. `text` is a key, a side or a value, by the verb."""

    entry: Parked
    verb: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A decision that can be stored."""

    wish: Wish
    stored: Mapping[str, Value]
    told: DecisionOut

    @property
    def unchanged(self) -> bool:
        """Tell whether the same was decided before."""
        return self.wish.entry.resolution == pack(self.stored)


@dataclass(frozen=True, slots=True)
class _Bench:
    """A flow's job, and what was read for its wishes: links by id, records by side and key."""

    job: Job
    links: Mapping[int, Link]
    records: Mapping[tuple[str, Key], Record]
    linked: Mapping[tuple[str, str], Link]


def check_wishes(assembly: Assembly, wishes: Sequence[Wish]) -> Iterator[Checked | Misconfigured]:
    """Check wishes in order, each by itself; what is wrong with one is given in its place. Systems' errors are raised."""
    for start in range(0, len(wishes), CHUNK):
        chunk = wishes[start : start + CHUNK]
        benches: dict[tuple[str, str], _Bench | Misconfigured] = {}
        for place in {(one.entry.pair, one.entry.flow) for one in chunk}:
            mine = [one for one in chunk if (one.entry.pair, one.entry.flow) == place]
            benches[place] = _bench(assembly, *place, mine)
        for wish in chunk:
            yield _checked(benches[wish.entry.pair, wish.entry.flow], wish)


def _bench(assembly: Assembly, pair: str, flow: str, wishes: Sequence[Wish]) -> _Bench | Misconfigured:
    try:
        job = assembly.job(pair, assembly.flow(pair, flow))
    except Misconfigured as error:
        return error
    numbers = [int(one.entry.subject[1:]) for one in wishes if _is_link(one.entry)]
    records: dict[tuple[str, Key], Record] = {}
    linked: dict[tuple[str, str], Link] = {}
    for place in job.places:
        _read(place, _wanted(job, place, wishes), records)
        texts = [key_text(record.key) for (side, _), record in records.items() if side == place.side]
        texts += [key_text(key) for key in _wanted(job, place, wishes)]
        with job.store.read() as conn:
            found = links.by_keys(conn, pair, flow, place.end, texts)
        linked.update({(place.side, key): link for key, link in found.items()})
    with job.store.read() as conn:
        return _Bench(job, links.by_ids(conn, numbers), records, linked)


def _is_link(entry: Parked) -> bool:
    return entry.subject.startswith("L") and entry.subject[1:].isdigit()


def _wanted(job: Job, place: Place, wishes: Sequence[Wish]) -> list[Key]:
    wanted: list[Key] = []
    for wish in wishes:
        entry = wish.entry
        own = entry.left_key if place.end == "left" else entry.right_key
        if wish.verb in (TAKE, VALUE) and own is not None:
            wanted.append(key_of(own))
        if wish.verb == LINK and side_of_link(entry, _sides(job)) == place.side:
            wanted.append(_key_typed(entry, wish.text))
    return list(dict.fromkeys(wanted))


def _read(place: Place, keys: Sequence[Key], into: dict[tuple[str, Key], Record]) -> None:
    """Read records; a key that is not there is tried in capitals and in small letters, as people type it."""
    found = _get(place, keys)
    other = {
        key: (tuple(map(str.upper, key)), tuple(map(str.lower, key))) for key in keys if key not in found
    }
    spelled = _get(place, {one for key, ones in other.items() for one in ones if one != key})
    for key in keys:
        record = found.get(key) or next((spelled[one] for one in other.get(key, ()) if one in spelled), None)
        if record is not None:
            into[place.side, key] = record


def _get(place: Place, keys: Iterable[Key]) -> Mapping[Key, Record]:
    wanted = list(keys)
    return place.connector.get(place.entity.name, wanted, place.fields, fresh=True) if wanted else {}


def _key_typed(entry: Parked, text: str) -> Key:
    """Read a key as typed; one of the candidates is meant in whatever case it was typed."""
    for one in unpack_deep(entry.shown).get("candidates") or ():
        shown = show_key(key_of(str(one)))
        if shown.casefold() == text.strip().casefold():
            return tuple(shown.split(";"))
    return tuple(part.strip() for part in text.split(";"))


def _sides(job: Job) -> tuple[str, str]:
    return job.left.side, job.right.side


def _checked(bench: _Bench | Misconfigured, wish: Wish) -> Checked | Misconfigured:
    if isinstance(bench, Misconfigured):
        return bench
    try:
        check_verb(wish.entry, wish.verb)
        if wish.verb in (TAKE, VALUE):
            return _field(bench, wish)
        if wish.verb == LINK:
            return _link(bench, wish)
        if wish.verb == CREATE:
            _check_creates(bench.job, wish)
        return Checked(wish, {wish.verb: True}, _told(bench.job, wish, wish.verb))
    except Unfit as unfit:
        return Misconfigured(
            unfit.code, str(unfit), record=str(wish.entry.id), field=wish.entry.field, value=wish.text
        )
    except Misconfigured as error:
        return error


def _field(bench: _Bench, wish: Wish) -> Checked:
    entry, job = wish.entry, bench.job
    if wish.verb == TAKE:
        trial, stored = Trial(take=wish.text), {TAKE: wish.text}
    else:
        value = canonical_of(job.compiled, rows_of(job, entry)[0], wish.text)
        trial, stored = Trial(value=value), {VALUE: value}
    link = bench.links.get(int(entry.subject[1:])) if _is_link(entry) else None
    keys = zip(job.places, (entry.left_key, entry.right_key), strict=True)
    records = {
        place.side: record
        for place, text in keys
        if text is not None and (record := bench.records.get((place.side, key_of(text))))
    }
    plans = try_decision(job, entry, link, records, trial)
    words = f"take {wish.text}" if wish.verb == TAKE else f"value {show(trial.value) or '–'}"
    return Checked(wish, stored, _told(job, wish, words, _writes(plans)))


def _writes(plans: Sequence[FieldPlan]) -> dict[str, dict[str, Shown]]:
    written: dict[str, dict[str, Shown]] = {}
    for one in plans:
        if one.verdict is Verdict.WRITE:
            written.setdefault(one.target, {})[one.name] = shown_half(one.new)
    return written


def _check_creates(job: Job, wish: Wish) -> None:
    side = side_of_create(wish.entry, _sides(job))
    if not job.flow.side(side).create:
        raise refused(wish.entry, f"This flow creates nothing on {side}.", value=CREATE)


def _link(bench: _Bench, wish: Wish) -> Checked:
    entry, job = wish.entry, bench.job
    side = side_of_link(entry, _sides(job))
    place = job.place(side)
    key = _key_typed(entry, wish.text)
    record = bench.records.get((side, key))
    if is_beside(entry):
        return _new_number(bench, wish, side, key, record)
    if record is None:
        raise Misconfigured(
            "record-unknown",
            f"There is no {place.entity.name} {show_key(key)} on {side}.",
            system=place.system,
            record=show_key(key),
            fix="Type the key as `gp365 parked show` gives it.",
        )
    _refuse_merged(place, record, wish)
    other = bench.linked.get((side, key_text(record.key)))
    # Under a key that is used again another record stands than the linked one: a person may know it as the same partner.
    if _own(entry, other) and entry.code != REUSED:
        raise refused(entry, f"It is linked with {wish.text} already.", value=wish.text)
    partner = _partner(job, entry, side, record, other)
    told = _told(job, wish, f"link {partner.key}", partner=partner)
    return Checked(wish, {LINK: key_text(record.key)}, told)


def _own(entry: Parked, link: Link | None) -> bool:
    return link is not None and entry.subject == f"L{link.id}" and link.state == "open"


def _new_number(bench: _Bench, wish: Wish, side: str, key: Key, record: Record | None) -> Checked:
    """The record is the new number of a linked one that vanished on its own side."""
    shown, other = show_key(key), bench.linked.get((side, key_text(key)))
    if record is not None:
        raise refused(wish.entry, f"{shown} still stands on {side}; it has no new number.", value=wish.text)
    if other is None or other.state != "open":
        raise refused(wish.entry, f"{shown} is linked with nothing.", value=wish.text)
    text = other.right_key if side == bench.job.left.side else other.left_key
    known = key_text(key) in (unpack_deep(wish.entry.shown).get("candidates") or ())
    partner = PartnerOut(side, shown, "", known, show_key(key_of(text)) if text else "")
    return Checked(wish, {LINK: key_text(key)}, _told(bench.job, wish, f"link {shown}", partner=partner))


def _refuse_merged(place: Place, record: Record, wish: Wish) -> None:
    wire = place.entity.merged_into
    survivor = record.values.get(wire) if wire else None
    if survivor is not None:
        why = f"{show_key(record.key)} was merged into {show(survivor)}."
        raise refused(wish.entry, why, f"Link it with {show(survivor)}.", value=wish.text)


def _partner(job: Job, entry: Parked, side: str, record: Record, other: Link | None) -> PartnerOut:
    row = job.flow.by_name.get("name")
    wires = row.wires.get(side, ()) if row else ()
    name = " ".join(show(record.values.get(wire)) for wire in wires).strip()
    shown: Mapping[str, Any] = unpack_deep(entry.shown)
    linked_to = ""
    if other is not None and not _own(entry, other):
        text = other.right_key if side == job.left.side else other.left_key
        linked_to = show_key(key_of(text)) if text else f"nothing (link {other.id}, {other.state})"
    candidates = {show_key(key_of(str(key))) for key in shown.get("candidates") or ()}
    known = show_key(record.key) in candidates or _own(entry, other)
    return PartnerOut(side, show_key(record.key), name, known, linked_to)


def _told(
    job: Job,
    wish: Wish,
    words: str,
    writes: dict[str, dict[str, Shown]] | None = None,
    partner: PartnerOut | None = None,
) -> DecisionOut:
    entry = wish.entry
    keys = zip(_sides(job), (entry.left_key, entry.right_key), strict=True)
    return DecisionOut(
        id=entry.id,
        pair=entry.pair,
        flow=entry.flow,
        field=entry.field,
        keys={side: show_key(key_of(text)) for side, text in keys if text is not None},
        decision=words,
        before=decided_words(entry),
        writes=writes or {},
        partner=partner,
    )
