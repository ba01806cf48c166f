"""Prospecting sessions of partners' customers, and the records that they own."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from api.stores.tables.base import metadata


def _request_key() -> tuple[Column[bytes], Column[bytes]]:
    """The Idempotency-Key of the request that made a row, and a digest of what it asked for."""
    return Column("request_scope", LargeBinary, unique=True), Column("request_digest", LargeBinary)


# What was understood of a question; pages and refinements are looked up anew.
prospecting_sessions = Table(
    "prospecting_sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("partner_customer_id", Uuid, ForeignKey("partner_customers.id"), nullable=False),
    Column("user_id", Text),
    Column("interpretation", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    *_request_key(),
)

# A journal: one row for each push or export, written with everything that it bought. It outlives
# its session. `prospect_ids` are the names that the session gave to the people, in the same order.
prospecting_purchases = Table(
    "prospecting_purchases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("partner_customer_id", Uuid, ForeignKey("partner_customers.id"), nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("user_id", Text),
    Column("action", Text, nullable=False),
    Column("selection_mode", Text, nullable=False),
    Column("filters", JSONB, nullable=False),
    Column("person_ids", ARRAY(Text), nullable=False),
    Column("prospect_ids", ARRAY(Text), nullable=False),
    Column("net_new_records", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    *_request_key(),
    CheckConstraint("action in ('push', 'export')", name="action"),
    CheckConstraint("selection_mode in ('selected', 'page', 'all_results')", name="selection_mode"),
    CheckConstraint("cardinality(prospect_ids) = cardinality(person_ids)", name="prospect_ids"),
    CheckConstraint(
        "net_new_records between 0 and cardinality(person_ids)", name="net_new_records"
    ),
    Index(
        "ix_prospecting_purchases_partner_customer_id", "partner_customer_id", "created_at", "id"
    ),
)

# The key is what keeps a record from being billed twice. `record` is what was bought, so that it
# can be delivered though the data changes.
owned_records = Table(
    "owned_records",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("partner_customer_id", Uuid, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("purchase_id", Uuid, ForeignKey("prospecting_purchases.id"), nullable=False),
    Column("record", Text, nullable=False),
    ForeignKeyConstraint(["account_id"], ["accounts.id"]),
    ForeignKeyConstraint(["partner_customer_id"], ["partner_customers.id"]),
)

# A push is pending until the partner's receiver accepted it, its schedule is exhausted, or there is
# nowhere left to send it: it goes where the customer's URL leads at each attempt. Leases and claims
# are those of webhook deliveries.
prospecting_pushes = Table(
    "prospecting_pushes",
    metadata,
    Column("purchase_id", Uuid, ForeignKey("prospecting_purchases.id"), primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("partner_customer_id", Uuid, ForeignKey("partner_customers.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("claims", Integer, nullable=False, server_default=text("0")),
    Column("step", SmallInteger, nullable=False, server_default=text("0")),
    Column("next_attempt_at", DateTime(timezone=True)),
    Column("attempted_at", DateTime(timezone=True)),
    Column("response_status", SmallInteger),
    Column("error", Text),
    # What the request that made it was answered.
    Column("answered_at", DateTime(timezone=True)),
    Column("answered_status", SmallInteger),
    CheckConstraint("status in ('pending', 'delivered', 'exhausted', 'cancelled')", name="status"),
    CheckConstraint("(status = 'pending') = (next_attempt_at is not null)", name="next_attempt_at"),
    Index(
        "ix_prospecting_pushes_next_attempt_at",
        "next_attempt_at",
        postgresql_where=text("status = 'pending'"),
    ),
)
