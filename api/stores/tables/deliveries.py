"""What was delivered under a dedupe token."""

from sqlalchemy import Column, DateTime, ForeignKey, LargeBinary, Table, Text, Uuid, func

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
