"""One column of ours in Dataverse, as provisioning makes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from gp365.connectors.dataverse.settings import CARD


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """One column of ours: type, limits, the options of a choice, the table that it stands in, and a description.

    A DateTime is a day without a time.
    """

    name: str
    schema_name: str
    label: str
    type: str
    length: int | None = None
    options: tuple[tuple[int, str], ...] = field(default=())
    table: str = CARD
    about: str = ""
