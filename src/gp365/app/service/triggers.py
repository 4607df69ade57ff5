"""What asks for syncs by fiscal calendar and sales cycle, as one value; and how time and each look change it. Pure.

What must outlive a restart is in `Held`, one for each rule: up to when everything was done, from when a series is watched,
and which flows are still to be read whole. A rule that asks for no more than a look needs nothing kept until it is done: a
start looks at every flow anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gp365.app.service.calendar import to_utc
from gp365.app.service.cycle import Cycle, last_moment, next_moment
from gp365.app.service.due import Flow
from gp365.app.service.fiscal import Calendar, Days, closings, window
from gp365.app.service.plans import Asked
from gp365.app.service.standing import TriggerStanding

NO_CALENDAR = Calendar()
ASTRAY = timedelta(hours=1)
"""What was done so far ahead of now was done under a wrong clock, and does not count."""


@dataclass(frozen=True, slots=True)
class Around:
    """So many days before and after the end of a period, no wait between two looks is longer than `every_s`."""

    before: int
    after: int
    every_s: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of one pair: by the sales cycle, or by a fiscal calendar. `mark` changes with what it says.

    `calendar` names the fiscal calendar that it goes by, "" where it needs none.
    """

    name: str
    pair: str
    flows: tuple[str, ...]
    zone: ZoneInfo
    mark: str
    calendar: str = ""
    full: bool = False
    cycle: Cycle | None = None
    make_up: timedelta = timedelta(0)
    around: Around | None = None
    series: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Held:
    """What is kept of a rule: done up to `at`; series watched since a day; flows `left` to be read whole, and why."""

    mark: str
    at: datetime
    calendar: str = ""
    series: Mapping[str, date] = field(default_factory=dict[str, date])
    left: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that asks now, and for which occasions; `late`: the occasion is too old to be made up for."""

    rule: Rule
    occasions: tuple[str, ...]
    late: bool = False


@dataclass(frozen=True, slots=True)
class Triggers:
    """All rules, what is held of each, the calendars that are known, and when each rule of the cycle comes next."""

    rules: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    held: Mapping[str, Held] = field(default_factory=dict[str, Held])
    calendars: Mapping[str, Calendar] = field(default_factory=dict[str, Calendar])
    next_at: Mapping[str, datetime] = field(default_factory=dict[str, datetime])

    def calendar(self, rule: Rule) -> Calendar:
        """Return the calendar of a rule, an empty one while it is not known."""
        return self.calendars.get(rule.calendar, NO_CALENDAR)

    def today(self, rule: Rule, now: datetime) -> date:
        """Return the company's day."""
        return now.astimezone(rule.zone).date()


Under = Mapping[tuple[str, str], bool]
"""Rule and flow that are planned to be read whole; True: something came on top meanwhile, and it is read once more."""
NOTHING_UNDER: Under = {}


def begin(
    rules: Iterable[Rule], kept: Mapping[str, Held], calendars: Mapping[str, Calendar], now: datetime
) -> Triggers:
    """Put rules together with what was kept of them; what a new or changed one missed before is not made up for."""
    named = {rule.name: rule for rule in rules}
    held = {name: _held(rule, kept.get(name), now) for name, rule in named.items()}
    made = Triggers(named, held, dict(calendars))
    return replace(made, next_at=_next_times(made, named.values()))


def due(triggers: Triggers, now: datetime) -> tuple[Triggers, list[Fired]]:
    """Say which rules of the cycle ask now. Of several moments that were missed only the newest asks."""
    triggers = _righted(triggers, now)
    passed = [triggers.rules[name] for name, at in triggers.next_at.items() if at <= now]
    if not passed:
        return triggers, []
    held, found = dict(triggers.held), list[Fired]()
    for rule in passed:
        assert rule.cycle is not None
        mine = held[rule.name]
        latest = last_moment(rule.cycle, triggers.calendar(rule), mine.at, now)
        if latest is not None:
            fired = Fired(rule, (_shown(latest, rule.zone),), late=now - latest > rule.make_up)
            found.append(fired)
            held[rule.name] = _with(replace(mine, at=latest), fired)
    moved = replace(triggers, held=held)
    return replace(moved, next_at={**triggers.next_at, **_next_times(moved, passed)}), found


def looked(triggers: Triggers, name: str, seen: Calendar, now: datetime) -> tuple[Triggers, list[Fired]]:
    """Take in a calendar as it stands now, and say which rules ask because a period was closed since the last look."""
    before = triggers.calendars.get(name)
    held, found = dict(triggers.held), list[Fired]()
    mine = [rule for rule in triggers.rules.values() if rule.calendar == name]
    for rule in mine:
        kept = held[rule.name]
        fired = Fired(rule, closings(before, seen, rule.series, kept.series))
        first = {series: triggers.today(rule, now) for series in rule.series}
        kept = replace(kept, series={**first, **kept.series})
        if fired.occasions:
            found.append(fired)
            kept = _with(kept, fired)
        held[rule.name] = kept
    moved = replace(triggers, held=held, calendars={**triggers.calendars, name: seen})
    others = {rule.name for rule in mine}
    next_at = {rule: at for rule, at in triggers.next_at.items() if rule not in others}
    return replace(moved, next_at={**next_at, **_next_times(moved, mine)}), found


