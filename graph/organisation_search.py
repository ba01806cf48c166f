"""Organisation search: filters, keywords, descriptions, and companies like these."""

from typing import Annotated

import strawberry

from api.cursors import MAX_CURSOR_CHARS
from api.domain.company.domains import MAX_DOMAIN_CHARS
from api.domain.organisation import service
from api.domain.organisation.criteria import (
    DEFAULT_PAGE,
    MAX_DESCRIBE_CHARS,
    MAX_EXCLUDES,
    MAX_PAGE,
    MAX_REFERENCES,
    OrganisationSearch,
    SearchMode,
)
from api.domain.organisation.records import OrganisationPage
from api.errors import ErrorCode, invalid
from graph.absence import ABSENT, Absent
from graph.context import Context
from graph.operation import argument, operation
from graph.organisation import Organisation, column
from graph.organisation_inputs import (
    KeywordsInput,
    OrganisationFilters,
    SimilarToInput,
    filters_of,
    keywords_of,
    references_of,
)
from graph.paging import PageInfo
from graph.selected import is_selected, selected_columns

strawberry.enum(SearchMode, description="How a search was run, as its inputs had it.")


@strawberry.type(description="How much of a hit's score came from each list; together 1.")
class FusedShare:
    """Projected from :class:`api.domain.organisation.records.FusedShare`."""

    bm25: float = strawberry.field(description="Part of the list by words.")
    vector: float = strawberry.field(description="Part of the list by similarity.")


@strawberry.type(description="Why an organisation is in a result.")
class Match:
    """Projected from :class:`api.domain.organisation.records.Match`."""

    bm25_rank: int | None = strawberry.field(
        description="Place in the list by words (BM25), from 1; null where it is not in that list."
    )
    vector_rank: int | None = strawberry.field(
        description="Place in the list by similarity, from 1; null where it is not in that list."
    )
    fused_share: FusedShare | None = strawberry.field(
        description="What each list had to do with its place; null in filter mode."
    )
    matched_terms: list[str] = strawberry.field(
        description="Entries of mustAll and mustAny that it has, as they were sent."
    )


@strawberry.type(description="A hit, with the cursor that continues after it.")
class OrganisationEdge:
    """Projected from :class:`api.domain.organisation.records.OrganisationEdge`."""

    node: Organisation = strawberry.field(description="The organisation.")
    cursor: str = strawberry.field(description="Continues after this organisation.")
    match: Match = strawberry.field(description="Why it is here.")


def _entries(description: str) -> list[str]:
    field: list[str] = strawberry.field(
        description=description, metadata={ABSENT: Absent.OMIT_EMPTY}
    )
    return field


@strawberry.type(description="Keywords as they were sent.")
class KeywordsApplied:
    """Projected from :class:`api.domain.organisation.criteria.Keywords`."""

    must_all: list[str] = _entries("All of these.")
    must_any: list[str] = _entries("One or more of these.")
    must_not: list[str] = _entries("None of these.")


@strawberry.type(description="The filters that were sent; those that were not are null.")
class FiltersApplied:
    """Projected from :class:`api.domain.organisation.criteria.Filters`."""

    country: list[str] | None = strawberry.field(description="Countries.")
    state: list[str] | None = strawberry.field(description="States.")
    region: list[str] | None = strawberry.field(description="Regions.")
    district: list[str] | None = strawberry.field(description="Districts.")
    municipality: list[str] | None = strawberry.field(description="Municipalities.")
    organization_type: list[str] | None = strawberry.field(description="Types.")
    organization_size: list[str] | None = strawberry.field(description="Size classes.")
    nace_code: list[str] | None = strawberry.field(description="NACE sections and codes.")
    source: list[str] | None = strawberry.field(description="Sources.")
    company_register_court: list[str] | None = strawberry.field(description="Register courts.")
    register_date_from: str | None = strawberry.field(description="First register day.")
    register_date_to: str | None = strawberry.field(description="Last register day.")
    summary_keywords: list[str] | None = strawberry.field(description="Keywords.")
    text_keywords: KeywordsApplied | None = strawberry.field(description="Words of the text.")


