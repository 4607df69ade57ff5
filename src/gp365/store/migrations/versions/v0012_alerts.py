"""What is broken and was told, what is still to be sent, and what happened on each day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gp365.store.columns import ByteText, Moment, Packed, RowId

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Make the tables; earlier runs are not summed up."""
    _alert()
    op.create_table(
        "notice",
        *(sa.Column(name, ByteText, nullable=False) for name in ("channel", "occasion", "kind", "state")),
        sa.Column("shown", Packed, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("failure", ByteText, nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("sent_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("channel", "occasion", name="pk_notice"),
    )
    op.create_index("ix_notice_due", "notice", ["state", "due_at"])
    op.create_table(
        "day_sum",
        *(sa.Column(name, ByteText, nullable=False) for name in ("day", "pair", "flow", "name")),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("day", "pair", "flow", "name", name="pk_day_sum"),
        sqlite_with_rowid=False,
    )


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", RowId, primary_key=True, autoincrement=True),
        sa.Column("key", ByteText, nullable=False),
        sa.Column("state", ByteText, nullable=False),
        sa.Column("shown", Packed, nullable=False),
        sa.Column("first_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("told_at", Moment, nullable=True),
        sa.Column("ended_at", Moment, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_alert_open", "alert", ["key"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_alert_ended", "alert", ["ended_at"])
