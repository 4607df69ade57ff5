"""Who leads a shared record: of several companies whose customers are one account, the one that was linked first.

What each company owns (terms, hold, limits) can stand on the shared record once only: from the leading company. Else two
companies would overwrite each other in every run. Every company's own stands on its card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from gp365.model.values import key_text
from gp365.store import links
from gp365.store.links import OPEN
from gp365.sync.job import Job
from gp365.sync.subject import Subject

Led = Mapping[str, str]  # side → the pair that leads the record there


def leaders(job: Job, conn: Connection, subjects: Sequence[Subject]) -> dict[str, Led]:
    """Give, by subject, the sides on which another pair leads its record; one query per sharing pair."""
    found: dict[str, dict[str, str]] = {}
    for place in job.places:
        keys = {
            key_text(subject.keys[place.side]): subject for subject in subjects if place.side in subject.keys
        }
        first = {key: subject.link.id if subject.link is not None else None for key, subject in keys.items()}
        for pair in job.sharing.get(place.side, ()) if keys else ():
            if pair == job.pair:
                continue
            for key, link in links.by_keys(conn, pair, job.flow.name, place.end, keys).items():
                mine = first[key]
                if link.state == OPEN and (mine is None or link.id < mine):
                    first[key] = link.id
                    found.setdefault(keys[key].id, {})[place.side] = pair
    return dict(found)
