"""What was delivered under a dedupe token.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table."""
    op.create_table(
        "delivered_persons",
        sa.Column("scope", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "delivered_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_delivered_persons_account_id")
        ),
        sa.PrimaryKeyConstraint("scope", "person_id", name=op.f("pk_delivered_persons")),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("delivered_persons")
