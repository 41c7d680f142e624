"""One Alembic history for all rooms."""
