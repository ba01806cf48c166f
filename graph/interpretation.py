"""What the system understood of a query, as both doors report it."""

from typing import Any

import strawberry

from graph.absence import ABSENT, Absent


@strawberry.type(description="A role that was asked for.")
class RoleTerm:
    """Projected from :class:`api.domain.interpreter.interpretation.RoleTerm`."""

    key: str = strawberry.field(
        description="Taxonomy key, or `dynamic_role` for a role outside the precomputed taxonomy."
    )
    label: str = strawberry.field(description="The role in words.")


@strawberry.type(description="An industry that was asked for.")
class IndustryTerm:
    """Projected from :class:`api.domain.interpreter.interpretation.IndustryTerm`."""

    key: str = strawberry.field(
        description="Taxonomy key, or `dynamic_industry` outside the precomputed taxonomy."
    )
    label: str = strawberry.field(description="The industry in words.")


@strawberry.type(description="A place named in the query.")
class Location:
    """Projected from :class:`api.domain.interpreter.interpretation.Location`."""

    key: str = strawberry.field(description="`state:ID` or `city:las-vegas,NV`.")
    label: str = strawberry.field(description="The place in words.")
    city: str | None = strawberry.field(description="City, where one was named.")
    state: str | None = strawberry.field(description="Two-letter state code.")


def _documented_null(description: str) -> Any:
    return strawberry.field(description=description, metadata={ABSENT: Absent.KEEP_NULL})


def _list_if_any(description: str) -> Any:
    return strawberry.field(description=description, metadata={ABSENT: Absent.OMIT_EMPTY})


@strawberry.type(description="The filters that a search ran with; all of them apply.")
class InterpretedFilters:
    """Projected from :class:`api.domain.interpreter.interpretation.Filters`."""

    company_city: str | None = _documented_null("City, where exactly one place is meant.")
    company_state: str | None = _documented_null("State code, where exactly one place is meant.")
    employee_count_min: int | None = _documented_null("Fewest employees.")
    employee_count_max: int | None = _documented_null("Most employees.")
    sic: list[str] = _list_if_any("SIC codes or their first digits; any of these and of `naics`.")
    naics: list[str] = _list_if_any("NAICS codes or their first digits; any of these and of `sic`.")
    keywords: list[str] = _list_if_any(
        "Phrases that all stand in the company's name, keywords or description."
    )
    keywords_any: list[str] = _list_if_any("Phrases of which at least one stands there.")
    company_names: list[str] = _list_if_any("Names of companies; any of them.")
    excluded_roles: list[RoleTerm] = _list_if_any("Roles that nobody found holds.")
    excluded_industries: list[IndustryTerm] = _list_if_any("Industries of no company found.")
    excluded_locations: list[Location] = _list_if_any("Places of no company found.")
    excluded_keywords: list[str] = _list_if_any("Phrases that no company found has in its texts.")
    excluded_sic: list[str] = _list_if_any("SIC codes, or their first digits, of no company found.")
    excluded_naics: list[str] = _list_if_any(
        "NAICS codes, or their first digits, of no company found."
    )


@strawberry.type(description="The validated reading of a person search.")
class PersonInterpretation:
    """Projected from :class:`api.domain.interpreter.interpretation.PersonInterpretation`."""

    roles: list[RoleTerm] = strawberry.field(description="Roles; several mean any of them.")
    industries: list[IndustryTerm] = strawberry.field(
        description="Industries; several mean any of them."
    )
    locations: list[Location] = strawberry.field(
        description="Places named in the query; several mean any of them.",
        metadata={ABSENT: Absent.OMIT_EMPTY},
    )
    filters: InterpretedFilters = strawberry.field(description="The filters that were applied.")
    all_employees: bool = strawberry.field(
        description="Whether everybody at the companies was asked for, whatever their role.",
        metadata={ABSENT: Absent.OMIT_EMPTY},
    )
    requested_records: int | None = strawberry.field(
        description="The leading count of the query, where it has one."
    )
    warnings: list[str] = strawberry.field(description="Doubts about the reading, in sentences.")
    unparsed: list[str] = strawberry.field(
        description="Words of the query that nothing used.",
        metadata={ABSENT: Absent.OMIT_EMPTY},
    )


@strawberry.type(description="The filters that a company search ran with; those that it has.")
class CompanyFilters(InterpretedFilters):
    """As those of people; the documents show what is not asked for as absent, not as null."""

    company_city: str | None = strawberry.field(
        description="City, where exactly one place is meant."
    )
    company_state: str | None = strawberry.field(
        description="State code, where exactly one place is meant."
    )
    employee_count_min: int | None = strawberry.field(description="Fewest employees.")
    employee_count_max: int | None = strawberry.field(description="Most employees.")


@strawberry.type(description="The validated reading of a company search.")
class CompanyInterpretation:
    """Projected from :class:`api.domain.interpreter.interpretation.CompanyInterpretation`."""

    industries: list[IndustryTerm] = strawberry.field(
        description="Industries; several mean any of them."
    )
    locations: list[Location] = _list_if_any("Places named in the query; several mean any of them.")
    filters: CompanyFilters = strawberry.field(description="The filters that were applied.")
    requested_records: int | None = strawberry.field(
        description="The leading count of the query, where it has one."
    )
    warnings: list[str] = strawberry.field(description="Doubts about the reading, in sentences.")
    unparsed: list[str] = _list_if_any("Words of the query that nothing used.")
