"""Requests to read the access log of a case.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from core.columns import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("case_file_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("readable_until", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requested_by", name=op.f("ck_log_request_second_person")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_log_request_agency_id")),
        sa.ForeignKeyConstraint(["case_file_id"], ["case_file.id"], name=op.f("fk_log_request_case_file_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_log_request_decided_by")),
        sa.ForeignKeyConstraint(["requested_by"], ["user.id"], name=op.f("fk_log_request_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_request")),
    )
    op.create_index("ix_log_request_case_file_id", "log_request", ["case_file_id"])
    op.create_index("ix_log_request_requested_by", "log_request", ["requested_by"])
    op.create_index("ix_log_request_state", "log_request", ["agency_id", "state"])


def downgrade() -> None:
    op.drop_table("log_request")
