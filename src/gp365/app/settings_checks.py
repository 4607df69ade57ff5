"""Faults of settings that show only where several tables are seen together: pairs and fiscal calendars of triggers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gp365.app.settings import GpSystem, MemorySystem, Settings
from gp365.app.settings_triggers import CycleSettings, FiscalSettings

GP_SIDE = "gp"


@dataclass(frozen=True, slots=True)
class Fault:
    """A wrong setting: where it stands, why it is wrong, its value and the fix."""

    path: tuple[str, ...]
    why: str
    value: str = ""
    fix: str = ""


def pairs_of(settings: Settings, given: FiscalSettings | CycleSettings) -> list[str]:
    """Name the pairs that a trigger is for."""
    return [given.pair] if given.pair else list(settings.pairs)


def needs_calendar(given: FiscalSettings | CycleSettings) -> bool:
    """Tell whether a trigger goes by a fiscal calendar."""
    if isinstance(given, FiscalSettings):
        return True
    return given.quarter_end is not None and given.quarter_end.by == "periods"


def trigger_faults(settings: Settings) -> Iterator[Fault]:
    """Find triggers of a pair or calendar that there is not: they would never run, and nobody would be told."""
    for table, all_given in (("fiscal", settings.service.fiscal), ("cycle", settings.service.cycle)):
        for name, given in all_given.items():
            path = ("service", table, name)
            if given.pair and given.pair not in settings.pairs:
                fix = f"The pairs are {', '.join(settings.pairs) or 'none'}."
                yield Fault((*path, "pair"), "names no pair", given.pair, fix)
            elif given.calendar and given.calendar not in settings.calendars:
                known = ", ".join(settings.calendars)
                fix = f"The calendars are {known}." if known else "Write a table [calendars.NAME]."
                yield Fault((*path, "calendar"), "names no calendar", given.calendar, fix)
            elif not given.calendar and needs_calendar(given):
                yield from _without_calendar(settings, path, pairs_of(settings, given))


def _without_calendar(settings: Settings, path: tuple[str, ...], pairs: list[str]) -> Iterator[Fault]:
    for pair in pairs:
        name = settings.pairs[pair].sides.get(GP_SIDE, "")
        system = settings.systems.get(name)
        if isinstance(system, MemorySystem) or (isinstance(system, GpSystem) and system.sql is not None):
            continue
        why = f"is missing: the pair {pair} has no fiscal calendar of its own, which GP serves over SQL Server only"
        fix = f"Write a table [calendars.NAME] and name it here, or set up [systems.{name or 'gp'}.sql]."
        yield Fault((*path, "calendar"), why, fix=fix)
