"""Natural-language queries, understood without a model: each word by exactly one rule.

The rules run in a fixed order, each on the words that are still free: quotations, names, what the
askers say of themselves, misprints, exclusions, mentions, codes, head counts, places, size words,
the requested count, activities, roles and industries, "all employees", free titles, leftovers,
words of politeness. What is left is reported as ``unparsed``. Nothing but the dictionaries is kept
between calls, so the same text always gives the same interpretation.
"""

import unicodedata
from dataclasses import dataclass, field

from api.domain.company.places import cities_named, city_key, state_code
from api.domain.interpreter.background import read_background
from api.domain.interpreter.codes import Codes, read_codes
from api.domain.interpreter.exclusions import mark_exclusions, report_empty_exclusions
from api.domain.interpreter.geography import Places, read_places
from api.domain.interpreter.interpretation import (
    MAX_LISTED,
    MAX_TERMS,
    CompanyInterpretation,
    Filters,
    Location,
    PersonInterpretation,
    RoleTerm,
)
from api.domain.interpreter.keywords import (
    Keywords,
    bounded_keywords,
    protected_from_correction,
    read_activities,
    read_features,
    read_mentions,
    set_markup_aside,
)
from api.domain.interpreter.leftovers import names_things, read_leftovers
from api.domain.interpreter.locations import ambiguous_city, inferred_state, unknown_city
from api.domain.interpreter.names import read_names
from api.domain.interpreter.people import (
    check_everyone,
    read_everyone,
    read_free_titles,
    read_industries_of_roles,
)
from api.domain.interpreter.quantities import Range, read_count, read_sizes
from api.domain.interpreter.quotations import read_quotes
from api.domain.interpreter.reading import UNUSED, Reading
from api.domain.interpreter.size_words import read_size_words
from api.domain.interpreter.terms import Terms, read_terms
from api.domain.interpreter.typos import correct_typos
from api.domain.interpreter.unknown_places import read_unknown_places
from api.domain.interpreter.vocabulary import wording
from api.errors import invalid

MAX_QUERY_CHARS = 1_000
MAX_PLACE_CHARS = 100

FILLER_RULE = "filler"
SAAS = "saas"
SAAS_WARNING = (
    "SaaS company search requires contextual SaaS or software-as-a-service evidence in company "
    "fields."
)

_PERSONS_EXAMPLE = "'CMOs of SaaS companies in Nevada with 50+ employees'"
_COMPANIES_EXAMPLE = "'law firms in Nevada with 50+ employees'"
_REPORTED_WORDS_MAX = 20


@dataclass(frozen=True, slots=True)
class GivenPlace:
    """The place filters beside the text, resolved; ``warnings`` are the doubts about them."""

    city: str | None = None
    state: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_set(self) -> bool:
        """Whether a place was given at all."""
        return self.city is not None or self.state is not None

    def admits(self, place: Location) -> bool:
        """Whether a place of the text can lie within this one."""
        same_state = None in (self.state, place.state) or self.state == place.state
        same_city = None in (self.city, place.city) or city_key(self.city or "") == city_key(
            place.city or ""
        )
        return same_state and same_city


@dataclass(slots=True)
class _Understood:
    """What the rules found about companies, which is the same in both kinds of search."""

    keywords: Keywords = field(default_factory=Keywords)
    names: dict[str, None] = field(default_factory=dict)
    codes: Codes = field(default_factory=Codes)
    sizes: Range = field(default_factory=Range)
    places: Places = field(default_factory=Places)
    terms: Terms = field(default_factory=Terms)
    requested: int | None = None
    exclusions: list[tuple[int, int]] = field(default_factory=list)

    @property
    def describes_companies(self) -> bool:
        """Whether anything but an excluded phrase restricts the companies."""
        return bool(
            self.terms.industries
            or self.terms.excluded_industries
            or self.places.wanted
            or self.places.excluded
            or self.sizes.is_set
            or self.codes.sic
            or self.codes.naics
            or self.codes.excluded_sic
            or self.codes.excluded_naics
            or self.names
            or self.keywords.wanted
            or self.keywords.any_of
        )


def interpret_persons(
    q: str, *, location_city: str | None = None, location_state: str | None = None
) -> PersonInterpretation:
    """What a person search asks for, with everything that was not understood or is doubtful.

    ``location_city`` and ``location_state`` (code or full name) are filters beside the text.
    Raises ``DomainError`` (``invalid_input``) when ``q`` is blank, longer than ``MAX_QUERY_CHARS``,
    names an impossible code or holds nothing that is understood, and for an unknown state.
    """
    _check_text(q, f"describe the people you are looking for, for example {_PERSONS_EXAMPLE}.")
    return read_persons(Reading.of(q), given_place(location_city, location_state))


