"""One step of provisioning: its id and title, how it stands, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gp365.connectors.dataverse.site import Site

Looked = tuple[str, str]
PRESENT: Looked = ("present", "")
MAKE: Looked = ("make", "")


@dataclass(frozen=True, slots=True)
class Work:
    """One step: its id and title, how it stands, and how it is made."""

    id: str
    title: str
    look: Callable[[Site], Looked]
    make: Callable[[Site], None]
