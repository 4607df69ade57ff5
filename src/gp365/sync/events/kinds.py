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
    left goes on without one. `others` are links that let go an end for it, as (link, changes). `moved` are ends that
    were replaced, as (side, old key text or "", new key text); `vacant` are keys that nothing stands under any more, as
    (side, key text). `merged` are ends that a merge took away, as (side, key text, birth mark), and `back` those that stand
    alone again, as (side, key text).
    """

    event: Mapping[str, object]
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    forget: bool = False
    made: bool = False
    freed: bool = False
    others: tuple[tuple[Link, Mapping[str, Any]], ...] = ()
    moved: tuple[tuple[str, str, str], ...] = ()
    vacant: tuple[tuple[str, str], ...] = ()
    merged: tuple[tuple[str, str, str], ...] = ()
    back: tuple[tuple[str, str], ...] = ()

    def on(self, link: Link) -> Link:
        """Return the link as it is after the repair: never quiet, so that it is looked at."""
        agreed = b"" if self.forget else link.agreed
        changed = {"left_print": b"", "right_print": b"", "agreed": agreed, **self.changes}
        return replace(link, **changed)
