"""What one operation works with: the caller and the stores, made once per request by the doors."""

import gc
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from redis.asyncio import Redis

from api.caller import Caller, EmbedCaller, Identity
from api.cursors import CursorSigner
from api.domain.embed.tokens import EmbedTokens
from api.domain.organisation.embedder import QueryEmbeddings, embedder_of
from api.domain.organisation.holdings import RecentHoldings
from api.domain.rate_limit.service import RateLimiter, Subjects
from api.domain.sign_in.provider import Provider
from api.errors import DomainError, ErrorCode
from api.queue import Queue
from api.sealing import Pseudonyms, Sealer
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.listener import Listener
from api.stores.postgres import Postgres
from api.stores.redis import connect as connect_redis
from api.stores.redis import connect_briefly
from api.stores.tables import JOBS_CHANNEL

# A request waits for its limits twice at most; one account more or less is not worth more.
LIMITS_WITHIN_S = 0.5
LIMITS_CONNECTIONS_MAX = 32
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
    embed_tokens: EmbedTokens
    pseudonyms: Pseudonyms
    insecure_delivery: bool
    """``STIBNITE_ALLOW_INSECURE_DELIVERY``, for development only."""
    embeddings: QueryEmbeddings
    holdings: RecentHoldings
    job_notices: Listener
    limiter: RateLimiter
    provider: Provider | None
    """Where console users sign in, if that is set up."""
    session_lasts: timedelta


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
    redis_of_limits = connect_briefly(
        of.required_redis_url, LIMITS_WITHIN_S, LIMITS_CONNECTIONS_MAX
    )
    client = ClickHouse(of.required_clickhouse_url)
    job_notices = Listener(of.sqlalchemy_url, JOBS_CHANNEL)
    embeddings = QueryEmbeddings(embedder_of(of))
    provider = Provider.of(of)
    try:
        yield Stores(
            postgres,
            client,
            redis,
            CursorSigner(of.required_secret),
            queue,
            Sealer(of.required_secret),
            EmbedTokens(of.required_secret),
            Pseudonyms(of.required_secret),
            of.allow_insecure_delivery,
            embeddings,
            RecentHoldings(postgres),
            job_notices,
            RateLimiter(redis_of_limits, Subjects.of(of), of.limits_local_share),
            provider,
            timedelta(minutes=of.session_minutes),
        )
    finally:
        if provider is not None:
            await provider.close()
        await job_notices.close()
        await embeddings.close()
        await redis_of_limits.aclose()
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


@dataclass(slots=True)
class RequestKey:
    """The ``Idempotency-Key`` of a request, for an operation that keeps it with a row of its own.

    Such an operation calls out after its commit, so that it cannot be one transaction with its
    answer. Its row has ``scope`` (unique), ``request``, and what the answer is made of. Where the
    row is there already, it is answered from, and ``replayed`` set; another ``request`` in it is
    :func:`used_for_another`, one that has no answer yet :func:`still_running`
    (``api.domain.idempotency.rules``). A failure leaves no row. Rows hold for ``KEPT``.
    """

    scope: bytes
    """Whose key this is, and which (32 bytes)."""
    request: bytes
    """What was asked for (32 bytes)."""
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """One caller's request: every domain operation takes it as its first argument."""

    stores: Stores
    identity: Identity | None
    origin: str | None = None
    """The page that sent the request, where a browser told (the header ``Origin``)."""
    request_key: RequestKey | None = None
    """Set where the operation itself keeps what it answered under the request's key."""
    seen: set[str] = field(default_factory=set)
    """The records that are shown to the caller, for limits of different ones."""

    def saw(self, kind: str, identifiers: Iterable[str]) -> None:
        """Notes records of a kind that the answer shows."""
        self.seen.update(f"{kind}:{each}" for each in identifiers)

    @property
    def known(self) -> Identity:
        """Whoever asks, of whatever kind.

        Raises ``unauthenticated`` where there is nobody, so that a door that forgot to ask cannot
        serve anybody.
        """
        if self.identity is None:
            raise DomainError(
                ErrorCode.UNAUTHENTICATED,
                "This operation needs credentials: an API key as the header x-api-key, or the"
                " token of a session as authorization: Bearer.",
            )
        return self.identity

    @property
    def caller(self) -> Caller:
        """The account that asks, by a key or a console user.

        Raises ``unauthenticated`` where there is nobody, ``forbidden`` for an embed token.
        """
        known = self.known
        if isinstance(known, Caller):
            return known
        raise wrong_kind()

    @property
    def embed(self) -> EmbedCaller:
        """The person inside a partner's iframe who asks.

        Raises ``unauthenticated`` where there is nobody, ``forbidden`` for an API key.
        """
        known = self.known
        if isinstance(known, EmbedCaller):
            return known
        raise wrong_kind()


def wrong_kind() -> DomainError:
    """The failure of a caller whose kind of credentials cannot reach an operation."""
    return DomainError(ErrorCode.FORBIDDEN, "This operation is not open to this kind of caller.")
