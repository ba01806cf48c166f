"""Answers that are given again."""

from sqlalchemy import Column, DateTime, ForeignKey, LargeBinary, Table, Uuid

from api.stores.tables.base import metadata

# `scope` is a digest of the caller and the key, `request` one of what was asked for. The answer is
# encrypted: it may hold a secret that is shown once.
idempotent_answers = Table(
    "idempotent_answers",
    metadata,
    Column("scope", LargeBinary, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, index=True),
)
