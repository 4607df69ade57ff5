"""Of which link a record was an end before it was merged into another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gp365.store.columns import ByteText, Moment

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; merges of earlier runs are not in it."""
    op.create_table(
        "former_end",
        sa.Column("key", ByteText, nullable=False),
        sa.Column("link", sa.BigInteger, nullable=False),
        *(sa.Column(name, ByteText, nullable=False) for name in ("side", "flow", "pair")),
        sa.Column("birth", ByteText, nullable=False),
        sa.Column("left_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("key", "link", "side", "flow", "pair", name="pk_former_end"),
    )
    op.create_index("ix_former_end_link", "former_end", ["link"])
