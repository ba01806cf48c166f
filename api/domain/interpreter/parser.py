"""Natural-language person queries, understood without a model: each word by exactly one rule.

The rules run in a fixed order, each on the words that are still free: head counts, exclusions,
places, size words, the requested count, roles and industries, "all employees", free titles, words
of politeness. What is left is reported as ``unparsed``. Nothing but the dictionaries is kept
between calls, so the same text always gives the same interpretation.
"""

import unicodedata
from dataclasses import dataclass

from api.domain.company.places import cities_named, city_key, state_code
from api.domain.interpreter.geography import (
    PLACE_RULE,
    ambiguous_city,
    inferred_state,
    read_places,
    unknown_city,
)
from api.domain.interpreter.interpretation import (
    DYNAMIC_ROLE,
    MAX_TERMS,
    Filters,
    Location,
    PersonInterpretation,
    RoleTerm,
)
from api.domain.interpreter.lexer import singular_phrase
from api.domain.interpreter.quantities import read_count, read_size_words, read_sizes
from api.domain.interpreter.reading import UNUSED, Reading
from api.domain.interpreter.terms import INDUSTRY_RULE, read_terms
from api.domain.interpreter.vocabulary import vocabulary, wording
from api.errors import invalid

MAX_QUERY_CHARS = 1_000
MAX_PLACE_CHARS = 100
# Of a title that is in no dictionary, when its last word names bearers ("happiness officers").
TITLE_WORDS_MAX = 3

EVERYONE_RULE = "all_employees"
TITLE_RULE = "free_title"
FILLER_RULE = "filler"

_EXAMPLE = "'CMOs of SaaS companies in Nevada with 50+ employees'"
_COMPANY_RULES = frozenset({INDUSTRY_RULE, PLACE_RULE})
_PLURAL_AGENTS = ("ers", "ors", "ists", "ians", "men", "ants")
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


def interpret_persons(
    q: str, *, location_city: str | None = None, location_state: str | None = None
) -> PersonInterpretation:
    """What a query asks for, with everything that was not understood or is doubtful.

    ``location_city`` and ``location_state`` (code or full name) are filters beside the text.
    Raises ``DomainError`` (``invalid_input``) when ``q`` is blank, longer than ``MAX_QUERY_CHARS``,
    contradicts itself or holds nothing that is understood, and for an unknown state.
    """
    if not q.strip():
        raise invalid("q", f"describe the people you are looking for, for example {_EXAMPLE}.")
    # Compatibility forms may be longer: one ligature can stand for eighteen letters.
    if max(len(q), len(unicodedata.normalize("NFKC", q))) > MAX_QUERY_CHARS:
        raise invalid("q", f"must be at most {MAX_QUERY_CHARS:,} characters.")
    return read(Reading.of(q), given_place(location_city, location_state))


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


def read(reading: Reading, given: GivenPlace) -> PersonInterpretation:
    """Runs the rules on a reading; afterwards its ``rules`` name the rule of each word."""
    sizes = read_sizes(reading)
    _set_exclusions_aside(reading)
    places = read_places(reading, given.state)
    read_size_words(reading, sizes)
    requested = read_count(reading)
    terms = read_terms(reading)
    roles = list(terms.roles.values())
    named_everyone = not roles and _read_everyone(reading, restricted=given.is_set)
    restricted = bool(terms.industries or places or sizes.is_set)
    if not roles and not named_everyone:
        roles = _read_free_titles(reading, restricted=restricted)
    _take_fillers(reading)
    unparsed = tuple(
        word.text
        for word, rule in zip(reading.words, reading.rules, strict=True)
        if rule is None or rule == UNUSED
    )
    if not (roles or restricted or named_everyone):
        raise invalid("q", f"names no role, industry, place or size that is known; try {_EXAMPLE}.")
    if not (roles or restricted or given.is_set):
        _check_everyone(reading, unparsed)
    if not roles and not named_everyone:
        reading.warnings.append("No role was named; everyone at the matching companies is meant.")
    if unparsed:
        reading.warnings.append(_unparsed_warning(unparsed))
    city, state = _one_place(places, given, reading.warnings)
    return PersonInterpretation(
        roles=_bounded(roles, "roles", reading.warnings),
        industries=_bounded(list(terms.industries.values()), "industries", reading.warnings),
        locations=_bounded(places, "places", reading.warnings),
        filters=Filters(city, state, sizes.low, sizes.high),
        all_employees=not roles,
        requested_records=requested,
        warnings=tuple(dict.fromkeys((*given.warnings, *reading.warnings))),
        unparsed=unparsed,
    )


