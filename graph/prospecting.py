"""Prospecting inside a partner's iframe: searches with masked previews, refined by filters."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.caller import CallerKind
from api.cursors import MAX_CURSOR_CHARS
from api.domain.company.places import MAX_CITY_CHARS
from api.domain.interpreter.parser import MAX_QUERY_CHARS
from api.domain.prospecting import records, sessions
from api.domain.prospecting.filters import EMPLOYEE_RANGES, LEVELS, MAX_VALUE_CHARS, MAX_VALUES
from api.domain.prospecting.records import RevealState
from api.errors import ErrorCode
from api.paging import PageRequest
from graph.context import Context
from graph.interpretation import PersonInterpretation
from graph.interpretation_input import plain
from graph.operation import argument, member, operation
from graph.paging import PageInfo, SearchPagination
from graph.person import EditedPersons, LocationCity, LocationState
from graph.scalars import BigInt
from graph.selected import is_selected

EMBED = (CallerKind.EMBED_TOKEN,)

strawberry.enum(RevealState, description="Whether the customer owns the record behind a preview.")


@strawberry.type(description="The company of a full record.")
class ProspectCompany:
    """Projected from :class:`api.domain.prospecting.records.RecordCompany`."""

    company_id: strawberry.ID = strawberry.field(description="Identifier of the company.")
    name: str = strawberry.field(description="Name of the company.")
    domain: str | None = strawberry.field(description="Normalised company domain.")
    phone: str | None = strawberry.field(description="Company phone number.")
    linkedin_url: str | None = strawberry.field(description="LinkedIn page of the company.")
    revenue: BigInt | None = strawberry.field(description="Yearly revenue in whole US dollars.")
    employee_count: int | None = strawberry.field(description="Number of employees.")
    industry: str | None = strawberry.field(description="Industry as the data states it.")
    sic: str | None = strawberry.field(description="SIC code (US 1987).")
    naics: str | None = strawberry.field(description="NAICS code.")
    city: str | None = strawberry.field(description="City of the company.")
    state: str | None = strawberry.field(description="State of the company.")


@strawberry.type(description="A full record that the customer owns, as it was bought.")
class ProspectRecord:
    """Projected from :class:`api.domain.prospecting.records.ProspectRecord`."""

    person_id: strawberry.ID = strawberry.field(description="Identifier of the person.")
    first_name: str = strawberry.field(description="First name.")
    last_name: str = strawberry.field(description="Last name.")
    job_title: str | None = strawberry.field(description="Job title as the data states it.")
    business_email: str | None = strawberry.field(description="Business e-mail address.")
    mobile_phone: str | None = strawberry.field(description="Mobile phone number.")
    linkedin_url: str | None = strawberry.field(description="LinkedIn profile.")
    company: ProspectCompany = strawberry.field(description="The company.")


@strawberry.type(description="The part of a company that a preview shows.")
class ProspectPreviewCompany:
    """Projected from :class:`api.domain.prospecting.records.PreviewCompany`."""

    name: str = strawberry.field(description="Name of the company.")
    industry: str | None = strawberry.field(description="Industry as the data states it.")
    employee_count: int | None = strawberry.field(description="Number of employees.")
    city: str | None = strawberry.field(description="City of the company.")
    state: str | None = strawberry.field(description="State of the company.")


@strawberry.type(description="Which contact fields a record has; what is in them is for sale.")
class ProspectAvailability:
    """Projected from :class:`api.domain.prospecting.records.Available`."""

    business_email: bool = strawberry.field(description="Whether there is an e-mail address.")
    mobile_phone: bool = strawberry.field(description="Whether there is a mobile phone number.")
    linkedin_url: bool = strawberry.field(description="Whether there is a LinkedIn profile.")


@strawberry.type(description="A masked preview of a person.")
class ProspectPreview:
    """Projected from :class:`api.domain.prospecting.records.ProspectPreview`."""

    prospect_id: strawberry.ID = strawberry.field(
        description="What this session calls the person; good for a push or export of this session."
    )
    first_name: str = strawberry.field(description="First name.")
    last_initial: str | None = strawberry.field(
        description="First letter of the last name; absent where that is all of it."
    )
    job_title: str | None = strawberry.field(description="Job title as the data states it.")
    company: ProspectPreviewCompany = strawberry.field(description="The company.")
    available: ProspectAvailability = strawberry.field(
        description="Which contact fields the full record has."
    )
    reveal_state: RevealState = strawberry.field(
        description="`purchased` where the customer owns the record."
    )
    record: ProspectRecord | None = strawberry.field(
        description="The full record; present where it is owned."
    )


@strawberry.type(description="A preview with the cursor that continues after it.")
class ProspectPreviewEdge:
    """Projected from :class:`api.paging.Edge`."""

    node: ProspectPreview = strawberry.field(description="The preview.")
    cursor: str = strawberry.field(description="Continues after this preview.")


@strawberry.type(description="A value of a filter, and how many people have it.")
class ProspectFacetValue:
    """Projected from :class:`api.domain.prospecting.records.FacetValue`."""

    value: str = strawberry.field(description="The value, as the filter takes it.")
    label: str = strawberry.field(description="The value in words.")
    count: int = strawberry.field(description="How many people have it.")


@strawberry.type(
    description="Counts for the menus of the filters. Each menu counts as if its own filter were "
    "not set."
)
class ProspectFacets:
    """Projected from :class:`api.domain.prospecting.records.ProspectFacets`."""

    industries: list[ProspectFacetValue] = strawberry.field(
        description="Industries of the dictionary, the most frequent first."
    )
    states: list[ProspectFacetValue] = strawberry.field(
        description="States of the company, the most frequent first."
    )
    employee_ranges: list[ProspectFacetValue] = strawberry.field(
        description="Head counts of the company, the smallest first."
    )
    levels: list[ProspectFacetValue] = strawberry.field(
        description="Ranks in the company, the highest first; empty where the session asks for one "
        "role, and so for a rank."
    )
    bounded: bool = strawberry.field(
        description="Whether more people match than the 10,000 that were counted."
    )


@strawberry.type(description="A page of the masked previews of a prospecting session.")
class ProspectingSession:
    """Projected from :class:`api.domain.prospecting.records.ProspectingSession`."""

    search_id: strawberry.ID = strawberry.field(description="Identifier of the session.")
    interpretation: PersonInterpretation = strawberry.field(
        description="The validated interpretation that the session searches with."
    )
    pagination: SearchPagination = strawberry.field(
        description="Page metadata. People are counted up to 10,000."
    )
    facets: ProspectFacets | None = strawberry.field(
        description="Counts for the menus of the filters."
    )
    nodes: list[ProspectPreview] = strawberry.field(description="The previews of this page.")
    edges: list[ProspectPreviewEdge] = strawberry.field(description="The same, with cursors.")
    page_info: PageInfo = strawberry.field(description="Relay's page information.")
    created_at: datetime = strawberry.field(description="When the session was started.")
    expires_at: datetime = strawberry.field(description="Until when it can be opened.")


def _values(description: str) -> list[str] | None:
    made: list[str] | None = member(
        description, default=None, max_items=MAX_VALUES, max_length=MAX_VALUE_CHARS
    )
    return made


@strawberry.input(
    description="What a session is refined by. Filters are joined by AND, the values of one by OR."
)
class ProspectFilters:
    """See :class:`api.domain.prospecting.filters.ProspectFilters`."""

    industries: list[str] | None = _values("Industries, by the values of `facets.industries`.")
    states: list[str] | None = _values("States of the company, by code or name.")
    cities: list[str] | None = member(
        "Cities of the company.", default=None, max_items=MAX_VALUES, max_length=MAX_CITY_CHARS
    )
    employee_ranges: list[str] | None = _values(
        "Head counts of the company: " + ", ".join(EMPLOYEE_RANGES) + "."
    )
    levels: list[str] | None = _values("Ranks in the company: " + ", ".join(LEVELS) + ".")
    roles: list[str] | None = _values("Roles, by the keys of `personSearchTaxonomy`.")
    has_business_email: bool | None = member(
        "Only people with an e-mail address; false: only those without.", default=None
    )
    has_mobile_phone: bool | None = member(
        "Only people with a mobile phone number; false: only those without.", default=None
    )
    has_linkedin_url: bool | None = member(
        "Only people with a LinkedIn profile; false: only those without.", default=None
    )


SearchId = Annotated[
    strawberry.ID,
    argument(
        "Prospecting session ID returned by the iframe search endpoint.",
        min_length=1,
        max_length=sessions.MAX_SEARCH_ID_CHARS,
    ),
]
Filters = Annotated[
    ProspectFilters | None, argument("What the session is refined by; free of charge.")
]
First = Annotated[int, argument("Page size.", min=1, max=sessions.MAX_PAGE)]
After = Annotated[
    str | None,
    argument(
        "Opaque cursor from the previous response, for the same session and filters.",
        max_length=MAX_CURSOR_CHARS,
    ),
]


@strawberry.type
class ProspectingQuery:
    """The queries of the iframe."""

    @operation(
        "Opens a prospecting session again: a page of its masked previews, refined by filters. It "
        "counts nothing. Sessions can be opened for 30 days.",
        returns=ProspectingSession,
        errors=(
            ErrorCode.INVALID_INPUT,
            ErrorCode.INVALID_CURSOR,
            ErrorCode.INSUFFICIENT_CREDITS,
            ErrorCode.NOT_FOUND,
        ),
        callers=EMBED,
    )
    async def prospecting_session(
        self,
        info: strawberry.Info[Context, None],
        search_id: SearchId,
        filters: Filters = strawberry.UNSET,
        first: First = sessions.MAX_PAGE,
        after: After = strawberry.UNSET,
    ) -> records.ProspectingSession:
        """Reopen a prospecting session."""
        return await sessions.reopen(
            info.context.work,
            search_id,
            plain(filters),
            PageRequest(first, after),
            with_facets=is_selected(info, "facets"),
        )


@strawberry.type
class ProspectingMutation:
    """What the iframe counts and buys."""

    @operation(
        "Starts a prospecting session: people by a natural-language query, as masked previews. It "
        "counts as one search session in the customer's wallet; its pages and refinements do not "
        "count again. With a cursor the session that gave it out continues.",
        returns=ProspectingSession,
        errors=(
            ErrorCode.INVALID_INPUT,
            ErrorCode.INVALID_CURSOR,
            ErrorCode.INSUFFICIENT_CREDITS,
            ErrorCode.NOT_FOUND,
        ),
        callers=EMBED,
        own_key=True,
    )
    async def start_prospecting(
        self,
        info: strawberry.Info[Context, None],
        q: Annotated[
            str | None,
            argument(
                "Natural-language search, for example CMOs of SaaS companies with 50+ employees.",
                min_length=1,
                max_length=MAX_QUERY_CHARS,
            ),
        ] = strawberry.UNSET,
        interpretation: EditedPersons = strawberry.UNSET,
        location_city: LocationCity = strawberry.UNSET,
        location_state: LocationState = strawberry.UNSET,
        filters: Filters = strawberry.UNSET,
        first: First = sessions.MAX_PAGE,
        after: After = strawberry.UNSET,
    ) -> records.ProspectingSession:
        """Prospecting search."""
        asked = sessions.ProspectingSearch(
            q, location_city, location_state, plain(filters), plain(interpretation)
        )
        return await sessions.start(
            info.context.work,
            asked,
            PageRequest(first, after),
            with_facets=is_selected(info, "facets"),
        )
