"""Jobs as rows of the store and as they are given out."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.job.rules import JobStatus
from api.domain.person.records import PersonRow, SearchStrategy
from api.domain.person.search import PreparedSearch
from api.paging import Pagination


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a search found, kept until it expires."""

    nodes: list[PersonRow]
    pagination: Pagination


class JobTimings(NamedTuple):
    """Documented as ``timings_ms``: milliseconds, neither waiting nor writing the result included.

    ``total`` is the understanding of the query, the claim, and the search.
    """

    interpretation: int
    search: int
    total: int
    search_strategy: SearchStrategy


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its account sees it; ``result`` fields are there when it has succeeded."""

    job_id: UUID
    status: JobStatus
    search_strategy: SearchStrategy
    interpretation: PersonInterpretation
    created_at: datetime
    finished_at: datetime | None
    pagination: Pagination | None
    nodes: list[PersonRow] | None
    billable_records: int | None
    error: str | None
    timings_ms: JobTimings | None


class JobEntry(NamedTuple):
    """A job in a list, without what it found."""

    job_id: UUID
    status: JobStatus
    search_strategy: SearchStrategy
    interpretation: PersonInterpretation
    created_at: datetime
    finished_at: datetime | None
    billable_records: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page of an account's jobs, newest first."""

    nodes: list[JobEntry]
    pagination: Pagination


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt that owns its job until the lease ends. ``attempt`` fences off earlier ones."""

    job_id: UUID
    attempt: int
    account_id: UUID
    api_key_id: UUID | None
    console_user_id: UUID | None
    prepared: PreparedSearch
    created_at: datetime
    interpretation_ms: int
