"""The places of a system that several processes share, and who waits for one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gp365.store.columns import ByteText, Moment

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; their rows come with the first call."""
    op.create_table(
        "lane",
        sa.Column("system", ByteText, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("holder", ByteText, nullable=False),
        *(sa.Column(name, Moment, nullable=False) for name in ("since", "until", "free_at")),
        sa.PrimaryKeyConstraint("system", "number", name="pk_lane"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lane_wish",
        *(sa.Column(name, ByteText, nullable=False) for name in ("system", "holder")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("rank", "wanted")),
        *(sa.Column(name, Moment, nullable=False) for name in ("since", "until")),
        sa.PrimaryKeyConstraint("system", "holder", name="pk_lane_wish"),
        sqlite_with_rowid=False,
    )
