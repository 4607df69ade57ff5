"""From the settings to the rules of fiscal calendar and sales cycle: one for each pair that a table is for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from gp365.app.project import Project
from gp365.app.service.cycle import Cycle, MonthDay, QuarterEnd
from gp365.app.service.parts import flow_names
from gp365.app.service.plans import zone_of
from gp365.app.service.triggers import Around, Rule
from gp365.app.settings_alerts import WEEK
from gp365.app.settings_checks import GP_SIDE, needs_calendar, pairs_of
from gp365.app.settings_triggers import CycleSettings, FiscalSettings, QuarterEndSettings, day_rule
from gp365.model.errors import Misconfigured

CYCLE_LOOK_S = 3600.0
"""Seconds between looks at a calendar that only the sales cycle goes by."""
BY_HAND = "by hand"
"""Where a calendar is from that stands in the settings."""
FISCAL, CYCLE = "fiscal", "cycle"


def rules_of(project: Project) -> list[Rule]:
    """Make the rules of a project; Misconfigured("flow-unknown") for a flow that a pair does not have."""
    service = project.settings.service
    return [
        *(
            _fiscal(project, name, given, pair)
            for name, given in service.fiscal.items()
            for pair in pairs_of(project.settings, given)
        ),
        *(
            _cycle(project, name, given, pair)
            for name, given in service.cycle.items()
            for pair in pairs_of(project.settings, given)
        ),
    ]


def look_times(project: Project) -> dict[str, float]:
    """Say for each fiscal calendar that a rule goes by how many seconds lie between two looks at it."""
    found: dict[str, float] = {}
    for given, pair in _needing(project):
        name = calendar_name(project, given, pair)
        seconds = given.look_s if isinstance(given, FiscalSettings) else CYCLE_LOOK_S
        found[name] = min(seconds, found.get(name, seconds))
    return found


def calendar_name(project: Project, given: FiscalSettings | CycleSettings, pair: str) -> str:
    """Name the fiscal calendar of a pair: that of the settings, or that of its company in GP ("gp/TWO")."""
    if given.calendar:
        return f"{BY_HAND}/{given.calendar}"
    system = project.settings.pairs[pair].sides[GP_SIDE]
    company = str(getattr(project.settings.systems[system], "interid", "") or "").upper()
    return f"{system}/{company}"


def zone_of_pair(project: Project, pair: str) -> ZoneInfo:
    """Give the zone of a pair's days: the service's own, else that of the pair's company."""
    if not project.settings.service.time_zone:
        system = project.settings.pairs[pair].sides.get(GP_SIDE, "")
        own = getattr(project.settings.systems.get(system), "time_zone", "")
        if own:
            return ZoneInfo(own)
    return zone_of(project)


def _needing(project: Project) -> Iterator[tuple[FiscalSettings | CycleSettings, str]]:
    service = project.settings.service
    for given in (*service.fiscal.values(), *service.cycle.values()):
        if needs_calendar(given):
            for pair in pairs_of(project.settings, given):
                yield given, pair


def _fiscal(project: Project, name: str, given: FiscalSettings, pair: str) -> Rule:
    around, closed = given.around_period_end, given.after_close
    return Rule(
        f"{FISCAL} {name} {pair}",
        pair,
        _flows(project, FISCAL, name, given.flows, pair),
        zone_of_pair(project, pair),
        given.model_dump_json(),
        calendar=calendar_name(project, given, pair),
        full=closed is not None and closed.full,
        around=None if around is None else Around(around.days_before, around.days_after, around.every_s),
        series=frozenset(closed.series if closed is not None else ()),
    )


def _cycle(project: Project, name: str, given: CycleSettings, pair: str) -> Rule:
    zone = zone_of_pair(project, pair)
    return Rule(
        f"{CYCLE} {name} {pair}",
        pair,
        _flows(project, CYCLE, name, given.flows, pair),
        zone,
        f"{zone.key} {given.model_dump_json()}",
        calendar=calendar_name(project, given, pair) if needs_calendar(given) else "",
        full=given.full,
        cycle=Cycle(
            zone,
            tuple(time.fromisoformat(at) for at in given.at),
            tuple(MonthDay(*day_rule(text)) for text in given.forecast_days),
            _quarter(given.quarter_end),
            frozenset(WEEK.index(day) for day in given.working_days),
            frozenset(given.holidays),
        ),
        make_up=timedelta(hours=given.make_up_h),
    )


def _quarter(given: QuarterEndSettings | None) -> QuarterEnd | None:
    if given is None:
        return None
    first = 0 if given.by == "periods" else given.first_month
    return QuarterEnd(first, given.days_before, given.days_after)


def _flows(project: Project, table: str, name: str, given: list[str], pair: str) -> tuple[str, ...]:
    """Name the flows of a pair that are meant, with what they need, in the order in which they run."""
    mine = [flow for of, flow in flow_names(project) if of == pair]
    if not given:
        return tuple(mine)
    for one in given:
        meant = {flow.name for flow in project.flows.chosen([one])}
        if not meant <= set(mine):
            raise Misconfigured(
                "flow-unknown",
                f"service.{table}.{name}.flows names {one}, which the pair {pair} does not run.",
                field=f"service.{table}.{name}.flows",
                value=one,
                fix=f"Name flows of {pair} ({', '.join(mine)}), or add it to [pairs.{pair}].",
            )
    chosen = {flow.name for flow in project.flows.chosen(given)}
    return tuple(flow for flow in mine if flow in chosen)