def interpret_companies(q: str) -> CompanyInterpretation:
    """What a company search asks for, with everything that was not understood or is doubtful.

    Raises ``invalid_input`` like :func:`interpret_persons`.
    """
    _check_text(q, f"describe the companies you are looking for, for example {_COMPANIES_EXAMPLE}.")
    return read_companies(Reading.of(q))


def _check_text(q: str, advice: str) -> None:
    if not q.strip():
        raise invalid("q", advice)
    # Compatibility forms may be longer: one ligature can stand for eighteen letters.
    if max(len(q), len(unicodedata.normalize("NFKC", q))) > MAX_QUERY_CHARS:
        raise invalid("q", f"must be at most {MAX_QUERY_CHARS:,} characters.")


def given_place(location_city: str | None, location_state: str | None) -> GivenPlace:
    """The place of the parameters ``location_city`` and ``location_state``; blank means absent.

    A known city takes its canonical spelling, and its state when it alone can be meant. Raises
    ``invalid_input`` for an unknown state and for a name that is too long.
    """
    city = " ".join((location_city or "").split())
    if len(city) > MAX_PLACE_CHARS:
        raise invalid("location_city", f"must be at most {MAX_PLACE_CHARS} characters.")
    state = None
    if location_state is not None and location_state.strip():
        short = location_state if len(location_state) <= MAX_PLACE_CHARS else ""
        state = state_code(short)
        if state is None:
            message = "must be a US state, as a code such as NV or a name such as Nevada."
            raise invalid("location_state", message)
    if not city:
        return GivenPlace(None, state)
    bearers = tuple(cities_named(city))
    within = tuple(bearer for bearer in bearers if state in (None, bearer.state))
    if not within:
        name = city if any(character.isupper() for character in city) else city.title()
        return GivenPlace(name, state, (unknown_city(name, state),))
    state = state or inferred_state(within)
    doubts = () if state else (ambiguous_city(within[0].name, within),)
    return GivenPlace(within[0].name, state, doubts)


def read_persons(reading: Reading, given: GivenPlace) -> PersonInterpretation:
    """Runs the rules on a reading; afterwards its ``rules`` name the rule of each word."""
    found, titles = _read_about_companies(reading, given, companies=False)
    terms = found.terms
    for title, excluded in titles:
        terms.add_title(title, excluded=excluded)
    read_leftovers(reading, found.keywords, companies=False, narrow=False)
    everyone = not terms.roles and read_everyone(reading, restricted=given.is_set)
    if not terms.roles and not everyone:
        read_free_titles(reading, terms, restricted=found.describes_companies)
    _add_unknown_places(reading, found.places)
    unparsed = _finish(reading, found)
    described = found.describes_companies
    if not (terms.roles or described or everyone or terms.excluded_roles):
        raise invalid(
            "q", f"names no role, industry, place or size that is known; try {_PERSONS_EXAMPLE}."
        )
    if not (terms.roles or described or given.is_set or terms.excluded_roles):
        check_everyone(reading, unparsed, _PERSONS_EXAMPLE)
    if not terms.roles and not everyone:
        reading.warnings.append("No role was named; everyone at the matching companies is meant.")
    _warn_of_contradictions(reading, found)
    return PersonInterpretation(
        roles=_bounded(_known_first(terms.roles), "roles", reading.warnings),
        industries=_bounded(terms.industries, "industries", reading.warnings),
        locations=_bounded(found.places.wanted, "places", reading.warnings),
        filters=_filters(reading, found, given),
        all_employees=not terms.roles,
        requested_records=found.requested,
        warnings=tuple(dict.fromkeys((*given.warnings, *reading.warnings))),
        unparsed=unparsed,
    )


def read_companies(reading: Reading) -> CompanyInterpretation:
    """Runs the rules on a reading; afterwards its ``rules`` name the rule of each word."""
    found, _ = _read_about_companies(reading, GivenPlace(), companies=True)
    terms = found.terms
    read_industries_of_roles(reading, terms)
    narrow = not terms.industries and (found.describes_companies or names_things(reading))
    read_leftovers(reading, found.keywords, companies=True, narrow=narrow)
    _add_unknown_places(reading, found.places)
    unparsed = _finish(reading, found)
    if not found.describes_companies:
        message = f"names no industry, place, size or code that is known; try {_COMPANIES_EXAMPLE}."
        raise invalid("q", message)
    _warn_of_contradictions(reading, found)
    if SAAS in terms.industries:
        reading.warnings.insert(0, SAAS_WARNING)
    return CompanyInterpretation(
        industries=_bounded(terms.industries, "industries", reading.warnings),
        locations=_bounded(found.places.wanted, "places", reading.warnings),
        filters=_filters(reading, found, GivenPlace()),
        requested_records=found.requested,
        warnings=tuple(dict.fromkeys(reading.warnings)),
        unparsed=unparsed,
    )


