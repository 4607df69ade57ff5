"""Settle: find out what became of a write whose answer we never had, by looking at its target.

Our mark or the planned values found: done, at any time. Not found: given up at once where a late call cannot land
(a compared or versioned update, a create under our own key), else only after the longest time a reply can take. Records
that were not linked yet look for their partner anew then: people may have entered it meanwhile, or taken its key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gp365.model.entity import EntityDescription, Strength
from gp365.model.plan import Pair
from gp365.model.record import Record
from gp365.model.values import Value, key_of, key_text
from gp365.store import intents
from gp365.store.intents import Intent
from gp365.sync.agreed import unpack_pairs
from gp365.sync.decide import is_create
from gp365.sync.envelope import unseal
from gp365.sync.job import Job
from gp365.sync.linking import Draft, keep_links
from gp365.sync.subject import Disposition, Subject, first

SETTLED, SUPERSEDED, OPEN = "settled", "superseded", "open"


def settle(job: Job, run: str, subjects: Sequence[Subject]) -> None:
    """Settle the open intents of claimed subjects; what cannot be settled yet ends its subject as unsettled."""
    pending = [(subject, intent) for subject in subjects for intent in subject.open_intents]
    if not pending:
        return
    targets = _look(job, [intent for _, intent in pending])
    ends: list[tuple[str, str, float | None]] = []
    drafts: dict[str, Draft] = {}
    for subject, intent in pending:
        record = _target(job, subject, intent, targets.get((intent.side, intent.key)))
        state = _state(job, intent, record)
        if state == OPEN:
            subject.ended = Disposition.UNSETTLED
            subject.due_after_s = max(1.0, (intent.settled_after - job.clock()).total_seconds())
            continue
        ends.append((intent.id, state, None))
        known = state == SETTLED or subject.link is not None
        if known and record is not None and not _has_moved(subject, intent.side, intent.key):
            subject.keys[intent.side], subject.records[intent.side] = record.key, record
        if state == SETTLED:
            _take_over(job, subject, intent, record, drafts)
        subject.steps.append({"settled": intent.id, "as": state, "op": intent.op, "side": intent.side})
    _keep(job, run, ends, list(drafts.values()))
    for subject, _ in pending:
        if subject.ended is None and subject.link is None and subject.id not in drafts:
            subject.ended, subject.due_after_s = (
                Disposition.RETRYING,
                0.0,
            )  # at once, and matched as if it were new
    for subject in subjects:
        subject.open_intents = []


def _look(job: Job, pending: Sequence[Intent]) -> dict[tuple[str, str], Record]:
    found: dict[tuple[str, str], Record] = {}
    for place in job.places:
        keys = list({key_of(intent.key) for intent in pending if intent.side == place.side})
        if keys:
            records = place.connector.get(place.entity.name, keys, place.fields, fresh=True)
            found.update({(place.side, key_text(key)): record for key, record in records.items()})
    return found


def _target(job: Job, subject: Subject, intent: Intent, record: Record | None) -> Record | None:
    """Give the record that a write went to, wherever it stands now: never another one that took its key."""
    birth = _birth_of(job, subject, intent.side)
    if record is not None and (is_create(intent) or not birth or record.birth in ("", birth)):
        return record
    moved = subject.records.get(intent.side)
    return moved if moved is not None and birth and moved.birth == birth else None


def _birth_of(job: Job, subject: Subject, side: str) -> str:
    """Give the birth mark of the record that a subject is linked with on a side."""
    link = subject.link
    return "" if link is None else (link.left_birth if job.left.side == side else link.right_birth)


def _made_anew(job: Job, subject: Subject, intent: Intent, record: Record | None) -> bool:
    """Tell whether a create made a linked record a second time: nothing has been agreed about the new one yet."""
    birth = _birth_of(job, subject, intent.side)
    return is_create(intent) and bool(birth) and record is not None and record.birth not in ("", birth)


def _has_moved(subject: Subject, side: str, key: str) -> bool:
    """Tell whether a key is one that the subject's record on a side is about to leave."""
    return any((here, old) == (side, key) for one in subject.repairs for here, old, _ in one.moved)


