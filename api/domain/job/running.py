"""The workers' side of jobs: claim, search, settle; and the sweeps that lose nothing.

Any process may die between any two lines here. A claim is a lease: when it ends without a result,
the next attempt begins, and the number of the attempt keeps a late one from settling.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.job import queries
from api.domain.job.records import Claim, JobResult
from api.domain.job.rules import (
    DEADLINE,
    GAVE_UP,
    LEASE,
    MAX_ATTEMPTS,
    REPUBLISH_AFTER,
    JobStatus,
    Retry,
    after_failure,
)
from api.domain.job.service import OPERATION
from api.domain.job.storage import claim_of, stored_result
from api.domain.person.records import PersonSearchPage
from api.domain.person.search import REACHES, Found, deliver, find, given_out
from api.domain.person.undelivered import Overtaken
from api.domain.usage.service import Payer
from api.domain.webhook.events import emit, written_event
from api.domain.webhook.rules import EventType
from api.errors import DomainError, ErrorCode
from api.queue import TaskName
from api.work import Stores

SWEEP_BATCH = 200
_SUCCEEDED = EventType.PERSON_SEARCH_JOB_SUCCEEDED
_FAULT = "The search failed on our side."

_log = structlog.get_logger("job")


@dataclass(frozen=True, slots=True)
class Timings:
    """How long an attempt took, in milliseconds."""

    search: int
    total: int


async def run(stores: Stores, job_id: UUID) -> None:
    """Runs a job that is due: searches without a transaction open, then settles in one.

    A job that is not due (run by somebody else, ended, gone) is left alone. Nothing is raised for a
    search that fails: it is tried again later, or the job fails. Raises ``unavailable`` when the
    store of jobs is gone; the lease ends by itself then.
    """
    begun = time.perf_counter()
    claim = await take(stores, job_id, datetime.now(UTC))
    if claim is None:
        return
    started = time.perf_counter()
    for number, reach in enumerate(REACHES, start=1):
        found = await _found(stores, claim, reach)
        if found is None:
            return
        now = time.perf_counter()
        work_ms = round((now - begun) * 1000)
        timings = Timings(round((now - started) * 1000), claim.interpretation_ms + work_ms)
        try:
            await settle(
                stores,
                claim,
                found,
                timings,
                datetime.now(UTC),
                last_attempt=number == len(REACHES),
            )
        except Overtaken:
            continue
        return


async def _found(stores: Stores, claim: Claim, reach: int) -> Found | None:
    """What the search finds; ``None`` where it failed, and the job was given back."""
    try:
        return await find(stores, claim.prepared, reach=reach)
    except DomainError as failure:
        reason, transient = failure.message, failure.code is ErrorCode.UNAVAILABLE
    except Exception:
        _log.exception("unexpected", job_id=str(claim.job_id))
        reason, transient = _FAULT, True
    await give_back(stores, claim, datetime.now(UTC), reason=reason, transient=transient)
    return None


async def take(stores: Stores, job_id: UUID, now: datetime) -> Claim | None:
    """Claims a job for one attempt, where it is due and has attempts left."""
    row = await queries.claim(
        stores.postgres, job_id, now=now, lease_until=now + LEASE, most=MAX_ATTEMPTS
    )
    return None if row is None else claim_of(row)


async def settle(
    stores: Stores,
    claim: Claim,
    found: Found,
    timings: Timings,
    now: datetime,
    *,
    last_attempt: bool = False,
) -> bool:
    """Result, bill, delivered records and event in one transaction; whether the job was still ours.

    An attempt that lost its lease to another leaves nothing behind. Raises :class:`Overtaken` as
    ``deliver`` does.
    """
    payer = Payer(
        claim.account_id,
        claim.api_key_id,
        OPERATION,
        bill_of(claim.job_id),
        requests=0,
        console_user_id=claim.console_user_id,
    )
    job, attempt, prepared = claim.job_id, claim.attempt, claim.prepared
    if prepared.dedupe is None:
        page = given_out(stores.cursors, prepared, found, found.rows)
        event = written_event(claim.account_id, _SUCCEEDED, _told(claim, page), now)
        deliveries = await queries.settle(
            stores.postgres, job, attempt, payer, event, now=now, **_columns(page, timings)
        )
        if deliveries is None:
            return False
    else:
        async with stores.postgres.transaction() as connection:
            if not await queries.hold(connection, job, attempt):
                return False
            page = await deliver(
                connection, stores.cursors, prepared, found, payer, last_attempt=last_attempt
            )
            await queries.succeed(connection, job, attempt, now=now, **_columns(page, timings))
            told = _told(claim, page)
            deliveries = await emit(connection, claim.account_id, _SUCCEEDED, told, now=now)
    _tell(stores, job, deliveries)
    return True


def _columns(page: PersonSearchPage, timings: Timings) -> dict[str, Any]:
    return {
        "result": stored_result(JobResult(page.nodes, page.pagination)),
        "billable_records": page.billable_records,
        "search_ms": timings.search,
        "total_ms": timings.total,
    }


def _told(claim: Claim, page: PersonSearchPage) -> dict[str, Any]:
    return {
        "job_id": str(claim.job_id),
        "status": JobStatus.SUCCEEDED,
        "search_strategy": claim.prepared.strategy,
        "billable_records": page.billable_records,
    }


async def give_back(
    stores: Stores, claim: Claim, now: datetime, *, reason: str, transient: bool
) -> None:
    """After an attempt that failed: the job is due again later, or has failed."""
    step = after_failure(claim.attempt, claim.created_at, now, reason=reason, transient=transient)
    _log.info("attempt failed", job_id=str(claim.job_id), attempt=claim.attempt, reason=reason)
    if isinstance(step, Retry):
        await queries.retry(stores.postgres, claim.job_id, claim.attempt, due_at=step.due_at)
        return
    lost = queries.Hopeless(claim.job_id, claim.attempt, claim.account_id, JobStatus.RUNNING)
    async with stores.postgres.transaction() as connection:
        deliveries = await _fail(connection, lost, now, step.error)
    _tell(stores, claim.job_id, deliveries)


async def sweep(stores: Stores, now: datetime, *, room: int) -> int:
    """Ends hopeless jobs, and publishes those that no message is on its way for; how many.

    ``room`` is how many more messages the queue can do with. While it is long, what is lost waits:
    it would only wait in the queue, and each sweep would add the same jobs again.
    """
    async with stores.postgres.transaction() as connection:
        for lost in await queries.hopeless(
            connection,
            now=now,
            most=MAX_ATTEMPTS,
            born_before=now - DEADLINE,
            batch=SWEEP_BATCH,
        ):
            await _fail(connection, lost, now, GAVE_UP)
    if room <= 0:
        return 0
    published = await queries.republish(
        stores.postgres,
        now=now,
        published_before=now - REPUBLISH_AFTER,
        batch=min(room, SWEEP_BATCH),
    )
    for job_id in published:
        stores.queue.put(TaskName.RUN_PERSON_SEARCH_JOB, job_id)
    return len(published)


async def expire(stores: Stores, now: datetime, *, keep: timedelta) -> int:
    """Deletes a batch of jobs that ended longer ago than they are kept; how many. Bills stay."""
    return await queries.expire(stores.postgres, finished_before=now - keep, batch=SWEEP_BATCH)


def bill_of(job_id: UUID) -> UUID:
    """The id of the one usage entry that bills a job's records."""
    return uuid5(job_id, "records")


async def _fail(
    connection: AsyncConnection, lost: queries.Hopeless, now: datetime, error: str
) -> int:
    """Ends a job without a result in the caller's transaction; how often its event is delivered."""
    if not await queries.fail(connection, lost, now=now, error=error):
        return 0
    data = {"job_id": str(lost.job_id), "status": JobStatus.FAILED, "error": error}
    event = EventType.PERSON_SEARCH_JOB_FAILED
    return await emit(connection, lost.account_id, event, data, now=now)


def _tell(stores: Stores, job_id: UUID, deliveries: int) -> None:
    """Has a committed event delivered at once; a sweep would do so soon."""
    if deliveries:
        stores.queue.put(TaskName.DELIVER_WEBHOOKS, job_id)
