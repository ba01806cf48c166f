"""Counts of organisations, and the values that their filters can have."""

from typing import Annotated, Any

import strawberry

from api.domain.organisation import stats
from api.domain.organisation.criteria import Filters
from api.domain.organisation.records import GroupColumn
from api.errors import ErrorCode
from graph.context import Context
from graph.operation import argument, member, operation
from graph.organisation import column
from graph.organisation_inputs import OrganisationFilters, filters_of
from graph.organisation_search import FiltersApplied

strawberry.enum(GroupColumn, description="A column that organisations are grouped by.")
strawberry.enum(stats.DateUnit, description="What dates are cut to.")
strawberry.enum(stats.DateColumn, description="A date column.")


def _value(description: str) -> Any:
    return strawberry.field(description=description)


@strawberry.type(
    description="A group of organisations: the columns it was grouped by, and their number."
)
class OrganisationBucket:
    """Projected from :class:`api.domain.organisation.queries.counts.Bucket`."""

    continent: str | None = _value("Continent.")
    country: str | None = _value("Country.")
    country_code: str | None = _value("Country, two letters.")
    state: str | None = _value("State.")
    state_code: str | None = _value("Code of the state.")
    region: str | None = _value("Region.")
    region_code: str | None = _value("Code of the region.")
    district: str | None = _value("District.")
    district_code: str | None = _value("Code of the district.")
    municipality: str | None = _value("Municipality.")
    municipality_code: str | None = _value("Code of the municipality.")
    nace_code: str | None = _value("NACE code.")
    organization_type: str | None = _value("Type.")
    organization_size: str | None = _value("Size class.")
    employee_class: str | None = _value("Number of employees, as a class.")
    revenue_class: str | None = _value("Yearly revenue, as a class.")
    source: str | None = _value("Source.")
    company_register_court: str | None = _value("Register court.")
    summary_keywords: str | None = _value("One keyword.")
    company_register_date: str | None = _value("First day of the unit of register dates.")
    created_at: str | None = _value("First day of the unit of creation dates.")
    count: int = _value("Organisations in the group.")


@strawberry.type(description="The range of days that was counted.")
class DateRangeApplied:
    """Projected from :class:`api.domain.organisation.stats.DateRange`."""

    field: stats.DateColumn = _value("The date column.")
    from_date: str | None = column("First day.")
    to_date: str | None = column("Last day.")


@strawberry.type(description="What was counted, and how.")
class StatsMetadata:
    """Projected from :class:`api.domain.organisation.records.StatsMetadata`."""

    group_by: GroupColumn | None = column("First column of the groups.")
    group_by_secondary: GroupColumn | None = column("Second column of the groups.")
    date_trunc: stats.DateUnit | None = column("What dates were cut to.")
    filters_applied: FiltersApplied = strawberry.field(description="The filters that were sent.")
    date_range_applied: DateRangeApplied | None = column("The range of days that was sent.")
    total_buckets: int = strawberry.field(description="All groups, listed here or not.")
    elapsed_ms: int = strawberry.field(description="Time it took here, in milliseconds.")
    explain_plan: list[str] = strawberry.field(
        description="How Postgres ran it, where explain was asked for."
    )


@strawberry.type(description="Counts of organisations.")
class OrganisationStatsResult:
    """Projected from :class:`api.domain.organisation.stats.Stats`."""

    buckets: list[OrganisationBucket] = strawberry.field(
        description="The groups, the largest first; dates in their order."
    )
    elapsed_ms: int = strawberry.field(description="Time it took here, in milliseconds.")
    metadata: StatsMetadata = strawberry.field(description="What was counted, and how.")


@strawberry.type(description="The values of each list filter, sorted.")
class FilterValues:
    """Projected from :class:`api.domain.organisation.stats.OptionLists`."""

    country: list[str] = strawberry.field(description="Countries.")
    state: list[str] = strawberry.field(description="States.")
    region: list[str] = strawberry.field(description="Regions.")
    district: list[str] = strawberry.field(description="Districts.")
    municipality: list[str] = strawberry.field(description="Municipalities.")
    organization_type: list[str] = strawberry.field(description="Types.")
    organization_size: list[str] = strawberry.field(description="Size classes.")
    nace_code: list[str] = strawberry.field(description="NACE codes.")
    source: list[str] = strawberry.field(description="Sources.")
    company_register_court: list[str] = strawberry.field(description="Register courts.")


@strawberry.type(description="What the filter options say about themselves.")
class FilterOptionsMetadata:
    """Projected from :class:`api.domain.organisation.stats.OptionsMetadata`."""

    elapsed_ms: int = strawberry.field(description="Time it took here, in milliseconds.")
    truncated: list[str] = strawberry.field(
        description=f"Filters with more than {stats.MAX_OPTIONS} values, of which only the first "
        "are listed."
    )


@strawberry.type(description="The values that filters can have.")
class OrganisationFilterOptions:
    """Projected from :class:`api.domain.organisation.stats.FilterOptions`."""

    filters: FilterValues = strawberry.field(description="The values by filter.")
    metadata: FilterOptionsMetadata = strawberry.field(description="What was left out.")


@strawberry.input(description="Days of a date column, both ends included.")
class DateRangeInput:
    """Becomes :class:`api.domain.organisation.stats.DateRange`."""

    field: stats.DateColumn = member(
        "The date column.", default=stats.DateColumn.COMPANY_REGISTER_DATE
    )
    from_date: str | None = member("First day.", default=None, min_length=10, max_length=10)
    to_date: str | None = member("Last day.", default=None, min_length=10, max_length=10)


@strawberry.type
class OrganisationStatsQuery:
    """The queries that count."""

    @operation(
        "Counts organisations in groups of one or two columns, or all of them; words and "
        "similarity play no part.",
        returns=OrganisationStatsResult,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.TIER_REQUIRED),
    )
    async def organisation_stats(
        self,
        info: strawberry.Info[Context, None],
        group_by: Annotated[
            GroupColumn | None, argument("Column of the groups; left out: one total.")
        ] = strawberry.UNSET,
        group_by_secondary: Annotated[
            GroupColumn | None, argument("Second column; needs groupBy.")
        ] = strawberry.UNSET,
        date_trunc: Annotated[
            stats.DateUnit | None, argument("Cuts dates to years, months or weeks.")
        ] = strawberry.UNSET,
        filters: Annotated[
            OrganisationFilters | None, argument("Column filters; textKeywords is not supported.")
        ] = strawberry.UNSET,
        date_range: Annotated[
            DateRangeInput | None, argument("Days of a date column.")
        ] = strawberry.UNSET,
        limit: Annotated[
            int, argument("Most groups.", min=1, max=stats.MAX_BUCKETS)
        ] = stats.DEFAULT_BUCKETS,
        explain: Annotated[bool, argument("Tells how Postgres ran it; needs tier_3.")] = False,
    ) -> stats.Stats:
        """Counts by group."""
        between = None
        if date_range is not None:
            between = stats.DateRange(date_range.field, date_range.from_date, date_range.to_date)
        asked = stats.OrganisationStats(
            group_by,
            group_by_secondary,
            date_trunc,
            filters_of(filters) or Filters(),
            between,
            limit,
            explain,
        )
        return await stats.stats(info.context.work, asked)

    @operation(
        "Returns the values that the list filters can have, for filter menus.",
        returns=OrganisationFilterOptions,
    )
    async def organisation_filter_options(
        self, info: strawberry.Info[Context, None]
    ) -> stats.FilterOptions:
        """Values for filter menus."""
        return await stats.filter_options(info.context.work)
