"""Person search, exact look-up, and the people of a company."""

from typing import Annotated

import strawberry

from api.caller import Role
from api.cursors import MAX_CURSOR_CHARS
from api.domain.company.domains import MAX_DOMAIN_CHARS
from api.domain.company.places import MAX_CITY_CHARS, MAX_STATE_CHARS
from api.domain.interpreter.parser import MAX_QUERY_CHARS
from api.domain.person import preview, search, service
from api.domain.person.delivered import MAX_TOKEN_CHARS
from api.domain.person.identifiers import MAX_IDENTIFIER_CHARS
from api.domain.person.preview import PersonPreview as Preview
from api.domain.person.records import (
    PersonMatches,
    PersonPage,
    PersonSearchPage,
    SearchStrategy,
)
from api.errors import ErrorCode
from api.paging import MAX_RECORDS_CAP, PageRequest, TotalRelation
from graph.company import Company
from graph.context import Context
from graph.interpretation import PersonInterpretation
from graph.interpretation_input import PersonInterpretationInput, plain
from graph.operation import ACCOUNTS, argument, operation
from graph.organisation_inputs import CompaniesLikeInput, likeness_of
from graph.paging import ListPagination, PageInfo, SearchPagination

strawberry.enum(SearchStrategy, description="The execution path that a search was resolved to.")


@strawberry.type(description="A person at a company. Optional fields are null when unavailable.")
class Person:
    """Projected from :class:`api.domain.person.records.PersonRow`."""

    person_id: strawberry.ID = strawberry.field(description="Identifier of the person.")
    first_name: str = strawberry.field(description="First name.")
    last_name: str = strawberry.field(description="Last name.")
    job_title: str | None = strawberry.field(description="Job title as the data states it.")
    business_email: str | None = strawberry.field(description="Business e-mail address.")
    mobile_phone: str | None = strawberry.field(description="Mobile phone number.")
    linkedin_url: str | None = strawberry.field(description="LinkedIn profile.")
    company: Company = strawberry.field(
        description="Company and firmographic context for each returned person."
    )


@strawberry.type(description="A person with the cursor that continues after them.")
class PersonEdge:
    """Projected from :class:`api.paging.Edge`."""

    node: Person = strawberry.field(description="The person.")
    cursor: str = strawberry.field(description="Continues after this person.")


@strawberry.type(description="One page of people found by a search.")
class PersonSearchConnection:
    """Projected from :class:`api.domain.person.records.PersonSearchPage`."""

    interpretation: PersonInterpretation = strawberry.field(
        description="The validated interpretation used to run the search, including role, "
        "industry, filters, and warnings."
    )
    search_strategy: SearchStrategy = strawberry.field(description="Resolved execution path.")
    pagination: SearchPagination = strawberry.field(
        description="Page metadata. Includes limit, total_records, total_pages, next_cursor, and "
        "cap metadata when max_records is used."
    )
    nodes: list[Person] = strawberry.field(
        description="Returned person records for the current page."
    )
    edges: list[PersonEdge] = strawberry.field(description="The same people, each with a cursor.")
    page_info: PageInfo = strawberry.field(description="Relay's page information.")
    billable_records: int = strawberry.field(
        description="Number of returned records billed for this response."
    )


@strawberry.type(description="One page of people at a company.")
class PersonConnection:
    """Projected from :class:`api.domain.person.records.PersonPage`."""

    nodes: list[Person] = strawberry.field(
        description="People associated with the normalized company domain."
    )
    edges: list[PersonEdge] = strawberry.field(description="The same people, each with a cursor.")
    page_info: PageInfo = strawberry.field(description="Relay's page information.")
    pagination: ListPagination = strawberry.field(
        description="Page metadata. Includes limit, next_cursor, and max_records when supplied."
    )
    billable_records: int = strawberry.field(
        description="Number of returned records billed for this response."
    )


@strawberry.type(description="The people that have all the given identifiers.")
class PersonLookup:
    """Projected from :class:`api.domain.person.records.PersonMatches`."""

    nodes: list[Person] = strawberry.field(
        description="People matching the supplied exact identifier fields."
    )
    billable_records: int = strawberry.field(
        description="Number of returned records billed for this response."
    )


After = Annotated[
    str | None,
    argument("Opaque cursor from the previous response.", max_length=MAX_CURSOR_CHARS),
]
MaxRecords = Annotated[
    int | None,
    argument(
        "Total cap across all pages, for example 2000. This controls total delivery; limit "
        "controls only the current page size.",
        min=1,
        max=MAX_RECORDS_CAP,
    ),
]


LocationCity = Annotated[
    str | None,
    argument(
        "Optional server-side company city filter, for example Las Vegas. Known cities can infer "
        "state, but location_state is recommended.",
        max_length=MAX_CITY_CHARS,
    ),
]
LocationState = Annotated[
    str | None,
    argument(
        "Optional server-side company state filter. Accepts a two-letter state code such as NV or "
        "a full state name such as Nevada.",
        max_length=MAX_STATE_CHARS,
    ),
]
PersonQuestion = Annotated[
    str | None,
    argument(
        "Natural-language search, for example CMOs of SaaS companies with 50+ employees, CEOs in "
        "Las Vegas, all employees at SaaS companies with fewer than 50 employees, or give me 1000 "
        "decision makers for marketing agencies. A leading requested count is treated as "
        "max_records when max_records is not supplied.",
        min_length=1,
        max_length=MAX_QUERY_CHARS,
    ),
]
EditedPersons = Annotated[
    PersonInterpretationInput | None,
    argument(
        "In place of `q` and the location filters: an interpretation that was given out before, "
        "perhaps with parts taken out. It is validated like any other input."
    ),
]
DedupeToken = Annotated[
    str | None,
    argument(
        "Optional campaign or workflow token that prevents repeat delivery for the same "
        "interpreted criteria and token.",
        max_length=MAX_TOKEN_CHARS,
    ),
]
DedupeUserId = Annotated[
    str | None,
    argument(
        "Optional integration end-user ID for customers using a single API key across multiple "
        "users. When omitted, dedupe stays scoped to the API key's account.",
        max_length=MAX_TOKEN_CHARS,
    ),
]


