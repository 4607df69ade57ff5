"""Settings of the service (`gp365 serve`): how often it looks, when it must not write, and what it runs by the calendar."""

from __future__ import annotations

import re
from typing import Literal

from croniter import croniter
from pydantic import Field, field_validator, model_validator

from gp365.app.settings_base import Strict, known_time_zone
from gp365.app.settings_triggers import CycleSettings, FiscalSettings

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class PollSettings(Strict):
    """How often a flow looks: soon after a change, and ever more seldom while nothing happens."""

    shortest_s: float = Field(
        default=10.0, ge=1, le=86_400, description="seconds to the next look after a change"
    )
    longest_s: float = Field(
        default=120.0, ge=1, le=604_800, description="seconds between looks while nothing happens"
    )

    @model_validator(mode="after")
    def _ordered(self) -> PollSettings:
        if self.shortest_s > self.longest_s:
            raise ValueError("shortest_s must not be above longest_s")
        return self


class QuietSettings(Strict):
    """A window in which nothing is written; what changes meanwhile is done when it ends."""

    since: str = Field(alias="from", description="when it begins, as in 18:00, in the service's time zone")
    to: str = Field(description="when it ends; earlier than `from` means the next day")
    days: list[Day] = Field(default=list(DAYS), min_length=1, description="days on which it begins")
    pairs: list[str] = Field(default=[], description="the pairs that it is for; empty: all")

    @field_validator("since", "to")
    @classmethod
    def _time(cls, text: str) -> str:
        if not _TIME.fullmatch(text):
            raise ValueError("is no time of day; write one as in 18:00")
        return text


class ScheduleSettings(Strict):
    """A run by the calendar."""

    cron: str = Field(description="minute hour day month weekday, in the service's time zone")
    pair: str = Field(default="", description="the pair; empty: all")
    flow: str = Field(default="", description="a flow or a group of flows; empty: all")
    full: bool = Field(default=False, description="read both sides whole instead of what changed")

    @field_validator("cron")
    @classmethod
    def _cron(cls, text: str) -> str:
        if len(text.split()) != 5 or not croniter.is_valid(text):
            raise ValueError("is no cron line of five fields, such as 0 6 * * 1-5")
        return text


class ServiceSettings(Strict):
    """How `gp365 serve` works; see docs/serve.md."""

    time_zone: str = Field(
        default="", description="time zone of schedules and quiet windows; empty: that of the first GP system"
    )
    listen: str = Field(
        default="",
        description="where doors, health, metrics and the status page are served, as in 127.0.0.1:8365; empty: nowhere",
    )
    first_sync: Literal["person", "service"] = Field(
        default="person",
        description="who begins a flow that was never synced: a person, who has read its plan, or the service itself",
    )
    poll: PollSettings = Field(default=PollSettings(), description="how often every flow looks")
    polls: dict[str, PollSettings] = Field(
        default={}, description="how often a flow of this name looks instead"
    )
    quiet: list[QuietSettings] = Field(default=[], description="when nothing is written")
    schedules: dict[str, ScheduleSettings] = Field(default={}, description="runs by the calendar")
    fiscal: dict[str, FiscalSettings] = Field(
        default={}, description="what runs by a company's fiscal calendar"
    )
    cycle: dict[str, CycleSettings] = Field(default={}, description="runs by the sales cycle")
    call_patience_s: float = Field(
        default=20.0,
        ge=0,
        le=3600,
        description="longest time that one call is tried again before the system counts as down",
    )
    backoff_s: float = Field(default=5.0, ge=0.1, le=3600, description="first wait for a system that is down")
    backoff_limit_s: float = Field(default=300.0, ge=1, le=86_400, description="longest wait for it")
    stop_timeout_s: float = Field(
        default=60.0, ge=1, le=3600, description="how long a stop waits for what is under way"
    )
    action_wait_s: float = Field(
        default=0.0, ge=0, le=604_800, description="how long a command waits to be taken up; 0: for ever"
    )

    @field_validator("listen")
    @classmethod
    def _listen(cls, text: str) -> str:
        host, _, port = text.rpartition(":")
        if text and not (host and port.isdigit() and int(port) <= 65_535):
            raise ValueError("is no address with a port; write one as in 127.0.0.1:8365")
        return text

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return known_time_zone(name) if name else name
