"""Organisations, and which model their embeddings are of.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXTS = (
    "address",
    "organization_type",
    "organization_size",
    "employee_class",
    "revenue_class",
    "nace_code",
    "continent",
    "country",
    "country_code",
    "state",
    "state_code",
    "region",
    "region_code",
    "district",
    "district_code",
    "municipality",
    "municipality_code",
)


def upgrade() -> None:
    """Creates both tables."""
    op.create_table(
        "organisations",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("summary_keywords", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in _TEXTS),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("company_register_court", sa.Text(), nullable=True),
        sa.Column("company_register_id", sa.Text(), nullable=True),
        sa.Column("company_register_date", sa.Date(), nullable=True),
        sa.Column("new_register_entry", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("embedding", HALFVEC(384), nullable=False),
        sa.Column("embedding_hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_organisations")),
    )
    op.create_table(
        "organisation_embedding_model",
        sa.Column("singleton", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.CheckConstraint("singleton = 1", name=op.f("ck_organisation_embedding_model_singleton")),
        sa.CheckConstraint(
            "dimension between 1 and 4000", name=op.f("ck_organisation_embedding_model_dimension")
        ),
        sa.PrimaryKeyConstraint("singleton", name=op.f("pk_organisation_embedding_model")),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("organisation_embedding_model")
    op.drop_table("organisations")
