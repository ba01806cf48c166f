"""People who sign in, and what they use beside keys.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Which constraint says that a row has one caller.
_USED = {
    "usage_entries": "num_nonnulls(api_key_id, console_user_id) <= 1",
    "person_search_jobs": "num_nonnulls(api_key_id, console_user_id) = 1",
}


def upgrade() -> None:
    """Creates the tables, names keys, and lets usage and jobs be a user's in place of a key's."""
    op.add_column("api_keys", sa.Column("name", sa.Text(), nullable=True))
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "console_users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("removed_at", moment, nullable=True),
        sa.CheckConstraint(
            "role in ('viewer', 'member', 'admin')", name=op.f("ck_console_users_role")
        ),
        sa.CheckConstraint(
            "(issuer is null) = (subject is null)", name=op.f("ck_console_users_subject")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_console_users_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_users")),
    )
    op.create_index(op.f("ix_console_users_account_id"), "console_users", ["account_id"])
    for name, columns in (("email", ["email"]), ("issuer_subject", ["issuer", "subject"])):
        op.create_index(
            f"uq_console_users_{name}",
            "console_users",
            columns,
            unique=True,
            postgresql_where=sa.text("removed_at is null"),
        )
    op.create_table(
        "console_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("revoked_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_console_sessions_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["console_users.id"], name=op.f("fk_console_sessions_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_console_sessions_digest")),
    )
    for column in ("user_id", "expires_at"):
        op.create_index(op.f(f"ix_console_sessions_{column}"), "console_sessions", [column])
    op.alter_column("person_search_jobs", "api_key_id", nullable=True)
    for table, rule in _USED.items():
        op.add_column(table, sa.Column("console_user_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_console_user_id"),
            table,
            "console_users",
            ["console_user_id"],
            ["id"],
        )
        op.create_check_constraint(op.f(f"ck_{table}_caller"), table, rule)


def downgrade() -> None:
    """Takes the users away, with what they used."""
    for table in _USED:
        op.execute(f"delete from {table} where console_user_id is not null")  # noqa: S608
        op.drop_constraint(op.f(f"ck_{table}_caller"), table)
        op.drop_column(table, "console_user_id")
    op.alter_column("person_search_jobs", "api_key_id", nullable=False)
    op.drop_table("console_sessions")
    op.drop_table("console_users")
    op.drop_column("api_keys", "name")
