"""What the guards let through: counted over a window that spans runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gp365.store.columns import ByteText, Moment

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    keys = ("subject", "operation", "side", "pair", "flow")
    op.create_table(
        "passed",
        *(sa.Column(name, ByteText, nullable=False) for name in keys),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint(*keys, name="pk_passed"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_passed_window", "passed", ["at", "pair", "flow"])
