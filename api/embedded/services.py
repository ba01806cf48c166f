"""The parts that are Python processes of this product: ClickHouse's engine, API and worker."""

import hashlib
import os
import platform
import signal
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from redis.exceptions import RedisError

import api
from api.embedded.part import Part, StopStep
from api.embedded.probes import http_answers, reachable_host
from api.liveness import worker_key, worker_signs
from api.settings import Settings
from api.stores.redis import connect

LOOPBACK = "127.0.0.1"
_API_DRAIN_S = 4
_WORKER_DRAIN_S = 4
# As large as a request's body may be.
_WS_MESSAGE_MAX_BYTES = 1_000_000
# The packages are found from here, whether installed or run from a checkout, and no package of the
# same name in the folder where the command was typed is found instead.
_CODE = Path(api.__file__).resolve().parent.parent
_PYTHON_MODULE = (sys.executable, "-m")


def clickhouse_part(root: Path, port: int) -> Part:
    """chDB behind ClickHouse's HTTP protocol, on 127.0.0.1."""
    root.mkdir(mode=0o700, exist_ok=True)
    options = {"--path": str(root), "--host": LOOPBACK, "--port": str(port)}
    return Part(
        name="clickhouse",
        argv=(*_PYTHON_MODULE, "api.embedded.clickhouse", *_flat(options)),
        cwd=_CODE,
        port=port,
        url=clickhouse_url(port),
        healthy=partial(http_answers, LOOPBACK, port, "/ping"),
        # Requests get three seconds to finish, and closing the engine takes a few more.
        stop_steps=(StopStep(signal.SIGTERM, 10.0),),
        orphan_signal=signal.SIGTERM,
        start_timeout_s=120.0,
        # A heavy statement may keep it from answering for a while; that alone is no illness.
        tolerated_failures=30,
    )


def clickhouse_url(port: int) -> str:
    """The url of the embedded ClickHouse, with the product's database."""
    return f"http://{LOOPBACK}:{port}/stibnite"


def api_part(settings: Settings) -> Part:
    """The HTTP server; healthy when ``GET /health`` answers 200."""
    options = {
        "--host": settings.host,
        "--port": str(settings.port),
        "--loop": "uvloop",
        "--http": "httptools",
        "--ws": "websockets-sansio",
        "--ws-max-size": str(_WS_MESSAGE_MAX_BYTES),
        "--log-level": "warning",
        "--timeout-graceful-shutdown": str(_API_DRAIN_S - 1),
    }
    return Part(
        name="api",
        argv=(*_PYTHON_MODULE, "uvicorn", "api.app:app", "--no-access-log", *_flat(options)),
        environment=settings.as_environment(),
        cwd=_CODE,
        port=settings.port,
        url=base_url(settings),
        healthy=partial(http_answers, reachable_host(settings.host), settings.port, "/health"),
        stop_steps=(StopStep(signal.SIGTERM, _API_DRAIN_S),),
        tolerated_failures=10,
    )


def base_url(settings: Settings) -> str:
    """Where the API answers."""
    host = reachable_host(settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def worker_part(settings: Settings) -> Part:
    """One Celery worker; healthy while it gives its signs in Redis (``api.liveness``)."""
    node = _node_name(settings.data_dir)
    client = connect(settings.required_redis_url)

    async def forget_signs() -> None:
        # Those of the former process would make the new one look healthy too early.
        await client.delete(worker_key(node))

    async def gives_signs() -> bool:
        try:
            signs = await worker_signs(client, node)
        except RedisError:
            return True  # says nothing about the worker, which connects again by itself
        return signs is not None and not signs.is_overdue(time.time())

    options = {
        "--pool": "prefork",
        "--concurrency": str(settings.worker_concurrency),
        "--hostname": node,
        "--loglevel": settings.log_level,
    }
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    impatient = settings.model_copy(update={"worker_soft_shutdown_s": 1.0})
    return Part(
        name="worker",
        argv=(*_PYTHON_MODULE, "celery", "-A", "workers.app", "worker", *quiet, *_flat(options)),
        environment=impatient.as_environment(),
        cwd=_CODE,
        healthy=gives_signs,
        before_start=forget_signs,
        after_exit=client.aclose,
        # Let running tasks finish; then cancel them and hand them back to the queue.
        stop_steps=(StopStep(signal.SIGTERM, _WORKER_DRAIN_S), StopStep(signal.SIGQUIT, 2.0)),
        tolerated_failures=5,
    )


def _node_name(data_dir: Path) -> str:
    """Stays the same over restarts; differs between data folders and machines on one Redis."""
    folder = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:8]
    return f"worker-{folder}@{platform.node() or 'localhost'}"


def _flat(options: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(word for pair in options.items() for word in pair)