def _read_about_companies(
    reading: Reading, given: GivenPlace, *, companies: bool
) -> tuple[_Understood, list[tuple[str, bool]]]:
    """The rules of both kinds of search, in their order; and quoted titles."""
    found = _Understood()
    set_markup_aside(reading)
    read_background(reading)
    found.exclusions = mark_exclusions(reading)
    quoted = read_quotes(reading, found.keywords)
    found.names.update(dict.fromkeys(quoted.names))
    found.names.update(read_names(reading))
    read_mentions(reading, found.keywords)
    correct_typos(reading, protected_from_correction(reading))
    found.codes = read_codes(reading)
    found.sizes = read_sizes(reading)
    found.places = read_places(reading, given.state, quoted.places)
    read_size_words(reading, found.sizes)
    found.requested = read_count(reading)
    read_activities(reading, found.keywords)
    read_features(reading, found.keywords, companies=companies)
    found.terms = read_terms(reading, companies=companies)
    found.keywords.add(reading, found.terms.parts)
    return found, quoted.titles


def _add_unknown_places(reading: Reading, places: Places) -> None:
    for location, negated in read_unknown_places(reading):
        side = places.excluded if negated else places.wanted
        side.setdefault(location.key, location)


def _finish(reading: Reading, found: _Understood) -> tuple[str, ...]:
    """Takes the words of politeness; the words that nothing used."""
    for position, stem in enumerate(reading.stems):
        if stem in wording().fillers:
            reading.take(position, position + 1, FILLER_RULE)
    report_empty_exclusions(reading, found.exclusions)
    unparsed = tuple(
        word.text
        for word, rule in zip(reading.words, reading.rules, strict=True)
        if rule is None or rule == UNUSED
    )
    if unparsed:
        shown = ", ".join(f'"{word}"' for word in unparsed[:_REPORTED_WORDS_MAX])
        more = len(unparsed) - _REPORTED_WORDS_MAX
        rest = f" and {more} more." if more > 0 else "."
        reading.warnings.append(f"Not understood and not used: {shown}{rest}")
    return unparsed


def _warn_of_contradictions(reading: Reading, found: _Understood) -> None:
    for wanted, excluded in (
        (found.terms.roles, found.terms.excluded_roles),
        (found.terms.industries, found.terms.excluded_industries),
        (found.places.wanted, found.places.excluded),
    ):
        for key in wanted.keys() & excluded.keys():
            reading.warnings.append(f"{excluded[key].label} is both asked for and excluded.")


def _filters(reading: Reading, found: _Understood, given: GivenPlace) -> Filters:
    warnings = reading.warnings
    city, state = _one_place(list(found.places.wanted.values()), given, warnings)
    terms = found.terms
    return Filters(
        company_city=city,
        company_state=state,
        employee_count_min=found.sizes.low,
        employee_count_max=found.sizes.high,
        sic=_bounded({code: code for code in found.codes.sic}, "codes", warnings, MAX_TERMS),
        naics=_bounded({code: code for code in found.codes.naics}, "codes", warnings, MAX_TERMS),
        excluded_sic=tuple(found.codes.excluded_sic)[:MAX_TERMS],
        excluded_naics=tuple(found.codes.excluded_naics)[:MAX_TERMS],
        keywords=bounded_keywords(reading, found.keywords.wanted),
        keywords_any=bounded_keywords(reading, found.keywords.any_of),
        company_names=tuple(found.names)[:MAX_TERMS],
        excluded_roles=_bounded(_known_first(terms.excluded_roles), "excluded roles", warnings),
        excluded_industries=_bounded(terms.excluded_industries, "excluded industries", warnings),
        excluded_locations=_bounded(found.places.excluded, "excluded places", warnings),
        excluded_keywords=bounded_keywords(reading, found.keywords.excluded),
    )


def _one_place(
    places: list[Location], given: GivenPlace, warnings: list[str]
) -> tuple[str | None, str | None]:
    """City and state of the filters: what the parameters say, else the one place of the text."""
    admitted = [place for place in places if given.admits(place)]
    if places and not admitted:
        named = ", ".join(place.label for place in places[:5])
        warnings.append(f"The query names {named}, the location filter another place; both apply.")
    if len(places) == 1 and admitted:
        return given.city or places[0].city, given.state or places[0].state
    return given.city, given.state


def _known_first(terms: dict[str, RoleTerm]) -> dict[str, RoleTerm]:
    """Roles of the dictionary before words of titles, whatever their order in the text."""
    return dict(sorted(terms.items(), key=lambda item: item[1].role is None))


def _bounded[T](
    terms: dict[str, T], kind: str, warnings: list[str], most: int = MAX_LISTED
) -> tuple[T, ...]:
    if len(terms) > most:
        warnings.append(f"Only the first {most} {kind} are used.")
    return tuple(terms.values())[:most]
