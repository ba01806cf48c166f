"""Usage entries say whether they count a request: the records of queued work come later.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INDEX = "ix_usage_entries_api_key_id"


def upgrade() -> None:
    """Adds the column, and puts it into the covering index."""
    op.add_column(
        "usage_entries",
        sa.Column("requests", sa.SmallInteger(), server_default="1", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_usage_entries_requests"), "usage_entries", "requests between 0 and 1"
    )
    op.drop_index(_INDEX)
    op.create_index(
        _INDEX,
        "usage_entries",
        ["api_key_id"],
        postgresql_include=["requests", "billable_records"],
    )


def downgrade() -> None:
    """Takes it away again."""
    op.drop_index(_INDEX)
    op.create_index(
        _INDEX, "usage_entries", ["api_key_id"], postgresql_include=["billable_records"]
    )
    op.drop_constraint(op.f("ck_usage_entries_requests"), "usage_entries")
    op.drop_column("usage_entries", "requests")
