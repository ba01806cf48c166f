"""The way to Redis, which moves work and never holds the only copy of anything."""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CONNECT_TIMEOUT_S = 1.0
ANSWER_TIMEOUT_S = 2.0


def connect_briefly(url: str, within_s: float, connections_max: int) -> Redis:
    """A client for what a request waits for: nothing is tried twice, and nothing takes longer."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections_max,
        timeout=within_s,
        socket_connect_timeout=within_s,
        socket_timeout=within_s,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


def connect(url: str) -> Redis:
    """A client with bounded waits; a lost connection is tried again once."""
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=ANSWER_TIMEOUT_S,
        socket_keepalive=True,
        health_check_interval=25,
        retry=Retry(NoBackoff(), 1),
    )
