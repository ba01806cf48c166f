"""What holds for every text, sensible or not."""

import re
import unicodedata
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.company.industries import industries
from api.domain.company.places import states
from api.domain.interpreter.interpretation import (
    MAX_LISTED,
    MAX_TERMS,
    CompanyInterpretation,
    PersonInterpretation,
)
from api.domain.interpreter.lexer import singular_phrase
from api.domain.interpreter.parser import (
    MAX_QUERY_CHARS,
    GivenPlace,
    given_place,
    interpret_companies,
    interpret_persons,
    read_companies,
    read_persons,
)
from api.domain.interpreter.quantities import NUMBER_MAX
from api.domain.interpreter.reading import UNUSED, Reading
from api.domain.interpreter.render import render
from api.domain.interpreter.serialisation import as_json, companies_from_json, persons_from_json
from api.domain.interpreter.terms import industry_term, role_term
from api.domain.interpreter.typos import correction
from api.domain.person.roles import roles
from api.errors import DomainError

# Words that the rules know, in any order and with anything between them.
KNOWN_WORDS = """
CEOs cfo VP of sales and marketing directors level above heads HR decision makers owners founder
partners at law firms SaaS companies banks breweries in Texas NV Las Vegas Portland, Oregon New York
City with 50+ employees more than fewer between 11 and 50 10-50 at least 1,000 give me 25 top first
two hundred all everyone people who work at not excluding without except in charge of leading small
large & / ( ) ; - + dozen million mentioning craft beer that handle "estate planning" SIC 8111
NAICS 541110 except outside Owner Media employees named Acme resturants Nevda founders using non no
product owners growth hackers La OR IN id County staff members
"""
ANYTHING = st.text(max_size=MAX_QUERY_CHARS + 5)
WORDED = st.lists(st.sampled_from(KNOWN_WORDS.split()), max_size=30).map(" ".join)
MIXED = st.lists(st.sampled_from(KNOWN_WORDS.split()) | st.text(max_size=8), max_size=30).map(
    " ".join
)
# What stands in no dictionary, in the places where titles, cities, names and phrases stand.
UNLISTED_WORDS = """
Gotham Smallville We need Our list us Reading Media sales Not or and the growth hackers in at
Brüssel O'Fallon St. A.B. c++ 10k 24/7 e-Commerce ZZ IN ΑΣ İzmir ﬁns ½ 東京 wombats OWNER
"""
UNLISTED = st.text(max_size=12) | st.lists(
    st.sampled_from(UNLISTED_WORDS.split()), min_size=1, max_size=4
).map(" ".join)
FRAMES = st.sampled_from(
    [
        *("in {}", "near {}, NV", "{} in Texas", "in the city of {}", "not in {}", "at {}"),
        *('title "{}"', '"{}"', "{} or {}", "{} managers at banks", "assistants to the {}"),
        *("mentioning {} or {}", "{} companies", "named {}"),
        *("not {}", "excluding {}", "without {} or {}"),
    ]
)
FRAMED = st.lists(
    st.tuples(FRAMES, UNLISTED, UNLISTED).map(lambda each: each[0].format(*each[1:])),
    min_size=1,
    max_size=4,
).flatmap(lambda parts: st.sampled_from((" ", "; ", ", ")).map(lambda joint: joint.join(parts)))
QUERIES = ANYTHING | WORDED | MIXED | FRAMED


def read_or_refused(q: str) -> PersonInterpretation | None:
    try:
        return interpret_persons(q)
    except DomainError:
        return None


def companies_or_refused(q: str) -> CompanyInterpretation | None:
    try:
        return interpret_companies(q)
    except DomainError:
        return None


def typed_words(q: str) -> set[str]:
    """The words of a text in every form in which an interpretation may give them back."""
    words = [word.text for word in Reading.of(q).words]
    return {form for word in words for form in (word, word.lower(), singular_phrase([word]))}


def is_typed(phrase: str, q: str) -> bool:
    """Whether a phrase consists of words of the query, the last one perhaps in the singular."""
    known = typed_words(q)
    known |= {correction(word) or word for word in known}
    known |= {singular_phrase([word]) for word in known}
    lowered = {word.lower() for word in known}
    return all(word.text.lower() in lowered for word in Reading.of(phrase).words)


@given(QUERIES)
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_or_refused_and_always_alike(q: str) -> None:
    assert read_or_refused(q) == read_or_refused(q)


@given(ANYTHING, ANYTHING, ANYTHING)
@settings(deadline=None, max_examples=100)
def test_any_place_filter_is_read_or_refused(q: str, city: str, state: str) -> None:
    try:
        found = interpret_persons(f"CEOs {q}", location_city=city, location_state=state)
    except DomainError:
        return
    assert found.filters.company_state is None or found.filters.company_state in states()


