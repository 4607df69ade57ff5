"""Merged records: the system says into which record one was merged; the link goes along, or shares the survivor.

Dataverse's Merge leaves the subordinate record in place, deactivated, with `masterid` naming the survivor and `merged` set
(Dataverse reference, account.masterid). GP's combine leaves no such trace: there the record is simply gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gp365.model.plan import Candidate, Problem
from gp365.model.record import Record
from gp365.model.values import Key, key_of, key_text, show_key
from gp365.store.links import OPEN, SHARED, Link
from gp365.sync.events.joining import close_link, leave, share_end, take_end
from gp365.sync.events.look import Look, at, decision_of, end_key
from gp365.sync.job import Place, merged_into
from gp365.sync.subject import Subject

CHAIN = 20  # merges of merges; a ring of them would have no end
WHY = "it was merged into it"


@dataclass(frozen=True, slots=True)
class _Merge:
    """A merged record's survivor: its key, and its record where it stands."""

    key: Key
    record: Record | None


def follow_merges(look: Look, subjects: list[Subject]) -> None:
    """Recognise the merged records of a page, and let their links follow, share, close, or wait for a person."""
    for place in look.job.places:
        if not place.entity.merged_into:
            continue
        merged = [one for one in subjects if merged_into(place, one.records.get(place.side))]
        if not merged:
            continue
        survivors = _survivors(look, place, merged)
        owners = look.links_at(place, [key_text(one.key) for one in survivors.values()])
        for subject in merged:
            merge = survivors[id(subject)]
            if subject in subjects and subject.problem is None:
                _one(look, subjects, subject, place, merge, owners)
                taken = subject.link if at(subject, place) == key_text(merge.key) else None
                owners = {**owners, key_text(merge.key): taken} if taken is not None else owners


def _survivors(look: Look, place: Place, merged: Sequence[Subject]) -> dict[int, _Merge]:
    """Follow each merge to its last survivor."""
    ends = {id(one): key_of(merged_into(place, one.records[place.side])) for one in merged}
    found: dict[Key, Record] = {}
    for _ in range(CHAIN):
        found.update(look.fresh(place, [key for key in ends.values() if key not in found]))
        further = {
            name: key_of(further_on)
            for name, key in ends.items()
            if (further_on := merged_into(place, found.get(key)))
        }
        if not further:
            break
        ends.update(further)
    return {name: _Merge(key, _standing(place, found.get(key))) for name, key in ends.items()}


def survivors_of(look: Look, place: Place, merged: Sequence[Subject]) -> dict[int, Key]:
    """Give the key of the last survivor of each merged record, by the subject's `id`."""
    return {name: merge.key for name, merge in _survivors(look, place, merged).items()} if merged else {}


def _standing(place: Place, record: Record | None) -> Record | None:
    return None if record is None or merged_into(place, record) else record


def _one(
    look: Look,
    page: list[Subject],
    subject: Subject,
    place: Place,
    merge: _Merge,
    owners: Mapping[str, Link],
) -> None:
    link, old = subject.standing, subject.keys[place.side]
    event: dict[str, object] = {"event": "merged", "side": place.side}
    event |= {"from": show_key(old), "to": show_key(merge.key)}
    if link is None:
        if not subject.open_intents:
            leave(subject, f"merged into {show_key(merge.key)}")
    elif link.state == SHARED:
        _shared(look, page, subject, place, merge, owners, event)
    elif link.state == OPEN:
        _open(look, page, subject, place, merge, owners.get(key_text(merge.key)), event)


def _open(
    look: Look,
    page: list[Subject],
    subject: Subject,
    place: Place,
    merge: _Merge,
    owner: Link | None,
    event: dict[str, object],
) -> None:
    """An open link goes along, or shares the survivor that is another link's end; a person decides where that is unclear."""
    entry = look.entry(subject)
    said = decision_of(entry).get("link") if entry is not None and entry.code == "merged" else None
    agreed = said == key_text(merge.key)
    unclear = merge.record is None or (owner is not None and owner.state != OPEN and not agreed)
    if unclear or (look.job.flow.events.merged == "ask" and not agreed):
        _park(subject, place, merge, owner, look)
        return
    assert merge.record is not None
    if agreed and entry is not None:
        event |= {"decision": "link", "by": entry.resolved_by, "entry": entry.id}
    if owner is None or owner.state != OPEN:
        take_end(look, page, subject, place, merge.record, event, "merged")
    elif look.job.across(place.side).side in subject.records:
        share_end(subject, place, key_text(merge.key), event)
    else:
        close_link(subject, event, f"merged into {show_key(merge.key)}, and gone on the other side")


def _shared(
    look: Look,
    page: list[Subject],
    subject: Subject,
    place: Place,
    merge: _Merge,
    owners: Mapping[str, Link],
    event: dict[str, object],
) -> None:
    """A record that stood for another link's partner goes along, or has nothing left to stand for."""
    owner = owners.get(key_text(merge.key))
    if owner is None and merge.record is not None:
        why = subject.left_out
        take_end(look, page, subject, place, merge.record, event, "merged")
        leave(subject, why)
    else:
        close_link(subject, event, f"merged into {show_key(merge.key)}")


def _park(subject: Subject, place: Place, merge: _Merge, owner: Link | None, look: Look) -> None:
    old, new = show_key(subject.keys[place.side]), show_key(merge.key)
    message = f"{old} was merged into {new} on {place.side}."
    candidates: tuple[str, ...] = (new,)
    evidence: tuple[Candidate, ...] = (
        Candidate(key_text(merge.key), WHY, linked_to=_partner(look, place, owner)),
    )
    if merge.record is None:
        message, candidates, evidence = f"{old} was merged into {new} on {place.side}, which is gone.", (), ()
    subject.problem = Problem(
        "merged", message, value=old, side=place.side, candidates=candidates, evidence=evidence
    )


def _partner(look: Look, place: Place, owner: Link | None) -> str:
    """Show what a link's record on a side is linked with."""
    text = end_key(owner, look.job.across(place.side)) if owner is not None else None
    return show_key(key_of(text)) if text is not None else ""
