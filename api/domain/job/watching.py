"""A job as it changes, until it has ended: for whoever would otherwise poll."""

from collections.abc import AsyncIterator

from api.domain.job.records import Job
from api.domain.job.rules import ENDED
from api.domain.job.service import one
from api.errors import DomainError, ErrorCode
from api.work import Work


async def updates(work: Work, job_id: str) -> AsyncIterator[Job]:
    """The job now, and after each change of its state; the last one has succeeded or failed.

    Raises ``not_found`` as reading the job does, also when it is deleted meanwhile.
    """
    told = None
    async with work.stores.job_notices.watching(job_id.lower()) as changed:
        while told not in ENDED:
            changed.clear()
            try:
                job = await one(work, job_id)
            except DomainError as failure:
                if failure.code is not ErrorCode.UNAVAILABLE or told is None:
                    raise
                # The store is away for a moment; the listener wakes us when it is back.
                await changed.wait()
                continue
            if job.status is not told:
                told = job.status
                yield job
            if told not in ENDED:
                await changed.wait()
