"""Which execution path a search takes, and what that path promises (pure).

``taxonomy``: every role is precomputed, and so is every industry where one is named; beside them
only places restrict. Its totals are exact. ``indexed_dynamic``: roles of the dictionary, or
everybody, with indexed filters. ``dynamic``: free words of titles. Totals of both are lower bounds.
"""

from api.domain.interpreter.interpretation import (
    DYNAMIC_INDUSTRY,
    DYNAMIC_ROLE,
    Filters,
    PersonInterpretation,
)
from api.domain.person.records import SearchStrategy


def strategy_of(interpretation: PersonInterpretation) -> SearchStrategy:
    """The path of an interpretation."""
    roles, excluded = interpretation.roles, interpretation.filters.excluded_roles
    if any(term.role is None for term in (*roles, *excluded)):
        return SearchStrategy.DYNAMIC
    filters = interpretation.filters
    only_places = filters == Filters(filters.company_city, filters.company_state)
    precomputed = all(term.key != DYNAMIC_ROLE for term in roles) and all(
        term.key != DYNAMIC_INDUSTRY for term in interpretation.industries
    )
    if roles and precomputed and only_places:
        return SearchStrategy.TAXONOMY
    return SearchStrategy.INDEXED_DYNAMIC
