"""What alembic runs for each upgrade; the connection and its transaction are `backend.history.opening`'s."""

from __future__ import annotations

from alembic import context

from backend.history.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
