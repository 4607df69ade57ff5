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

    It is when it has another name than was agreed, and something else in the fields of matching is another too: a firm that
    is renamed stays where it is. GP's next note index goes back when its database is restored, so that a customer who is
    entered afterwards may have the note index, and on the same day the creation date, of one that the restore took away.
    A number does not count, as renumbering changes it, nor a town, which many share.
    """
    number, agreed = (0 if place.end == "left" else 1), unpack_pairs(link.agreed)
    names: list[bool] = []
    others: list[bool] = []
    for field in fields_of_matching(job):
        row = job.compiled.row(field)
        held, kind = row.half(place.side, record.values), kind_of(field, row.row.convert)
        if field not in agreed or held is None or kind in _WEAK:
            continue
        before = agreed[field][number]
        if any((*held, *before)):
            (names if kind == "" else others).append(held == before)
    return bool(names or others) and not any(names) and not (others and all(others))
