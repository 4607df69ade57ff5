"""The names of plan files: one flow has one file; several get the flow's (and pair's) name put before the ending.

`plan --out first.jsonl` of two flows writes first.customers.jsonl and first.customer_cards.jsonl, and
`apply first.jsonl` takes both.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gp365.model.errors import Misconfigured
from gp365.sync.job import Job


def names_of(out: Path, jobs: Sequence[Job]) -> list[Path]:
    """Name the plan file of each job."""
    if len(jobs) == 1:
        return [out]
    pairs = {job.pair for job in jobs}
    return [_named(out, job, with_pair=len(pairs) > 1) for job in jobs]


def _named(out: Path, job: Job, *, with_pair: bool) -> Path:
    middle = f"{job.pair}.{job.flow.name}" if with_pair else job.flow.name
    return out.with_name(f"{out.stem}.{middle}{out.suffix}")


def begin(out: Path, jobs: Sequence[Job]) -> list[Path]:
    """Name the plan files and remove older ones of the same name, so that `apply` never takes two plans for one."""
    names = names_of(out, jobs)
    out.parent.mkdir(parents=True, exist_ok=True)
    for old in [out, *_siblings(out)]:
        if old not in names:
            old.unlink(missing_ok=True)
    return names


def find(given: Sequence[Path]) -> list[Path]:
    """Find the plan files that a command names; Misconfigured("plan-invalid") where there is none."""
    found: list[Path] = []
    for path in given:
        siblings = [path] if path.is_file() else _siblings(path)
        if not siblings:
            raise Misconfigured("plan-invalid", f"There is no plan file {path}.", value=str(path))
        found += [one for one in siblings if one not in found]
    return found


def _siblings(out: Path) -> list[Path]:
    if not out.parent.is_dir():
        return []
    start, end = f"{out.stem}.", out.suffix
    return sorted(
        path
        for path in out.parent.iterdir()
        if path.name.startswith(start) and path.name.endswith(end) and path != out and _is_plan(path)
    )


def _is_plan(path: Path) -> bool:
    """Tell whether a file begins as a plan does, so that nobody else's file is taken or removed."""
    with path.open("rb") as held:
        return held.read(16).startswith(b'{"format":')
