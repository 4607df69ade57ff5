"""Records that stand alone again after a merge: their link comes back to them from the record that they were merged into.

Dataverse cannot take a merge back (Merge message reference); restoring its environment does. Whoever shared the survivor
meanwhile shares the record again that its own is merged into now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gp365.model.plan import Candidate, Problem
from gp365.model.record import Record
from gp365.model.values import Key, key_of, key_text, show_key
from gp365.store import former, links
from gp365.store.former import Former
from gp365.store.links import OPEN, SHARED, Link
from gp365.sync.events.joining import absorb_at, let_go, set_free
from gp365.sync.events.kinds import Repair
from gp365.sync.events.look import Look, decision_of, end_key, subject_of
from gp365.sync.events.merged import survivors_of
from gp365.sync.job import Place, link_subject, merged_into
from gp365.sync.reading import read_records
from gp365.sync.subject import Subject

WHY = "it was linked with it until it was merged"


@dataclass(frozen=True, slots=True)
class _Ends:
    """Former ends on a side that concern a page: as they stand now, and the links that left them."""

    found: Sequence[Former]
    records: Mapping[Key, Record]
    links: Mapping[int, Link]


def follow_unmerged(look: Look, page: list[Subject]) -> None:
    """Let links come back to records of a page that stand alone again; the page gets the subjects that this concerns."""
    for place in look.job.places:
        if not place.entity.merged_into:
            continue
        ends = _ends(look, place, page)
        gone_back: set[int] = set()
        for one in ends.found:
            link, record = ends.links.get(one.link), ends.records.get(key_of(one.key))
            if link is None or one.link in gone_back or not _alone_again(look, place, one, link, record):
                continue
            assert record is not None
            gone_back.add(one.link)
            _back(look, page, place, link, record, _from_here_on(ends.found, one))
        if ends.found and _restored(look, place):
            _share_again(look, page, place, ends)


def _ends(look: Look, place: Place, page: Sequence[Subject]) -> _Ends:
    job = look.job
    strays = [one.keys[place.side] for one in page if one.link is None and place.side in one.records]
    own = [one.link.id for one in page if one.link is not None] if _restored(look, place) else []
    scope = (job.pair, job.flow.name, place.end)
    with job.store.read() as conn:
        found = former.of_keys(conn, *scope, [key_text(key) for key in strays])
        concerned = {*own, *(one.link for one in found)}
        found = former.of_links(conn, *scope, sorted(concerned)) if concerned else []
        held = links.by_ids(conn, sorted({one.link for one in found})) if found else {}
    return _Ends(found, look.fresh(place, [key_of(one.key) for one in found]), held)


def _from_here_on(found: Sequence[Former], here: Former) -> list[str]:
    """Give the keys that a link left with this one and after it: their merges are undone with it."""
    mine = [one.key for one in found if one.link == here.link]
    return mine[mine.index(here.key) :]


def _restored(look: Look, place: Place) -> bool:
    recovery = look.job.recovery
    return recovery is not None and place.side in recovery.sides


def _alone_again(look: Look, place: Place, one: Former, link: Link, record: Record | None) -> bool:
    """Tell whether a former end stands, is the same record, and no other link's."""
    if record is None or merged_into(place, record) or link.state not in (OPEN, SHARED):
        return False
    if one.birth and record.birth not in ("", one.birth):
        return False
    owner = look.links_at(place, [one.key]).get(one.key)
    return owner is None or (owner.state != OPEN and owner.id != link.id)


def _back(
    look: Look, page: list[Subject], place: Place, link: Link, record: Record, keys: Sequence[str]
) -> None:
    """Bring a link back to a record, unless a person is to be asked first."""
    subject = _subject(look, page, link)
    key, old = key_text(record.key), end_key(link, place)
    shown = show_key(key_of(old or link.shared_key or ""))
    entry = look.entry(subject)
    agreed = entry is not None and entry.code == "merged" and decision_of(entry).get("link") == key
    if look.job.flow.events.merged == "ask" and not agreed:
        message = f"{show_key(record.key)} on {place.side} was merged into {shown}, and stands alone again."
        evidence = (Candidate(key, WHY),)
        new = (show_key(record.key),)
        subject.problem = Problem(
            "merged", message, value=shown, side=place.side, candidates=new, evidence=evidence
        )
        return
    event: dict[str, object] = {"event": "unmerged", "side": place.side}
    event |= {"from": shown, "to": show_key(record.key)}
    if agreed and entry is not None:
        event |= {"decision": "link", "by": entry.resolved_by, "entry": entry.id}
    others = let_go(look, place, key, link)
    absorb_at(page, subject, place, key)
    stranger = subject.records.get(place.side)
    subject.keys[place.side], subject.records[place.side], subject.problem = record.key, record, None
    changes = {f"{place.end}_key": key, f"{place.end}_birth": record.birth, "state": OPEN, "shared_key": None}
    back = tuple((place.side, one) for one in keys)
    moved = ((place.side, "", key),)
    subject.repairs.append(Repair(event, changes, forget=True, others=others, moved=moved, back=back))
    if stranger is not None and stranger.key != record.key:
        set_free(page, subject, place, stranger)


def _subject(look: Look, page: list[Subject], link: Link) -> Subject:
    """Find a link's subject in the page, or bring it there."""
    name = link_subject(link.id)
    found = next((one for one in page if one.id == name), None)
    if found is None:
        found = subject_of(look.job, link)
        read_records(look.job, look.observation, [found])
        page.append(found)
    return found


def _share_again(look: Look, page: list[Subject], place: Place, ends: _Ends) -> None:
    """Let who shares a survivor share the one into which its own record is merged as it stands now."""
    merged = [one for one in page if one.link is None and merged_into(place, one.records.get(place.side))]
    survivors = survivors_of(look, place, merged)
    into = {key_text(one.keys[place.side]): key_text(survivors[id(one)]) for one in merged}
    for one in ends.found:
        link, survivor = ends.links.get(one.link), into.get(one.key)
        if link is None or link.state != SHARED or survivor is None or survivor == link.shared_key:
            continue
        event: dict[str, object] = {"event": "merged", "side": place.side}
        event |= {"from": show_key(key_of(one.key)), "to": show_key(key_of(survivor))}
        subject = _subject(look, page, link)
        subject.repairs.append(Repair(event, {"shared_key": survivor}))
