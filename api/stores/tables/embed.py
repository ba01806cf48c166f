"""The keys that partners' pages load the iframe with."""

from sqlalchemy import (
    Boolean,
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from api.stores.tables.base import metadata

# A key never changes but to be revoked: what a token says of it stays true. The defaults are those
# of the customers that its sessions create.
embed_keys = Table(
    "embed_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("prefix", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("label", Text),
    Column("allowed_origins", ARRAY(Text), nullable=False),
    Column("result_delivery_url", Text),
    Column("result_delivery_cta", Text, nullable=False),
    Column("csv_export_enabled", Boolean, nullable=False),
    Column("default_credit_enforcement_mode", Text, nullable=False),
    Column("default_credit_reset_policy", Text, nullable=False),
    Column("default_limits", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("revoked_at", DateTime(timezone=True)),
    CheckConstraint("cardinality(allowed_origins) between 1 and 20", name="allowed_origins"),
    CheckConstraint("default_credit_enforcement_mode in ('enforced', 'metered')", name="mode"),
    CheckConstraint("default_credit_reset_policy in ('monthly_reset', 'rollover')", name="policy"),
    Index("ix_embed_keys_account_id", "account_id", "created_at", "id"),
    Index(
        "ix_embed_keys_allowed_origins",
        "allowed_origins",
        postgresql_using="gin",
        postgresql_where=text("revoked_at is null"),
    ),
)
