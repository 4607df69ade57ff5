"""Work of which somebody has told us is found without reading the whole queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
_TOLD = sa.text("reason = 'hint'")


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_work_told", "work", ["queue", "enqueued"], sqlite_where=_TOLD, postgresql_where=_TOLD)
