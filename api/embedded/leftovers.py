"""Ends what a killed supervisor left running on a data folder, and nothing else."""

import asyncio
import signal

import psutil
import structlog

from api.embedded.record import PartRecord, StackRecord

_PATIENCE_S = 5.0
_POLL_S = 0.02

log = structlog.get_logger("stibnite.leftovers")


async def end_leftovers(record: StackRecord) -> None:
    """Ends every recorded part that still runs, all at once. The caller holds the data folder.

    A pid counts only together with its creation time, so a foreign process that was given the pid
    of a dead part is left alone. Bound: 5 s for each of a part's stop signals.
    """
    await asyncio.gather(*(_end(name, part) for name, part in record.parts.items()))


async def _end(name: str, part: PartRecord) -> None:
    process = part.process.find() if part.process else None
    if process is None:
        return
    log.warning("ending a leftover process", part=name, pid=process.pid)
    # Its children first: once it is gone, nothing tells whose they were.
    family = [*_children(process), process]
    for number in (*(signal.Signals[each] for each in part.stop_signals), signal.SIGKILL):
        if await ended_after(process, number):
            break
    for member in family:
        await ended_after(member, signal.SIGKILL)


async def ended_after(process: psutil.Process, number: signal.Signals) -> bool:
    """Sends a signal and waits up to 5 s; whether the process has ended."""
    try:
        # psutil refuses to signal a pid that meanwhile belongs to another process.
        process.send_signal(number)
        for _ in range(round(_PATIENCE_S / _POLL_S)):
            # A zombie has ended too: an orphan's new parent may be slow to collect it, or never do.
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
            await asyncio.sleep(_POLL_S)
    except psutil.NoSuchProcess:
        return True
    return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
