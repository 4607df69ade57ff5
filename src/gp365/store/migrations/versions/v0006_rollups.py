"""A contribution is found by who gave it, when it moves to another shared record."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_contribution_source", "contribution", ["source_key", "pair", "rollup"])
