"""Given names are folded for lookups, like family names.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from archive.names import name_key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAMES = sa.table("person_name", sa.column("id", sa.Uuid()), sa.column("given_names"), sa.column("given_key"))
_PART = 1000


def upgrade() -> None:
    with op.batch_alter_table("person_name") as table:
        table.add_column(sa.Column("given_key", sa.String(length=240), nullable=False, server_default=""))
    connection = op.get_bind()
    rows = connection.execute(sa.select(_NAMES.c.id, _NAMES.c.given_names)).all()
    fold = _NAMES.update().where(_NAMES.c.id == sa.bindparam("which")).values(given_key=sa.bindparam("key"))
    for first in range(0, len(rows), _PART):
        part = rows[first : first + _PART]
        connection.execute(fold, [{"which": one, "key": name_key(given)[:240]} for one, given in part])


def downgrade() -> None:
    with op.batch_alter_table("person_name") as table:
        table.drop_column("given_key")
