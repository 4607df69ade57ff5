"""The calendar in company time: cron lines and quiet windows, over changes of the clocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter


@dataclass(frozen=True, slots=True)
class QuietWindow:
    """Every day of `days` (0 is Monday) from `since` to `to` in local time; `to` not after `since` means the next day."""

    since: time
    to: time
    days: frozenset[int]
    pairs: frozenset[str] = frozenset()

    def holds(self, pair: str) -> bool:
        """Tell whether it is for this pair."""
        return not self.pairs or pair in self.pairs


def next_fire(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first moment after `after` (aware) that a cron line names in local time, in UTC.

    A time that the clocks leave out comes as much later as they jump; one that they repeat comes once, the first time.
    """
    local = after.astimezone(zone).replace(tzinfo=None)
    ticks = croniter(
        cron, local - timedelta(hours=2)
    )  # from before a repeated hour, so that the first one is seen
    while True:
        naive: datetime = ticks.get_next(datetime)
        at = to_utc(naive, zone)
        if at > after:
            return at


def quiet_until(windows: Iterable[QuietWindow], zone: ZoneInfo, now: datetime, pair: str) -> datetime | None:
    """Return when the quiet of this moment ends for a pair, in UTC, windows that follow each other as one; None if none."""
    mine = [one for one in windows if one.holds(pair)]
    end: datetime | None = None
    at = now
    while ends := [until for one in mine if (until := _ends(one, zone, at)) is not None]:
        at = max(ends)
        if end is not None and (at - now) > timedelta(days=8):
            return at  # windows that never end: look again next week
        end = at
    return end


def to_utc(naive: datetime, zone: ZoneInfo) -> datetime:
    """Turn a local time into UTC: of a repeated one the first, of one that is left out the same distance after the jump."""
    return naive.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _ends(window: QuietWindow, zone: ZoneInfo, now: datetime) -> datetime | None:
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        if day.weekday() not in window.days:
            continue
        begin, end = _span(window, zone, day)
        if begin <= now < end:
            return end
    return None


def _span(window: QuietWindow, zone: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    last = day if window.to > window.since else day + timedelta(days=1)
    begin = to_utc(datetime.combine(day, window.since), zone)
    return begin, to_utc(datetime.combine(last, window.to), zone)
