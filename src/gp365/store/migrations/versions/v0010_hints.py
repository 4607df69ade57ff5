"""Records that somebody told us to look at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gp365.store.columns import ByteText, Moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TEXTS = ("key", "entity", "system", "message", "operation", "tag", "mark")


def upgrade() -> None:
    """Make the table; nothing was told yet."""
    op.create_table(
        "hint",
        *(sa.Column(name, ByteText, nullable=False) for name in _TEXTS),
        sa.Column("told", sa.BigInteger, nullable=False),
        sa.Column("first_at", Moment, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("key", "entity", "system", name="pk_hint"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_hint_order", "hint", ["first_at", "system"])
