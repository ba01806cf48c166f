"""A stack for one benchmark: the product's own commands, on a data folder of its own."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from api.embedded.record import StackRecord, record_path
from api.embedded.running import RunningStack, find_running
from api.settings import Settings

# Counted as for everybody, and never met: what is measured is how fast, not how much.
_WIDE_LIMITS = "requests=10000000/60 cost=10000000000/60 records=1000000000/86400"
READY_WITHIN_S = 180
_COMMAND = (sys.executable, "-m", "api.cli")


@dataclass(frozen=True, slots=True)
class BenchStack:
    """A stack that runs for a benchmark."""

    running: RunningStack
    data_dir: Path

    def pids(self) -> dict[str, int]:
        """The process of each part, and of the supervisor."""
        record = StackRecord.read(record_path(self.data_dir))
        parts = {name: part.process.pid for name, part in record.parts.items() if part.process}
        return {**parts, "supervisor": self.running.supervisor_pid}

    async def command(self, *arguments: str) -> float:
        """Runs a command against this stack; the seconds that it took."""
        started = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *_COMMAND, *arguments, "--data-dir", str(self.data_dir), stdout=subprocess.DEVNULL
        )
        if await process.wait():
            raise RuntimeError(f"stibnite {arguments[0]} ended with {process.returncode}")
        return time.perf_counter() - started


@asynccontextmanager
async def bench_stack(data_dir: Path) -> AsyncIterator[BenchStack]:
    """Starts a stack without a sample, and stops it at the end of the block."""
    log = data_dir.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own command, awaited below
            [*_COMMAND, "up", "--data-dir", str(data_dir), "--port", "0", "--no-sample"],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "STIBNITE_LIMITS_TIER_1": _WIDE_LIMITS,
                "STIBNITE_LIMITS_EMBED": _WIDE_LIMITS,
            },
        )
    try:
        yield BenchStack(await _ready(data_dir, process, log), data_dir)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 60)


async def _ready(data_dir: Path, process: subprocess.Popen[bytes], log: Path) -> RunningStack:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        running = find_running(data_dir, Settings())
        if running is not None and running.ready:
            return running
        await asyncio.sleep(0.2)
    raise RuntimeError(f"the stack did not become ready; its log is {log}")
