"""What is known of all organisations together, and for how long."""

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import text

from api.domain.organisation.embedder import EmbeddingModel
from api.domain.organisation.holdings import KEPT_S, RecentHoldings
from api.domain.organisation.onnx import MODEL
from api.stores.postgres import Postgres


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest_asyncio.fixture
async def postgres(organisations: str) -> AsyncIterator[Postgres]:
    store = Postgres(organisations.replace("postgresql://", "postgresql+psycopg://"))
    yield store
    await store.close()


async def set_model(postgres: Postgres, name: str) -> None:
    await postgres.fetch(text("delete from organisation_embedding_model"))
    await postgres.fetch(
        text("insert into organisation_embedding_model (name, dimension) values (:name, 384)"),
        {"name": name},
    )


async def test_nothing_is_kept_of_a_store_without_vectors(postgres: Postgres) -> None:
    holdings = RecentHoldings(postgres, Clock())
    assert (await holdings.now()).model is None
    await set_model(postgres, MODEL.name)
    assert (await holdings.now()).model == MODEL


async def test_what_was_found_is_kept_for_a_second(postgres: Postgres) -> None:
    clock = Clock()
    holdings = RecentHoldings(postgres, clock)
    await set_model(postgres, "first")
    assert (await holdings.now()).model == EmbeddingModel("first", 384)
    await set_model(postgres, "second")
    clock.now_s += KEPT_S - 0.001
    assert (await holdings.now()).model == EmbeddingModel("first", 384)
    clock.now_s += 0.001
    assert (await holdings.now()).model == EmbeddingModel("second", 384)


async def test_rows_are_those_that_the_planner_expects(postgres: Postgres) -> None:
    await postgres.fetch(
        text(
            "insert into organisations (domain, name, embedding) select"
            " 'n' || number || '.example', 'N', array_fill(1::real, array[384])::halfvec"
            " from generate_series(1, 300) as number"
        )
    )
    await postgres.fetch(text("analyze organisations"))
    assert (await RecentHoldings(postgres).now()).rows == 300
