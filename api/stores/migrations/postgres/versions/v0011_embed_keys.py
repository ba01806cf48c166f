"""The keys that partners' pages load the iframe with.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "embed_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("allowed_origins", ARRAY(sa.Text()), nullable=False),
        sa.Column("result_delivery_url", sa.Text(), nullable=True),
        sa.Column("result_delivery_cta", sa.Text(), nullable=False),
        sa.Column("csv_export_enabled", sa.Boolean(), nullable=False),
        sa.Column("default_credit_enforcement_mode", sa.Text(), nullable=False),
        sa.Column("default_credit_reset_policy", sa.Text(), nullable=False),
        sa.Column("default_limits", JSONB(), nullable=False),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("revoked_at", moment, nullable=True),
        sa.CheckConstraint(
            "cardinality(allowed_origins) between 1 and 20",
            name=op.f("ck_embed_keys_allowed_origins"),
        ),
        sa.CheckConstraint(
            "default_credit_enforcement_mode in ('enforced', 'metered')",
            name=op.f("ck_embed_keys_mode"),
        ),
        sa.CheckConstraint(
            "default_credit_reset_policy in ('monthly_reset', 'rollover')",
            name=op.f("ck_embed_keys_policy"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_embed_keys_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embed_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_embed_keys_digest")),
    )
    op.create_index("ix_embed_keys_account_id", "embed_keys", ["account_id", "created_at", "id"])
    op.create_index(
        "ix_embed_keys_allowed_origins",
        "embed_keys",
        ["allowed_origins"],
        postgresql_using="gin",
        postgresql_where=sa.text("revoked_at is null"),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("embed_keys")
