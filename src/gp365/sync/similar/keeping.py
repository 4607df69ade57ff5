"""Keeping cards: each with what a glance needs of it and the blocks that follow, wherever the tables lie."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from gp365.store import similar
from gp365.store.similar import Scope
from gp365.sync.similar.shape import Shape


def keep_cards(conn: Connection, scope: Scope, cards: Iterable[tuple[str, str]], shape: Shape) -> None:
    """Keep the cards (key, body) of records in the caller's transaction."""
    similar.put_cards(conn, scope, [(key, shape.kept(body)) for key, body in cards], shape.blocks)
