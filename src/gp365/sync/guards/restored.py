"""A system that was restored from a backup, or another one in its place: the pair stops before anything is planned.

What stood there since the backup is not undone by people; carrying it across would undo it on both sides. The way back
is a run that a person lets go (`gp365.sync.recovery`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection

from gp365.model.errors import Conflict
from gp365.model.values import unpack_deep
from gp365.store import epochs, guards
from gp365.store.guards import Guard
from gp365.sync.guards.gone import newly_missing
from gp365.sync.guards.signs import Signs, signs_of
from gp365.sync.job import Job, Place, Recovery
from gp365.sync.observe import Observation

CODE = "restored"
RECOVER, AS_IS = "recover", "as-is"
_HINT = "~"


def undecided(job: Job) -> Conflict | None:
    """Give the error of a pair that was stopped and that nobody has let go yet."""
    with job.store.read() as conn:
        found = [one for one in guards.standing(conn, job.pair, "", CODE) if one.state == guards.OPEN]
    if not found:
        return None
    place = job.place(found[0].side)
    return _conflict(job, place, found[0].message)


def recovery_of(job: Job, *, planned: bool = False) -> Recovery | None:
    """Give the way back that this flow still has to go; with `planned` also one that nobody has let go yet."""
    with job.store.read() as conn:
        found = [
            one for one in guards.standing(conn, job.pair, "", CODE) if _to_go(job, one, RECOVER, planned)
        ]
    if not found:
        return None
    since = min(one.made_at for one in found)
    return replace(way_back(job, [one.side for one in found], found[0].released_by), since=since)


def is_taken_as_it_is(job: Job) -> bool:
    """Tell whether a person has said that a system was not restored, and this flow has not looked at it since."""
    with job.store.read() as conn:
        return any(_to_go(job, one, AS_IS) for one in guards.standing(conn, job.pair, "", CODE))


def way_back(job: Job, sides: Sequence[str], actor: str = "") -> Recovery:
    """Give the way back of restored sides; what was missing before is no matter of the restore."""
    with job.store.read() as conn:
        before = [guards.known_gone(conn, job.pair, job.flow.name, side) for side in sides]
    return Recovery(frozenset(sides), actor, set[int]().union(*before))


def _to_go(job: Job, guard: Guard, mode: str, planned: bool = False) -> bool:
    shown: dict[str, Any] = unpack_deep(guard.shown)
    if guard.state == guards.OPEN:
        return planned
    return shown.get("mode") == mode and job.flow.name not in shown.get("done", [])


def check_restored(job: Job, run: str, observation: Observation) -> None:
    """Stop the pair where a side seems to have been restored; Conflict("restored").

    Not where it is being brought back at this moment, or where a person says that it is as it should be.
    """
    with job.store.read() as conn:
        kept = epochs.get(conn, job.pair)
        standing = guards.standing(conn, job.pair, "", CODE)
    passed = {one.side for one in standing if one.state == guards.RELEASED}
    for place in job.places:
        if place.side in passed:
            continue
        why = suspicion(job, observation, place, kept.get(place.side, ""))
        if why is None:
            continue
        message, shown = why
        with job.store.write(job.lease) as conn:
            guards.put(conn, job.pair, "", place.side, CODE, message, shown, run)
        raise _conflict(job, place, message)


def suspicion(
    job: Job, observation: Observation, place: Place, kept: str
) -> tuple[str, dict[str, Any]] | None:
    """Say why a side seems to be restored, and on what evidence; None if it does not."""
    now = observation.epochs.get(place.side, "")
    word, hint = compare(kept, now)
    signs = signs_of(job, observation, place, newly_missing(job, observation, place))
    believed = word and (not hint or signs.any)
    if not believed and not signs.many:
        return None
    why = word if believed else _told(signs)
    message = f"{place.system} seems to have been restored from a backup, or is another one: {why}."
    shown = {"then": kept, "now": now, "reverted": signs.reverted, "exchanged": signs.exchanged}
    return message, shown | {"undone": signs.undone, "earlier": signs.earlier, "latest": signs.latest}


def compare(kept: str, now: str) -> tuple[str, bool]:
    """Compare two epochs ("ID:NUMBER"): say what is wrong with the later one ("" if nothing), and whether it is a hint.

    A part that begins with ~ is a hint: an ordinary deletion can bring it about too.
    """
    if not kept or not now:
        return "", False
    (then_id, _, then), (now_id, _, number) = kept.rpartition(":"), now.rpartition(":")
    if then_id != now_id:
        return f"it names itself {now_id} where it was {then_id}", _HINT in now_id
    before, after = _number(then), _number(number)
    if before is not None and after is not None and after < before:
        return f"its count fell from {then.lstrip(_HINT)} to {number.lstrip(_HINT)}", _HINT in number
    return "", False


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.lstrip(_HINT))
    except InvalidOperation:
        return None


def _told(signs: Signs) -> str:
    found = (
        (signs.exchanged, "linked numbers stand for other records"),
        (signs.reverted, "records stand where they stood before our last write"),
        (signs.undone, "of the newest records that we made there are missing"),
        (signs.earlier, "records stand where they stood before their last change went across"),
    )
    number, words = max(found, key=lambda one: one[0])
    return f"{number} {words}"


def _conflict(job: Job, place: Place, message: str) -> Conflict:
    command = f"gp365 sync --pair {job.pair} --approve"
    fix = (
        f"`gp365 plan --pair {job.pair}` shows the way back, `{command}` goes it; if {place.system} is as it should be, "
        f"`{command} --not-restored`."
    )
    return Conflict(CODE, message, system=place.system, fix=fix)


def keep_epochs(conn: Connection, job: Job, observation: Observation) -> None:
    """At the end of a run that came to its end: keep how far both sides have come, and end what was gone through."""
    told = dict(observation.epochs)
    for place in job.places:
        later = place.connector.epoch()
        then, now = told.get(place.side, ""), later
        if now and (not then or compare(then, now) == ("", False)):
            told[place.side] = now
    epochs.keep(conn, job.pair, told)
    if (
        job.approve is None
    ):  # a plan may have left out what moved since: the next sync goes the rest of the way
        _mark_done(conn, job)


def _mark_done(conn: Connection, job: Job) -> None:
    """Note that this flow has gone the way back; the guard ends with the last flow of the pair."""
    flows = {job.flow.name, *(one.flow for one in job.dependents)}
    for guard in guards.standing(conn, job.pair, "", CODE):
        if guard.state != guards.RELEASED:
            continue
        shown: dict[str, Any] = unpack_deep(guard.shown)
        done = {*shown.get("done", []), job.flow.name}
        if flows <= done:
            guards.end(conn, [guard.id])
        else:
            guards.tell(conn, guard.id, {**shown, "done": sorted(done)})
