"""Open links of a flow are counted without reading them: how everything stands is asked after each round."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None
_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_link_open", "link", ["pair", "flow"], sqlite_where=_OPEN, postgresql_where=_OPEN)
