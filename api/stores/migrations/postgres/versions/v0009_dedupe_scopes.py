"""How far each dedupe scope has come.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table; scopes that were in use come into it with their next delivery."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "dedupe_scopes",
        sa.Column("scope", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Uuid(), nullable=True),
        sa.Column("position", JSONB(), nullable=True),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", moment, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint(
            "(generation is null) = (position is null)", name=op.f("ck_dedupe_scopes_position")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_dedupe_scopes_account_id")
        ),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_dedupe_scopes")),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("dedupe_scopes")
