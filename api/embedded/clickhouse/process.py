"""The life of the process: socket, engine, HTTP server, signals, and the end in good order."""

import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import uvicorn
import uvloop

from api.embedded.clickhouse.engine import Engine, FolderInUseError
from api.embedded.clickhouse.pool import Limits, SessionPool
from api.embedded.clickhouse.server import Application

logger = logging.getLogger("clickhouse")

# How long the engine may take to stop what is still running after the grace period.
STOP_SECONDS_MAX = 5
# Longer than clients keep an idle connection: this side must not close one just as it is used.
KEEP_ALIVE_SECONDS = 600
CONNECTIONS_MAX = 1024


@dataclass(frozen=True, slots=True)
class Options:
    """What the process is started with.

    ``grace_seconds`` is how long running requests may go on after SIGTERM.
    """

    folder: Path
    host: str
    port: int
    memory_mib: int
    grace_seconds: int
    limits: Limits


def serve(options: Options) -> int:
    """Serve until SIGTERM or SIGINT; 0 after that, 1 with a line on stderr for a failed start."""
    try:
        listener = _bind(options.host, options.port)
    except OSError as error:
        return _refuse(f"cannot listen on {options.host}:{options.port}: {error.strerror}")
    try:
        engine = Engine(options.folder, options.memory_mib)
    except FolderInUseError as error:
        return _refuse(str(error))
    except (OSError, RuntimeError) as error:
        return _refuse(f"cannot open {options.folder}: {error}")
    # uvicorn repeats the signal that ended it, for the handlers from before.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    clean = uvloop.run(_serve(options, engine, listener))
    if not clean:
        logger.warning("a query did not stop in time; leaving it, the data is safe")
        logging.shutdown()
        os._exit(0)
    engine.close()
    return 0


async def _serve(options: Options, engine: Engine, listener: socket.socket) -> bool:
    pool = SessionPool(engine, options.limits)
    server = uvicorn.Server(
        uvicorn.Config(
            Application(pool, engine.timezone, _names_of(options.host)),
            http="httptools",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=options.grace_seconds,
            limit_concurrency=CONNECTIONS_MAX,
        )
    )
    await server.serve(sockets=[listener])
    return await pool.close(STOP_SECONDS_MAX)


def _bind(host: str, port: int) -> socket.socket:
    """Take the port before the folder, so that a start that fails leaves nothing behind."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener


def _names_of(host: str) -> frozenset[str]:
    """The names a request may call a server on a loopback address by; none means any."""
    with suppress(ValueError):
        if not ip_address("127.0.0.1" if host == "localhost" else host).is_loopback:
            return frozenset()
        return frozenset({"localhost", "127.0.0.1", "[::1]", host})
    return frozenset()


def _refuse(message: str) -> int:
    sys.stderr.write(f"clickhouse: {message}\n")
    return 1
