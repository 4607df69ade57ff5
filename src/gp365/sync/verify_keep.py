"""Keeping verdicts: what is forgotten, what stands, what is looked at again, what was never agreed after all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from gp365.model.plan import Pair
from gp365.model.values import key_of, pack, show_key
from gp365.store import intents, ledger, links, verifications, work
from gp365.store.intents import Intent
from gp365.store.ledger import Entry
from gp365.store.links import OPEN, Link
from gp365.store.verifications import DUE
from gp365.sync.agreed import pack_pairs, unpack_pairs
from gp365.sync.envelope import unseal
from gp365.sync.inputs import read_inputs
from gp365.sync.job import Job, Place, link_subject
from gp365.sync.points import VERIFIED
from gp365.sync.verify_verdict import Verdict

if TYPE_CHECKING:
    from gp365.sync.verify import Looked

KIND = "verified"
"""The kind of the ledger's rows about writes that were read back."""
REST_S = 30.0
"""How long a write that did not stand waits until it is written again: not in the next turn of the same command."""


def keep_verdicts(
    job: Job, run: str, place: Place, looked: Sequence[Looked], written: Mapping[str, Intent]
) -> None:
    """Record a page of verdicts in one commit; every record that does not simply agree gets a row of its own.

    A write that did not stand was agreed by nobody: its fields are given back the pair of before, so that the next look
    does not take the missing value for somebody's change, and writes it once more.
    """
    fresh = [one for one in looked if one.kept.state == DUE or one.verdict is not Verdict.MISMATCH]
    with job.store.write(job.lease) as conn:
        keys = [one.kept.key for one in looked if one.verdict is not Verdict.AGREED or one.healed]
        linked = links.by_keys(conn, job.pair, job.flow.name, place.end, keys)
        verifications.drop(conn, [one.kept.number for one in looked if one.verdict is not Verdict.MISMATCH])
        for one in looked:
            if one.verdict is Verdict.MISMATCH:
                verifications.stand(
                    conn, one.kept.number, pack({name: list(pair) for name, pair in one.fields.items()})
                )
        lost = [one for one in fresh if one.verdict is Verdict.MISMATCH]
        links.update(conn, _never_agreed(conn, job, place, lost, linked, written))
        again = [
            one for one in fresh if one.verdict is not Verdict.AGREED and _open(linked.get(one.kept.key))
        ]
        _queue(conn, job, place, again)
        ledger.append(
            conn, job.chain, list(_entries(job, run, place, looked, linked)), actor=job.actor, at=job.clock()
        )
    job.probe(VERIFIED)


def _queue(conn: Connection, job: Job, place: Place, again: Sequence[Looked]) -> None:
    """Have records looked at again; what a system did not keep is not forced on it in the same breath."""
    lost = [one for one in again if one.verdict is Verdict.MISMATCH]
    others = [one for one in again if one.verdict is not Verdict.MISMATCH]
    for some, due in ((others, None), (lost, job.clock() + timedelta(seconds=REST_S))):
        rows = [(place.side, one.kept.key, str(one.verdict)) for one in some]
        work.enqueue(conn, job.pair, job.flow.name, rows, due)


def _open(link: Link | None) -> bool:
    return link is None or link.state == OPEN


def _never_agreed(
    conn: Connection,
    job: Job,
    place: Place,
    lost: Sequence[Looked],
    linked: Mapping[str, Link],
    written: Mapping[str, Intent],
) -> list[Link]:
    """Give links the pairs that were agreed before writes that did not stand, for the fields that they had written."""
    bodies = intents.inputs_of(
        conn, {written[one.kept.intent].inputs for one in lost if one.kept.intent in written}
    )
    changed: list[Link] = []
    for one in lost:
        link, intent = linked.get(one.kept.key), written.get(one.kept.intent)
        body = bodies.get(intent.inputs) if intent is not None else None
        if link is None or not _open(link) or intent is None or not body:
            continue
        before, ours = read_inputs(body).facts.pairs, unseal(intent.values).pairs
        pairs = unpack_pairs(link.agreed)
        for row in job.compiled.rows:
            name = row.row.name
            if name in ours and not one.fields.keys().isdisjoint(row.row.wires.get(place.side, ())):
                _put_back(pairs, name, before.get(name))
        changed.append(replace(link, agreed=pack_pairs(pairs), left_print=b"", right_print=b""))
    return changed


def _put_back(pairs: dict[str, Pair], name: str, before: Pair | None) -> None:
    if before is None:
        pairs.pop(name, None)
    else:
        pairs[name] = before


def _entries(
    job: Job, run: str, place: Place, looked: Sequence[Looked], linked: Mapping[str, Link]
) -> list[Entry]:
    """Say what was read back: one row for all, and one for each that does not simply agree."""
    found: dict[str, list[str]] = {}
    for one in looked:
        found.setdefault(str(one.verdict), []).append(one.kept.intent)
    step: dict[str, Any] = {"read_back": "sample", "side": place.side, "way": place.entity.aside}
    step |= {"share": str(job.verify_share), "intents": found}
    entries = [_entry(job, run, "", "read-back", {"steps": [step]})]
    for one in looked:
        if one.verdict is Verdict.AGREED and not one.healed:
            continue
        link = linked.get(one.kept.key)
        subject = link_subject(link.id) if link is not None else one.kept.subject
        name = "healed" if one.healed else str(one.verdict)
        entries.append(_entry(job, run, subject, name, _told(place, one, name, link)))
    return entries


def _told(place: Place, one: Looked, name: str, link: Link | None) -> dict[str, Any]:
    key = show_key(key_of(one.kept.key))
    step: dict[str, Any] = {"read_back": name, "side": place.side, "key": key, "intent": one.kept.intent}
    step["unkept"] = [
        {"field": wire, "acknowledged": said, "found": there} for wire, (said, there) in one.fields.items()
    ]
    payload: dict[str, Any] = {"keys": {place.side: key}, "steps": [step]}
    return payload if link is None else payload | {"link": link.id}


def _entry(job: Job, run: str, subject: str, disposition: str, payload: dict[str, Any]) -> Entry:
    return Entry(KIND, run, subject, 0, disposition, job.flow.digest, pack(payload))
