"""Birth marks that were given out again: a restored system counts from before, and another record gets the mark."""

from __future__ import annotations

from gp365.model.matching import NUMBER, TOWN, kind_of
from gp365.model.record import Record
from gp365.store.links import Link
from gp365.sync.agreed import unpack_pairs
from gp365.sync.evidence import fields_of_matching
from gp365.sync.job import Job, Place

_WEAK = (NUMBER, TOWN)


def given_out_again(job: Job, place: Place, link: Link, record: Record) -> bool:
    """Tell whether a record under another key that has the birth mark of a link's is another one all the same.

    It is when nothing of what was agreed in the fields of matching is in it any more. GP's next note index goes back when
    its database is restored, so that a customer who is entered afterwards may have the note index, and on the same day the
    creation date, of one that the restore took away. A number does not count, as renumbering changes it, nor a town,
    which many share.
    """
    number, agreed, compared = (0 if place.end == "left" else 1), unpack_pairs(link.agreed), 0
    for name in fields_of_matching(job):
        row = job.compiled.row(name)
        held = row.half(place.side, record.values)
        if name not in agreed or held is None or kind_of(name, row.row.convert) in _WEAK:
            continue
        before = agreed[name][number]
        if not any((*held, *before)):
            continue
        if held == before:
            return False
        compared += 1
    return compared > 0
