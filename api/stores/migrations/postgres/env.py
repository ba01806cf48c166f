"""Alembic's environment: runs the versions on the connection that our runner hands over."""

from alembic import context

from api.stores.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
