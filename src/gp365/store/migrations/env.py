"""What Alembic runs: the revisions, on the connection and in the transaction that `store.migrate` gives."""

from __future__ import annotations

from alembic import context

from gp365.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
