"""Opening the flows that a command names: of one pair or all, one flow (and what it needs) or all."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import gethostname

from gp365.app.actions.exits import exit_of, worst
from gp365.app.actions.lease import COMMAND
from gp365.app.assembly import Assembly, assemble
from gp365.app.project import Project
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.sync.job import Job


@dataclass(frozen=True, slots=True)
class Failed:
    """A pair whose flows could not be opened: a system is down or refuses us, or something is set wrongly."""

    pair: str
    flow: str
    error: Gp365Error


@dataclass(frozen=True, slots=True)
class Opened:
    """The jobs of a command in the order in which they run, and the pairs that could not be opened."""

    jobs: list[Job]
    failed: list[Failed]
    assembly: Assembly


@contextmanager
def opened(project: Project, pair: str | None = None, flow: str | None = None) -> Generator[Opened]:
    """Open the jobs of a pair (or all) and a flow (or all); the connectors are closed at the end of the block.

    One pair that cannot be opened does not keep the others from running; if none can, its error is raised.
    """
    with assemble(project) as assembly:
        jobs: list[Job] = []
        failed: list[Failed] = []
        for name in pairs_of(project, assembly, pair, flow):
            try:
                jobs += assembly.jobs(name, only=flow)
            except Gp365Error as error:
                failed.append(Failed(name, flow or "", error))
        if failed and not jobs:
            code = worst(exit_of(one.error) for one in failed)
            raise next(one.error for one in failed if exit_of(one.error) == code)
        yield Opened(jobs, failed, assembly)


def pairs_of(project: Project, assembly: Assembly, pair: str | None, flow: str | None) -> list[str]:
    """Name the pairs that a command means; Misconfigured pair-unknown, or flow-unknown where no pair has the flow."""
    if pair is not None:
        assembly.pair(pair)
        return [pair]
    if flow is None:
        return list(assembly.pairs)
    wanted = {one.name for one in project.flows.chosen([flow])}
    found = [
        name
        for name, given in assembly.pairs.items()
        if wanted <= {one.name for one in project.flows.chosen(given.flows)}
    ]
    if not found:
        raise Misconfigured("flow-unknown", f"No pair has the flow {flow}.", value=flow)
    return found


def holder_of(project: Project) -> str:
    """Name who holds the worker's lease: this machine and folder, so that a rerun after a crash takes it at once."""
    return f"{gethostname()}:{project.folder}"


def slot_of(project: Project) -> str:
    """Name the slot of a command: its own where the service runs it, beside the rounds of other pairs."""
    return COMMAND if project.served else ""
