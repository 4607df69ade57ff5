"""What similar records are looked up by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gp365.store.columns import ByteText, RowId

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; they are filled by the next full reading, which an empty index asks for."""
    op.create_table(
        "similar_card",
        sa.Column("number", RowId, nullable=False, autoincrement=True),
        *(sa.Column(name, ByteText, nullable=False) for name in ("key", "side", "flow", "pair", "body")),
        sa.PrimaryKeyConstraint("number", name="pk_similar_card"),
    )
    op.create_index("uq_similar_card", "similar_card", ["key", "side", "flow", "pair"], unique=True)
    op.create_table(
        "similar_block",
        sa.Column("block", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("card", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("block", "card", name="pk_similar_block"),
        sqlite_with_rowid=False,
    )
