"""Webhook deliveries: sent in the background of a worker process, when told to and every 2 s."""

from celery import shared_task

from api.domain.webhook import log
from api.queue import TaskName
from workers.periodic import every
from workers.runtime import runtime

SWEEP = "workers.webhook.sweep"
FORGET = "workers.webhook.forget"
_SWEEP_EVERY_S = 2.0
_FORGET_EVERY_S = 3_600.0


@shared_task(name=TaskName.DELIVER_WEBHOOKS)  # type: ignore[untyped-decorator]
def deliver(_row_id: str) -> None:
    """Sends what is due, the row's deliveries among it; whoever waits is not waited for."""
    runtime().drain(SWEEP, log.deliver_due)


@shared_task(name=SWEEP)  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Sends what is due by now: retries, and what nobody was told of."""
    runtime().drain(SWEEP, log.deliver_due)


@shared_task(name=FORGET)  # type: ignore[untyped-decorator]
def forget() -> None:
    """Deletes what is too old."""
    runtime().drain(FORGET, log.forget_old)


every(_SWEEP_EVERY_S, SWEEP)
every(_FORGET_EVERY_S, FORGET)
