"""Showing alerts: what is broken, what mended, what waits to be sent, and channels that were tested."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.alerts import AlertOut, AlertsOut, AlertsTestOut
from gp365.cli.words import plain


def show_alerts(console: Console, told: AlertsOut) -> None:
    """Show what is broken, with what to do, and what mended."""
    if not told.open:
        console.print(plain("Nothing is broken, as far as the service has looked."))
    for one in told.open:
        console.print(plain(f"{one.level}: {one.message} {_times(one)}"))
        console.print(plain(f"    {one.fix}"))
    for one in told.mended:
        console.print(plain(f"mended: {one.message} {_times(one)}"))
    for notice in told.unsent:
        why = f": {notice.failure}" if notice.failure else ""
        again = f"{notice.due_at:%Y-%m-%d %H:%M} UTC"
        console.print(
            plain(
                f"not sent over {notice.channel} yet ({notice.tries} tries{why}; again at {again}): {notice.title}"
            )
        )
    if not told.channels:
        console.print(plain("No channels are set: nobody is told. See docs/alerts.md."))


def show_tested(console: Console, told: AlertsTestOut) -> None:
    """Show which channels took the test."""
    for one in told.channels:
        console.print(plain(f"{one.channel}: {'sent' if one.sent else f'NOT SENT: {one.failure}'}"))


def _times(one: AlertOut) -> str:
    since = f"since {one.since:%Y-%m-%d %H:%M} UTC"
    if one.ended_at is not None:
        return f"({since}, mended {one.ended_at:%Y-%m-%d %H:%M} UTC)"
    return f"({since}{'' if one.told_at else ', not told yet'})"