@given(QUERIES)
@settings(deadline=None, max_examples=300)
def test_every_word_is_consumed_by_one_rule_or_reported(q: str) -> None:
    for read in (lambda text: read_persons(text, GivenPlace()), read_companies):
        reading = Reading.of(q)
        try:
            found = read(reading)
        except DomainError:
            continue
        left = [
            word.text
            for word, rule in zip(reading.words, reading.rules, strict=True)
            if rule in (None, UNUSED)
        ]
        assert list(found.unparsed) == left
        said = any(warning.startswith("Not understood") for warning in found.warnings)
        assert bool(found.unparsed) == said


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
@settings(deadline=None, max_examples=200)
def test_no_word_of_the_text_is_lost(q: str) -> None:
    ascii_words = re.findall(r"(?<![^\W_])[a-z]+(?![^\W_])", q.casefold())
    typed = " ".join(word.text for word in Reading.of(q).words).casefold()
    assert all(word in typed for word in ascii_words)


@given(QUERIES)
@settings(deadline=None, max_examples=300)
def test_the_answer_is_bounded_and_comes_from_the_dictionaries(q: str) -> None:
    found = read_or_refused(q)
    if found is None:
        return
    assert max(len(found.roles), len(found.industries), len(found.locations)) <= MAX_LISTED
    assert sum(role.role is None for role in found.roles) <= MAX_TERMS
    for role in found.roles:
        assert role.role in roles() or is_typed(role.label, q)
    assert all(industry.industry in industries() for industry in found.industries)
    assert all(place.state is None or place.state in states() for place in found.locations)
    filters = found.filters
    low, high = filters.employee_count_min or 0, filters.employee_count_max
    assert 0 <= low <= NUMBER_MAX + 1
    assert high is None or 0 <= high <= NUMBER_MAX
    assert low <= (high or low) or any("nothing is found" in each for each in found.warnings)
    assert found.requested_records is None or 1 <= found.requested_records <= NUMBER_MAX
    assert found.all_employees == (not found.roles)


@given(QUERIES)
@settings(deadline=None, max_examples=300)
def test_every_phrase_code_and_name_stands_in_the_text(q: str) -> None:
    for found in (read_or_refused(q), companies_or_refused(q)):
        if found is None:
            continue
        filters = found.filters
        for phrase in (*filters.keywords, *filters.excluded_keywords, *filters.company_names):
            assert is_typed(phrase, q), phrase
        digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", q))
        for code in (*filters.sic, *filters.naics):
            assert code in digits


@given(QUERIES)
@settings(deadline=None, max_examples=300)
def test_every_interpretation_is_one_that_could_be_stored(q: str) -> None:
    persons, companies = read_or_refused(q), companies_or_refused(q)
    if persons is not None:
        assert persons_from_json(as_json(persons)) == persons
    if companies is not None:
        assert companies_from_json(as_json(companies)) == companies


@given(st.sampled_from(sorted(roles())), st.sampled_from(sorted(industries())))
@settings(deadline=None, max_examples=200)
def test_each_role_and_industry_is_found_by_its_own_names(role_key: str, industry_key: str) -> None:
    role, industry = roles()[role_key], industries()[industry_key]
    # A written role goes before the product of a level and a function of the same name.
    namesakes = {key for key, other in roles().items() if other.short.lower() == role.short.lower()}
    found = interpret_persons(f"{role.short} at {industry.names[0]} in Texas")
    assert namesakes & {term.role for term in found.roles}
    assert industry_key in {term.industry for term in found.industries}
    assert found.filters.company_state == "TX"
    assert found.unparsed == ()


def test_no_place_given_is_no_filter() -> None:
    assert given_place(None, None) == GivenPlace()


def bare[T: (PersonInterpretation, CompanyInterpretation)](found: T) -> T:
    """Without the remarks about the text that it came from."""
    return replace(found, warnings=(), unparsed=())


@given(QUERIES)
@settings(deadline=None, max_examples=500)
def test_the_rendering_of_an_interpretation_gives_it_back(q: str) -> None:
    persons, companies = read_or_refused(q), companies_or_refused(q)
    if persons is not None and len(render(persons)) <= MAX_QUERY_CHARS:
        assert bare(interpret_persons(render(persons))) == bare(persons)
    if companies is not None and len(render(companies)) <= MAX_QUERY_CHARS:
        assert bare(interpret_companies(render(companies))) == bare(companies)


@given(st.lists(st.sampled_from(sorted(roles())), min_size=1, max_size=5, unique=True))
@settings(deadline=None, max_examples=200)
def test_the_rendering_of_every_role_gives_it_back(keys: list[str]) -> None:
    found = PersonInterpretation(roles=tuple(map(role_term, keys)))
    assert bare(interpret_persons(render(found))) == found


@given(st.lists(st.sampled_from(sorted(industries())), min_size=1, max_size=5, unique=True))
@settings(deadline=None, max_examples=200)
def test_the_rendering_of_every_industry_gives_it_back(keys: list[str]) -> None:
    found = CompanyInterpretation(industries=tuple(map(industry_term, keys)))
    assert bare(interpret_companies(render(found))) == found
