"""Finds the stack that runs on a data folder, from another process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from api.embedded.errors import StackError
from api.embedded.record import StackRecord, record_path
from api.embedded.topology import STORES, embedded_urls, stored_stack_secret
from api.settings import Settings, SettingsError, variable_name


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A stack that runs now. ``settings`` holds its three urls, its secret and its data folder, as
    its own processes have them.
    """

    base_url: str
    ready: bool
    """Whether everything has been healthy at the same time since it was started."""
    supervisor_pid: int
    settings: Settings


def find_running(data_dir: Path, given: Settings) -> RunningStack | None:
    """The stack on a data folder; ``None`` when none runs there. Changes nothing.

    ``given`` is where this process looks for what the stack itself was given from outside.

    Raises:
        SettingsError: the stack was started with a url or a secret that ``given`` lacks.
        StackError: the folder belongs to another user, or a password file in it is gone.
    """
    try:
        return _find(data_dir.expanduser().resolve(), given)
    except (PermissionError, FileNotFoundError) as error:
        raise StackError(
            f"{error.filename}, which tells how to reach the stack, cannot be read:"
            f" {error.strerror}."
        ) from error


def _find(root: Path, given: Settings) -> RunningStack | None:
    record = StackRecord.read(record_path(root))
    process = record.supervisor.find() if record.supervisor else None
    if process is None or record.base_url is None:
        return None
    for field in record.external:
        if getattr(given, field) is None:
            raise SettingsError(
                f"The stack on {root} was started with {variable_name(field)}, which is not kept"
                " there. Set the same value for this command."
            )
    ports = {
        store: part.port
        for store, part in record.parts.items()
        if part.port is not None and store in STORES and STORES[store] not in record.external
    }
    values: dict[str, Any] = {"data_dir": root, **embedded_urls(root, ports)}
    if "secret" not in record.external:
        values["secret"] = SecretStr(stored_stack_secret(root))
    return RunningStack(
        base_url=record.base_url,
        ready=record.ready,
        supervisor_pid=process.pid,
        settings=given.model_copy(update=values),
    )
