"""A database for organisations, and the embedder, for the tests of this folder."""

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest
import pytest_asyncio
from sqlalchemy import create_engine, text

from api.domain.organisation.onnx import OnnxEmbedder
from api.stores.postgres_migrations import migrate as migrate_postgres
from tests.load.organisation_files import CountingEmbedder
from tests.stack import Stack

_numbers = count(1)


@pytest.fixture
def organisations(stack: Stack) -> Iterator[str]:
    """The url of a database of its own in the stack's Postgres, up to date and empty."""
    admin = create_engine(stack.settings.sqlalchemy_url, isolation_level="AUTOCOMMIT")
    name = f"organisations_{next(_numbers)}"
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
    url = admin.url.set(database=name)
    migrate_postgres(url.render_as_string(hide_password=False))
    yield url.set(drivername="postgresql").render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest_asyncio.fixture(scope="session")
async def embedder() -> AsyncIterator[CountingEmbedder]:
    """The local model, loaded once."""
    made = CountingEmbedder(OnnxEmbedder())
    yield made
    await made.close()
