"""What the service has planned, as one value: looks, circuits, windows; and how each thing that happens changes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from gp365.app.actions.running import Ran
from gp365.app.project import Project
from gp365.app.service import circuit as circuits_
from gp365.app.service.calendar import QuietWindow, quiet_until
from gp365.app.service.circuit import CLOSED, Backoff, Circuit
from gp365.app.service.due import Flow, Planned, Round, runs_at
from gp365.app.service.hinting import Hinted
from gp365.app.service.pace import Look, Pace, first_look, next_look, postponed, sooner
from gp365.app.service.parts import flow_names, mark_of
from gp365.app.service.rounds import RoundDone
from gp365.app.service.standing import Fault
from gp365.app.settings_service import DAYS, QuietSettings
from gp365.model.errors import Gp365Error, Unauthorised
from gp365.store.engine import Store
from gp365.store.figures import Queue, queues

SOON_S = 1.0
RECHECK_S = 5.0
Queues = Mapping[Flow, Queue]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person or a schedule asks for: flows to look at now ("" means all), or a system to try again."""

    pair: str = ""
    flow: str = ""
    full: bool = False
    retry: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is planned. `full` are flows that are to be read whole, `stopped` what stops a flow by itself.

    `unhooked` are the systems whose webhooks do not tell of everything.
    """

    flows: Mapping[Flow, Planned]
    paces: Mapping[Flow, Pace]
    zone: ZoneInfo
    windows: tuple[QuietWindow, ...]
    backoff: Backoff
    members: Mapping[tuple[str, str], frozenset[str]]
    circuits: Mapping[str, Circuit] = field(default_factory=dict[str, Circuit])
    stopped: Mapping[Flow, Fault] = field(default_factory=dict[Flow, Fault])
    full: frozenset[Flow] = frozenset()
    rechecked: datetime | None = None
    unhooked: frozenset[str] = frozenset()

    def pace(self, plan: Planned) -> Pace:
        """Give the bounds for a flow's looks: the shortest alone while the webhooks of one of its systems do not work."""
        given = self.paces[(plan.pair, plan.flow)]
        without = not self.unhooked.isdisjoint(plan.systems)
        return Pace(given.shortest_s, given.shortest_s) if without else given

    def planned(self) -> Sequence[Planned]:
        """Give the flows in the order in which they run."""
        return tuple(self.flows.values())

    def quiet(self, pair: str, now: datetime) -> datetime | None:
        """Say until when nothing may be written for a pair; None if it may."""
        return quiet_until(self.windows, self.zone, now, pair) if self.windows else None

    def wakes_at(self, now: datetime) -> datetime | None:
        """Say when the first flow can run; None if none can."""
        times = (runs_at(one, self.circuits, lambda pair: self.quiet(pair, now)) for one in self.planned())
        return min((at for at in times if at is not None), default=None)


def begin(project: Project, now: datetime) -> State:
    """Plan everything anew: every flow is looked at once at the beginning."""
    given = project.settings.service
    usual = Pace(given.poll.shortest_s, given.poll.longest_s)
    paces: dict[Flow, Pace] = {}
    flows: dict[Flow, Planned] = {}
    for pair, name in flow_names(project):
        own = given.polls.get(name)
        paces[(pair, name)] = usual if own is None else Pace(own.shortest_s, own.longest_s)
        systems = tuple(project.settings.pairs[pair].sides.values())
        flows[(pair, name)] = Planned(pair, name, systems, first_look(paces[(pair, name)], now))
    windows = tuple(_window(one) for one in given.quiet)
    backoff = Backoff(given.backoff_s, given.backoff_limit_s)
    return State(flows, paces, zone_of(project), windows, backoff, _members(project))


def zone_of(project: Project) -> ZoneInfo:
    """Give the zone of the company's calendar: the service's own, else that of the first GP system, else UTC."""
    if project.settings.service.time_zone:
        return ZoneInfo(project.settings.service.time_zone)
    for system in project.settings.systems.values():
        zone = getattr(system, "time_zone", "")
        if zone:
            return ZoneInfo(zone)
    return ZoneInfo("UTC")


def queued(store: Store, now: datetime) -> Queues:
    """Read what waits in the queues."""
    with store.read() as conn:
        return queues(conn, now)


def nothing_ran() -> Ran:
    """Give what a round brought that was broken off."""
    return Ran()


