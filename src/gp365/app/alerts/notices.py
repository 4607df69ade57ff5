"""Notices in plain words: what broke or mended, the daily digest, runs that ended well. Counts, no customers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from gp365.app.alerts.conditions import Condition, Sums
from gp365.app.alerts.kinds import KINDS, Level
from gp365.app.alerts.memory import condition_of
from gp365.app.service.standing import FlowStanding, Standing
from gp365.app.settings_alerts import AlertSettings, ChannelSettings, Kind
from gp365.store.alerts import Alert
from gp365.sync.equation import Report

DONE = ("created", "updated", "unchanged", "filtered")
OPEN = ("parked", "rejected", "waiting", "unsettled", "retrying")


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. `occasion` is the same if it is made twice; `pairs` are those that it concerns, (): all.

    `besides` names a channel over which it does not go: it is about that channel.
    """

    kind: Kind
    occasion: str
    title: str
    body: str
    level: Level = "warning"
    pairs: tuple[str, ...] = ()
    besides: str = ""


def wanted(notice: Notice, name: str, channel: ChannelSettings) -> bool:
    """Tell whether a notice goes over a channel."""
    if (
        not channel.active
        or name == notice.besides
        or (notice.kind != "test" and notice.kind not in channel.kinds)
    ):
        return False
    if notice.kind in ("broken", "mended") and channel.least == "error" and notice.level != "error":
        return False
    return not channel.pairs or not notice.pairs or not set(channel.pairs).isdisjoint(notice.pairs)


def broken(alert: Alert, settings: AlertSettings, affected: Mapping[str, tuple[str, ...]]) -> Notice:
    """Tell that something is broken; `affected` names the pairs of each system."""
    found = condition_of(alert)
    lines = [found.sentence, f"What to do: {KINDS[found.kind].fix}", f"Since {_moment(alert.first_at)}."]
    if settings.details and found.message:
        lines.insert(1, found.message)
    return _notice(
        "broken", f"broken {alert.id}", f"gp365: {_title(found)}", lines, found, settings, affected
    )


def mended(alert: Alert, settings: AlertSettings, affected: Mapping[str, tuple[str, ...]]) -> Notice:
    """Tell that something is well again."""
    found = condition_of(alert)
    until = alert.seen_at - alert.first_at
    lines = [f"No longer so: {found.sentence}", f"It lasted {_span(until)}, until {_moment(alert.seen_at)}."]
    return _notice(
        "mended", f"mended {alert.id}", f"gp365: mended: {_title(found)}", lines, found, settings, affected
    )


def success(reports: Sequence[Report]) -> Notice:
    """Tell of runs that ended well, with their totals."""
    lines = [f"{one.pair} {one.flow}: {_counted(one.dispositions)}; {one.seconds:.1f} s" for one in reports]
    wrote = sum(one.dispositions.get(name, 0) for one in reports for name in ("created", "updated"))
    title = f"gp365: {_many(len(reports), 'run')} ended well, {_many(wrote, 'record')} written"
    pairs = tuple(dict.fromkeys(one.pair for one in reports))
    return Notice("success", f"success {reports[0].run}", title, "\n".join(lines), pairs=pairs)


def digest(
    day: date, standing: Standing, alerts: Iterable[Alert], past: Iterable[Alert], sums: Sums, zone: ZoneInfo
) -> Notice:
    """Tell how everything stands and what yesterday brought; for every channel the same."""
    before = (day - timedelta(days=1)).isoformat()
    told = [f"* {condition_of(one).sentence}" for one in alerts if one.told_at is not None]
    was = [f"* {condition_of(one).sentence}" for one in past]
    lines = ["What is broken:", *(told or ["nothing"]), ""]
    lines += ["Mended since yesterday:", *was, ""] if was else []
    lines += [
        f"Flows (yesterday is {before}):",
        *(_line(one, sums, before, zone) for one in standing.flows),
        "",
    ]
    lines += _requests(standing, sums, before)
    lines += _people(standing)
    title = f"gp365: {day.isoformat()}: {standing.in_short(len(told))}"
    return Notice("digest", f"digest {day.isoformat()}", title, "\n".join(lines))


def _notice(
    kind: Kind,
    occasion: str,
    title: str,
    lines: list[str],
    found: Condition,
    settings: AlertSettings,
    affected: Mapping[str, tuple[str, ...]],
) -> Notice:
    if settings.status_url:
        lines.append(settings.status_url)
    pairs = (found.pair,) if found.pair else affected.get(found.system, ())
    besides = found.about if found.kind == "channel-failing" else ""
    return Notice(kind, occasion, title, "\n".join(lines), found.level, pairs, besides)


def _title(found: Condition) -> str:
    return " ".join(part for part in (found.kind, found.place, found.about) if part)


def _line(flow: FlowStanding, sums: Sums, day: str, zone: ZoneInfo) -> str:
    done = sums.get((day, flow.pair, flow.flow), {})
    success_at = flow.success_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if flow.success_at else "never"
    return f"* {flow.pair} {flow.flow}: {_counted(done)}; last good end {success_at}; {_left(flow)}"


def _left(flow: FlowStanding) -> str:
    names = ("due", "later", "waiting", "parked", "rejected", "unsettled", "unkept")
    left = [f"{getattr(flow, name)} {name}" for name in names if getattr(flow, name)]
    return "left: " + ", ".join(left) if left else "nothing left"


def _requests(standing: Standing, sums: Sums, day: str) -> Iterator[str]:
    for system in standing.systems:
        told = sums.get((day, "", ""), {})
        sent = max(told.get(f"{name}:{system.name}", 0) for name in ("sent", "requests"))
        if sent:
            yield f"Requests to {system.name} yesterday: {sent}"


def _people(standing: Standing) -> Iterator[str]:
    parked = sum(flow.parked for flow in standing.flows)
    if parked:
        yield f"{_many(parked, 'record')} wait for a person: gp365 parked list"


def _counted(counts: Mapping[str, int]) -> str:
    found = [f"{counts[name]} {name}" for name in (*DONE, *OPEN) if counts.get(name)]
    return ", ".join(found) or "nothing to do"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _moment(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
