"""What an interpretation restricts a search to, in one canonical form.

Two readings with the same criteria find the same records: cursors and dedupe scopes are bound to
the criteria, not to wording, remarks or a requested count.
"""

from collections.abc import Iterable
from typing import Any

from api.domain.company.places import city_key
from api.domain.interpreter.interpretation import (
    CompanyInterpretation,
    IndustryTerm,
    Location,
    PersonInterpretation,
    RoleTerm,
)


def criteria_of(interpretation: PersonInterpretation | CompanyInterpretation) -> list[Any]:
    """The criteria as JSON values, the same for every order and spelling of the same terms."""
    filters = interpretation.filters
    every, any_of = _phrases(filters.keywords), _phrases(filters.keywords_any)
    if len(any_of) == 1:
        every, any_of = _phrases((*every, *any_of)), []
    roles = interpretation.roles if isinstance(interpretation, PersonInterpretation) else ()
    return [
        type(interpretation).__name__,
        _roles(roles),
        _industries(interpretation.industries),
        _locations(interpretation.locations),
        None if filters.company_city is None else city_key(filters.company_city),
        filters.company_state,
        filters.employee_count_min,
        filters.employee_count_max,
        sorted(set(filters.sic)),
        sorted(set(filters.naics)),
        every,
        _phrases(filters.company_names),
        _roles(filters.excluded_roles),
        _industries(filters.excluded_industries),
        _locations(filters.excluded_locations),
        _phrases(filters.excluded_keywords),
        # Scopes of searches without these keep their name.
        *([any_of] if any_of else []),
        *_named("excluded_sic", filters.excluded_sic),
        *_named("excluded_naics", filters.excluded_naics),
    ]


def _roles(terms: Iterable[RoleTerm]) -> list[list[str]]:
    """Known roles by key; what is matched in titles by its words."""
    keys = ([term.role, ""] if term.role else ["", term.label.lower()] for term in terms)
    return sorted(list(each) for each in {tuple(key) for key in keys})


def _industries(terms: Iterable[IndustryTerm]) -> list[str]:
    return sorted({term.industry for term in terms})


def _locations(places: Iterable[Location]) -> list[list[str]]:
    keys = {(city_key(place.city) if place.city else "", place.state or "") for place in places}
    return sorted(list(key) for key in keys)


def _named(name: str, codes: Iterable[str]) -> list[list[str]]:
    found = sorted(set(codes))
    return [[name, *found]] if found else []


def _phrases(texts: Iterable[str]) -> list[str]:
    return sorted({text.lower() for text in texts})
