"""Showing webhooks: the door, its steps, and what failed last."""

from __future__ import annotations

from rich.console import Console

from gp365.app.actions.webhooks import Webhooks, WebhookStep
from gp365.cli.words import grid, heading, plain

_FOLD = {"overflow": "fold"}
_RED = frozenset({"missing", "disabled", "differs", "refused"})


def show_webhooks(console: Console, found: Webhooks) -> None:
    """Show every door with its steps."""
    for door in found.doors:
        console.print(heading(f"{door.door} ({door.system})", door.url or "not registered"))
        table = grid({"min_width": 9}, _FOLD, {"style": "dim", "overflow": "fold"})
        for step in door.steps:
            state = plain(f"  {step.state}", "red" if step.state in _RED else "")
            table.add_row(state, plain(step.name), plain(_said(step)))
        console.print(table)


def _said(step: WebhookStep) -> str:
    on = f"on {', '.join(step.columns)}" if step.columns else ""
    at = f" {step.failed_at:%Y-%m-%d %H:%M:%S} UTC" if step.failed_at else ""
    failed = f"failed last{at}: {step.failure}" if step.failure or step.failed_at else ""
    return "; ".join(part for part in (step.detail, failed, on) if part)
