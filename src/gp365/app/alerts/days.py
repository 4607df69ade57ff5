"""The company's day: its date at a moment, and when the daily digest is due."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gp365.app.settings import GpSystem, Settings
from gp365.app.settings_alerts import WEEK, AlertSettings

LATEST = timedelta(
    hours=6
)  # a service that was down in the morning still tells; in the evening it waits for tomorrow


def company_zone(settings: Settings) -> ZoneInfo:
    """Return the time zone of the company's day: as set for alerts, else that of the first GP system, else UTC."""
    if settings.alerts.time_zone:
        return ZoneInfo(settings.alerts.time_zone)
    zones = (one.time_zone for one in settings.systems.values() if isinstance(one, GpSystem))
    return ZoneInfo(next(zones, "UTC"))


def digest_day(at: datetime, zone: ZoneInfo, settings: AlertSettings) -> date | None:
    """Return the day whose digest is due at a moment, or None."""
    if not settings.digest_at:
        return None
    local = at.astimezone(zone)
    # Aware moments are compared in UTC, so that a clock change in the night neither doubles nor drops a digest.
    due = datetime.combine(local.date(), time.fromisoformat(settings.digest_at), zone).astimezone(at.tzinfo)
    wanted = WEEK[local.weekday()] in settings.digest_days
    return local.date() if wanted and due <= at < due + LATEST else None
