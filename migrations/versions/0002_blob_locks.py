"""Removal of bytes in steps, and the store's own locks.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from core.columns import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    with op.batch_alter_table("blob") as batch_op:
        batch_op.add_column(sa.Column("removing_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("removed_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("locked_until", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("lock_due_at", UtcDateTime(), nullable=True))
        batch_op.create_index("ix_blob_tombstoned_at", ["tombstoned_at"])
        batch_op.create_index("ix_blob_lock_due_at", ["lock_due_at"])


def downgrade() -> None:
    with op.batch_alter_table("blob") as batch_op:
        batch_op.drop_index("ix_blob_lock_due_at")
        batch_op.drop_index("ix_blob_tombstoned_at")
        for name in ("lock_due_at", "held", "locked_until", "removed_at", "removing_at"):
            batch_op.drop_column(name)
    op.drop_table("installation")
