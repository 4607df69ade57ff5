"""Shared links, what a parked entry says beside its values, guards, epochs, and contributions to roll-ups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gp365.store.columns import ByteText, Moment, RowId

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Add the columns and make the tables."""
    op.add_column("link", sa.Column("shared_key", ByteText, nullable=True))
    op.add_column("parked", sa.Column("about", sa.LargeBinary(), nullable=True))
    _guard()
    op.create_table(
        "epoch",
        *_texts("pair", "side", "value"),
        sa.Column("set_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("pair", "side", name="pk_epoch"),
    )
    keys = ("shared_key", "rollup", "entity", "system", "source_key", "pair")
    op.create_table(
        "contribution",
        *_texts(*keys, "currency"),
        sa.Column("amount", ByteText, nullable=True),
        sa.Column("set_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint(*keys, name="pk_contribution"),
        sqlite_with_rowid=False,
    )


def _guard() -> None:
    op.create_table(
        "guard",
        sa.Column("id", RowId, nullable=False, autoincrement=True),
        *_texts("pair", "flow", "side", "code", "message"),
        sa.Column("shown", sa.LargeBinary(), nullable=False),
        *_texts("run", "state"),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        *_texts("released_by"),
        sa.Column("released_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_guard"),
        sqlite_autoincrement=True,
    )
    names = ["pair", "flow", "side", "code"]
    op.create_index("uq_guard_open", "guard", names, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, ByteText, nullable=False) for name in names]
