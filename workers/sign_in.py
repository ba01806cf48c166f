"""Forgets sessions of console users that ended long ago."""

from celery import shared_task

from api.domain.sign_in import service
from workers.periodic import every
from workers.runtime import runtime

FORGET = "workers.sign_in.forget"
_FORGET_EVERY_S = 3_600.0


@shared_task(name=FORGET)  # type: ignore[untyped-decorator]
def forget() -> None:
    """Deletes what ended more than a day ago."""
    runtime().drain(FORGET, service.forget_sessions)


every(_FORGET_EVERY_S, FORGET)
