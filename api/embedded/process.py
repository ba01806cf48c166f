"""One child process: started with its output in a log file, stopped by escalating signals."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import psutil

from api.embedded import launch
from api.embedded.part import Part, StopStep

LARGEST_LOG_BYTES = 10 * 1024 * 1024
_TAIL_BYTES = 4_096
_TAIL_LINES = 15


class ChildProcess:
    """A running part. It leads a session of its own, so a Ctrl-C at the terminal reaches only the
    supervisor, which then stops the parts in order.
    """

    def __init__(self, process: asyncio.subprocess.Process, log: Path, log_start: int):
        self._process = process
        self._log = log
        self._log_start = log_start
        self.pid = process.pid
        self.create_time = _create_time(process.pid)
        """Seconds since the epoch; tells this process from a later one with the same pid."""
        self._exit = asyncio.create_task(process.wait())

    @classmethod
    async def start(cls, part: Part, log: Path) -> Self:
        """Starts a part; its stdout and stderr are appended to ``log``.

        Raises:
            OSError: the process could not be created.
        """
        rotate(log)
        uid, gid = (part.account.uid, part.account.gid) if part.account else (-1, -1)
        shim = [sys.executable, "-I", "-S", launch.__file__]
        identity = [str(each) for each in (os.getpid(), int(part.orphan_signal), uid, gid)]
        kept = ",".join(part.environment) if part.isolated else "*"
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            log_start = os.fstat(descriptor).st_size
            process = await asyncio.create_subprocess_exec(
                *shim,
                *identity,
                kept,
                *part.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env={**os.environ, **part.environment},
                cwd=part.cwd,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        return cls(process, log, log_start)

    async def exited_within(self, seconds: float) -> bool:
        """Waits for the end of the process, at most so long; whether it has ended."""
        done, _ = await asyncio.wait({self._exit}, timeout=seconds)
        return bool(done)

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return not self._exit.done()

    @property
    def exit(self) -> asyncio.Task[int]:
        """Done when the process has ended; its result is the return code, minus the signal's number
        for a process that a signal ended.
        """
        return self._exit

    async def stop(self, steps: Sequence[StopStep]) -> None:
        """Ends the process and what it left in its session. Returns when it is gone."""
        for step in (*steps, StopStep(signal.SIGKILL, float("inf"))):
            if not self.running:
                break
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(step.signal)
            patience = None if step.patience_s == float("inf") else step.patience_s
            await asyncio.wait({self._exit}, timeout=patience)
        # Only processes of its own session can carry its pid as their group: a fresh process would
        # have to be given the same pid and lead a group, within the instant since it was reaped.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def last_lines(self) -> list[str]:
        """The last lines that this process wrote, oldest first."""
        with self._log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start, size - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
        return [line for line in text.splitlines() if line.strip()][-_TAIL_LINES:]


def _create_time(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:  # so short a life; nothing with this time will ever be found
        return 0.0


def rotate(log: Path) -> None:
    """Sets a log of more than 10 MB aside, in place of the one set aside before."""
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
