"""The action `alerts`: what is broken and what was told, and a test of the channels."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gp365.app.alerts.channels import AppriseChannel
from gp365.app.alerts.kinds import KINDS
from gp365.app.alerts.memory import condition_of
from gp365.app.alerts.outbox import Open, attempt
from gp365.app.project import Project
from gp365.model.errors import Misconfigured
from gp365.model.values import unpack
from gp365.store import alerts
from gp365.wire.redact import redact

UNREACHABLE = 3


@dataclass(frozen=True, slots=True)
class AlertOut:
    """Something that is broken or was: its kind, place, what to do, and since when. `told_at` null: not told yet."""

    kind: str
    level: str
    pair: str
    flow: str
    system: str
    about: str
    message: str
    fix: str
    since: datetime
    told_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnsentOut:
    """A notice that waits to be sent over a channel, and why the last try failed."""

    channel: str
    kind: str
    title: str
    made_at: datetime
    due_at: datetime
    tries: int
    failure: str


@dataclass(frozen=True, slots=True)
class AlertsOut:
    """What is broken now, what mended within the days asked for, what waits to be sent, and the channels."""

    open: list[AlertOut]
    mended: list[AlertOut]
    unsent: list[UnsentOut]
    channels: list[str]


@dataclass(frozen=True, slots=True)
class TestedOut:
    """One channel that was tested; `failure` is empty where the other end took the notice."""

    channel: str
    sent: bool
    failure: str


@dataclass(frozen=True, slots=True)
class AlertsTestOut:
    """The channels that were tested."""

    channels: list[TestedOut] = field(default_factory=list[TestedOut])

    @property
    def exit_code(self) -> int:
        """Give 3 where a channel did not take it, else 0."""
        return 0 if all(one.sent for one in self.channels) else UNREACHABLE


def alerts_list(project: Project, *, days: float = 7.0) -> AlertsOut:
    """List what is broken, what mended within so many days, and what waits to be sent; no system is asked."""
    with project.store.read() as conn:
        open_now = alerts.open_alerts(conn)
        past = alerts.past_alerts(conn, project.clock() - timedelta(days=days))
        unsent = alerts.waiting_notices(conn)
    return AlertsOut(
        [_alert(one) for one in open_now],
        [_alert(one) for one in past],
        [_unsent(one) for one in unsent],
        sorted(project.settings.alerts.channels),
    )


def alerts_test(
    project: Project, channel: str | None = None, *, open_channel: Open | None = None
) -> AlertsTestOut:
    """Send a test notice over one channel or all of them, now; Misconfigured usage where there is no such channel."""
    channels = project.settings.alerts.channels
    if channel is not None and channel not in channels:
        known = ", ".join(channels) or "none"
        message = f"There is no channel {channel}."
        raise Misconfigured("usage", message, value=channel, fix=f"The channels are {known}.")
    if not channels:
        raise Misconfigured(
            "usage", "No channels are set.", fix="Add [alerts.channels.NAME]; see docs/alerts.md."
        )
    opened = open_channel or _channel(project)
    told = AlertsTestOut()
    for name in (channel,) if channel else channels:
        body = f"A test of the channel {name}, by {project.actor}."
        sent = attempt(opened, name, "gp365: test", redact(body), good=True)
        told.channels.append(TestedOut(name, sent.ok, sent.failure))
    return told


def _channel(project: Project) -> Open:
    channels = project.settings.alerts.channels

    def opened(name: str) -> AppriseChannel:
        return AppriseChannel(project.secret(channels[name].address, f"alerts.channels.{name}.address"))

    return opened


def _alert(one: alerts.Alert) -> AlertOut:
    found = condition_of(one)
    return AlertOut(
        found.kind,
        found.level,
        found.pair,
        found.flow,
        found.system,
        found.about,
        found.sentence,
        KINDS[found.kind].fix,
        one.first_at,
        one.told_at,
        one.ended_at,
    )


def _unsent(one: alerts.Waiting) -> UnsentOut:
    title = str(unpack(one.shown)["title"])
    return UnsentOut(one.channel, one.kind, title, one.made_at, one.due_at, one.tries, one.failure)