@strawberry.type(description="What a search says about itself.")
class SearchMetadata:
    """Projected from :class:`api.domain.organisation.records.SearchMetadata`."""

    total_hits: int | None = column("All hits, exactly; null where they are not counted.")
    returned: int = strawberry.field(description="Hits on this page.")
    mode: SearchMode = strawberry.field(description="How the search was run.")
    elapsed_ms: int = strawberry.field(description="Time it took here, in milliseconds.")
    search_after: list[str] | None = column(
        "Send it as searchAfter to get the next page; null where no page follows."
    )
    filters_applied: FiltersApplied = strawberry.field(description="The filters that were sent.")
    explain_plan: list[str] | None = column("How Postgres ran it, where explain was asked for.")


@strawberry.type(description="One page of organisations, best first.")
class OrganisationConnection:
    """Projected from :class:`api.domain.organisation.records.OrganisationPage`."""

    nodes: list[Organisation] = strawberry.field(description="The organisations of this page.")
    edges: list[OrganisationEdge] = strawberry.field(
        description="The same organisations, each with a cursor and the reason it is here."
    )
    page_info: PageInfo = strawberry.field(description="Relay's page information.")
    metadata: SearchMetadata = strawberry.field(description="What the search says about itself.")


Excludes = Annotated[
    list[str] | None,
    argument(
        "Domains that must not appear, whatever their score.",
        max_items=MAX_EXCLUDES,
        min_length=1,
        max_length=MAX_DOMAIN_CHARS,
    ),
]
SearchAfter = Annotated[
    list[str] | None,
    argument(
        "metadata.searchAfter of the previous page; the same as after.",
        max_items=1,
        min_length=1,
        max_length=MAX_CURSOR_CHARS,
    ),
]
After = Annotated[
    str | None,
    argument("Opaque cursor from the previous response.", max_length=MAX_CURSOR_CHARS),
]
SimilarTo = Annotated[
    list[SimilarToInput] | None,
    argument("Up to three organisations to be similar to.", max_items=MAX_REFERENCES),
]
Describe = Annotated[
    str | None,
    argument(
        "The kind of organisations that is wanted, in plain words. Not with similarTo.",
        min_length=1,
        max_length=MAX_DESCRIBE_CHARS,
    ),
]
Balance = Annotated[
    float, argument("0.0 leans on words, 1.0 on similarity, in a search by both.", min=0, max=1)
]
MinScore = Annotated[
    float | None,
    argument("Least cosine similarity, where similarity is searched by.", min=0, max=1),
]


@strawberry.type
class OrganisationSearchQuery:
    """The search."""

    @operation(
        "Searches organisations by filters, keywords (BM25), a description or similarity to "
        "reference organisations. Give at least one; the mode follows from what is given. Keywords "
        "with a description or references are blended by reciprocal rank fusion.",
        returns=OrganisationConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR, ErrorCode.TIER_REQUIRED),
    )
    async def organisation_search(
        self,
        info: strawberry.Info[Context, None],
        similar_to: SimilarTo = strawberry.UNSET,
        describe: Describe = strawberry.UNSET,
        keywords: Annotated[
            KeywordsInput | None, argument("Words of name, summary, keywords and text.")
        ] = strawberry.UNSET,
        filters: Annotated[
            OrganisationFilters | None, argument("Column filters.")
        ] = strawberry.UNSET,
        excludes: Excludes = strawberry.UNSET,
        first: Annotated[int, argument("Page size.", min=1, max=MAX_PAGE)] = DEFAULT_PAGE,
        after: After = strawberry.UNSET,
        search_after: SearchAfter = strawberry.UNSET,
        min_score: MinScore = strawberry.UNSET,
        search_balance: Balance = 0.5,
        dedup: Annotated[bool, argument("Only the best organisation of each name.")] = False,
        explain: Annotated[
            bool, argument("Tells how Postgres ran the search; needs tier_3.")
        ] = False,
    ) -> OrganisationPage:
        """Organisation search."""
        if after is not None and search_after:
            raise invalid("search_after", "cannot be combined with after")
        asked = OrganisationSearch(
            similar_to=references_of(similar_to),
            describe=describe,
            keywords=keywords_of(keywords),
            filters=filters_of(filters),
            excludes=tuple(excludes or ()),
            min_score=min_score,
            search_balance=search_balance,
            dedup=dedup,
            explain=explain,
        )
        return await service.search(
            info.context.work,
            asked,
            columns=selected_columns(info, "nodes", "edges.node"),
            size=first,
            cursor=search_after[0] if search_after else after,
            with_terms=is_selected(info, "edges.match.matchedTerms"),
        )
