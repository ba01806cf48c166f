"""``/health``: this process is alive. ``/ready``: the parts that requests need answer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.domain.job.queries import oldest_due
from api.liveness import last_finished_task
from api.work import Stores

# A part that needs longer for nothing is not one to send customers to.
PART_BUDGET_S = 1.0

_log = structlog.get_logger("health")


def health_routes() -> list[BaseRoute]:
    """The probes; none needs credentials, and none tells more than up or down."""
    return [
        Route("/health", _health),
        Route("/ready", _ready),
        Route("/v2/health", _organisation_health),
    ]


async def _health(_: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")


async def _ready(request: Request) -> Response:
    stores: Stores = request.app.state.stores
    probes: dict[str, Callable[[], Awaitable[Any]]] = {
        "postgres": lambda: stores.postgres.fetch(text("select 1")),
        "clickhouse": stores.clickhouse.ping,
        "redis": stores.redis.ping,
    }
    up = dict(
        zip(
            probes,
            await asyncio.gather(*(_answers(name, probe) for name, probe in probes.items())),
            strict=True,
        )
    )
    ready = all(up.values())
    body = {
        "status": "ready" if ready else "unavailable",
        "parts": {name: "up" if is_up else "down" for name, is_up in up.items()},
        # Told, and no condition: requests are answered without a worker.
        "worker": {
            "last_finished_task": await _last_task(stores) if up["redis"] else None,
            "oldest_waiting_job_s": await _queue_age_s(stores) if up["postgres"] else None,
        },
    }
    return Response(
        orjson.dumps(body),
        status_code=200 if ready else 503,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


async def _organisation_health(request: Request) -> Response:
    """Liveness and database check of organisation search, as it is documented."""
    stores: Stores = request.app.state.stores
    up = await _answers("postgres", lambda: stores.postgres.fetch(text("select 1")))
    return Response(
        b'{"status":"ok"}' if up else b'{"status":"unavailable"}',
        status_code=200 if up else 503,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


async def _answers(part: str, probe: Callable[[], Awaitable[Any]]) -> bool:
    try:
        await asyncio.wait_for(probe(), PART_BUDGET_S)
    except Exception as error:
        _log.warning("part is down", part=part, reason=type(error).__name__)
        return False
    return True


async def _last_task(stores: Stores) -> datetime | None:
    try:
        return await asyncio.wait_for(last_finished_task(stores.redis), PART_BUDGET_S)
    except Exception as error:
        _log.warning("the worker's signs cannot be read", reason=type(error).__name__)
        return None


async def _queue_age_s(stores: Stores) -> float | None:
    """For how long the job that waits longest has been waiting; null where none waits."""
    now = datetime.now(UTC)
    try:
        since = await asyncio.wait_for(oldest_due(stores.postgres, now), PART_BUDGET_S)
    except Exception as error:
        _log.warning("the age of the queue cannot be read", reason=type(error).__name__)
        return None
    return None if since is None else round((now - since).total_seconds(), 1)
