"""A source that shrank: many linked records are missing at once, by a role filter, a lost right or a real deletion.

Nothing is made of what is missing before a person has said that it is really gone. What is known to be missing counts no
more; a record that is there again is forgotten.
"""

from __future__ import annotations

from typing import Any

from gp365.model.errors import Conflict
from gp365.model.values import key_of, show_key, unpack_deep
from gp365.store import guards, links
from gp365.store.guards import Guard
from gp365.sync.guards.limits import GONE, Limit
from gp365.sync.guards.watch import Watch
from gp365.sync.job import Job, Place, link_subject
from gp365.sync.observe import Observation

CODE = "source-shrunk"
_SHOWN = 10
Missing = list[tuple[int, str]]  # link and key


def newly_missing(job: Job, observation: Observation, place: Place) -> Missing:
    """Give the linked records of a side that are missing and were not known to be."""
    missing = observation.missing.get(place.side, [])
    if not missing:
        return []
    with job.store.read() as conn:
        known = guards.known_gone(conn, job.pair, job.flow.name, place.side)
    return [one for one in missing if one[0] not in known]


def is_too_much(job: Job, watch: Watch, observation: Observation, place: Place, missing: Missing) -> bool:
    """Tell whether so many may not vanish; a side that shows nothing at all where several links exist never may."""
    if not missing:
        return False
    mark = (place.side, GONE)
    limit = watch.limits.get(mark)
    if limit is not None and watch.window.get(mark, 0) + len(missing) > limit.most:
        return True
    if observation.read.get(place.side, 0) or not observation.full[place.side]:
        return False
    with job.store.read() as conn:
        return links.count(conn, job.pair, job.flow.name, links.OPEN) > 1


def check_gone(job: Job, run: str, watch: Watch, observation: Observation) -> None:
    """Stop the flow where a side lacks too much; Conflict("source-shrunk"). Else note what is missing."""
    found = {place.side: newly_missing(job, observation, place) for place in job.places}
    allowed = {place.side: _allowed(job, run, watch, observation, place, found) for place in job.places}
    for place in job.places:
        guard = allowed[place.side]
        with job.store.write(job.lease) as conn:
            rows = [(link_subject(number), (place.side, GONE)) for number, _ in found[place.side]]
            at = guards.LONG_AGO if guard is not None else None
            guards.let_through(conn, job.pair, job.flow.name, rows, at)
            known = guards.known_gone(conn, job.pair, job.flow.name, place.side)
            back = [number for number in known if number in observation.met[place.side]]
            guards.back_again(conn, job.pair, job.flow.name, place.side, back)
            standing = guards.standing(conn, job.pair, job.flow.name, CODE)
            guards.end(conn, [one.id for one in standing if one.side == place.side])


def _allowed(
    job: Job, run: str, watch: Watch, observation: Observation, place: Place, found: dict[str, Missing]
) -> Guard | None:
    """Give the release under which a side may lack so much, None where it needs none."""
    missing = found[place.side]
    if not is_too_much(job, watch, observation, place, missing):
        return None
    with job.store.read() as conn:
        standing = guards.standing(conn, job.pair, job.flow.name, CODE)
    most = watch.limits.get((place.side, GONE), Limit(0, 0.0)).most
    for guard in standing:
        shown: dict[str, Any] = unpack_deep(guard.shown)
        released = guard.side == place.side and guard.state == guards.RELEASED
        if released and len(missing) <= int(shown["missing"]) + most:
            return guard
    raise _stopped(job, run, observation, place, missing)


def _stopped(job: Job, run: str, observation: Observation, place: Place, missing: Missing) -> Conflict:
    read = observation.read.get(place.side, 0)
    keys = [show_key(key_of(key)) for _, key in missing[:_SHOWN]]
    what = f"{len(missing)} linked records of {place.entity.name} are missing on {place.side}"
    message = f"{what} ({read} were read), {', '.join(keys[:3])} among them; nothing was made of it."
    with job.store.write(job.lease) as conn:
        shown = {"missing": len(missing), "read": read, "keys": keys}
        guards.put(conn, job.pair, job.flow.name, place.side, CODE, message, shown, run)
    fix = (
        "Check the rights and filters of the account that reads; if they are really gone, "
        f"`gp365 sync {job.flow.name} --pair {job.pair} --approve`."
    )
    return Conflict(CODE, message, system=place.system, fix=fix)
