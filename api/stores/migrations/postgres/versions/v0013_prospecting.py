"""Prospecting sessions of partners' customers, what they bought, and pushes of it.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the four tables; what iframes use is billed without an API key."""
    op.alter_column("usage_entries", "api_key_id", nullable=True)
    _create_sessions()
    _create_purchases()
    _create_owned_records()
    _create_pushes()


def _create_sessions() -> None:
    op.create_table(
        "prospecting_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("partner_customer_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("interpretation", JSONB(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        *_of_customer("prospecting_sessions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prospecting_sessions")),
    )
    op.create_index(
        op.f("ix_prospecting_sessions_expires_at"), "prospecting_sessions", ["expires_at"]
    )


def _create_purchases() -> None:
    table = "prospecting_purchases"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("partner_customer_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("selection_mode", sa.Text(), nullable=False),
        sa.Column("filters", JSONB(), nullable=False),
        sa.Column("person_ids", ARRAY(sa.Text()), nullable=False),
        sa.Column("prospect_ids", ARRAY(sa.Text()), nullable=False),
        sa.Column("net_new_records", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("action in ('push', 'export')", name=op.f(f"ck_{table}_action")),
        sa.CheckConstraint(
            "selection_mode in ('selected', 'page', 'all_results')",
            name=op.f(f"ck_{table}_selection_mode"),
        ),
        sa.CheckConstraint(
            "cardinality(prospect_ids) = cardinality(person_ids)",
            name=op.f(f"ck_{table}_prospect_ids"),
        ),
        sa.CheckConstraint(
            "net_new_records between 0 and cardinality(person_ids)",
            name=op.f(f"ck_{table}_net_new_records"),
        ),
        *_of_customer(table),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(
        f"ix_{table}_partner_customer_id", table, ["partner_customer_id", "created_at", "id"]
    )


def _create_owned_records() -> None:
    op.create_table(
        "owned_records",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("partner_customer_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        *_of_customer("owned_records"),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["prospecting_purchases.id"],
            name=op.f("fk_owned_records_purchase_id"),
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "partner_customer_id", "person_id", name=op.f("pk_owned_records")
        ),
    )


def _create_pushes() -> None:
    table = "prospecting_pushes"
    op.create_table(
        table,
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("partner_customer_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("claims", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("step", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_status", sa.SmallInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status in ('pending', 'delivered', 'exhausted', 'cancelled')",
            name=op.f(f"ck_{table}_status"),
        ),
        sa.CheckConstraint(
            "(status = 'pending') = (next_attempt_at is not null)",
            name=op.f(f"ck_{table}_next_attempt_at"),
        ),
        *_of_customer(table),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["prospecting_purchases.id"], name=op.f(f"fk_{table}_purchase_id")
        ),
        sa.PrimaryKeyConstraint("purchase_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(
        f"ix_{table}_next_attempt_at",
        table,
        ["next_attempt_at"],
        postgresql_where=sa.text("status = 'pending'"),
    )


def _of_customer(table: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f(f"fk_{table}_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_customer_id"],
            ["partner_customers.id"],
            name=op.f(f"fk_{table}_partner_customer_id"),
        ),
    )


def downgrade() -> None:
    """Drops them; entries without an API key cannot stay."""
    op.execute("delete from usage_entries where api_key_id is null")
    op.alter_column("usage_entries", "api_key_id", nullable=False)
    for table in (
        "prospecting_pushes",
        "owned_records",
        "prospecting_purchases",
        "prospecting_sessions",
    ):
        op.drop_table(table)
