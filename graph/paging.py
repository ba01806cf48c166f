"""Page types shared by the lists of every noun."""

import strawberry

from api.paging import TotalRelation
from graph.absence import ABSENT, Absent

strawberry.enum(
    TotalRelation, description="How a total relates to the truth: equal, or a lower bound."
)


@strawberry.type(description="Where a page lies in its list, as Relay defines it.")
class PageInfo:
    """See the Relay cursor connections specification."""

    has_next_page: bool = strawberry.field(description="Whether a page follows.")
    has_previous_page: bool = strawberry.field(description="Whether this page follows another.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first row.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last row.")


@strawberry.type(description="Page metadata of a search.")
class SearchPagination:
    """Documented as ``pagination`` of the searches."""

    limit: int = strawberry.field(description="Page size.")
    total_records: int | None = strawberry.field(
        description="Records over all pages, never more than `maxRecords`; a lower bound where "
        "`totalRecordsRelation` says so."
    )
    total_records_relation: TotalRelation | None = strawberry.field(
        description="`gte` where `totalRecords` is a lower bound; absent where it is exact."
    )
    total_pages: int | None = strawberry.field(description="Pages that `totalRecords` fill.")
    next_cursor: str | None = strawberry.field(
        description="The cursor of the next page, or null on the last.",
        metadata={ABSENT: Absent.KEEP_NULL},
    )
    max_records: int | None = strawberry.field(
        description="Total cap across all pages, where one is in force."
    )
    total_matching_records: int | None = strawberry.field(
        description="Records without regard to `maxRecords`, where they are counted."
    )
    total_matching_records_relation: TotalRelation | None = strawberry.field(
        description="`gte` where `totalMatchingRecords` is a lower bound; absent where it is exact."
    )


@strawberry.type(description="Page metadata of a list that is not counted.")
class ListPagination:
    """Documented as ``pagination`` of company people."""

    limit: int = strawberry.field(description="Page size.")
    next_cursor: str | None = strawberry.field(
        description="The cursor of the next page, or null on the last.",
        metadata={ABSENT: Absent.KEEP_NULL},
    )
    max_records: int | None = strawberry.field(
        description="Total cap across all pages, where one was asked for."
    )


@strawberry.type(description="Page metadata of the domain inventory.")
class DomainPagination:
    """Documented as ``pagination`` of the domain inventory."""

    next_cursor: str | None = strawberry.field(
        description="The cursor of the next page, or null on the last.",
        metadata={ABSENT: Absent.KEEP_NULL},
    )
