"""Assembly: connectors, flows and jobs put together from a project; one connector per system, shared by all pairs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gp365.app.connecting import connect
from gp365.app.effective import Ends
from gp365.app.left_out import flows_of, left_out, refusal
from gp365.app.loader import LoadedFlow
from gp365.app.options import pair_options
from gp365.app.owners import check_owners, owned
from gp365.app.prepared import PreparedFlow, Preparing, lookups_digest
from gp365.app.project import Project
from gp365.app.settings import PairSettings
from gp365.app.traffic import keep_counts
from gp365.model.contract import Connector
from gp365.model.converters import ConvertContext
from gp365.model.errors import Gp365Error, Misconfigured
from gp365.model.flow import Flow
from gp365.model.flow_file import FlowFile
from gp365.sync.job import Dependent, Job, Place, fields_of
from gp365.sync.looked import Looked


class Assembly:
    """The working parts of a project. Connectors are made when first asked for; `close` closes them.

    The calls of an `urgent` one go before those of others.
    """

    def __init__(self, project: Project, *, urgent: bool = False) -> None:
        self.project = project
        self.urgent = urgent
        self._connectors: dict[str, Connector] = {}
        self._prepared: dict[str, tuple[PreparedFlow, ...]] = {}
        self._preparing = Preparing()
        self._looked: dict[tuple[str, str], Looked] = {}

    @property
    def pairs(self) -> Mapping[str, PairSettings]:
        """The pairs of the settings."""
        return self.project.settings.pairs

    def pair(self, name: str) -> PairSettings:
        """Return a pair; Misconfigured("pair-unknown") if there is none."""
        found = self.pairs.get(name)
        if found is None:
            known = ", ".join(self.pairs) or "none"
            raise Misconfigured(
                "pair-unknown", f"There is no pair {name}.", value=name, fix=f"The pairs are {known}."
            )
        return found

    def connector(self, system: str) -> Connector:
        """Return the one connector of a system, making it at first; Misconfigured("system-unknown")."""
        if system not in self._connectors:
            self._connectors[system] = connect(self.project, system, urgent=self.urgent)
        return self._connectors[system]

    def systems(self, pair: str) -> Mapping[str, Connector]:
        """Return the connectors of a pair by side, in the order of its columns."""
        return {side: self.connector(system) for side, system in self.pair(pair).sides.items()}

    def begin_run(self, pair: str) -> None:
        """Let both systems of a pair forget what they cached for the last run."""
        for connector in self.systems(pair).values():
            connector.begin_run()
        self._prepared.pop(pair, None)

    def flows(self, pair: str) -> tuple[PreparedFlow, ...]:
        """Prepare and check the flows of a pair, with what they need, in order; both systems describe their entities.

        Flows of ours that its channels to GP cannot serve are not among them; see app/left_out.py.
        """
        if pair not in self._prepared:
            given = self.pair(pair)
            chosen = [replace(flow, file=owned(flow.file, given)) for flow in flows_of(self.project, pair)]
            check_owners(pair, given, [flow.file for flow in chosen], self.project.folder)
            self._prepared[pair] = tuple(self._prepare(pair, flow, chosen) for flow in chosen)
        return self._prepared[pair]

    def flow(self, pair: str, name: str) -> PreparedFlow:
        """Return one flow of a pair; Misconfigured("flow-unknown") if the pair does not have it."""
        for flow in self.flows(pair):
            if flow.name == name:
                return flow
        refused = refusal(self.project, pair, name)
        if refused is not None:
            raise refused
        known = ", ".join(flow.name for flow in self.flows(pair))
        raise Misconfigured(
            "flow-unknown", f"The pair {pair} has no flow {name}.", value=name, fix=f"It has {known}."
        )

    def jobs(self, pair: str, *, only: str | Sequence[str] | None = None) -> list[Job]:
        """Make the jobs of a pair in the order in which they run, of all flows or of those (or groups) named.

        What a named flow needs comes along. Misconfigured for the first flow that the check refuses.
        """
        flows = self.flows(pair)
        if only:
            asked = [only] if isinstance(only, str) else only
            names = {flow.name for flow in self._chosen(asked)}
            known = {flow.name for flow in flows}
            out = left_out(self.project, pair).keys() - set(asked)
            for name in names - known - out:
                self.flow(pair, name)
            flows = tuple(flow for flow in flows if flow.name in names)
        return [self.job(pair, flow) for flow in flows]

    def job(self, pair: str, flow: PreparedFlow) -> Job:
        """Make the job of a prepared flow; the lease, the probe and the progress are the caller's."""
        keep_counts(self.project)
        if flow.compiled is None:
            raise flow.errors[0].error()
        project, worker = self.project, self.project.settings.worker
        left, right = (
            self._place(pair, flow, side.name, end)
            for side, end in zip(flow.compiled.flow.sides, ("left", "right"), strict=True)
        )
        return Job(
            pair,
            flow.compiled,
            left,
            right,
            project.store,
            project.scratch,
            flow.expressions,
            project.clock,
            project.actor,
            company=self.company(pair),
            dependents=tuple(self._dependents(pair, flow)),
            sharing={side: self._others(pair, flow.name, side) for side in self.pair(pair).sides},
            page=worker.page,
            pages_in_flight=worker.pages_in_flight,
            lease_ttl_s=worker.lease_ttl_s,
            lookups_digest=lookups_digest(project.lookups),
            entities_digest=flow.entities_digest,
            verify_share=self._verify_share(pair),
        )

    def look(self, pair: str, flow: PreparedFlow, fold_s: float) -> Job:
        """Make the job of a look of the service: looks that find nothing share a row, and what was seen is remembered."""
        job = self.job(pair, flow)
        job.fold_s, job.looked = fold_s, self._looked.setdefault((pair, flow.name), Looked())
        return job

    def company(self, pair: str) -> str:
        """Return the pair's company: the company database of its GP side, in capitals; "" where there is none."""
        given = self._settings(pair, "gp")
        return str(getattr(given, "interid", "") or "").upper()

    def context(self, pair: str) -> ConvertContext:
        """Return what converters may know: the GP side's time zone and currency, the lookups, the two columns."""
        given = self._settings(pair, "gp")
        return ConvertContext(
            time_zone=str(getattr(given, "time_zone", "") or "UTC"),
            currency=str(getattr(given, "functional_currency", "") or ""),
            lookups=self.project.lookups,
            sides=tuple(self.pair(pair).sides),
            now=self.project.clock,
        )

    def forget(self, system: str) -> None:
        """Prepare every flow anew, and let a system's connector describe its entities anew."""
        self._prepared.clear()
        if system in self._connectors:
            self._connectors[system].begin_run()

    def renew(self, system: str) -> None:
        """Make a system's connector anew: one that was refused keeps its old secret, and tries no second time."""
        self._prepared.clear()
        old = self._connectors.pop(system, None)
        if old is not None:
            with contextlib.suppress(OSError, Gp365Error):
                old.close()

    def close(self) -> None:
        """Close every connector; the project stays open."""
        for connector in self._connectors.values():
            with contextlib.suppress(OSError, Gp365Error):
                connector.close()
        self._connectors.clear()
        self._prepared.clear()
        keep_counts(self.project, every_s=0.0)

    def __enter__(self) -> Assembly:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _verify_share(self, pair: str) -> float:
        own = self.pair(pair).verify_share
        return self.project.settings.verify.share if own is None else own

    def _settings(self, pair: str, side: str) -> Any:
        system = self.pair(pair).sides.get(side, "")
        return self.project.settings.systems.get(system)

    def _chosen(self, names: Sequence[str]) -> tuple[LoadedFlow, ...]:
        return self.project.flows.chosen(names)

    def _prepare(self, pair: str, loaded: LoadedFlow, chosen: Sequence[LoadedFlow]) -> PreparedFlow:
        return self._preparing.prepare(pair, loaded, self._ends(pair, loaded, chosen), self.context(pair))

    def _ends(self, pair: str, loaded: LoadedFlow, chosen: Sequence[LoadedFlow]) -> Ends:
        connectors = self.systems(pair)
        file = loaded.file
        missing = [side for side in connectors if side not in file.sides]
        if missing:
            at = loaded.where("sides")
            raise Misconfigured(
                "flow-invalid",
                f"{at}: the flow {file.flow} has no side {missing[0]}, which the pair {pair} needs.",
                field="sides",
                value=missing[0],
            )
        first, second = connectors
        return Ends(
            (first, second),
            {side: connector.entity(file.sides[side].entity) for side, connector in connectors.items()},
            pair_options(pair, self.pair(pair), file, self._settings(pair, "gp"), chosen),
            self.project.lookups,
            frozenset(flow.name for flow in chosen),
            lambda side, entity: connectors[side].entity(entity),
            {side: self._others(pair, file.flow, side) for side in connectors},
            self.company(pair),
        )

    def _others(self, pair: str, flow: str, side: str) -> tuple[str, ...]:
        """Name the other pairs that run a flow on the same system as this pair's side."""
        system = self.pair(pair).sides[side]
        return tuple(
            name
            for name, given in self.pairs.items()
            if name != pair
            and given.sides.get(side) == system
            and any(one.name == flow for one in self._chosen(given.flows))
        )

    def _place(self, pair: str, flow: PreparedFlow, side: str, end: Any) -> Place:
        assert flow.compiled is not None
        system = self.pair(pair).sides[side]
        entity = flow.entities[side]
        fields = fields_of(flow.compiled.flow, side, entity)
        return Place(side, end, system, self.connector(system), entity, fields)

    def _dependents(self, pair: str, flow: PreparedFlow) -> Iterable[Dependent]:
        for other in self.flows(pair):
            if other.name == flow.name:
                continue
            for side, given in other.loaded.file.sides.items():
                if side in flow.entities:
                    yield Dependent(other.name, side, given.entity)


def assemble(project: Project) -> Assembly:
    """Put a project's working parts together; nothing is sent before something is asked for."""
    return Assembly(project)


__all__ = ["Assembly", "Flow", "FlowFile", "PreparedFlow", "assemble", "lookups_digest"]
