"""An interpretation as a query in plain words, which is understood as that interpretation again."""

from collections.abc import Iterable
from functools import lru_cache

from api.domain.company.industries import industries
from api.domain.company.places import cities_named, states
from api.domain.interpreter.interpretation import (
    CompanyInterpretation,
    Filters,
    IndustryTerm,
    Location,
    PersonInterpretation,
    RoleTerm,
)
from api.domain.interpreter.locations import inferred_state
from api.domain.interpreter.reading import Reading
from api.domain.interpreter.terms import read_terms
from api.domain.interpreter.typos import plural
from api.domain.person.roles import roles


def render(interpretation: PersonInterpretation | CompanyInterpretation) -> str:
    """A query that interprets to the same, warnings and unparsed words apart.

    A place that was given beside the text becomes part of it, and what is in no dictionary stands
    in quotation marks. Limits: the text of very many terms is longer than a query may be, and what
    no text says cannot be rendered, such as punctuation inside of an edited phrase.
    """
    filters = interpretation.filters
    kinds = " or ".join(_industry(term) for term in interpretation.industries) or "companies"
    wanted = [kinds]
    if isinstance(interpretation, PersonInterpretation):
        who = "; ".join(map(_role, interpretation.roles)) or "all employees"
        wanted = [who, "at", kinds] if _describes(interpretation) else [who]
    if interpretation.requested_records is not None:
        wanted.insert(0, f"first {interpretation.requested_records}")
    places = interpretation.locations or _given(filters)
    if places:
        wanted.append(" or ".join(f"in {_place(place)}" for place in places))
    wanted += _sizes(filters)
    for system, codes in (("SIC", filters.sic), ("NAICS", filters.naics)):
        if codes:
            wanted.append(f"with {system} {' or '.join(codes)}")
    clauses = [" ".join(wanted)]
    clauses += [f'named "{name}"' for name in filters.company_names]
    clauses += [f'mentioning "{phrase}"' for phrase in filters.keywords]
    if filters.keywords_any:
        any_of = " or ".join(f'"{phrase}"' for phrase in filters.keywords_any)
        clauses.append(f"mentioning {any_of}")
    excluded = [*map(_role, filters.excluded_roles), *map(_industry, filters.excluded_industries)]
    clauses += [f"excluding {each}" for each in excluded]
    clauses += [f"not in {_place(each)}" for each in filters.excluded_locations]
    for system, codes in (("SIC", filters.excluded_sic), ("NAICS", filters.excluded_naics)):
        if codes:
            clauses.append(f"excluding {system} {' or '.join(codes)}")
    clauses += [f'not mentioning "{phrase}"' for phrase in filters.excluded_keywords]
    return "; ".join(clauses)


def _describes(interpretation: PersonInterpretation) -> bool:
    filters = interpretation.filters
    return bool(
        interpretation.industries
        or interpretation.locations
        or filters.company_city
        or filters.company_state
        or filters.employee_count_min is not None
        or filters.employee_count_max is not None
        or filters.sic
        or filters.naics
        or filters.company_names
        or filters.keywords
        or filters.keywords_any
    )


def _sizes(filters: Filters) -> Iterable[str]:
    low, high = filters.employee_count_min, filters.employee_count_max
    if low is not None:
        yield f"with at least {low} employees"
    if high is not None:
        yield f"{'and' if low is not None else 'with'} at most {high} employees"


def _given(filters: Filters) -> tuple[Location, ...]:
    if filters.company_city is None and filters.company_state is None:
        return ()
    return (Location("", "", filters.company_city, filters.company_state),)


def _place(place: Location) -> str:
    if place.city is None:
        return f"the state of {states()[place.state or '']}"
    bearers = tuple(city for city in cities_named(place.city) if city.name == place.city)
    # "Boise" alone means Boise, ID; whatever is less certain keeps its state.
    certain = bearers and inferred_state(bearers) == place.state
    if certain and place.city not in states().values():
        return place.city
    state = "" if place.state is None else f", {place.state}"
    listed = place.state in {city.state for city in bearers}
    return f"{place.city}{state}" if listed else f'the city of "{place.city}"{state}'


def _role(term: RoleTerm) -> str:
    return f'title "{term.label}"' if term.role is None else _phrase_of_role(term.role)


def _industry(term: IndustryTerm) -> str:
    return _phrase_of_industry(term.industry)


@lru_cache(maxsize=2_048)
def _phrase_of_role(key: str) -> str:
    """The first phrase of a role that means it alone."""
    role = roles()[key]
    for phrase in (role.short, role.label, *role.phrases):
        found = read_terms(Reading.of(phrase))
        if list(found.roles) == [key] and not found.industries:
            return phrase
    return role.short


@lru_cache(maxsize=512)
def _phrase_of_industry(key: str) -> str:
    """The first name of an industry that means it alone, in the plural."""
    industry = industries()[key]
    adjectives = (f"{adjective} company" for adjective in industry.adjectives)
    for phrase in (*industry.names, *adjectives):
        words = plural(phrase)
        found = read_terms(Reading.of(words))
        if list(found.industries) == [key] and not found.roles:
            return words
    return industry.names[0]
