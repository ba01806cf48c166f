"""Forgets the answers that are too old to be given again."""

from celery import shared_task

from api.domain.idempotency import service
from workers.periodic import every
from workers.runtime import runtime

FORGET = "workers.idempotency.forget"
_FORGET_EVERY_S = 3_600.0


@shared_task(name=FORGET)  # type: ignore[untyped-decorator]
def forget() -> None:
    """Deletes what is older than a day."""
    runtime().drain(FORGET, service.forget_old)


every(_FORGET_EVERY_S, FORGET)