def take_asked(state: State, asked: Sequence[Asked], now: datetime) -> State:
    """Plan what people and schedules have asked for."""
    for one in asked:
        if one.retry:
            state = retry(state, one.retry, now)
            continue
        chosen = [flow for flow in state.flows if _is_meant(state, one, flow)]
        state = _look_now(state, chosen, now, urgent=not one.full)
        if one.full:
            state = replace(state, full=state.full | frozenset(chosen))
    return state


def owes(state: State, asked: Asked) -> bool:
    """Tell whether something that was to be read whole was not yet."""
    return asked.full and any(_is_meant(state, asked, flow) for flow in state.full)


def retry(state: State, system: str, now: datetime) -> State:
    """Try a system again now."""
    held = state.circuits.get(system)
    if held is None or held.fault is None:
        return state
    return replace(state, circuits={**state.circuits, system: circuits_.retried(held, now)})


def retry_all(state: State, now: datetime) -> State:
    """Try every system again now."""
    for system in state.circuits:
        state = retry(state, system, now)
    return state


def recheck(state: State, project: Project, now: datetime) -> State:
    """Try a system that refused us again once its settings or its secret are others."""
    refused = [system for system, held in state.circuits.items() if held.unauthorised]
    soon = timedelta(seconds=RECHECK_S)
    if not refused or (state.rechecked is not None and now - state.rechecked < soon):
        return state
    state = replace(state, rechecked=now)
    for system in refused:
        if mark_of(project, system) != state.circuits[system].mark:
            state = retry(state, system, now)
    return state


def hinted(state: State, told: Hinted, now: datetime) -> State:
    """Look at once where hints have made work, and at systems of which something is read by no flow directly."""
    flows = [
        flow
        for flow, plan in state.flows.items()
        if flow in told.flows or told.systems.intersection(plan.systems)
    ]
    return _look_now(state, flows, now, urgent=True)


def unhooked(state: State, systems: frozenset[str], now: datetime) -> State:
    """Let polls take over from the webhooks of these systems, and no longer from those of others."""
    if systems == state.unhooked:
        return state
    state = replace(state, unhooked=systems)
    flows = {
        flow: replace(plan, look=sooner(plan.look, now + timedelta(seconds=state.pace(plan).longest_s)))
        for flow, plan in state.flows.items()
    }
    return replace(state, flows=flows)


def look_where(state: State, queued: Queues, now: datetime) -> State:
    """Look at once at every flow that has something due: a command has made work."""
    flows = [flow for flow in state.flows if flow in queued and queued[flow].due]
    return _look_now(state, flows, now, urgent=True)


def narrowed(state: State, chosen: Round) -> tuple[Round, bool]:
    """Part the flows that are to be read whole from the others: they have a round of their own."""
    whole = tuple(flow for flow in chosen.flows if (chosen.pair, flow) in state.full)
    if not whole:
        return chosen, False
    others = tuple(flow for flow in chosen.flows if flow not in whole)
    if chosen.urgent and others:
        return replace(chosen, flows=others), False
    return replace(chosen, flows=whole), True


def system_failed(
    state: State, project: Project, system: str, error: Gp365Error, now: datetime, chance: float
) -> State:
    """Open a system's circuit, or keep it open."""
    mark = mark_of(project, system) if isinstance(error, Unauthorised) else ""
    held = state.circuits.get(system, CLOSED)
    opened = circuits_.failed(held, error, now, state.backoff, chance=chance, mark=mark)
    return replace(state, circuits={**state.circuits, system: opened}, rechecked=now)


def besides(state: State, taken: Collection[str], now: datetime) -> Sequence[Planned]:
    """Give the flows of pairs that are not `taken`. A system that is half open is tried by one round at a time."""
    if not taken:
        return state.planned()
    asked = {system for plan in state.planned() if plan.pair in taken for system in plan.systems}
    probed = {name for name in asked if state.circuits.get(name, CLOSED).state(now) == "half-open"}
    return [one for one in state.planned() if one.pair not in taken and not probed.intersection(one.systems)]


def lost(state: State, chosen: Round, now: datetime) -> State:
    """Plan the flows of a round anew that was lost on its way; what it did stands in the ledger."""
    flows = dict(state.flows)
    soon = now + timedelta(seconds=SOON_S)
    for flow in [(chosen.pair, name) for name in chosen.flows]:
        if flow in flows:
            flows[flow] = replace(flows[flow], look=replace(flows[flow].look, next_at=soon))
    return replace(state, flows=flows)


