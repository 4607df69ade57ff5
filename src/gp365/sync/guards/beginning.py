"""Where a run meets its guards: before anything is read, when everything is read, and when it is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from gp365.store import epochs, guards, links, runs, work
from gp365.sync.guards import gone, holding, restored
from gp365.sync.guards.counting import count_planned
from gp365.sync.guards.limits import GONE, Guarded, Mark, limits_of
from gp365.sync.guards.watch import Watch
from gp365.sync.job import Job, Recovery
from gp365.sync.observe import Observation


def begin_guarded(job: Job) -> bool:
    """Before anything is read: raise the error of a pair that was stopped, or take up the way back.

    Tells whether everything must be read: a feed does not show what a restore has changed.
    """
    job.watch, job.recovery = None, None
    stopped = restored.undecided(job)
    if stopped is not None:
        raise stopped
    job.recovery = restored.recovery_of(job)
    return job.recovery is not None or restored.is_taken_as_it_is(job)


def guard_observed(job: Job, run: str, observation: Observation) -> None:
    """When everything is read: stop a pair that was restored or a flow whose source shrank; else watch the run.

    A recovery and an approved plan are not watched: a person has let exactly these changes go.
    """
    restored.check_restored(job, run, observation)
    watch = watch_of(job)
    if job.recovery is None:
        gone.check_gone(job, run, watch, observation)
    if job.recovery is None and job.approve is None:
        job.watch = watch


def shut_what_is_too_much(job: Job, observation: Observation) -> None:
    """Count what is due, if it could be too much, before anything is written, and shut what is."""
    watch = job.watch
    if watch is None:
        return
    with job.store.read() as conn:
        bound = work.count_triggered(conn, job.pair, job.flow.name, job.clock())
    if watch.may_exceed(bound):
        watch.shut_over(count_planned(job, watch, observation))


def begin_planned(job: Job) -> None:
    """Before a plan is made: take up the way back of a restored system, let go or not, so that the plan shows it."""
    job.watch, job.recovery = None, restored.recovery_of(job, planned=True)


def suspected(job: Job, observation: Observation) -> Recovery | None:
    """Give the way back that a plan shows where a side seems to have been restored and no run has noticed yet."""
    with job.store.read() as conn:
        kept = epochs.get(conn, job.pair)
        standing = guards.standing(conn, job.pair, "", restored.CODE)
    if standing:
        return None
    sides = [
        place.side
        for place in job.places
        if restored.suspicion(job, observation, place, kept.get(place.side, "")) is not None
    ]
    return restored.way_back(job, sides) if sides else None


def foretell(job: Job, watch: Watch, observation: Observation, planned: Mapping[Mark, int]) -> list[Guarded]:
    """Say which guards would hold something of a plan, or stop it."""
    if job.recovery is not None:
        return []
    held, marks = held_now(job), dict(planned)
    found = [
        watch.told(job.flow.name, mark, marks.get(mark, 0) + held.get(mark, 0), held.get(mark, 0))
        for mark in sorted({*marks, *held})
        if mark in held or watch.is_over(mark, marks.get(mark, 0))
    ]
    return found + _shrunk(job, watch, observation)


def watch_of(job: Job) -> Watch:
    """Work out the limits of this moment and what the window has seen."""
    since = job.clock() - timedelta(hours=job.flow.guards.window_hours)
    sides = (job.left.side, job.right.side)
    with job.store.read() as conn:
        open_links = links.count(conn, job.pair, job.flow.name, links.OPEN)
        window = guards.window(conn, job.pair, job.flow.name, since)
        ready = runs.completed(conn, job.pair, job.flow.name, job.runs)
    limits = limits_of(job.flow.guards, sides, open_links)
    return Watch(since, limits, window, ready, frozenset(job.runs), dict(window))


def held_now(job: Job) -> Mapping[Mark, int]:
    """Count the records that guards hold at this moment, by (side, operation)."""
    counts: dict[Mark, int] = {}
    with job.store.read() as conn:
        for shown in guards.held(conn, job.pair, job.flow.name, holding.CODE):
            mark = holding.shown_mark(shown)
            counts[mark] = counts.get(mark, 0) + 1
    return counts


def told_at_close(job: Job, observation: Observation, stopped_by: str) -> Sequence[Guarded]:
    """Say which guards hold something at the end of a run, or stopped it (`stopped_by` is the error's code)."""
    held = held_now(job)
    if not held and stopped_by not in (gone.CODE, restored.CODE):
        return []
    watch = job.watch or watch_of(job)
    found = [
        watch.told(job.flow.name, mark, max(watch.shut.get(mark, 0), number), number)
        for mark, number in sorted(held.items())
    ]
    if stopped_by == gone.CODE:
        found += _shrunk(job, watch, observation)
    if stopped_by == restored.CODE:
        with job.store.read() as conn:
            standing = guards.standing(conn, job.pair, "", restored.CODE)
        found += [Guarded(job.flow.name, one.side, restored.CODE, 0, 0, 0, 0.0) for one in standing]
    return found


def _shrunk(job: Job, watch: Watch, observation: Observation) -> list[Guarded]:
    found: list[Guarded] = []
    for place in job.places:
        missing = gone.newly_missing(job, observation, place)
        if gone.is_too_much(job, watch, observation, place, missing):
            found.append(watch.told(job.flow.name, (place.side, GONE), len(missing), 0))
    return found
