"""By which function the answer of a command is shown, for those that a service runs for a person."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

_SHOWN = {
    "sync": ("show_runs", "show_sync"),
    "apply": ("show_runs", "show_apply"),
    "undo": ("show_undo", "show_undo"),
    "replay": ("show_replay", "show_replay"),
    "parked retry": ("show_parked", "show_retry"),
    "parked resolve": ("show_parked", "show_resolved"),
    "requests approve": ("show_requests", "show_decided"),
    "requests refuse": ("show_requests", "show_decided"),
    "unkept end": ("show_unkept", "show_unkept_end"),
    "ledger erase": ("show_ledger", "show_erased"),
    "provision apply": ("show_setup", "show_provisioned"),
    "provision remove": ("show_setup", "show_provisioned"),
}


def shown_by(command: str) -> Callable[..., None]:
    """Return the function that shows a command's answer."""
    module, name = _SHOWN[command]
    shown: Any = getattr(import_module(f"gp365.cli.{module}"), name)
    return shown
