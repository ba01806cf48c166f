"""Which parts a stack consists of: the embedded ones, less those that a url replaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from api.embedded.errors import StackError
from api.embedded.folder import DataFolder, kept_secret, stored_secret
from api.embedded.part import Part
from api.embedded.ports import choose_port, is_free
from api.embedded.postgres import PostgresFolder, postgres_part
from api.embedded.record import StackRecord
from api.embedded.redis import RedisFolder, redis_part
from api.embedded.services import LOOPBACK, api_part, clickhouse_part, clickhouse_url, worker_part
from api.settings import Settings

STORES = {"postgres": "database_url", "redis": "redis_url", "clickhouse": "clickhouse_url"}
"""The embedded stores, and the setting by which each is replaced."""


@dataclass(frozen=True, slots=True)
class Topology:
    """The parts of one stack and the settings that all of them share."""

    engines: tuple[Part, ...]
    """The stores; started all at once, before everything else."""
    services: tuple[Part, ...]
    """Started all at once when the stores are prepared; stopped one by one, the last first."""
    settings: Settings
    """With all three urls, the secret, the absolute data folder and the API's real port."""
    external: tuple[str, ...] = ()
    """The settings, of the urls and the secret, that were given from outside."""


def build_topology(given: Settings, folder: DataFolder, former: StackRecord) -> Topology:
    """Decides ports and urls and makes the parts, their folders and passwords; starts nothing.

    Ports of the former run are kept where still free.

    Raises:
        StackError: the API's port is taken, or a part cannot run here.
    """
    api_port = _api_port(given, former)
    ports: dict[str, int] = {}
    for store, field in STORES.items():
        if getattr(given, field) is None:
            taken = {api_port, *ports.values()}
            ports[store] = choose_port(LOOPBACK, former.port_of(store), taken)
    engines = tuple(_engine(store, folder.root / store, port) for store, port in ports.items())
    secret = given.secret or SecretStr(kept_secret(secret_path(folder.root)))
    settings = given.model_copy(
        update={
            "data_dir": folder.root,
            "port": api_port,
            "secret": secret,
            **embedded_urls(folder.root, ports),
        }
    )
    return Topology(
        engines=engines,
        services=(api_part(settings), worker_part(settings)),
        settings=settings,
        external=tuple(each for each in (*STORES.values(), "secret") if getattr(given, each)),
    )


def embedded_urls(root: Path, ports: Mapping[str, int]) -> dict[str, str]:
    """The urls of embedded stores by name of setting, with the passwords kept in the data folder.

    Raises:
        FileNotFoundError: a store was never started there.
    """
    urls = {}
    for store, port in ports.items():
        match store:
            case "postgres":
                url = PostgresFolder(root / store).url(port)
            case "redis":
                url = RedisFolder(root / store).url(port)
            case _:
                url = clickhouse_url(port)
        urls[STORES[store]] = url
    return urls


def stored_stack_secret(root: Path) -> str:
    """The secret that was generated for a data folder.

    Raises:
        FileNotFoundError: none was; it came from ``STIBNITE_SECRET``.
    """
    return stored_secret(secret_path(root))


def secret_path(root: Path) -> Path:
    """The file of the generated secret."""
    return root / "secret"


def _engine(store: str, root: Path, port: int) -> Part:
    match store:
        case "postgres":
            return postgres_part(root, port)
        case "redis":
            return redis_part(root, port)
        case _:
            return clickhouse_part(root, port)


def _api_port(given: Settings, former: StackRecord) -> int:
    if given.port == 0:
        return choose_port(given.host, former.port_of("api"), ())
    if not is_free(given.host, given.port):
        raise StackError(
            f"Port {given.port} on {given.host} cannot be used; another program may have it."
            " Choose another one with --port, or 0 for any free one."
        )
    return given.port
