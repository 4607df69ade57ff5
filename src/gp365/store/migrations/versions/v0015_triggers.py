"""What rules of fiscal calendar and sales cycle keep over restarts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gp365.store.columns import ByteText, Moment, Packed

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; rules count from their first look on."""
    op.create_table(
        "trigger",
        sa.Column("name", ByteText, nullable=False),
        sa.Column("body", Packed, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_trigger"),
    )
