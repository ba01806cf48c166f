"""Edited interpretations on their way in: what a frontend got, less the chips that were removed."""

from typing import Any

import strawberry

from api.domain.company.places import MAX_CITY_CHARS
from api.domain.interpreter.interpretation import MAX_LISTED, MAX_TERMS
from api.domain.interpreter.quantities import NUMBER_MAX
from api.domain.interpreter.serialisation import MAX_NAME_CHARS, MAX_PHRASE_CHARS
from graph.operation import member

MAX_COUNT = NUMBER_MAX + 1
_KEY_CHARS = 100
_STATE_CHARS = 2
_CODE_DIGITS = 6


def _many(description: str, max_items: int = MAX_TERMS, **bounds: int) -> Any:
    return member(description, default=None, max_items=max_items, **bounds)


@strawberry.input(description="A role: by its key, or where that is `dynamic_role` by its label.")
class RoleTermInput:
    """See :class:`graph.interpretation.RoleTerm`."""

    key: str = member("Key of the role.", min_length=1, max_length=_KEY_CHARS)
    label: str | None = member("The role in words.", default=None, max_length=MAX_NAME_CHARS)


@strawberry.input(
    description="An industry: by its key, or where that is `dynamic_industry` by its label."
)
class IndustryTermInput:
    """See :class:`graph.interpretation.IndustryTerm`."""

    key: str = member("Key of the industry.", min_length=1, max_length=_KEY_CHARS)
    label: str | None = member("The industry in words.", default=None, max_length=_KEY_CHARS)


@strawberry.input(description="A place: a city, a state, or both.")
class LocationInput:
    """See :class:`graph.interpretation.Location`."""

    key: str | None = member("As given; not looked at.", default=None, max_length=MAX_NAME_CHARS)
    label: str | None = member("As given; not looked at.", default=None, max_length=MAX_NAME_CHARS)
    city: str | None = member("City.", default=None, max_length=MAX_CITY_CHARS)
    state: str | None = member("State code.", default=None, max_length=_STATE_CHARS)


@strawberry.input(description="The filters of an edited interpretation; all of them apply.")
class InterpretedFiltersInput:
    """See :class:`graph.interpretation.InterpretedFilters`."""

    company_city: str | None = member("City.", default=None, max_length=MAX_CITY_CHARS)
    company_state: str | None = member("State code.", default=None, max_length=_STATE_CHARS)
    employee_count_min: int | None = member("Fewest employees.", default=None, min=0, max=MAX_COUNT)
    employee_count_max: int | None = member("Most employees.", default=None, min=0, max=MAX_COUNT)
    sic: list[str] | None = _many("SIC codes or their first digits.", max_length=_CODE_DIGITS)
    naics: list[str] | None = _many("NAICS codes or their first digits.", max_length=_CODE_DIGITS)
    keywords: list[str] | None = _many(
        "Phrases in the company's texts; all of them.", max_length=MAX_PHRASE_CHARS
    )
    keywords_any: list[str] | None = _many(
        "Phrases in the company's texts; at least one of them.", max_length=MAX_PHRASE_CHARS
    )
    company_names: list[str] | None = _many(
        "Names of companies; any of them.", max_length=MAX_NAME_CHARS
    )
    excluded_roles: list[RoleTermInput] | None = _many("Roles that nobody found holds.", MAX_LISTED)
    excluded_industries: list[IndustryTermInput] | None = _many(
        "Industries of no company found.", MAX_LISTED
    )
    excluded_locations: list[LocationInput] | None = _many(
        "Places of no company found.", MAX_LISTED
    )
    excluded_keywords: list[str] | None = _many(
        "Phrases that no company found has in its texts.", max_length=MAX_PHRASE_CHARS
    )
    excluded_sic: list[str] | None = _many(
        "SIC codes, or their first digits, of no company found.", max_length=_CODE_DIGITS
    )
    excluded_naics: list[str] | None = _many(
        "NAICS codes, or their first digits, of no company found.", max_length=_CODE_DIGITS
    )


@strawberry.input(description="An edited reading of a person search, as it was given out.")
class PersonInterpretationInput:
    """See :class:`graph.interpretation.PersonInterpretation`. Remarks are not taken back."""

    roles: list[RoleTermInput] | None = _many("Roles; several mean any of them.", MAX_LISTED)
    industries: list[IndustryTermInput] | None = _many(
        "Industries; several mean any of them.", MAX_LISTED
    )
    locations: list[LocationInput] | None = _many("Places; several mean any of them.", MAX_LISTED)
    filters: InterpretedFiltersInput | None = member("The filters.", default=None)
    all_employees: bool | None = member(
        "Whether everybody at the companies is meant, whatever their role.", default=None
    )
    requested_records: int | None = member(
        "How many records are wanted in all.", default=None, min=1, max=MAX_COUNT
    )


@strawberry.input(description="An edited reading of a company search, as it was given out.")
class CompanyInterpretationInput:
    """See :class:`graph.interpretation.CompanyInterpretation`. Remarks are not taken back."""

    industries: list[IndustryTermInput] | None = _many(
        "Industries; several mean any of them.", MAX_LISTED
    )
    locations: list[LocationInput] | None = _many("Places; several mean any of them.", MAX_LISTED)
    filters: InterpretedFiltersInput | None = member("The filters.", default=None)
    requested_records: int | None = member(
        "How many records are wanted in all.", default=None, min=1, max=MAX_COUNT
    )


def plain(given: Any) -> Any:
    """An input object as JSON values by its snake_case names, which the domain validates."""
    if isinstance(given, list):
        return [plain(each) for each in given]
    fields = getattr(given, "__strawberry_definition__", None)
    if fields is None:
        return given
    values = ((each.python_name, plain(getattr(given, each.python_name))) for each in fields.fields)
    return {name: value for name, value in values if value is not None}
