"""Person searches that are queued, and their results."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated

import strawberry

from api.caller import Role
from api.domain.job import service
from api.domain.job.records import Job, JobPage
from api.domain.job.rules import JobStatus
from api.domain.job.watching import updates
from api.domain.person.records import SearchStrategy
from api.domain.person.search import MAX_SEARCH_PAGE, PersonSearch
from api.errors import ErrorCode
from api.paging import PageRequest
from graph.context import Context
from graph.interpretation import PersonInterpretation
from graph.interpretation_input import plain
from graph.operation import ACCOUNTS, argument, operation, told
from graph.paging import ListPagination, SearchPagination
from graph.person import (
    After,
    DedupeToken,
    DedupeUserId,
    EditedPersons,
    LocationCity,
    LocationState,
    MaxRecords,
    Person,
    PersonQuestion,
)

strawberry.enum(JobStatus, description="The state of a queued search.")


@strawberry.type(description="How long a queued search took, in milliseconds.")
class PersonSearchJobTimings:
    """Projected from :class:`api.domain.job.records.JobTimings`."""

    interpretation: int = strawberry.field(description="Understanding the query, when queued.")
    search: int = strawberry.field(description="Searching, in the attempt that succeeded.")
    total: int = strawberry.field(
        description="Both, and the worker's taking of the job; neither the time in the queue nor "
        "that of writing the result."
    )
    search_strategy: SearchStrategy = strawberry.field(description="Resolved execution path.")


@strawberry.type(description="A queued person search.")
class PersonSearchJob:
    """Projected from :class:`api.domain.job.records.Job`."""

    job_id: strawberry.ID = strawberry.field(description="Opaque async job identifier.")
    status: JobStatus = strawberry.field(
        description="Current lifecycle state: queued, running, succeeded, or failed."
    )
    search_strategy: SearchStrategy = strawberry.field(description="Resolved execution path.")
    interpretation: PersonInterpretation = strawberry.field(
        description="The validated search interpretation stored with the job so workers do not "
        "reinterpret it."
    )
    created_at: datetime = strawberry.field(
        description="ISO timestamp for when the job was queued."
    )
    finished_at: datetime | None = strawberry.field(description="When it succeeded or failed.")
    pagination: SearchPagination | None = strawberry.field(
        description="Present when the job succeeded. Same shape as synchronous person search "
        "pagination."
    )
    nodes: list[Person] | None = strawberry.field(
        description="Present when the job succeeded. Returned person records for the completed job."
    )
    billable_records: int | None = strawberry.field(
        description="Present when the job succeeded. Worker-recorded billable record count."
    )
    error: str | None = strawberry.field(description="Present when the job failed.")
    timings_ms: PersonSearchJobTimings | None = strawberry.field(
        description="Present when the job succeeded."
    )


@strawberry.type(description="A queued person search in a list, without what it found.")
class PersonSearchJobEntry:
    """Projected from :class:`api.domain.job.records.JobEntry`."""

    job_id: strawberry.ID = strawberry.field(description="Opaque async job identifier.")
    status: JobStatus = strawberry.field(description="Current lifecycle state.")
    search_strategy: SearchStrategy = strawberry.field(description="Resolved execution path.")
    interpretation: PersonInterpretation = strawberry.field(
        description="The validated search interpretation stored with the job."
    )
    created_at: datetime = strawberry.field(description="When the job was queued.")
    finished_at: datetime | None = strawberry.field(description="When it succeeded or failed.")
    billable_records: int | None = strawberry.field(description="Present when the job succeeded.")
    error: str | None = strawberry.field(description="Present when the job failed.")


@strawberry.type(description="One page of an account's queued person searches, newest first.")
class PersonSearchJobConnection:
    """Projected from :class:`api.domain.job.records.JobPage`."""

    nodes: list[PersonSearchJobEntry] = strawberry.field(description="The jobs of this page.")
    pagination: ListPagination = strawberry.field(description="Page metadata.")


JobId = Annotated[
    strawberry.ID,
    argument(
        "Job identifier returned when the job was created.",
        min_length=1,
        max_length=service.MAX_JOB_ID_CHARS,
    ),
]


@strawberry.type
class JobQuery:
    """The queries about queued searches."""

    @operation(
        "Returns a queued, running, succeeded, or failed async person search job. Poll with "
        "backoff until the job reaches succeeded or failed. Succeeded jobs return the same "
        "interpreted result, pagination, data, and billable_records shape as synchronous person "
        "search.",
        returns=PersonSearchJob,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND),
        callers=ACCOUNTS,
        role=Role.VIEWER,
    )
    async def person_search_job(self, info: strawberry.Info[Context, None], job_id: JobId) -> Job:
        """Get async person search job."""
        return await service.one(info.context.work, job_id)

    @operation(
        "Lists the account's async person search jobs, newest first, without what they found.",
        returns=PersonSearchJobConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
        callers=ACCOUNTS,
        role=Role.VIEWER,
    )
    async def person_search_jobs(
        self,
        info: strawberry.Info[Context, None],
        status: Annotated[
            JobStatus | None, argument("Only jobs in this state.")
        ] = strawberry.UNSET,
        first: Annotated[
            int, argument("Page size.", min=1, max=service.MAX_JOB_PAGE)
        ] = service.MAX_JOB_PAGE,
        after: After = strawberry.UNSET,
    ) -> JobPage:
        """Async person search jobs."""
        return await service.newest(info.context.work, service.JobList(status, first, after))


@strawberry.type
class JobMutation:
    """What queues searches."""

    @operation(
        "Queues an interpreted person search for worker execution. Job creation validates auth, "
        "rate limit, max_records, dedupe_token, native geo filters, and the search interpretation, "
        "but does not bill or record delivered rows until a worker succeeds. Each job returns one "
        "page; submit another job with next_cursor when more pages are available. Give `q` or an "
        "edited `interpretation`.",
        returns=PersonSearchJob,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
        callers=ACCOUNTS,
    )
    async def create_person_search_job(
        self,
        info: strawberry.Info[Context, None],
        q: PersonQuestion = strawberry.UNSET,
        interpretation: EditedPersons = strawberry.UNSET,
        location_city: LocationCity = strawberry.UNSET,
        location_state: LocationState = strawberry.UNSET,
        first: Annotated[
            int, argument("Page size for the job result.", min=1, max=MAX_SEARCH_PAGE)
        ] = MAX_SEARCH_PAGE,
        after: After = strawberry.UNSET,
        max_records: MaxRecords = strawberry.UNSET,
        dedupe_token: DedupeToken = strawberry.UNSET,
        dedupe_user_id: DedupeUserId = strawberry.UNSET,
    ) -> Job:
        """Create async person search job."""
        asked = PersonSearch(
            q, location_city, location_state, dedupe_token, dedupe_user_id, plain(interpretation)
        )
        return await service.create(
            info.context.work, asked, PageRequest(first, after, max_records)
        )


@strawberry.type
class JobSubscription:
    """What is told of queued searches as they change."""

    @told(
        "The job now, and again at each change of its state, until it has succeeded or failed: "
        "what polling would show, without the polling.",
        returns=PersonSearchJob,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND),
        callers=ACCOUNTS,
        role=Role.VIEWER,
    )
    async def person_search_job_updates(
        self, info: strawberry.Info[Context, None], job_id: JobId
    ) -> AsyncGenerator[Job, None]:
        """Updates of an async person search job."""
        async for job in updates(info.context.work, job_id):
            yield job
