"""Jobs between the store's columns and our types, without loss: what is read back is what was.

An interpretation that comes from a caller goes through the interpreter's own validation; this one
never left the house, and must not change when a dictionary does.
"""

from dataclasses import asdict
from functools import cache
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Row

from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.job.records import Claim, Job, JobEntry, JobResult, JobTimings
from api.domain.job.rules import JobStatus
from api.domain.person.records import SearchStrategy
from api.domain.person.search import PreparedSearch
from api.paging import Window


@cache
def _interpretations() -> TypeAdapter[PersonInterpretation]:
    return TypeAdapter(PersonInterpretation)


@cache
def _results() -> TypeAdapter[JobResult]:
    return TypeAdapter(JobResult)


def stored_search(prepared: PreparedSearch) -> Any:
    """A checked search for its JSON column."""
    window = prepared.window
    return {
        "interpretation": _interpretations().dump_python(prepared.interpretation, mode="json"),
        "strategy": prepared.strategy,
        "window": {**asdict(window), "scope": window.scope.hex()},
        "dedupe": None if prepared.dedupe is None else prepared.dedupe.hex(),
    }


def stored_result(result: JobResult) -> bytes:
    """A result for its column."""
    return _results().dump_json(result)


def claim_of(row: Row[Any]) -> Claim:
    """The attempt that a claimed row stands for."""
    return Claim(
        job_id=row.id,
        attempt=row.attempt,
        account_id=row.account_id,
        api_key_id=row.api_key_id,
        console_user_id=row.console_user_id,
        prepared=search_of(row.search),
        created_at=row.created_at,
        interpretation_ms=row.interpretation_ms,
    )


def entry_of(row: Row[Any]) -> JobEntry:
    """A row of a list."""
    prepared = search_of(row.search)
    return JobEntry(
        job_id=row.id,
        status=JobStatus(row.status),
        search_strategy=prepared.strategy,
        interpretation=prepared.interpretation,
        created_at=row.created_at,
        finished_at=row.finished_at,
        billable_records=row.billable_records,
        error=row.error,
    )


def job_of(row: Row[Any]) -> Job:
    """A row with what it found."""
    entry = entry_of(row)
    result: JobResult | None = None
    timings = None
    if row.result is not None:
        result = _results().validate_json(row.result)
        timings = JobTimings(
            row.interpretation_ms, row.search_ms, row.total_ms, entry.search_strategy
        )
    return Job(
        **entry._asdict(),
        pagination=None if result is None else result.pagination,
        nodes=None if result is None else result.nodes,
        timings_ms=timings,
    )


def search_of(stored: dict[str, Any]) -> PreparedSearch:
    """The search that ``stored_search`` made a column of."""
    window, dedupe = stored["window"], stored["dedupe"]
    key = None if window["key"] is None else tuple(window["key"])
    return PreparedSearch(
        # As JSON, where a list may stand for a tuple; from Python values it would have to be one.
        _interpretations().validate_json(orjson.dumps(stored["interpretation"])),
        SearchStrategy(stored["strategy"]),
        Window(**{**window, "scope": bytes.fromhex(window["scope"]), "key": key}),
        None if dedupe is None else bytes.fromhex(dedupe),
    )
