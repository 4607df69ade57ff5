"""What every part of the settings is made of: strict tables, references to secrets, time zones."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Strict(BaseModel):
    """A table of the settings: nothing else may stand in it, and nothing is guessed."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True, strict=True)


class SecretReference(Strict):
    """Where a secret is kept: in the vault, in an environment variable, or in a file below the project folder."""

    vault: str = Field(default="", description="name in the credential vault (`gp365 secret set NAME`)")
    env: str = Field(default="", description="environment variable")
    file: str = Field(
        default="", description="file, relative to the project folder; line ends at its end do not count"
    )

    @model_validator(mode="after")
    def _one(self) -> SecretReference:
        if sum(bool(place) for place in (self.vault, self.env, self.file)) != 1:
            raise ValueError('write exactly one of {vault="name"}, {env="NAME"} or {file="path"}')
        return self


def known_time_zone(name: str) -> str:
    """Take the name of a time zone; ValueError where there is none."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is no time zone; write one as in America/Chicago") from None
    return name
