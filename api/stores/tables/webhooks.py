"""Webhook endpoints, events, and the deliveries of events to endpoints.

An event and its deliveries are written by the transaction that made it happen (an outbox). A
delivery is pending until it was accepted, its schedule is exhausted, or it was cancelled.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from api.stores.tables.base import metadata

# Deleted ones stay, without their secrets, for the log of what was delivered to them.
webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("description", Text),
    Column("events", ARRAY(Text), nullable=False),
    Column("status", Text, nullable=False),
    Column("disabled_reason", Text),
    # Encrypted: signing needs the secret itself.
    Column("secret", LargeBinary),
    Column("previous_secret", LargeBinary),
    Column("previous_secret_until", DateTime(timezone=True)),
    # The first and the last failure since the last success.
    Column("failing_since", DateTime(timezone=True)),
    Column("last_failure_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("status in ('active', 'disabled', 'deleted')", name="status"),
    CheckConstraint(
        "(status = 'disabled') = (disabled_reason is not null)"
        " and disabled_reason in ('gone', 'failing')",
        name="disabled_reason",
    ),
    CheckConstraint("(status = 'deleted') = (secret is null)", name="secret"),
    Index(
        "ix_webhook_endpoints_account_id",
        "account_id",
        "created_at",
        "id",
        postgresql_where=text("status <> 'deleted'"),
    ),
)

# `payload` is the body as it is sent, so that every attempt sends the same bytes.
webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("type", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, index=True),
    CheckConstraint("octet_length(payload) <= 20000", name="payload"),
)

# Whoever claims a delivery moves `next_attempt_at` on by its lease and counts `claims` up: when it
# dies, the delivery is due again, and when it was only slow, its result is one of an older claim.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("endpoint_id", Uuid, ForeignKey("webhook_endpoints.id"), nullable=False),
    Column("event_id", Uuid, ForeignKey("webhook_events.id", ondelete="CASCADE"), nullable=False),
    Column("status", Text, nullable=False),
    Column("claims", Integer, nullable=False, server_default=text("0")),
    # How many attempts of the schedule were made; a redelivery begins anew.
    Column("step", SmallInteger, nullable=False, server_default=text("0")),
    Column("next_attempt_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("status in ('pending', 'delivered', 'exhausted', 'cancelled')", name="status"),
    CheckConstraint("(status = 'pending') = (next_attempt_at is not null)", name="next_attempt_at"),
    UniqueConstraint("event_id", "endpoint_id"),
    Index("ix_webhook_deliveries_account_id", "account_id", "created_at", "id"),
    Index("ix_webhook_deliveries_log", "endpoint_id", "created_at", "id"),
    Index(
        "ix_webhook_deliveries_due",
        "endpoint_id",
        "next_attempt_at",
        postgresql_where=text("status = 'pending'"),
    ),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column(
        "delivery_id",
        Uuid,
        ForeignKey("webhook_deliveries.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("number", Integer, primary_key=True),
    Column("attempted_at", DateTime(timezone=True), nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("response_status", SmallInteger),
    Column("response_body", Text),
    Column("error", Text),
    CheckConstraint("(response_status is null) = (error is not null)", name="error"),
)
