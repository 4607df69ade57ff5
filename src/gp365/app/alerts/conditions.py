"""What is broken at this moment: pure rules over how everything stands and a few facts beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from gp365.app.alerts.kinds import KINDS, Level
from gp365.app.service.standing import BROKEN, Fault, FlowStanding, Standing, SystemStanding
from gp365.app.settings_alerts import AlertSettings, ObjectiveSettings
from gp365.model.values import digest

WEEKS_BACK = 4
WEEKS_NEEDED = 2
NEAR_DAYS = 7
Sums = Mapping[tuple[str, str, str], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is broken. `about` tells several of a kind apart; `message` may hold customers' data."""

    kind: str
    pair: str = ""
    flow: str = ""
    system: str = ""
    about: str = ""
    code: str = ""
    message: str = ""
    figures: Mapping[str, int] = field(default_factory=dict[str, int])
    raised: bool = False

    @property
    def key(self) -> str:
        """Name it the same every time it is seen; a foreign text, such as a step's name, only by its digest."""
        about = digest(self.about.encode()) if self.about else ""
        return "|".join((self.kind, self.pair, self.flow, self.system, about))

    @property
    def level(self) -> Level:
        """Say how bad it is."""
        return "error" if self.raised else KINDS[self.kind].level

    @property
    def place(self) -> str:
        """Say where it is, in words."""
        if self.flow:
            return f"{self.flow} of {self.pair}"
        return f"the pair {self.pair}" if self.pair else self.system

    @property
    def sentence(self) -> str:
        """Say what is broken, with figures and without any customer's data."""
        names = {"place": self.place, "system": self.system, "about": self.about, **self.figures}
        text = KINDS[self.kind].broken.format(**names)
        return text[:1].upper() + text[1:] + (f" ({self.code})." if self.code else ".")


@dataclass(frozen=True, slots=True)
class Expiry:
    """A certificate or secret with its last day."""

    what: str
    on: date


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules must know beside the standing: the company's day, sums of days, expiries, channels that fail."""

    today: date
    sums: Sums = field(default_factory=dict[tuple[str, str, str], Mapping[str, int]])
    expiries: Sequence[Expiry] = ()
    failing: Sequence[str] = ()


def conditions(standing: Standing, facts: Facts, settings: AlertSettings) -> list[Condition]:
    """Name everything that is broken, each once."""
    found: dict[str, Condition] = {}
    for one in _all(standing, facts, settings):
        found.setdefault(one.key, one)
    return list(found.values())


def objective(settings: AlertSettings, flow: str) -> tuple[float, int, int]:
    """Give the lag in seconds, parked records and usual rows that a flow is measured by; 0: not watched."""
    own = settings.objectives.get(flow, ObjectiveSettings())
    return (
        settings.lag_s if own.lag_s is None else own.lag_s,
        settings.parked if own.parked is None else own.parked,
        settings.zero_rows if own.zero_rows is None else own.zero_rows,
    )


def _all(standing: Standing, facts: Facts, settings: AlertSettings) -> Iterator[Condition]:
    for system in standing.systems:
        yield from _of_system(system, facts, settings)
    for flow in standing.flows:
        yield from _of_flow(flow)
        yield from _late(flow, standing, settings)
        yield from _many_parked(flow, settings)
        yield from _no_rows(flow, facts, settings)
    for hook in standing.hooks:
        if hook.state in BROKEN:
            yield Condition(
                "hook-disabled", system=hook.system, about=hook.name, code=hook.state, message=hook.why
            )
    for rule in standing.triggers:
        if rule.fault is not None:
            fault = rule.fault
            yield Condition("rule-stopped", about=rule.name, code=fault.code, message=fault.message)
    yield from _expiring([*facts.expiries, *_shown(standing)], facts.today, settings)
    for channel in facts.failing:
        yield Condition("channel-failing", about=channel)


