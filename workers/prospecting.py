"""Pushes of bought records, and the end of sessions: in the background of a worker process."""

from celery import shared_task

from api.domain.prospecting import pushes, sessions
from workers.periodic import every
from workers.runtime import runtime

SWEEP = "workers.prospecting.sweep"
FORGET = "workers.prospecting.forget"
_SWEEP_EVERY_S = 2.0
_FORGET_EVERY_S = 3_600.0


@shared_task(name=SWEEP)  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Sends what is due by now: retries, and what a process that died had claimed."""
    runtime().drain(SWEEP, pushes.deliver_due)


@shared_task(name=FORGET)  # type: ignore[untyped-decorator]
def forget() -> None:
    """Deletes the sessions that have expired."""
    runtime().drain(FORGET, sessions.forget_old)


every(_SWEEP_EVERY_S, SWEEP)
every(_FORGET_EVERY_S, FORGET)
