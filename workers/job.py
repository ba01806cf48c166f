"""Person search jobs: one task a job, and the sweeps that lose nothing."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from celery import shared_task

from api.domain.job import running
from api.domain.job.rules import RUN_LIMIT_S
from api.queue import TaskName
from api.settings import settings
from api.work import Stores
from workers.periodic import every
from workers.runtime import runtime
from workers.signs import ROWS_QUEUE, redis_for_signs

SWEEP = "workers.job.sweep"
EXPIRE = "workers.job.expire"
SWEEP_EVERY_S = 2.0
EXPIRE_EVERY_S = 60.0
# With so many messages waiting, a lost one would not be looked at sooner for being sent again.
_QUEUE_IS_LONG = 100


@shared_task(name=TaskName.RUN_PERSON_SEARCH_JOB)  # type: ignore[untyped-decorator]
def run(job_id: str) -> None:
    """Runs one job, if it is due."""
    runtime().run(lambda stores: running.run(stores, UUID(job_id)), seconds=RUN_LIMIT_S)


@shared_task(name=SWEEP)  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Publishes what was lost, and ends what nobody will run."""
    room = _QUEUE_IS_LONG - redis_for_signs().llen(ROWS_QUEUE)
    runtime().run(
        lambda stores: running.sweep(stores, datetime.now(UTC), room=room), seconds=RUN_LIMIT_S
    )


@shared_task(name=EXPIRE)  # type: ignore[untyped-decorator]
def expire() -> None:
    """Deletes jobs that ended long ago, a batch at a time."""
    keep = timedelta(days=settings().job_retention_days)

    async def all_batches(stores: Stores) -> None:
        while await running.expire(stores, datetime.now(UTC), keep=keep) == running.SWEEP_BATCH:
            pass

    runtime().run(all_batches, seconds=RUN_LIMIT_S)


every(SWEEP_EVERY_S, SWEEP)
every(EXPIRE_EVERY_S, EXPIRE)
