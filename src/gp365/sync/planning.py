"""Planning a page of subjects that is only looked at: for what is shown beforehand, and for counting. Nothing is kept."""

from __future__ import annotations

from gp365.sync.census import guard_creates
from gp365.sync.decide import plan_subjects
from gp365.sync.events.repair import foresee
from gp365.sync.facts import gather_facts
from gp365.sync.job import Job
from gp365.sync.loops import break_loops
from gp365.sync.observe import Observation
from gp365.sync.reading import read_records
from gp365.sync.subject import Subject


def plan_read(job: Job, observation: Observation, subjects: list[Subject]) -> None:
    """Read what is missing and plan every subject, as a run would."""
    if not subjects:
        return
    read_records(job, observation, subjects)
    foresee(subjects)
    plan_subjects(job, subjects, gather_facts(job, subjects))
    guard_creates(job, observation, subjects)
    break_loops(job, subjects)
