"""The usage journal."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
)

from api.stores.tables.base import metadata

# A journal: one row per successful call, never changed; queued work adds one of no request for the
# records that it brought. Totals are sums, and the covering index answers them without the table.
usage_entries = Table(
    "usage_entries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    # Neither for what people inside a partner's iframe used: that is the account's alone.
    Column("api_key_id", Uuid, ForeignKey("api_keys.id")),
    Column("console_user_id", Uuid, ForeignKey("console_users.id")),
    Column("operation", Text, nullable=False),
    Column("requests", SmallInteger, nullable=False, server_default="1"),
    Column("billable_records", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("num_nonnulls(api_key_id, console_user_id) <= 1", name="caller"),
    CheckConstraint("requests between 0 and 1", name="requests"),
    CheckConstraint("billable_records >= 0", name="billable_records"),
    Index(
        "ix_usage_entries_api_key_id",
        "api_key_id",
        postgresql_include=["requests", "billable_records"],
    ),
)
