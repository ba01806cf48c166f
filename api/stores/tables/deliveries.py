"""What was delivered under a dedupe token."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from api.stores.tables.base import metadata

# One row a record and scope (a digest of who, token and criteria): the key is what makes "never
# again" true for requests of the same moment.
delivered_persons = Table(
    "delivered_persons",
    metadata,
    Column("scope", LargeBinary, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("delivered_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

# One row a scope, which its deliveries lock. ``position`` spares a search what was delivered: all
# that matches up to there was, in the data that ``generation`` names. New data begins anew.
dedupe_scopes = Table(
    "dedupe_scopes",
    metadata,
    Column("scope", LargeBinary, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("generation", Uuid),
    Column("position", JSONB),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("(generation is null) = (position is null)", name="position"),
)
