"""The settings `[alerts]`: what is told, to whom, when; objectives of flows; and the token of the status page."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from gp365.app.settings_base import SecretReference, Strict, known_time_zone

Kind = Literal["broken", "mended", "digest", "success", "test"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")


class ChannelSettings(Strict):
    """Where notices go: one address of the Apprise library (e-mail, Teams, Slack, generic HTTP and many more)."""

    address: SecretReference = Field(
        description="Apprise address, such as mailtos://…, workflows://… (Teams), slack://…, jsons://…; it holds secrets"
    )
    kinds: list[Kind] = Field(
        default=["broken", "mended", "digest", "success"], description="which notices go there"
    )
    pairs: list[str] = Field(default=[], description="only what concerns these pairs; empty: everything")
    least: Literal["warning", "error"] = Field(
        default="warning", description="error: leave out what is only a warning"
    )
    active: bool = Field(default=True, description="false: nothing goes there")


class ObjectiveSettings(Strict):
    """What is expected of one flow, in all pairs; what is left out is as in [alerts]."""

    lag_s: float | None = Field(
        default=None, ge=0, le=31_536_000, description="oldest that its knowledge may be; 0: not watched"
    )
    parked: int | None = Field(
        default=None, ge=0, description="so many records may wait for a person; 0: not watched"
    )
    zero_rows: int | None = Field(
        default=None,
        ge=0,
        description="tell a day without rows where this weekday had so many; 0: not watched",
    )


class AlertSettings(Strict):
    """What is told, and when."""

    channels: dict[str, ChannelSettings] = Field(default={}, description="where notices go, by name")
    objectives: dict[str, ObjectiveSettings] = Field(
        default={}, description="what is expected of a flow, by its name"
    )
    lag_s: float = Field(
        default=3600.0,
        ge=0,
        le=31_536_000,
        description="oldest that a flow's knowledge may be; 0: not watched",
    )
    parked: int = Field(
        default=100, ge=0, description="so many records of a flow may wait for a person; 0: not watched"
    )
    zero_rows: int = Field(
        default=50,
        ge=0,
        description="tell a day without rows where the same weekday had so many before; 0: not watched",
    )
    allowance_share: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="share of the day's requests from which it is told; 0: not watched",
    )
    allowances: dict[str, int] = Field(
        default={}, description="requests of a day that are granted, by system, where they are known"
    )
    expiry_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="so many days before a certificate or secret expires it is told",
    )
    expires: dict[str, date] = Field(
        default={}, description="when secrets expire that do not say so, as in sales-secret = 2027-01-31"
    )
    confirm_s: float = Field(
        default=60.0, ge=0, le=86_400, description="so long a thing must be broken before it is told"
    )
    settle_s: float = Field(
        default=300.0, ge=0, le=86_400, description="so long it must be well before it is told to be mended"
    )
    digest_at: str = Field(default="", description='time of the daily digest, as in "07:00"; empty: none')
    digest_days: list[Weekday] = Field(default=list(WEEK), description="days on which the digest is sent")
    time_zone: str = Field(
        default="", description="time zone of the company's day; empty: that of the first GP system"
    )
    success: Literal["never", "changed", "always"] = Field(
        default="never", description="tell of runs that ended well: never, those that wrote, or always"
    )
    details: bool = Field(
        default=False, description="send error messages too; they may hold names and values of customers"
    )
    keep_h: float = Field(
        default=72.0,
        ge=1,
        le=8784,
        description="so long a channel that fails is tried before a notice is dropped",
    )
    status_url: str = Field(
        default="", description="address of the status page as people reach it, for links in notices"
    )
    status_token: SecretReference | None = Field(
        default=None,
        description="password of the status page and of /metrics (any user name); left out: only this machine",
    )

    @field_validator("digest_at")
    @classmethod
    def _check_time(cls, text: str) -> str:
        if text and not _TIME.fullmatch(text):
            raise ValueError("is no time of a day; write one as in 07:00")
        return text

    @field_validator("time_zone")
    @classmethod
    def _check_zone(cls, name: str) -> str:
        return known_time_zone(name) if name else name