def _set_exclusions_aside(reading: Reading) -> None:
    """Keeps "not in California" from being read as "in California"; it is reported as unused."""
    known = vocabulary()
    position = 0
    while position < len(reading.words):
        other_than = reading.stem(position) == "other" and reading.stem(position + 1) == "than"
        excludes = reading.stem(position) in wording().exclusions or other_than
        # "Not-for-profits" and "outside sales reps" exclude nothing.
        name = reading.match(known.industry_names, position)
        role = reading.match(known.roles, position)
        length = max(name[0] if name else 0, role[0] if role else 0)
        if length or not excludes or not reading.is_free(position):
            position += length or 1
            continue
        stop = position + 1
        while reading.is_free(stop) and not reading.words[stop].breaks:
            if reading.stem(stop) in wording().clause_starts:
                break
            stop += 1
        typed = " ".join(word.text for word in reading.words[position:stop])
        reading.warnings.append(f'Exclusions are not applied: "{typed}".')
        reading.take(position, stop, UNUSED)
        position = stop


def _read_everyone(reading: Reading, *, restricted: bool) -> bool:
    """Whether "all employees", "everyone who works at" or "people in" asks for all roles."""
    found = False
    for position, stem in enumerate(reading.stems):
        if stem not in wording().people or not reading.is_free(position):
            continue
        before = reading.stems[max(0, position - 3) : position]
        explicit = stem in wording().everyone or not wording().all.isdisjoint(before)
        after = position + 1
        at_end = after == len(reading.words)
        linked = not at_end and (
            reading.stem(after) in wording().employed_at or reading.rules[after] == PLACE_RULE
        )
        ends = position > 0 and at_end and reading.rules[position - 1] in _COMPANY_RULES
        if linked or ends or (at_end and (explicit or restricted)):
            reading.take(position, after, EVERYONE_RULE)
            found = True
    return found


def _check_everyone(reading: Reading, unparsed: tuple[str, ...]) -> None:
    """Refuses "all employees at <words not understood>", which would mean everybody there is."""
    if unparsed:
        raise invalid(
            "q",
            "the companies are not understood (names of companies are not searched); name an "
            f"industry, a place or a size, for example {_EXAMPLE}.",
        )
    reading.warnings.append("No industry, place or size was named; everyone in the data is meant.")


def _read_free_titles(reading: Reading, *, restricted: bool) -> list[RoleTerm]:
    """One or two plain words where a role stands: "growth hackers in Texas", "Texas arborists"."""
    start = 0
    while start < len(reading.words):
        stop = start
        while reading.is_free(stop) and _is_plain(reading, stop):
            stop += 1
            if stop < len(reading.words) and reading.words[stop].breaks:
                break
        if stop > start and _is_title(reading, start, stop, restricted=restricted):
            label = singular_phrase([word.text for word in reading.words[start:stop]])
            reading.take(start, stop, TITLE_RULE)
            reading.warnings.append(f'"{label}" is no known role; it was matched in titles.')
            return [RoleTerm(DYNAMIC_ROLE, label, None)]
        start = max(stop, start + 1)
    return []


def _is_plain(reading: Reading, position: int) -> bool:
    word = reading.words[position]
    return word.text.isalpha() and len(word.text) > 1 and word.stem not in wording().fillers


def _is_title(reading: Reading, start: int, stop: int, *, restricted: bool) -> bool:
    last = reading.words[stop - 1]
    known = vocabulary()
    if (last.stem,) in known.industry_adjectives or (last.stem,) in known.functions:
        return False
    names_bearers = last.fold.endswith(_PLURAL_AGENTS)
    if stop - start > (TITLE_WORDS_MAX if names_bearers else TITLE_WORDS_MAX - 1):
        return False
    ends = stop == len(reading.words) or reading.words[stop].breaks
    if ends and names_bearers:
        return restricted or start == 0
    links = reading.stem(stop) in wording().employed_at or (
        stop < len(reading.words) and not reading.is_free(stop)
    )
    return restricted and links


def _take_fillers(reading: Reading) -> None:
    for position, stem in enumerate(reading.stems):
        if stem in wording().fillers:
            reading.take(position, position + 1, FILLER_RULE)


def _unparsed_warning(unparsed: tuple[str, ...]) -> str:
    shown = ", ".join(f'"{word}"' for word in unparsed[:_REPORTED_WORDS_MAX])
    more = len(unparsed) - _REPORTED_WORDS_MAX
    return f"Not understood and not used: {shown}" + (f" and {more} more." if more > 0 else ".")


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


def _bounded[T](terms: list[T], kind: str, warnings: list[str]) -> tuple[T, ...]:
    if len(terms) > MAX_TERMS:
        warnings.append(f"Only the first {MAX_TERMS} {kind} are used.")
    return tuple(terms[:MAX_TERMS])
