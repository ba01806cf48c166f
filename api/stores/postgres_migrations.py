"""Brings Postgres up to date: Alembic over the versions in ``migrations/postgres``."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

# Two processes that start at once take turns; the number is ours and arbitrary.
_LOCK = 7_231_954_001


def migrate(url: str, revision: str = "head") -> None:
    """Runs what is missing up to ``revision`` in one transaction: all of it, or nothing."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _run(connection, revision)
    finally:
        engine.dispose()


def _run(connection: Connection, revision: str) -> None:
    with as_file(files("api.stores") / "migrations" / "postgres") as scripts:
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        if revision == "base":
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)
