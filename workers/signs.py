"""What a worker uses of Redis: its queues, and a client with short waits and no insistence."""

from functools import cache

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from api.settings import settings

ROWS_QUEUE = "stibnite"
"""The default: ids of rows, such as jobs."""
DELIVERIES_QUEUE = "stibnite.deliveries"
UPKEEP_QUEUE = "stibnite.upkeep"
"""For heartbeats and periodic work: served in turn with the rows' queues, never behind them."""
_REDIS_TIMEOUT_S = 2.0


@cache
def redis_for_signs() -> Redis:
    """One client per process; a forked one opens its own connection."""
    return Redis.from_url(
        settings().required_redis_url,
        socket_timeout=_REDIS_TIMEOUT_S,
        socket_connect_timeout=_REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
