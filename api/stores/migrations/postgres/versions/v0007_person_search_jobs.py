"""Queued person searches.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLE = "person_search_jobs"
_CHECKS = {
    "status": "status in ('queued', 'running', 'succeeded', 'failed')",
    "due": "(due_at is null) = (status in ('succeeded', 'failed'))",
    "finished": "(finished_at is null) = (due_at is not null)",
    "result": "(result is not null) = (status = 'succeeded')",
    "error": "(error is not null) = (status = 'failed')",
}


def upgrade() -> None:
    """Creates the table."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("search", JSONB(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("due_at", moment, nullable=True),
        sa.Column("published_at", moment, nullable=False),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("billable_records", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("interpretation_ms", sa.Integer(), nullable=False),
        sa.Column("search_ms", sa.Integer(), nullable=True),
        sa.Column("total_ms", sa.Integer(), nullable=True),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_{_TABLE}_{name}"))
            for name, rule in _CHECKS.items()
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f(f"fk_{_TABLE}_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f(f"fk_{_TABLE}_api_key_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
    )
    op.create_index(f"ix_{_TABLE}_account_id_id", _TABLE, ["account_id", "id"])
    for column in ("due_at", "finished_at"):
        op.create_index(
            f"ix_{_TABLE}_{column}",
            _TABLE,
            [column],
            postgresql_where=sa.text(f"{column} is not null"),
        )


def downgrade() -> None:
    """Drops it, with every result that was not fetched."""
    op.drop_table(_TABLE)
