"""The Idempotency-Keys of requests that start sessions or buy records, and their first answers.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLES = ("prospecting_sessions", "prospecting_purchases")


def upgrade() -> None:
    """Adds the columns."""
    for table in _TABLES:
        op.add_column(table, sa.Column("request_scope", sa.LargeBinary(), nullable=True))
        op.add_column(table, sa.Column("request_digest", sa.LargeBinary(), nullable=True))
        op.create_unique_constraint(op.f(f"uq_{table}_request_scope"), table, ["request_scope"])
    op.add_column(
        "prospecting_pushes",
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.add_column(
        "prospecting_pushes", sa.Column("answered_status", sa.SmallInteger(), nullable=True)
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_column("prospecting_pushes", "answered_status")
    op.drop_column("prospecting_pushes", "answered_at")
    for table in _TABLES:
        op.drop_constraint(op.f(f"uq_{table}_request_scope"), table, type_="unique")
        op.drop_column(table, "request_digest")
        op.drop_column(table, "request_scope")
