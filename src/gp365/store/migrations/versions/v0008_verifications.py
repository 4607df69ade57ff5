"""Which writes are still to be read back, and which did not stand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gp365.store.columns import ByteText, Moment, Packed, RowId

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TEXTS = ("key", "entity", "system", "flow", "pair", "side", "intent", "run", "subject")


def upgrade() -> None:
    """Make the table; nothing of earlier runs is due."""
    op.create_table(
        "verification",
        sa.Column("number", RowId, nullable=False, autoincrement=True),
        *(sa.Column(name, ByteText, nullable=False) for name in _TEXTS),
        sa.Column("expected", Packed, nullable=False),
        *(sa.Column(name, ByteText, nullable=False) for name in ("version", "birth", "state")),
        sa.Column("found", Packed, nullable=False),
        sa.Column("done_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_verification"),
        sqlite_autoincrement=True,
    )
    columns = ["key", "entity", "system", "flow", "pair"]
    op.create_index("uq_verification", "verification", columns, unique=True)
