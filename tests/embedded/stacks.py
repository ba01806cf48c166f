"""Starts supervisors for tests and waits for what they do."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from redis import Redis

from api.embedded.part import Part
from api.embedded.record import PartRecord, ProcessRecord, StackRecord, record_path
from api.embedded.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
# Long enough for the slowest machine: running into it means that the awaited thing never happens.
PATIENCE_S = 60.0
NO_CLICKHOUSE = {"CLICKHOUSE_URL": "http://127.0.0.1:9/none"}
"""Replaces a store that a test has no use for by a server that does not exist."""
REDIS_ONLY = {**NO_CLICKHOUSE, "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}


@contextmanager
def new_folder() -> Iterator[Path]:
    """An empty folder, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="stibnite-test-") as folder:
        yield Path(folder)


@contextmanager
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with any stack."""
    with subprocess.Popen([shutil.which("sleep") or "sleep", "600"]) as process:
        yield process
        process.kill()


def aof_synced(redis: Redis) -> bool:
    """Whether all that this Redis was told is in its append-only file, on disk."""
    state = redis.info("persistence")
    return bool(state["aof_pending_bio_fsync"] == 0 and state["aof_buffer_length"] == 0)


async def until(condition: Callable[[], Any], what: str) -> Any:
    """Asks again and again until the answer is true, and gives it. An exception counts as no."""
    last: object = None
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    last = condition()
                    if isinstance(last, Awaitable):
                        last = await last
                    if last:
                        return last
                except Exception as error:
                    last = error
                await asyncio.sleep(0.02)
    raise AssertionError(f"{what}: did not happen in {PATIENCE_S:.0f} s; last answer: {last!r}")


@asynccontextmanager
async def supervised(
    *engines: Part, services: Sequence[Part] = (), logs: Path
) -> AsyncIterator[Supervisor]:
    """A supervisor in this process whose parts are all healthy; stopped at the end."""
    supervisor = Supervisor(engines, services, logs=logs)
    ready = asyncio.Event()
    running = asyncio.create_task(supervisor.run(ready.set))
    started = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait({running, started}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        yield supervisor
    finally:
        started.cancel()
        supervisor.request_stop()
        await running


@dataclass
class StackProcess:
    """A supervisor that runs as a process of its own."""

    data_dir: Path
    services: tuple[str, ...]
    environment: dict[str, str]
    process: subprocess.Popen[str]

    def start_again(self) -> None:
        """Starts another one on the same folder, in place of one that has ended."""
        assert self.process.poll() is not None
        self.process = start_stack(self.data_dir, *self.services, **self.environment).process

    @property
    def record(self) -> StackRecord:
        return StackRecord.read(record_path(self.data_dir))

    def part(self, name: str) -> ProcessRecord:
        """The present process of a part."""
        part: PartRecord = self.record.parts[name]
        assert part.process is not None, f"{name} does not run"
        return part.process

    def family(self) -> list[psutil.Process]:
        """Every process below the supervisor, now."""
        return psutil.Process(self.process.pid).children(recursive=True)

    async def ready(self) -> None:
        """Waits until it says that everything is healthy."""
        await until(self._is_ready, "the stack is ready")

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            # Not an assertion: that would count as "no" and be asked again.
            raise SystemExit(f"the stack ended with {self.process.returncode}:\n{self.output()}")
        record = self.record
        mine = record.supervisor is not None and record.supervisor.pid == self.process.pid
        return mine and record.ready

    def output(self) -> str:
        """All that it has printed."""
        return self._output_file.read_text()

    @property
    def _output_file(self) -> Path:
        return self.data_dir.with_suffix(".out")

    async def ended(self) -> int:
        """Waits for its end; its exit code."""
        return await asyncio.to_thread(self.process.wait, PATIENCE_S)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to stop; its exit code."""
        self.process.send_signal(number)
        return await self.ended()


def start_stack(data_dir: Path, *services: str, **environment: str) -> StackProcess:
    """Starts ``tests.embedded.stand_in_stack`` and does not wait."""
    with data_dir.with_suffix(".out").open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.stand_in_stack", str(data_dir), *services],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return StackProcess(data_dir, services, environment, process)


@asynccontextmanager
async def stack(data_dir: Path, *services: str, **environment: str) -> AsyncIterator[StackProcess]:
    """A ready stack in a process of its own; stopped at the end if it still runs."""
    started = start_stack(data_dir, *services, **environment)
    try:
        await started.ready()
        yield started
    finally:
        if started.process.poll() is None:
            await started.stop()


def is_gone(process: psutil.Process) -> bool:
    """Whether a process has ended (nobody may have collected it yet)."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
