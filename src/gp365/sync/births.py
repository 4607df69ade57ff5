"""Birth marks that were given out again: a restored system counts from before, and another record gets the mark."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from gp365.model.matching import NUMBER, TOWN, kind_of
from gp365.model.plan import Half
from gp365.model.record import Record
from gp365.store import former, links
from gp365.store.links import Link
from gp365.sync.agreed import unpack_pairs
from gp365.sync.evidence import fields_of_matching
from gp365.sync.job import Job, Place
from gp365.sync.past import named, past_of

_WEAK = (NUMBER, TOWN)


def given_out_again(job: Job, place: Place, link: Link, record: Record) -> bool:
    """Tell whether a record under another key that has the birth mark of a link's is another one all the same.

    It is when it has another name than was agreed, and something else in the fields of matching is another too: a firm that
    is renamed stays where it is. GP's next note index goes back when its database is restored, so that a customer who is
    entered afterwards may have the note index, and on the same day the creation date, of one that the restore took away.
    A number does not count, as renumbering changes it, nor a town, which many share. A record that the
    restore took back holds what it held at an earlier time: it is the link's own, whatever was agreed since.
    """
    number, agreed = (0 if place.end == "left" else 1), unpack_pairs(link.agreed)
    names: dict[str, Half] = {}
    others: dict[str, Half] = {}
    for field in fields_of_matching(job):
        row = job.compiled.row(field)
        held, kind = row.half(place.side, record.values), kind_of(field, row.row.convert)
        if field not in agreed or held is None or kind in _WEAK:
            continue
        if any((*held, *agreed[field][number])):
            (names if kind == "" else others)[field] = held
    if not names and not others:
        return False
    now = {named(field, pair[number]) for field, pair in agreed.items()}
    return not (_fits(names, others, now) or _fits(names, others, _past(job, place, link)))


def _fits(names: Mapping[str, Half], others: Mapping[str, Half], known: Collection[bytes]) -> bool:
    """Tell whether a record is one that held these values: by a name, or by everything else."""
    by_name = any(named(field, half) in known for field, half in names.items())
    return by_name or (bool(others) and all(named(field, half) in known for field, half in others.items()))


def _past(job: Job, place: Place, link: Link) -> Collection[bytes]:
    """Collect what the link's record held at earlier times."""
    ends = {job.left.side: link.left_key, job.right.side: link.right_key}
    owners = {side: {key: ""} for side, key in ends.items() if key is not None}
    with job.store.read() as conn:
        return past_of(job, conn, place, owners).get("", set())


def links_by_births(conn: Connection, job: Job, place: Place, births: Collection[str]) -> dict[str, Link]:
    """Find the links whose record has one of these birth marks, or had it before a restore took it away and we made it anew.

    A further restore to an earlier moment brings the first record back, with its first mark and perhaps another number.
    """
    scope = (job.pair, job.flow.name, place.end)
    found = links.by_births(conn, *scope, births)
    missing = [birth for birth in births if birth not in found]
    before = former.of_births(conn, *scope, missing) if missing else []
    held = links.by_ids(conn, {one.link for one in before}) if before else {}
    for one in before:
        link = held.get(one.link)
        if link is not None and link.state == links.OPEN:
            found[one.birth] = link
    return found
