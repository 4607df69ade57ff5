"""A repair: what becomes of a link by an identity event, as a value; a subject carries its repairs until they are done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gp365.store.links import Link


@dataclass(frozen=True, slots=True)
class Repair:
    """What becomes of a subject's link, and of others' ends that it takes.

    `event` is what the ledger tells. `changes` are new values of the link's own columns; `forget` makes its agreed pairs
    unknown. `made`: there is no link yet, and one is made of `changes`. `freed`: the link closes, and the record that is
    left goes on without one. `others` are links that let go an end for it, as (link, changes). `left` and `came` are keys
    that records of this link have left and taken, as (side, key text).
    """

    event: Mapping[str, object]
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    forget: bool = False
    made: bool = False
    freed: bool = False
    others: tuple[tuple[Link, Mapping[str, Any]], ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    came: tuple[tuple[str, str], ...] = ()

    def on(self, link: Link) -> Link:
        """Return the link as it is after the repair: never quiet, so that it is looked at."""
        agreed = b"" if self.forget else link.agreed
        changed = {"left_print": b"", "right_print": b"", "agreed": agreed, **self.changes}
        return replace(link, **changed)
