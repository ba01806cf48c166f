"""``python -m api.embedded.clickhouse``: open the data folder, serve until SIGTERM or SIGINT."""

import argparse
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from api.embedded.clickhouse.configuration import MEMORY_MIB_MAX, MEMORY_MIB_MIN


def main() -> int:
    """Run the process; returns its exit code (1 when it could not start)."""
    parser = argparse.ArgumentParser(
        prog="python -m api.embedded.clickhouse", description="Serve ClickHouse."
    )
    parser.add_argument("--path", type=Path, required=True, help="data folder")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=_bounded(1, 65535), required=True)
    parser.add_argument(
        "--memory-mib",
        type=_bounded(MEMORY_MIB_MIN, MEMORY_MIB_MAX),
        default=1536,
        help="what the engine may allocate; the process itself needs about 300 MiB more",
    )
    parser.add_argument("--readers", type=_bounded(1, 256), default=8, help="reads at once")
    parser.add_argument("--writers", type=_bounded(1, 64), default=4, help="writes at once")
    parser.add_argument("--queue", type=_bounded(0, 10_000), default=64, help="waiting, each")
    parser.add_argument(
        "--grace-seconds",
        type=_bounded(1, 600),
        default=3,
        help="how long running requests may go on after SIGTERM",
    )
    arguments = parser.parse_args()
    # Days and hours in the data are UTC on every machine. Read by the engine when it is loaded.
    os.environ["TZ"] = "UTC"
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")

    from api.embedded.clickhouse.pool import Limits
    from api.embedded.clickhouse.process import Options, serve

    return serve(
        Options(
            folder=arguments.path.resolve(),
            host=arguments.host,
            port=arguments.port,
            memory_mib=arguments.memory_mib,
            grace_seconds=arguments.grace_seconds,
            limits=Limits(arguments.readers, arguments.writers, arguments.queue),
        )
    )


def _bounded(smallest: int, largest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not smallest <= value <= largest:
            raise argparse.ArgumentTypeError(f"must be between {smallest} and {largest}")
        return value

    return number


if __name__ == "__main__":
    sys.exit(main())
