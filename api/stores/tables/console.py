"""People who sign in, and their sessions."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from api.stores.tables.base import metadata

# Whoever is invited has an address alone; the first sign-in binds the row to the issuer's subject.
# Those that are removed stay, for what the journal says of them.
console_users = Table(
    "console_users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("issuer", Text),
    Column("subject", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("removed_at", DateTime(timezone=True)),
    CheckConstraint("role in ('viewer', 'member', 'admin')", name="role"),
    CheckConstraint("(issuer is null) = (subject is null)", name="subject"),
    Index(
        "uq_console_users_email",
        "email",
        unique=True,
        postgresql_where=text("removed_at is null"),
    ),
    Index(
        "uq_console_users_issuer_subject",
        "issuer",
        "subject",
        unique=True,
        postgresql_where=text("removed_at is null"),
    ),
)

console_sessions = Table(
    "console_sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("user_id", Uuid, ForeignKey("console_users.id"), nullable=False, index=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("revoked_at", DateTime(timezone=True)),
)
