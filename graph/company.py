"""Companies and the domain inventory."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.caller import Role
from api.cursors import MAX_CURSOR_CHARS
from api.domain.company import search, service
from api.domain.company.places import MAX_STATE_CHARS
from api.domain.company.records import CompanyRow, DomainPage
from api.domain.interpreter.parser import MAX_QUERY_CHARS
from api.domain.person.records import PersonPage
from api.domain.person.service import MAX_COMPANY_PEOPLE_PAGE
from api.errors import ErrorCode
from api.paging import MAX_RECORDS_CAP, PageRequest, TotalRelation
from graph.context import Context
from graph.interpretation import CompanyInterpretation
from graph.interpretation_input import CompanyInterpretationInput, plain
from graph.operation import ACCOUNTS, argument, operation
from graph.paging import DomainPagination, PageInfo, SearchPagination
from graph.scalars import BigInt

if TYPE_CHECKING:
    from graph.person import PersonConnection

DEFAULT_PEOPLE = 10
"""People of a company where nobody says how many: companies come by the page."""


@strawberry.type(description="A company, with its firmographic context as far as known.")
class Company:
    """Projected from :class:`api.domain.company.records.CompanyRow`."""

    company_id: strawberry.ID = strawberry.field(description="Identifier of the company.")
    name: str = strawberry.field(description="Name of the company.")
    domain: str | None = strawberry.field(description="Normalised company domain.")
    website: str | None = strawberry.field(description="Website as the data states it.")
    phone: str | None = strawberry.field(description="Company phone number.")
    linkedin_url: str | None = strawberry.field(description="LinkedIn page of the company.")
    revenue: BigInt | None = strawberry.field(description="Yearly revenue in whole US dollars.")
    employee_count: int | None = strawberry.field(description="Number of employees.")
    industry: str | None = strawberry.field(description="Industry as the data states it.")
    sic: str | None = strawberry.field(description="SIC code (US 1987).")
    naics: str | None = strawberry.field(description="NAICS code.")
    city: str | None = strawberry.field(description="City of the company.")
    state: str | None = strawberry.field(description="State of the company, two letters in the US.")
    country: str | None = strawberry.field(description="Country of the company, two letters.")

    @operation(
        "The company's people, each billed like any person. The first pages of several companies "
        "are looked up together; one request may ask for 10,000 people of companies.",
        returns=Annotated["PersonConnection", strawberry.lazy("graph.person")],
        errors=(ErrorCode.INVALID_CURSOR, ErrorCode.INVALID_INPUT),
    )
    async def people(
        self,
        info: strawberry.Info[Context, None],
        first: Annotated[
            int, argument("Page size.", min=1, max=MAX_COMPANY_PEOPLE_PAGE)
        ] = DEFAULT_PEOPLE,
        after: Annotated[
            str | None,
            argument("Cursor of a page of this company's people.", max_length=MAX_CURSOR_CHARS),
        ] = strawberry.UNSET,
    ) -> PersonPage:
        """The source is the row that was projected: strawberry hands it over as ``self``."""
        row: CompanyRow = self  # type: ignore[assignment]
        return await info.context.people_of_companies.load(row.company_id, first, after)


@strawberry.type(description="Minimal company city and state context.")
class DomainLocation:
    """Projected from :class:`api.domain.company.records.DomainLocation`."""

    city: str | None = strawberry.field(description="City of the company.")
    state: str | None = strawberry.field(description="State of the company.")


@strawberry.type(description="A company domain with the number of known contacts.")
class Domain:
    """Projected from :class:`api.domain.company.records.DomainRow`."""

    domain: str = strawberry.field(description="Normalized company domain.")
    contact_count: int = strawberry.field(description="Number of known contacts for the domain.")
    industry: str | None = strawberry.field(
        description="Minimal firmographic industry context when available."
    )
    location: DomainLocation | None = strawberry.field(
        description="Minimal company city/state context when available."
    )


@strawberry.type(description="One page of the domain inventory.")
class DomainConnection:
    """Projected from :class:`api.domain.company.records.DomainPage`."""

    nodes: list[Domain] = strawberry.field(
        description="Returned domain metadata for the current page."
    )
    pagination: DomainPagination = strawberry.field(
        description="Page metadata. Includes next_cursor."
    )


@strawberry.type(description="A company with the cursor that continues after it.")
class CompanyEdge:
    """Projected from :class:`api.paging.Edge`."""

    node: Company = strawberry.field(description="The company.")
    cursor: str = strawberry.field(description="Continues after this company.")


@strawberry.type(description="One page of companies found by a search.")
class CompanySearchConnection:
    """Projected from :class:`api.domain.company.search.CompanySearchPage`."""

    interpretation: CompanyInterpretation = strawberry.field(
        description="The validated company search interpretation, including company category, "
        "location, filters, and warnings."
    )
    pagination: SearchPagination = strawberry.field(
        description="Page metadata. Includes limit, total_records, total_pages, next_cursor, and "
        "cap metadata when max_records is used."
    )
    nodes: list[Company] = strawberry.field(
        description="Returned company records for the current page."
    )
    edges: list[CompanyEdge] = strawberry.field(
        description="The same companies, each with a cursor."
    )
    page_info: PageInfo = strawberry.field(description="Relay's page information.")
    billable_records: int = strawberry.field(
        description="Number of returned company records billed for this response."
    )


@strawberry.type(description="What a company search would run, before anything is billed.")
class CompanyPreview:
    """Projected from :class:`api.domain.company.search.CompanyPreview`."""

    interpretation: CompanyInterpretation = strawberry.field(
        description="The validated interpretation."
    )
    total_records: int = strawberry.field(
        description="Companies that match; counted up to 10,000 where `totalRecordsRelation` says "
        "so."
    )
    total_records_relation: TotalRelation | None = strawberry.field(
        description="`gte` where `totalRecords` is a lower bound; null where it is exact."
    )


CompanyQuestion = Annotated[
    str | None,
    argument(
        "Natural-language company search, for example all SaaS companies in Idaho.",
        min_length=1,
        max_length=MAX_QUERY_CHARS,
    ),
]
EditedCompanies = Annotated[
    CompanyInterpretationInput | None,
    argument(
        "In place of `q`: an interpretation that was given out before, perhaps with parts taken "
        "out. It is validated like any other input."
    ),
]


@strawberry.type
class CompanyQuery:
    """The queries about companies."""

    @operation(
        "Searches companies by a natural-language ICP query. The API interprets the query into "
        "constrained company category, location, code, keyword, and employee-count filters before "
        "running parameterized ClickHouse SQL. Totals are bounded by default for speed; pass "
        "exact_count=true only when the slower exact count is required. Give `q` or an edited "
        "`interpretation`.",
        returns=CompanySearchConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
        callers=ACCOUNTS,
    )
    async def company_search(
        self,
        info: strawberry.Info[Context, None],
        q: CompanyQuestion = strawberry.UNSET,
        interpretation: EditedCompanies = strawberry.UNSET,
        first: Annotated[
            int, argument("Page size.", min=1, max=search.MAX_SEARCH_PAGE)
        ] = search.MAX_SEARCH_PAGE,
        after: Annotated[
            str | None,
            argument("Opaque cursor from the previous response.", max_length=MAX_CURSOR_CHARS),
        ] = strawberry.UNSET,
        max_records: Annotated[
            int | None,
            argument("Total cap across all pages, for example 2000.", min=1, max=MAX_RECORDS_CAP),
        ] = strawberry.UNSET,
        exact_count: Annotated[
            bool,
            argument(
                "Set to true to request an exact ClickHouse count. Defaults to bounded totals for "
                "lower latency."
            ),
        ] = False,
    ) -> search.CompanySearchPage:
        """Natural-language company search."""
        asked = search.CompanySearch(q, plain(interpretation), exact_count)
        page = PageRequest(first, after, max_records)
        return await search.search(info.context.work, asked, page)

    @operation(
        "The free look: what a company search would run, and how many companies it has. No company "
        "is shown and nothing is billed. Send the interpretation, less what should not count, back "
        "to `companySearch`.",
        returns=CompanyPreview,
        errors=(ErrorCode.INVALID_INPUT,),
        callers=ACCOUNTS,
        role=Role.VIEWER,
    )
    async def interpret_company_search(
        self,
        info: strawberry.Info[Context, None],
        q: CompanyQuestion = strawberry.UNSET,
        interpretation: EditedCompanies = strawberry.UNSET,
    ) -> search.CompanyPreview:
        """The interpretation of a company search."""
        asked = search.CompanySearch(q, plain(interpretation))
        return await search.preview(info.context.work, asked)

    @operation(
        "Returns non-billable company-domain metadata for accounts with enough known contacts. "
        "Use this first when scoring domain coverage before a follow-up person search.",
        returns=DomainConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
        callers=ACCOUNTS,
        role=Role.VIEWER,
    )
    async def domains(
        self,
        info: strawberry.Info[Context, None],
        first: Annotated[
            int, argument("Page size.", min=1, max=service.MAX_DOMAIN_PAGE)
        ] = service.MAX_DOMAIN_PAGE,
        after: Annotated[
            str | None,
            argument(
                "Opaque cursor from the previous response. Cursors are tied to the same "
                "min_contacts, industry, and location_state filters.",
                max_length=MAX_CURSOR_CHARS,
            ),
        ] = strawberry.UNSET,
        min_contacts: Annotated[
            int,
            argument(
                "Only return domains with at least this many contacts.",
                min=1,
                max=service.MAX_MIN_CONTACTS,
            ),
        ] = service.DEFAULT_MIN_CONTACTS,
        industry: Annotated[
            str | None,
            argument(
                "Case-insensitive contains filter on the company's industry, for example Software.",
                max_length=service.MAX_INDUSTRY_CHARS,
            ),
        ] = strawberry.UNSET,
        location_state: Annotated[
            str | None,
            argument(
                "Optional company state filter. Accepts a two-letter state code such as ID or a "
                "full state name such as Idaho.",
                max_length=MAX_STATE_CHARS,
            ),
        ] = strawberry.UNSET,
    ) -> DomainPage:
        """Company domain inventory."""
        filters = service.DomainFilters(min_contacts, industry, location_state)
        return await service.domain_inventory(info.context.work, filters, PageRequest(first, after))