AtCompaniesLike = Annotated[
    CompaniesLikeInput | None,
    argument("Only people at companies like these: the data sets of both join by domain."),
]


@strawberry.type(description="What a person search would run, before anything is billed.")
class PersonPreview:
    """Projected from :class:`api.domain.person.preview.PersonPreview`."""

    interpretation: PersonInterpretation = strawberry.field(
        description="The validated interpretation."
    )
    search_strategy: SearchStrategy = strawberry.field(description="Resolved execution path.")
    total_records: int = strawberry.field(
        description="People that match; counted up to 10,000 where `totalRecordsRelation` says so."
    )
    total_records_relation: TotalRelation | None = strawberry.field(
        description="`gte` where `totalRecords` is a lower bound; null where it is exact."
    )


@strawberry.type
class PersonQuery:
    """The queries about people."""

    @operation(
        "Searches people by a natural-language ICP query. The API interprets the query into "
        "constrained role, all-employee company, code, keyword, geo, and employee-count filters "
        "before running parameterized ClickHouse SQL. Give `q` or an edited `interpretation`.",
        returns=PersonSearchConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
        callers=ACCOUNTS,
    )
    async def person_search(
        self,
        info: strawberry.Info[Context, None],
        q: PersonQuestion = strawberry.UNSET,
        interpretation: EditedPersons = strawberry.UNSET,
        location_city: LocationCity = strawberry.UNSET,
        location_state: LocationState = strawberry.UNSET,
        first: Annotated[
            int, argument("Page size.", min=1, max=search.MAX_SEARCH_PAGE)
        ] = search.MAX_SEARCH_PAGE,
        after: After = strawberry.UNSET,
        max_records: MaxRecords = strawberry.UNSET,
        dedupe_token: DedupeToken = strawberry.UNSET,
        dedupe_user_id: DedupeUserId = strawberry.UNSET,
        at_companies_like: AtCompaniesLike = strawberry.UNSET,
    ) -> PersonSearchPage:
        """Natural-language person search."""
        asked = search.PersonSearch(
            q,
            location_city,
            location_state,
            dedupe_token,
            dedupe_user_id,
            plain(interpretation),
            likeness_of(at_companies_like),
        )
        page = PageRequest(first, after, max_records)
        return await search.search(info.context.work, asked, page)

    @operation(
        "The free look: what a person search would run, and how many people it has. Nobody is "
        "shown and nothing is billed. Send the interpretation, less what should not count, back "
        "to `personSearch`.",
        returns=PersonPreview,
        errors=(ErrorCode.INVALID_INPUT,),
        callers=ACCOUNTS,
        role=Role.VIEWER,
    )
    async def interpret_person_search(
        self,
        info: strawberry.Info[Context, None],
        q: PersonQuestion = strawberry.UNSET,
        interpretation: EditedPersons = strawberry.UNSET,
        location_city: LocationCity = strawberry.UNSET,
        location_state: LocationState = strawberry.UNSET,
    ) -> Preview:
        """The interpretation of a person search."""
        asked = search.PersonSearch(
            q, location_city, location_state, interpretation=plain(interpretation)
        )
        return await preview.preview(info.context.work, asked)

    @operation(
        "Looks up people by exact identifiers, which are combined with AND. Provide at least one "
        f"supported lookup field. Returns at most {service.MAX_LOOKUP_MATCHES} people.",
        returns=PersonLookup,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.MALFORMED_REQUEST),
        callers=ACCOUNTS,
    )
    async def person_lookup(
        self,
        info: strawberry.Info[Context, None],
        email: Annotated[
            str | None, argument("Business email address.", max_length=MAX_IDENTIFIER_CHARS)
        ] = strawberry.UNSET,
        company_domain: Annotated[
            str | None,
            argument(
                "Company domain. URLs are normalized to domains.", max_length=MAX_IDENTIFIER_CHARS
            ),
        ] = strawberry.UNSET,
        linkedin_url: Annotated[
            str | None, argument("LinkedIn profile URL.", max_length=MAX_IDENTIFIER_CHARS)
        ] = strawberry.UNSET,
        phone: Annotated[
            str | None, argument("Phone number.", max_length=MAX_IDENTIFIER_CHARS)
        ] = strawberry.UNSET,
    ) -> PersonMatches:
        """Exact person lookup."""
        asked = service.PersonLookup(email, company_domain, linkedin_url, phone)
        return await service.look_up(info.context.work, asked)

    @operation(
        "Returns people associated with a normalized company domain.",
        returns=PersonConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
        callers=ACCOUNTS,
    )
    async def company_people(
        self,
        info: strawberry.Info[Context, None],
        domain: Annotated[
            str,
            argument(
                "Company domain, for example example.com.",
                min_length=1,
                max_length=MAX_DOMAIN_CHARS,
            ),
        ],
        first: Annotated[
            int, argument("Page size.", min=1, max=service.MAX_COMPANY_PEOPLE_PAGE)
        ] = search.MAX_SEARCH_PAGE,
        after: After = strawberry.UNSET,
        max_records: MaxRecords = strawberry.UNSET,
    ) -> PersonPage:
        """Company people."""
        page = PageRequest(first, after, max_records)
        return await service.people_of_company(info.context.work, domain, page)
