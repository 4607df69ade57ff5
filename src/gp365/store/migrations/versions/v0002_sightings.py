"""When the values of fields were seen, for links that are not quiet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "sighting",
        sa.Column("link", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("link", name="pk_sighting"),
        sqlite_with_rowid=False,
    )
