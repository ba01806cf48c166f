"""Organisations: their columns, those like them, and the ways to get them by domain."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from api.domain.company.domains import MAX_DOMAIN_CHARS
from api.domain.organisation import lookup
from api.domain.organisation.criteria import MAX_KEYWORD_CHARS, MAX_STEERING
from api.domain.organisation.records import OrganisationBatch, OrganisationRow
from api.domain.organisation.similar import DEFAULT_SIMILAR, MAX_SIMILAR
from api.errors import ErrorCode
from graph.absence import ABSENT, Absent
from graph.context import Context
from graph.operation import Operation, argument, operation
from graph.selected import selected_columns


def column(description: str) -> Any:
    """A column of an organisation: in REST bodies written as null where it has no value."""
    return strawberry.field(description=description, metadata={ABSENT: Absent.KEEP_NULL})


@strawberry.type(description="An organisation. Columns without a value are null.")
class Organisation:
    """Projected from :class:`api.domain.organisation.records.OrganisationRow`."""

    domain: str = strawberry.field(description="Domain, which identifies the organisation.")
    name: str | None = column("Name of the organisation.")
    summary: str | None = column("What it does, in short.")
    summary_keywords: list[str] | None = column("Keywords of what it does.")
    address: str | None = column("Postal address.")
    organization_type: str | None = column("Company, Startup, Public, Academic or Other.")
    organization_size: str | None = column("Size class, for instance Small (10-49).")
    employee_class: str | None = column("Number of employees, as a class.")
    revenue_class: str | None = column("Yearly revenue, as a class.")
    nace_code: str | None = column("Code of its activity, NACE Rev. 2.")
    continent: str | None = column("Continent.")
    country: str | None = column("Country, its full English name.")
    country_code: str | None = column("Country, two letters.")
    state: str | None = column("State.")
    state_code: str | None = column("Code of the state.")
    region: str | None = column("Region.")
    region_code: str | None = column("Code of the region.")
    district: str | None = column("District.")
    district_code: str | None = column("Code of the district.")
    municipality: str | None = column("Municipality.")
    municipality_code: str | None = column("Code of the municipality.")
    lat: float | None = column("Latitude in degrees.")
    lon: float | None = column("Longitude in degrees.")
    source: str | None = column("Where the row comes from.")
    company_register_court: str | None = column("Register court.")
    company_register_id: str | None = column("Number in the register.")
    company_register_date: date | None = column("Day of its entry in the register.")
    new_register_entry: str | None = column("Its new entry in the register.")
    created_at: datetime | None = column("When the row was made.")
    updated_at: datetime | None = column("When the row was last changed.")

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="The organisations most like this one, nearest first.",
        extensions=[Operation(frozenset())],
    )
    async def similar(
        self,
        info: strawberry.Info[Context, None],
        first: Annotated[int, argument("How many.", min=1, max=MAX_SIMILAR)] = DEFAULT_SIMILAR,
        boost: Annotated[
            list[str] | None,
            argument(
                "Terms to be nearer to.",
                min_length=1,
                max_length=MAX_KEYWORD_CHARS,
                max_items=MAX_STEERING,
            ),
        ] = strawberry.UNSET,
        penalize: Annotated[
            list[str] | None,
            argument(
                "Terms to be further from.",
                min_length=1,
                max_length=MAX_KEYWORD_CHARS,
                max_items=MAX_STEERING,
            ),
        ] = strawberry.UNSET,
    ) -> list["Organisation"]:
        """All organisations of a list are answered together."""
        found: Any = await info.context.similar_organisations.load(
            self.domain,
            first=first,
            boost=tuple(boost or ()),
            penalize=tuple(penalize or ()),
            columns=selected_columns(info),
        )
        return found  # type: ignore[no-any-return]


@strawberry.type(description="How many of the domains that were asked for are there.")
class FetchMetadata:
    """Projected from :class:`api.domain.organisation.records.FetchMetadata`."""

    requested: int = strawberry.field(description="Different domains that were asked for.")
    found: int = strawberry.field(description="Organisations in the answer.")
    missing: list[str] = strawberry.field(
        description="Domains without an organisation that the key may see, as they were sent."
    )


@strawberry.type(description="Organisations by domain.")
class OrganisationBatchResult:
    """Projected from :class:`api.domain.organisation.records.OrganisationBatch`."""

    nodes: list[Organisation] = strawberry.field(
        description="The organisations, in the order of their domains in the request."
    )
    metadata: FetchMetadata = strawberry.field(description="What was there and what was not.")


@strawberry.type
class OrganisationQuery:
    """The queries for organisations by domain."""

    @operation(
        "Returns the organisation at a domain, or null where there is none.",
        returns=Organisation | None,
        errors=(ErrorCode.INVALID_INPUT,),
    )
    async def organisation(
        self,
        info: strawberry.Info[Context, None],
        domain: Annotated[
            str,
            argument(
                "Domain, for example example.com. URLs are reduced to their domain.",
                min_length=1,
                max_length=MAX_DOMAIN_CHARS,
            ),
        ],
    ) -> OrganisationRow | None:
        """One organisation."""
        return await lookup.look_up(info.context.work, domain, selected_columns(info))

    @operation(
        "Returns organisations by domain, without ranking. Domains that are not there are listed "
        "as missing.",
        returns=OrganisationBatchResult,
        errors=(ErrorCode.INVALID_INPUT,),
    )
    async def organisation_fetch(
        self,
        info: strawberry.Info[Context, None],
        domains: Annotated[
            list[str],
            argument(
                "The domains.",
                min_items=1,
                max_items=lookup.MAX_FETCHED,
                min_length=1,
                max_length=MAX_DOMAIN_CHARS,
            ),
        ],
    ) -> OrganisationBatch:
        """Bulk look-up by domain."""
        columns = selected_columns(info, "nodes")
        return await lookup.fetch(info.context.work, domains, columns)
