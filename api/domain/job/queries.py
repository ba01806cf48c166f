"""All SQL of jobs. ``now`` is an argument everywhere: the store's clock is not looked at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.job.rules import JobStatus
from api.domain.usage.queries import ENTRY
from api.domain.usage.service import Payer
from api.domain.webhook.queries import event_where
from api.stores.postgres import Postgres
from api.stores.tables import JOBS_CHANNEL, person_search_jobs

_TELL = f"pg_notify('{JOBS_CHANNEL}', changed.id::text)"

# Twice, after a lost connection, it adds nothing.
_ADD = text(f"""
    with billed as ({ENTRY} on conflict (id) do nothing)
    insert into person_search_jobs
        (id, account_id, api_key_id, console_user_id, status, search, due_at, published_at,
         created_at, interpretation_ms)
    values (:id, :account_id, :api_key_id, :console_user_id, 'queued', :search, :created_at,
        :created_at, :created_at, :interpretation_ms)
    on conflict (id) do nothing
""").bindparams(bindparam("search", type_=JSONB))  # noqa: S608

# One statement, and so one round trip: it takes the lease, counts the attempt, and tells watchers.
# A new job is due whatever the clocks of two machines say. The commit does not wait for the disk: a
# claim that a crash of the server undoes is made again, and only one of the two can settle.
_CLAIM = text(f"""
    with changed as (
        update person_search_jobs
        set status = 'running', attempt = attempt + 1, due_at = :lease_until
        where id = :id and (due_at <= :now or due_at is not null and attempt = 0)
            and attempt < :most
        returning *
    )
    select changed.id, changed.attempt, changed.account_id,
        changed.api_key_id, changed.console_user_id, changed.search, changed.created_at,
        changed.interpretation_ms, {_TELL},
        set_config('synchronous_commit', 'off', true)
    from changed
""")  # noqa: S608 - our own constant

_HOLD = text("""
    select id from person_search_jobs
    where id = :id and attempt = :attempt and status = 'running' for update
""")

_SUCCEED = text(f"""
    with changed as (
        update person_search_jobs
        set status = 'succeeded', due_at = null, finished_at = :now, result = :result,
            billable_records = :billable_records, search_ms = :search_ms, total_ms = :total_ms
        where id = :id and attempt = :attempt and status = 'running'
        returning id
    )
    select {_TELL} from changed
""")  # noqa: S608

# The result, its bill and its event where the scope of no token is to be kept: one round trip.
_SETTLE = text(f"""
    with changed as (
        update person_search_jobs
        set status = 'succeeded', due_at = null, finished_at = :now, result = :result,
            billable_records = :billable_records, search_ms = :search_ms, total_ms = :total_ms
        where id = :id and attempt = :attempt and status = 'running'
        returning id
    ), billed as ({ENTRY} from changed on conflict (id) do nothing),
    {event_where("exists (select from changed)")}
    select (select count(*) from delivered) as deliveries, {_TELL} from changed
""")  # noqa: S608

_FAIL = text(f"""
    with changed as (
        update person_search_jobs
        set status = 'failed', due_at = null, finished_at = :now, error = :error
        where id = :id and attempt = :attempt and status = :status
        returning id
    )
    select {_TELL} from changed
""")  # noqa: S608

_RETRY = text(f"""
    with changed as (
        update person_search_jobs set status = 'queued', due_at = :due_at
        where id = :id and attempt = :attempt and status = 'running'
        returning id
    )
    select {_TELL} from changed
""")  # noqa: S608

# Lost for good: due, and out of attempts or out of time. Whoever locks a row settles it.
_HOPELESS = text("""
    select id, attempt, account_id, status from person_search_jobs
    where due_at <= :now and (attempt >= :most or created_at <= :born_before)
    order by due_at limit :batch for update skip locked
""")

# Due, and no message is known to be on its way: the last one was sent before it became due, or so
# long ago that it must have been lost.
_REPUBLISH = text("""
    update person_search_jobs set published_at = :now
    where id in (
        select id from person_search_jobs
        where due_at <= :now and (published_at < due_at or published_at <= :published_before)
        order by due_at limit :batch for update skip locked
    )
    returning id
""")

_EXPIRE = text("""
    delete from person_search_jobs
    where id in (
        select id from person_search_jobs where finished_at <= :finished_before
        order by finished_at limit :batch for update skip locked
    )
    returning id
