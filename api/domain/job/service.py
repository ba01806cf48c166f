"""Queued person searches as callers create and read them; ``running`` is the workers' side."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from api.cursors import scope_of
from api.domain.job import queries
from api.domain.job.records import Job, JobPage
from api.domain.job.rules import JobStatus
from api.domain.job.storage import entry_of, job_of, stored_search
from api.domain.person.search import PersonSearch, prepare
from api.domain.usage.service import Payer
from api.errors import DomainError, ErrorCode
from api.paging import PageRequest, Pagination
from api.queue import TaskName
from api.uuid7 import uuid7
from api.work import Work

MAX_JOB_PAGE = 100
MAX_JOB_ID_CHARS = 64
OPERATION = "person_search_job"


async def create(
    work: Work, asked: PersonSearch, page: PageRequest, *, now: datetime | None = None
) -> Job:
    """Queues a search once all of it is checked. It counts as a request, and bills nothing yet.

    Raises ``invalid_input`` and ``invalid_cursor`` as the search itself does.
    """
    started = time.perf_counter()
    caller = work.caller
    prepared = prepare(caller.account_id, work.stores.cursors, asked, page)
    interpretation_ms = round((time.perf_counter() - started) * 1000)
    now = now or datetime.now(UTC)
    job_id = uuid7(now)
    row = {
        "id": job_id,
        "search": stored_search(prepared),
        "created_at": now,
        "interpretation_ms": interpretation_ms,
    }
    payer = Payer.of(caller, OPERATION)._replace(entry_id=job_id)
    await queries.add(work.stores.postgres, row, payer)
    work.stores.queue.put(TaskName.RUN_PERSON_SEARCH_JOB, job_id)
    return Job(
        job_id=job_id,
        status=JobStatus.QUEUED,
        search_strategy=prepared.strategy,
        interpretation=prepared.interpretation,
        created_at=now,
        finished_at=None,
        pagination=None,
        nodes=None,
        billable_records=None,
        error=None,
        timings_ms=None,
    )


async def one(work: Work, job_id: str) -> Job:
    """A job of the caller's account.

    Raises ``not_found`` for one of another account, one that has expired, and what is no id alike.
    """
    row = None
    known = _parsed(job_id)
    if known is not None:
        row = await queries.one(work.stores.postgres, work.caller.account_id, known)
    if row is None:
        raise DomainError(ErrorCode.NOT_FOUND, "There is no such job, or it has expired.")
    job = job_of(row)
    work.saw("person", (each.person_id for each in job.nodes or ()))
    return job


@dataclass(frozen=True, slots=True)
class JobList:
    """Which jobs: those of one status, or all."""

    status: JobStatus | None
    limit: int
    cursor: str | None


async def newest(work: Work, asked: JobList) -> JobPage:
    """One page of the account's jobs, newest first. Raises ``invalid_cursor``."""
    account_id = work.caller.account_id
    scope = scope_of(account_id, "person_search_jobs", asked.status)
    before = None
    if asked.cursor is not None:
        (position,) = work.stores.cursors.read(scope, asked.cursor)
        before = UUID(position)
    rows = await queries.newest(
        work.stores.postgres,
        account_id,
        status=asked.status,
        before=before,
        limit=asked.limit + 1,
    )
    nodes = [entry_of(row) for row in rows[: asked.limit]]
    cursor = None
    if len(rows) > asked.limit:
        cursor = work.stores.cursors.write(scope, [str(nodes[-1].job_id)])
    return JobPage(nodes, Pagination(limit=asked.limit, next_cursor=cursor))


def _parsed(job_id: str) -> UUID | None:
    try:
        parsed = UUID(job_id)
    except ValueError:
        return None
    # Other spellings of the same number (braces, no dashes) are not ids that were given out.
    return parsed if str(parsed) == job_id.lower() else None
