"""``stack.json``: what runs on a data folder, so that a later start can clean up after a crash and
other commands can find the stack. It holds no secret.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

from api.embedded.folder import write_private

_FORMAT = 1
# The boot time that creation times are counted from is rounded to seconds and may be slewed.
_CLOCK_SLACK_S = 2.0


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """A process: its pid alone may have been reused, with its creation time it is unmistakable."""

    pid: int
    create_time: float

    def find(self) -> psutil.Process | None:
        """That very process while it runs; ``None`` when it has ended, whoever has its pid now."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) <= _CLOCK_SLACK_S
            alive = process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if same and alive else None


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One part: its port, its process while it runs, how to end it (signal names, in order), and
    the url of what it serves, without a password.
    """

    port: int | None = None
    process: ProcessRecord | None = None
    argv: tuple[str, ...] = ()
    stop_signals: tuple[str, ...] = ()
    url: str | None = None


@dataclass(slots=True)
class StackRecord:
    """The content of ``stack.json``."""

    supervisor: ProcessRecord | None = None
    base_url: str | None = None
    ready: bool = False
    external: tuple[str, ...] = ()
    """The settings that were given from outside: urls of stores, ``secret``. Never their values."""
    parts: dict[str, PartRecord] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The record in a file; an empty one when there is none, or one that cannot be understood
        (the file is replaced in one step, so only a foreign hand can break it).
        """
        try:
            return cls._from(json.loads(path.read_bytes()))
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
            return cls()

    def write(self, path: Path) -> None:
        """Replaces the file in one step."""
        text = json.dumps({"format": _FORMAT, **asdict(self)}, indent=2)
        write_private(path, text + "\n")

    def port_of(self, part: str) -> int | None:
        """The port that a part had last, whether it runs or not."""
        record = self.parts.get(part)
        return record.port if record else None

    @classmethod
    def _from(cls, content: Mapping[str, Any]) -> Self:
        if content["format"] != _FORMAT:
            return cls()
        return cls(
            supervisor=_process(content["supervisor"]),
            base_url=content["base_url"],
            ready=bool(content["ready"]),
            external=tuple(content["external"]),
            parts={
                name: PartRecord(
                    port=part["port"],
                    process=_process(part["process"]),
                    argv=tuple(part["argv"]),
                    stop_signals=tuple(part["stop_signals"]),
                    url=part["url"],
                )
                for name, part in content["parts"].items()
            },
        )


def record_path(root: Path) -> Path:
    """Where the record of a data folder is."""
    return root / "stack.json"


def _process(content: Mapping[str, Any] | None) -> ProcessRecord | None:
    return ProcessRecord(int(content["pid"]), float(content["create_time"])) if content else None