def broke(state: State, chosen: Round, now: datetime, chance: float) -> State:
    """Put the flows of a round off that ended by a bug: they are looked at again at the longest interval."""
    flows = dict(state.flows)
    for flow in [(chosen.pair, name) for name in chosen.flows]:
        if flow not in flows:  # the settings are others by now
            continue
        pace = state.paces[flow]
        slow = Look(now, pace.longest_s)
        look = next_look(slow, pace, now, changed=False, chance=chance)
        flows[flow] = replace(flows[flow], look=look, urgent=False)
    return replace(state, flows=flows)


def after_round(
    state: State,
    chosen: Round,
    done: RoundDone,
    queued: Queues,
    now: datetime,
    chance: Callable[[], float],
    *,
    whole: bool = True,
) -> State:
    """Plan the next looks from what a round brought; a system that answered is closed again.

    What a round has made due in flows that were not in it is looked at at once. A round that did not read its flows `whole`
    leaves those to be read whole that were asked for meanwhile.
    """
    closed = {system: CLOSED for system in done.answered if system in state.circuits}
    stopped = dict(state.stopped)
    flows = dict(state.flows)
    for flow, plan in state.flows.items():
        if flow[0] == chosen.pair and flow[1] in chosen.flows:
            flows[flow] = _after_look(state, plan, done, queued.get(flow), now, chance())
            _note_stopped(stopped, flow, done, now)
        elif done.changed and flow in queued and queued[flow].due:
            flows[flow] = replace(plan, look=sooner(plan.look, now), urgent=plan.urgent or chosen.urgent)
    good = whole and not done.faults
    ran = frozenset((chosen.pair, name) for name in chosen.flows) if good else frozenset[Flow]()
    return replace(
        state, flows=flows, stopped=stopped, circuits={**state.circuits, **closed}, full=state.full - ran
    )


def _after_look(
    state: State, plan: Planned, done: RoundDone, queue: Queue | None, now: datetime, chance: float
) -> Planned:
    if any(system in done.faults for system in plan.systems):
        return plan  # it stays due: when the system is back it is looked at at once
    pace = state.pace(plan)
    changed = plan.flow in done.changed
    look = next_look(plan.look, pace, now, changed=changed, chance=chance)
    if plan.flow in done.stopped:
        slowest = Look(now, pace.longest_s)
        look = next_look(slowest, pace, now, changed=False, chance=chance)
    elif queue is not None and queue.due:
        look = sooner(look, now + timedelta(seconds=pace.shortest_s))
    elif queue is not None and queue.next_at is not None:
        look = sooner(look, max(queue.next_at, now + timedelta(seconds=SOON_S)))
    return replace(plan, look=postponed(look, now), urgent=False)


def _note_stopped(stopped: dict[Flow, Fault], flow: Flow, done: RoundDone, now: datetime) -> None:
    error = done.stopped.get(flow[1])
    held = stopped.pop(flow, None)
    if error is not None:
        same = held is not None and held.code == error.code
        stopped[flow] = Fault(error.code, str(error), held.since if same and held is not None else now)


def _look_now(state: State, flows: Sequence[Flow], now: datetime, *, urgent: bool) -> State:
    if not flows:
        return state
    known = dict(state.flows)
    for flow in flows:
        plan = known[flow]
        known[flow] = replace(plan, look=sooner(plan.look, now), urgent=urgent or plan.urgent)
    return replace(state, flows=known)


def _is_meant(state: State, asked: Asked, flow: Flow) -> bool:
    if asked.pair not in ("", flow[0]):
        return False
    return not asked.flow or flow[1] in state.members.get((flow[0], asked.flow), frozenset((asked.flow,)))


def _members(project: Project) -> dict[tuple[str, str], frozenset[str]]:
    """Say for each name that a schedule gives which flows it means, with what they need."""
    named = {one.flow for one in project.settings.service.schedules.values() if one.flow}
    found: dict[tuple[str, str], frozenset[str]] = {}
    for name in named:
        meant = frozenset(flow.name for flow in project.flows.chosen([name]))
        for pair in project.settings.pairs:
            found[(pair, name)] = meant
    return found


def _window(given: QuietSettings) -> QuietWindow:
    days = frozenset(DAYS.index(day) for day in given.days)
    return QuietWindow(
        time.fromisoformat(given.since), time.fromisoformat(given.to), days, frozenset(given.pairs)
    )
