"""Commands that wait for the service, and what it answered; the first table of that name was never used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gp365.store.columns import ByteText, Moment, Packed

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table anew, empty."""
    op.drop_index("ix_action_state", "action")
    op.drop_table("action")
    op.create_table(
        "action",
        *(sa.Column(name, ByteText, nullable=False) for name in ("id", "command")),
        sa.Column("arguments", Packed, nullable=False),
        *(sa.Column(name, ByteText, nullable=False) for name in ("folder", "actor", "state")),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("taken_at", Moment, nullable=True),
        sa.Column("ended_at", Moment, nullable=True),
        sa.Column("progress", ByteText, nullable=False),
        sa.Column("answer", Packed, nullable=False),
        sa.Column("exit_code", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_action"),
    )
    op.create_index("ix_action_state", "action", ["state", "made_at"])
