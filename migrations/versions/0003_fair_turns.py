"""Jobs know the station they came from and their turn.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("job") as table:
        table.add_column(sa.Column("source", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("turn", sa.Integer(), nullable=False, server_default="0"))
        table.drop_index("ix_job_ready")
        table.create_index("ix_job_ready", ["state", "priority", "turn", "created_at"])
        table.create_index("ix_job_kind", ["state", "kind", "priority", "turn", "created_at"])
        table.create_index("ix_job_source", ["state", "source", "priority", "turn"])


def downgrade() -> None:
    with op.batch_alter_table("job") as table:
        table.drop_index("ix_job_source")
        table.drop_index("ix_job_kind")
        table.drop_index("ix_job_ready")
        table.drop_column("turn")
        table.drop_column("source")
        table.create_index("ix_job_ready", ["state", "priority", "created_at"])
