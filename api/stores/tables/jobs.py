"""Queued person searches."""

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
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from api.stores.tables.base import metadata

JOBS_CHANNEL = "stibnite_person_search_jobs"
"""Where the id of each job that changed is told (``NOTIFY``), at commit."""

# What a worker needs is in the row: the search as it was understood and checked, whose it is, and
# how far it has got. ``due_at`` is when it may be claimed; it is null when the job has ended.
person_search_jobs = Table(
    "person_search_jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("api_key_id", Uuid, ForeignKey("api_keys.id")),
    Column("console_user_id", Uuid, ForeignKey("console_users.id")),
    Column("status", Text, nullable=False),
    Column("search", JSONB, nullable=False),
    Column("attempt", SmallInteger, nullable=False, server_default="0"),
    Column("due_at", DateTime(timezone=True)),
    Column("published_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("finished_at", DateTime(timezone=True)),
    Column("result", LargeBinary),
    Column("billable_records", Integer),
    Column("error", Text),
    Column("interpretation_ms", Integer, nullable=False),
    Column("search_ms", Integer),
    Column("total_ms", Integer),
    CheckConstraint("num_nonnulls(api_key_id, console_user_id) = 1", name="caller"),
    CheckConstraint("status in ('queued', 'running', 'succeeded', 'failed')", name="status"),
    CheckConstraint("(due_at is null) = (status in ('succeeded', 'failed'))", name="due"),
    CheckConstraint("(finished_at is null) = (due_at is not null)", name="finished"),
    CheckConstraint("(result is not null) = (status = 'succeeded')", name="result"),
    CheckConstraint("(error is not null) = (status = 'failed')", name="error"),
    Index("ix_person_search_jobs_account_id_id", "account_id", "id"),
    Index("ix_person_search_jobs_due_at", "due_at", postgresql_where=text("due_at is not null")),
    Index(
        "ix_person_search_jobs_finished_at",
        "finished_at",
        postgresql_where=text("finished_at is not null"),
    ),
)