""")

_OLDEST_DUE = text("select min(due_at) from person_search_jobs where due_at <= :now")

_jobs = person_search_jobs.c
_ENTRY = (
    _jobs.id,
    _jobs.status,
    _jobs.search,
    _jobs.created_at,
    _jobs.finished_at,
    _jobs.billable_records,
    _jobs.error,
)
_ONE = select(
    *_ENTRY, _jobs.result, _jobs.interpretation_ms, _jobs.search_ms, _jobs.total_ms
).where(_jobs.id == bindparam("id"), _jobs.account_id == bindparam("account_id"))


class Hopeless(NamedTuple):
    """A job that nobody will run any more, as it was when that was found."""

    job_id: UUID
    attempt: int
    account_id: UUID
    status: str


async def add(postgres: Postgres, row: dict[str, Any], payer: Payer) -> None:
    """Adds a queued job, which is due at once and about to be published, and counts its request."""
    values = {**payer._asdict(), "billable_records": 0, **row}
    await postgres.fetch(_ADD, values)


async def one(postgres: Postgres, account_id: UUID, job_id: UUID) -> Row[Any] | None:
    """A job of an account, with its result."""
    rows = await postgres.fetch(_ONE, {"id": job_id, "account_id": account_id})
    return rows[0] if rows else None


async def newest(
    postgres: Postgres,
    account_id: UUID,
    *,
    status: JobStatus | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Jobs of an account without their results, the newest first, older than ``before``."""
    wanted = (
        select(*_ENTRY).where(_jobs.account_id == account_id).order_by(_jobs.id.desc()).limit(limit)
    )
    if status is not None:
        wanted = wanted.where(_jobs.status == status)
    if before is not None:
        wanted = wanted.where(_jobs.id < before)
    return await postgres.fetch(wanted)


async def claim(
    postgres: Postgres, job_id: UUID, *, now: datetime, lease_until: datetime, most: int
) -> Row[Any] | None:
    """Takes a job that is due and has attempts left, for one attempt; ``None`` where it is not."""
    values = {"id": job_id, "now": now, "lease_until": lease_until, "most": most}
    # Run twice (a connection that broke when the answer was on its way), it finds the job leased
    # and gives nothing: the lease then ends without anybody, and the job is run again.
    rows = await postgres.fetch(_CLAIM, values)
    return rows[0] if rows else None


async def hold(connection: AsyncConnection, job_id: UUID, attempt: int) -> bool:
    """Locks a job that this attempt still owns; whether it does."""
    held = await connection.execute(_HOLD, {"id": job_id, "attempt": attempt})
    return held.first() is not None


async def succeed(
    connection: AsyncConnection, job_id: UUID, attempt: int, *, now: datetime, **values: Any
) -> bool:
    """Ends a job with its ``result``, bill and timings; whether the attempt still owned it."""
    done = await connection.execute(
        _SUCCEED, {"id": job_id, "attempt": attempt, "now": now, **values}
    )
    return done.first() is not None


async def settle(
    postgres: Postgres,
    job_id: UUID,
    attempt: int,
    payer: Payer,
    event: dict[str, Any],
    *,
    now: datetime,
    **values: Any,
) -> int | None:
    """Ends a job with its ``result``, bill, timings and ``event`` at once, by one statement.

    How often its event is to be delivered; ``None`` where the attempt did not own the job any more.
    """
    # Run twice (the answer was lost with the connection), it finds the job settled and says that it
    # is not ours; its deliveries are then left to the sweep.
    rows = await postgres.fetch(
        _SETTLE,
        {
            **payer._asdict(),
            **event,
            **values,
            "id": job_id,
            "attempt": attempt,
            "now": now,
        },
    )
    return int(rows[0].deliveries) if rows else None


async def fail(connection: AsyncConnection, lost: Hopeless, *, now: datetime, error: str) -> bool:
    """Ends a job with an error; whether it was still as it was found."""
    done = await connection.execute(
        _FAIL,
        {
            "id": lost.job_id,
            "attempt": lost.attempt,
            "status": lost.status,
            "now": now,
            "error": error,
        },
    )
    return done.first() is not None


async def retry(postgres: Postgres, job_id: UUID, attempt: int, *, due_at: datetime) -> None:
    """Queues a job again, unless the attempt has lost it."""
    await postgres.fetch(_RETRY, {"id": job_id, "attempt": attempt, "due_at": due_at})


async def hopeless(
    connection: AsyncConnection, *, now: datetime, most: int, born_before: datetime, batch: int
) -> list[Hopeless]:
    """Jobs that are due and out of attempts or time, locked; at most ``batch``."""
    found = await connection.execute(
        _HOPELESS, {"now": now, "most": most, "born_before": born_before, "batch": batch}
    )
    return [Hopeless._make(row) for row in found]


async def republish(
    postgres: Postgres, *, now: datetime, published_before: datetime, batch: int
) -> list[UUID]:
    """Marks due jobs that no message is on its way for as published; their ids."""
    rows = await postgres.fetch(
        _REPUBLISH, {"now": now, "published_before": published_before, "batch": batch}
    )
    return [row.id for row in rows]


async def expire(postgres: Postgres, *, finished_before: datetime, batch: int) -> int:
    """Deletes jobs that ended long ago; how many."""
    return len(await postgres.fetch(_EXPIRE, {"finished_before": finished_before, "batch": batch}))


async def oldest_due(postgres: Postgres, now: datetime) -> datetime | None:
    """Since when the job that waits longest has been due; ``None`` where none waits."""
    (row,) = await postgres.fetch(_OLDEST_DUE, {"now": now})
    moment: datetime | None = row[0]
    return moment