def _state(job: Job, intent: Intent, record: Record | None) -> str:
    entity = job.place(intent.side).entity
    if record is not None and (_marked(intent, record, entity) or _shows(intent, record)):
        return SETTLED
    if cannot_land_late(intent, entity) or job.clock() >= intent.settled_after:
        return SUPERSEDED
    return OPEN


def _marked(intent: Intent, record: Record, entity: EntityDescription) -> bool:
    """Tell whether our own mark stands in a record that we meant to create: the reference, or the id that we drew."""
    if not is_create(intent):
        return False
    return record.reference == intent.reference if entity.reference_field else entity.chosen_keys


def _shows(intent: Intent, record: Record) -> bool:
    """Tell whether the target shows every planned value of an update."""
    if is_create(intent):
        return False
    planned = unseal(intent.values).values
    return all(
        wire in record.values and _alike(record.values[wire], value) for wire, value in planned.items()
    )


def _alike(held: Value, planned: Value) -> bool:
    return held == planned or (
        isinstance(held, str) and isinstance(planned, str) and held.strip() == planned.strip()
    )


def cannot_land_late(intent: Intent, entity: EntityDescription) -> bool:
    """Tell whether a call that we gave up can do nothing any more once the record was written again."""
    if is_create(intent):
        return entity.chosen_keys
    return entity.strength in (Strength.VERSIONED, Strength.COMPARED)


def _landed(job: Job, intent: Intent, pairs: Mapping[str, Pair], record: Record | None) -> dict[str, Pair]:
    """Leave out the pairs of a create whose value is missing in the target.

    A create over SBA may take several requests; when it was broken off between them, what is missing has never been
    agreed, and is written as if it were new.
    """
    if record is None or not is_create(intent):
        return dict(pairs)
    names = {row.row.name: row for row in job.compiled.rows}
    own = 0 if intent.side == job.left.side else 1
    kept: dict[str, Pair] = {}
    for name, pair in pairs.items():
        held = names[name].half(intent.side, record.values) if name in names else None
        missing = (
            held is not None
            and all(value is None for value in held)
            and any(value is not None for value in pair[own])
        )
        if not missing:
            kept[name] = pair
    return kept


def _take_over(
    job: Job, subject: Subject, intent: Intent, record: Record | None, drafts: dict[str, Draft]
) -> None:
    """Record what the intent had planned, as its own envelope says; both writes of a subject make one link."""
    envelope, earlier = unseal(intent.values), drafts.get(subject.id)
    subject.done = first(subject.done, Disposition.CREATED if is_create(intent) else Disposition.UPDATED)
    held: Mapping[str, Pair] = unpack_pairs(subject.link.agreed) if subject.link else {}
    held = earlier.pairs if earlier else {} if _made_anew(job, subject, intent, record) else held
    births = {intent.side: record.birth if record else "", intent.source_side: envelope.source_birth}
    keys = {intent.side: intent.key, intent.source_side: intent.source_key}
    subject.keys.update(
        (side, key_of(key)) for side, key in keys.items() if key and not _has_moved(subject, side, key)
    )
    created = frozenset({intent.side} if is_create(intent) else ())
    pairs = {**held, **_landed(job, intent, envelope.pairs, record)}
    if earlier is not None:
        births = {**earlier.births, **{side: birth for side, birth in births.items() if birth}}
        created |= earlier.created
    made_by = "create" if created else subject.made_by
    drafts[subject.id] = Draft(subject, pairs, envelope.flow_digest, births, made_by=made_by, created=created)


def _keep(job: Job, run: str, ends: list[tuple[str, str, float | None]], drafts: list[Draft]) -> None:
    if not ends:
        return
    with job.store.write(job.lease) as conn:
        intents.close_many(conn, ends)
        keep_links(conn, job, run, drafts)
