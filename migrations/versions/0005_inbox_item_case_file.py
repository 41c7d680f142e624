"""Letters of a case are found by index: a destruction and a merger ask for them while others wait for their turn.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_inbox_item_case_file_id", "inbox_item", ["case_file_id"])


def downgrade() -> None:
    op.drop_index("ix_inbox_item_case_file_id", "inbox_item")
