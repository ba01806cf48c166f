"""Counting organisations by their columns, and the values that filters can have."""

import dataclasses
import time
from enum import StrEnum
from typing import NamedTuple

from api.domain.organisation.criteria import Filters, filter_problems, parsed_date
from api.domain.organisation.queries import counts
from api.domain.organisation.queries.conditions import conditions_of
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.records import GroupColumn, StatsMetadata
from api.domain.organisation.service import require_tier_3
from api.domain.usage.service import record
from api.errors import FieldProblem, all_invalid
from api.stores.tables import CATEGORIES
from api.work import Work

MAX_BUCKETS = 500
DEFAULT_BUCKETS = 100
MAX_OPTIONS = 10_000
"""Values of one filter that are listed; more are no menu."""


class DateUnit(StrEnum):
    """What a date is cut to."""

    YEAR = "year"
    MONTH = "month"
    WEEK = "week"


class DateColumn(StrEnum):
    """The columns that a range of days can be of."""

    COMPANY_REGISTER_DATE = "company_register_date"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


_DATES = frozenset({GroupColumn.COMPANY_REGISTER_DATE, GroupColumn.CREATED_AT})


@dataclasses.dataclass(frozen=True, slots=True)
class DateRange:
    """Days of a date column, both ends included; an end that is ``None`` is open."""

    field: DateColumn = DateColumn.COMPANY_REGISTER_DATE
    from_date: str | None = None
    to_date: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class OrganisationStats:
    """What to count: rows in groups of one or two columns, or all of them."""

    group_by: GroupColumn | None = None
    group_by_secondary: GroupColumn | None = None
    date_trunc: DateUnit | None = None
    filters: Filters = dataclasses.field(default_factory=Filters)
    date_range: DateRange | None = None
    limit: int = DEFAULT_BUCKETS
    explain: bool = False


class Stats(NamedTuple):
    """The buckets, with what was counted."""

    buckets: list[counts.Bucket]
    elapsed_ms: int
    metadata: StatsMetadata


async def stats(work: Work, asked: OrganisationStats) -> Stats:
    """Counts; at most ``limit`` (1 to 500) buckets, the largest first, dates in their order.

    Raises ``invalid_input`` for a grouping that is none and for ``text_keywords``, and
    ``tier_required`` for ``explain`` below tier_3.
    """
    started = time.perf_counter()
    _check(asked)
    require_tier_3(work, asked.explain)
    reader = Reader(work.stores.postgres, explaining=asked.explain)
    conditions = conditions_of(asked.filters)
    between = asked.date_range
    if between is not None:
        conditions += counts.between(
            between.field,
            None if between.from_date is None else parsed_date(between.from_date),
            None if between.to_date is None else parsed_date(between.to_date),
        )
    columns = [each for each in (asked.group_by, asked.group_by_secondary) if each is not None]
    buckets, total = await counts.grouped(
        reader, columns, conditions, unit=asked.date_trunc, limit=asked.limit
    )
    await record(work, "organisation_stats", 0)
    elapsed_ms = round((time.perf_counter() - started) * 1000)
    metadata = StatsMetadata(
        asked.group_by,
        asked.group_by_secondary,
        asked.date_trunc,
        asked.filters,
        asked.date_range,
        total,
        elapsed_ms,
        reader.plan,
    )
    return Stats(buckets, elapsed_ms, metadata)


def _check(asked: OrganisationStats) -> None:
    problems = filter_problems(asked.filters)
    if asked.filters.text_keywords is not None:
        problems.append(FieldProblem("filters.text_keywords", "is not supported here"))
    if asked.group_by_secondary is not None:
        if asked.group_by is None:
            problems.append(FieldProblem("group_by_secondary", "needs group_by"))
        elif asked.group_by_secondary == asked.group_by:
            problems.append(FieldProblem("group_by_secondary", "must differ from group_by"))
    grouped = {asked.group_by, asked.group_by_secondary} - {None}
    if asked.date_trunc is not None and not grouped & _DATES:
        problems.append(FieldProblem("date_trunc", "needs a date column to group by"))
    if asked.date_range is not None:
        for name in ("from_date", "to_date"):
            text = getattr(asked.date_range, name)
            if text is not None and parsed_date(text) is None:
                problems.append(
                    FieldProblem(f"date_range.{name}", "must be a date such as 2024-12-31")
                )
    if problems:
        raise all_invalid(tuple(problems))


class OptionLists(NamedTuple):
    """The values that organisations have, by filter."""

    country: list[str]
    state: list[str]
    region: list[str]
    district: list[str]
    municipality: list[str]
    organization_type: list[str]
    organization_size: list[str]
    nace_code: list[str]
    source: list[str]
    company_register_court: list[str]


class OptionsMetadata(NamedTuple):
    """``truncated`` names the filters with more than 10,000 values, whose first ones are listed."""

    elapsed_ms: int
    truncated: list[str]


class FilterOptions(NamedTuple):
    """The values of each list filter, sorted."""

    filters: OptionLists
    metadata: OptionsMetadata


async def filter_options(work: Work) -> FilterOptions:
    """The values that the list filters can have."""
    started = time.perf_counter()
    values = {}
    truncated = []
    for column in CATEGORIES:
        found = await counts.distinct_values(work.stores.postgres, column, MAX_OPTIONS + 1)
        if len(found) > MAX_OPTIONS:
            truncated.append(column)
        values[column] = sorted(found[:MAX_OPTIONS])
    await record(work, "organisation_filter_options", 0)
    elapsed_ms = round((time.perf_counter() - started) * 1000)
    return FilterOptions(OptionLists(**values), OptionsMetadata(elapsed_ms, truncated))