def looks_asked(fired: Iterable[Fired]) -> list[Asked]:
    """Give what is asked for at once: looks that need not read both sides whole."""
    return [
        Asked(one.rule.pair, flow)
        for one in fired
        if not one.rule.full and not one.late
        for flow in one.rule.flows
    ]


def on_top(under: Under, fired: Iterable[Fired]) -> Under:
    """Note that flows which are planned to be read whole have to be so once more: they may have begun before."""
    again = {one.rule.name for one in fired if one.rule.full and not one.late}
    return {key: more or key[0] in again for key, more in under.items()}


def settled(
    triggers: Triggers,
    under: Under,
    known: Collection[Flow],
    full: Collection[Flow],
    stopped: Collection[Flow],
) -> tuple[Triggers, Under, list[Asked]]:
    """Ask for what is still to be read whole, and let go what was: `full` are the flows that are planned so.

    A flow that is stopped for itself (a guard, a first sync that is a person's) is asked for when it is so no more.
    """
    held, mine, asked = dict(triggers.held), dict(under), list[Asked]()
    for name, rule in triggers.rules.items():
        left: list[str] = []
        for flow in held[name].left:
            key, place = (name, flow), (rule.pair, flow)
            if place in full:
                mine.setdefault(key, True)  # somebody else asked for it, and it may have begun before
            elif place in known and place not in stopped:
                if key in mine and not mine.pop(key):
                    continue  # it was read whole
                asked.append(Asked(rule.pair, flow, full=True))
                mine[key] = False
            else:
                mine.pop(key, None)
            if place in known:
                left.append(flow)
        if len(left) < len(held[name].left):
            held[name] = replace(held[name], left=tuple(left), why=held[name].why if left else ())
    return replace(triggers, held=held), mine, asked


def limits(triggers: Triggers, now: datetime) -> dict[Flow, float]:
    """Say for which flows the longest wait is shorter now, in seconds."""
    found: dict[Flow, float] = {}
    for rule in triggers.rules.values():
        days = around(triggers, rule, now)
        if rule.around is not None and days is not None and days.first <= triggers.today(rule, now):
            for flow in rule.flows:
                key = (rule.pair, flow)
                found[key] = min(rule.around.every_s, found.get(key, rule.around.every_s))
    return found


def around(triggers: Triggers, rule: Rule, now: datetime) -> Days | None:
    """Give the days of more looks around the end of a period that a rule is in, or that come next."""
    if rule.around is None:
        return None
    return window(triggers.calendar(rule), triggers.today(rule, now), rule.around.before, rule.around.after)


def standing_of(triggers: Triggers, rule: Rule, now: datetime) -> TriggerStanding:
    """Say when a rule comes next, until when it lets flows be looked at more often, and what it still waits for."""
    held, days = triggers.held[rule.name], around(triggers, rule, now)
    next_at, until = triggers.next_at.get(rule.name), None
    if days is not None:
        if days.first > triggers.today(rule, now):
            next_at = _midnight(days.first, rule.zone)
        else:
            until = _midnight(days.last + timedelta(days=1), rule.zone)
    return TriggerStanding(rule.name, rule.pair, rule.flows, next_at, until, held.left, held.why)


def _held(rule: Rule, kept: Held | None, now: datetime) -> Held:
    if kept is None:
        return Held(rule.mark, now, rule.calendar)
    same = kept.calendar == rule.calendar
    left = tuple(flow for flow in kept.left if rule.full and flow in rule.flows)
    return Held(
        rule.mark,
        kept.at if kept.mark == rule.mark else now,
        rule.calendar,
        {name: day for name, day in kept.series.items() if same and name in rule.series},
        left,
        kept.why if left else (),
    )


def _righted(triggers: Triggers, now: datetime) -> Triggers:
    """Let rules go on from now that a wrong clock has brought far ahead."""
    astray = [name for name, held in triggers.held.items() if held.at > now + ASTRAY]
    if not astray:
        return triggers
    held = {**triggers.held, **{name: replace(triggers.held[name], at=now) for name in astray}}
    moved = replace(triggers, held=held)
    return replace(moved, next_at=_next_times(moved, moved.rules.values()))


def _with(held: Held, fired: Fired) -> Held:
    if fired.late or not fired.rule.full:
        return held
    why = dict.fromkeys((*held.why, *fired.occasions))
    return replace(held, left=fired.rule.flows, why=tuple(why))


def _next_times(triggers: Triggers, rules: Iterable[Rule]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for rule in rules:
        if rule.cycle is not None:
            at = next_moment(rule.cycle, triggers.calendar(rule), triggers.held[rule.name].at)
            if at is not None:
                found[rule.name] = at
    return found


def _shown(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return to_utc(datetime.combine(day, time()), zone)
