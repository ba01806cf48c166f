"""The Postgres migrations make exactly the tables that the code names."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from api.stores.postgres_migrations import migrate
from api.stores.tables import BM25_INDEX, metadata
from tests.stack import Stack


def test_up_down_up_and_nothing_left_to_generate(stack: Stack) -> None:
    """On a database of its own beside the stack's."""
    admin = create_engine(stack.settings.sqlalchemy_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("drop database if exists migrations_under_test"))
        connection.execute(text("create database migrations_under_test"))
    url = admin.url.set(database="migrations_under_test").render_as_string(hide_password=False)
    migrate(url)
    migrate(url, "base")
    engine = create_engine(url)
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    migrate(url)
    migrate(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _is_comparable}
        )
        assert compare_metadata(context, metadata) == []
        indexes = {index["name"] for index in inspect(connection).get_indexes("organisations")}
        assert BM25_INDEX in indexes
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("drop database migrations_under_test"))
    admin.dispose()


def _is_comparable(_thing: object, name: str | None, kind: str, *_: object) -> bool:
    """All but the index of words, which the metadata cannot describe."""
    return not (kind == "index" and name == BM25_INDEX)
