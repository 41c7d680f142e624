"""Alembic environment: runs on the connection that `migrations.runner` hands over, never on a URL of its own."""

from __future__ import annotations

from alembic import context

from migrations.runner import target_metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=target_metadata(), render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
