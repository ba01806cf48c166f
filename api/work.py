"""What one operation works with: the caller and the stores, made once per request by the doors."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis

from api.caller import Caller
from api.cursors import CursorSigner
from api.domain.organisation.embedder import QueryEmbeddings, embedder_of
from api.errors import DomainError, ErrorCode
from api.queue import Queue
from api.sealing import Sealer
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.listener import Listener
from api.stores.postgres import Postgres
from api.stores.redis import connect as connect_redis
from api.stores.tables import JOBS_CHANNEL

_log = structlog.get_logger("stores")


@dataclass(frozen=True, slots=True)
class Stores:
    """The connections of one process, opened at its start."""

    postgres: Postgres
    clickhouse: ClickHouse
    redis: Redis
    cursors: CursorSigner
    queue: Queue
    sealer: Sealer
    insecure_delivery: bool
    """``STIBNITE_ALLOW_INSECURE_DELIVERY``, for development only."""
    embeddings: QueryEmbeddings
    job_notices: Listener


@asynccontextmanager
async def open_stores(of: Settings, queue: Queue) -> AsyncIterator[Stores]:
    """The connections of a process, closed at its end."""
    if of.allow_insecure_delivery:
        _log.warning(
            "STIBNITE_ALLOW_INSECURE_DELIVERY is on: deliveries may use http and loopback."
            " For development only."
        )
    postgres = Postgres(of.sqlalchemy_url)
    redis = connect_redis(of.required_redis_url)
    client = ClickHouse(of.required_clickhouse_url)
    job_notices = Listener(of.sqlalchemy_url, JOBS_CHANNEL)
    embeddings = QueryEmbeddings(embedder_of(of))
    try:
        yield Stores(
            postgres,
            client,
            redis,
            CursorSigner(of.required_secret),
            queue,
            Sealer(of.required_secret),
            of.allow_insecure_delivery,
            embeddings,
            job_notices,
        )
    finally:
        await job_notices.close()
        await embeddings.close()
        await redis.aclose()
        await client.close()
        await postgres.close()


def settle_memory() -> None:
    """Has the garbage collector leave alone what a process has made by the end of its start.

    Modules and connections stay until the process ends: walking through them again and again takes
    up to a third of a sender's time.
    """
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True)
class Work:
    """One caller's request: every domain operation takes it as its first argument."""

    stores: Stores
    identity: Caller | None

    @property
    def caller(self) -> Caller:
        """The authenticated caller.

        Raises ``unauthenticated`` where there is none, so that a door that forgot to ask cannot
        serve anybody.
        """
        if self.identity is None:
            raise DomainError(
                ErrorCode.UNAUTHENTICATED,
                "This operation needs an API key: send it as the header x-api-key.",
            )
        return self.identity
