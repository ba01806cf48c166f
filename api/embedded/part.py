"""What the supervisor needs to know about one part, as data."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from api.embedded.account import Account

PLAIN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""For servers that are not ours: the same on every machine."""

type Hook = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StopStep:
    """Send this signal, then wait that long (seconds) before the next step."""

    signal: signal.Signals
    patience_s: float


@dataclass(frozen=True, slots=True)
class Part:
    """One supervised child process.

    ``healthy`` answers whether the part does its work right now; raising counts as no. It is asked
    every ``check_every_s`` and given ``check_timeout_s``; after ``tolerated_failures`` failures in
    a row the part is restarted. ``stop_steps`` are tried in turn, SIGKILL comes after the last.
    ``orphan_signal`` is what the kernel sends when the supervisor dies (Linux only).
    ``before_start`` runs before each start, ``once_up`` after each start when the part is healthy
    and before anybody is told so; when they raise, the start has failed and is tried again, except
    for a ``StackError``, which ends the whole stack. ``after_exit`` runs after each end.
    """

    name: str
    argv: tuple[str, ...]
    healthy: Callable[[], Awaitable[bool]]
    stop_steps: tuple[StopStep, ...]
    orphan_signal: signal.Signals = signal.SIGKILL
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of the process, on top of the supervisor's own."""
    isolated: bool = False
    """Whether it sees ``environment`` only: nothing of the supervisor's, which holds secrets."""
    cwd: Path | None = None
    port: int | None = None
    url: str | None = None
    """What it serves, without a password."""
    account: Account | None = None
    before_start: Hook | None = None
    once_up: Hook | None = None
    after_exit: Hook | None = None
    start_timeout_s: float = 60.0
    check_every_s: float = 1.0
    check_timeout_s: float = 2.0
    tolerated_failures: int = 5