def _of_system(system: SystemStanding, facts: Facts, settings: AlertSettings) -> Iterator[Condition]:
    fault = system.fault or Fault("")
    if system.unauthorised:
        yield Condition("system-unauthorised", system=system.name, code=fault.code, message=fault.message)
    elif system.circuit != "closed":
        yield Condition("system-down", system=system.name, code=fault.code, message=fault.message)
    day = facts.sums.get((facts.today.isoformat(), "", ""), {})
    sent = [day.get(f"{name}:{system.name}", 0) for name in ("sent", "requests")]
    requests = max(system.requests_today, *sent)
    granted = settings.allowances.get(system.name, system.allowance)
    if granted and settings.allowance_share and requests >= granted * settings.allowance_share:
        figures = {"requests": requests, "allowance": granted}
        raised = requests >= granted
        yield Condition("allowance", system=system.name, figures=figures, raised=raised)


def _of_flow(flow: FlowStanding) -> Iterator[Condition]:
    pair, name = flow.pair, flow.flow
    for guard in flow.guards:
        held = "" if guard.whole_pair else name
        about = f"{guard.code} {guard.side}".strip()
        yield Condition("guard-stopped", pair, held, about=about, message=guard.message)
    if flow.stopped is not None:
        yield Condition("flow-stopped", pair, name, code=flow.stopped.code, message=flow.stopped.message)
    if flow.balanced is False:
        yield Condition("unbalanced", pair, name)
    if flow.unkept:
        yield Condition("unkept", pair, name, figures={"unkept": flow.unkept})


def _late(flow: FlowStanding, standing: Standing, settings: AlertSettings) -> Iterator[Condition]:
    """A flow that is stopped, or whose system is, is told by its cause alone; a quiet window is no lag."""
    most, _, _ = objective(settings, flow.flow)
    if not most or flow.stopped or flow.guards or standing.quiet_until or _is_down(flow, standing):
        return
    lag_s = (standing.at - standing.began).total_seconds() if flow.lag_s is None else flow.lag_s
    if lag_s > most:
        figures = {"lag_s": int(lag_s), "objective_s": int(most)}
        yield Condition("lag", flow.pair, flow.flow, figures=figures)


def _is_down(flow: FlowStanding, standing: Standing) -> bool:
    down = {one.name for one in standing.systems if one.unauthorised or one.circuit != "closed"}
    return not down.isdisjoint(flow.systems)


def _many_parked(flow: FlowStanding, settings: AlertSettings) -> Iterator[Condition]:
    _, most, _ = objective(settings, flow.flow)
    if most and flow.parked >= most:
        yield Condition("parked", flow.pair, flow.flow, figures={"parked": flow.parked, "limit": most})


def _no_rows(flow: FlowStanding, facts: Facts, settings: AlertSettings) -> Iterator[Condition]:
    """The last whole day is compared with the same weekday of earlier weeks: weekends are quiet, and holidays are rare."""
    _, _, many = objective(settings, flow.flow)
    day = facts.today - timedelta(days=1)
    last = _day(facts, day, flow)
    if not many or not last.get("runs") or last.get("considered"):
        return
    weeks = (_day(facts, day - timedelta(weeks=back), flow) for back in range(1, WEEKS_BACK + 1))
    usual = [week.get("considered", 0) for week in weeks if week.get("runs")]
    if len(usual) >= WEEKS_NEEDED and min(usual) >= many:
        figures = {"usual": min(usual)}
        yield Condition("zero-rows", flow.pair, flow.flow, code=day.isoformat(), figures=figures)


def _day(facts: Facts, day: date, flow: FlowStanding) -> Mapping[str, int]:
    return facts.sums.get((day.isoformat(), flow.pair, flow.flow), {})


def _shown(standing: Standing) -> Iterator[Expiry]:
    """Name the certificates that servers showed."""
    for one in standing.certificates:
        yield Expiry(f"the certificate of {one.host} ({one.system})", one.until.date())


def _expiring(expiries: Iterable[Expiry], today: date, settings: AlertSettings) -> Iterator[Condition]:
    for one in expiries:
        days = (one.on - today).days
        if settings.expiry_days and days <= settings.expiry_days:
            yield Condition("expiry", about=one.what, figures={"days": days}, raised=days <= NEAR_DAYS)
