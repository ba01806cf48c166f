"""Latencies, their ratios, and the memory of a stack's processes."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

BOOTSTRAPS = 200


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of one kind of call, in milliseconds."""

    calls: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


def latency(seconds: Sequence[float]) -> Latency:
    """The percentiles of measured calls."""
    ordered = sorted(seconds)
    p50, p95, p99 = (1000 * _percentile(ordered, share) for share in (0.5, 0.95, 0.99))
    return Latency(len(ordered), round(p50, 2), round(p95, 2), round(p99, 2))


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long one kind of call takes as another, at a percentile.

    ``low`` and ``high`` enclose 95 % of the bootstrap's resamples.
    """

    name: str
    value: float
    low: float
    high: float
    goal: float

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.value <= self.goal


def ratio(
    name: str,
    over: Sequence[float],
    under: Sequence[float],
    goal: float,
    share: float = 0.5,
) -> Ratio:
    """The ratio of a percentile (the median) of two series that were measured in turn."""
    draw = random.Random(1)  # noqa: S311 - statistics, not secrets

    def of(seconds: Sequence[float]) -> float:
        return _percentile(sorted(seconds), share)

    resampled = sorted(
        of(draw.choices(over, k=len(over))) / of(draw.choices(under, k=len(under)))
        for _ in range(BOOTSTRAPS)
    )
    return Ratio(
        name,
        round(of(over) / of(under), 3),
        round(_percentile(resampled, 0.025), 3),
        round(_percentile(resampled, 0.975), 3),
        goal,
    )


def peak_memory_mib(pids: Mapping[str, int]) -> dict[str, int]:
    """Peak resident memory of each part, its children included, in MiB.

    Postgres' children share memory with it, so theirs counts without the shared pages.
    """
    parts = set(pids.values())
    peaks = {}
    for part, pid in pids.items():
        total = resident_kib(pid, "VmHWM")
        for child in _children(psutil.Process(pid), parts):
            shared = resident_kib(child.pid, "RssShmem") + resident_kib(child.pid, "RssFile")
            total += max(0, resident_kib(child.pid, "VmHWM") - shared)
        peaks[part] = total // 1024
    return peaks


def _children(process: psutil.Process, parts: set[int]) -> Iterator[psutil.Process]:
    """All descendants but those that are parts, or of parts: the supervisor is their parent."""
    # One that has just ended, as those of Postgres do all the time, has no children.
    with suppress(psutil.NoSuchProcess):
        for child in process.children():
            if child.pid not in parts:
                yield child
                yield from _children(child, parts)


def resident_kib(pid: int, field: str) -> int:
    """A line of the kernel's account of a process' memory (``VmRSS``, ``VmHWM``: the peak), in KiB.

    0 when the process has just ended.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return 0


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]
