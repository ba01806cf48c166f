"""Places in queries and beside them: states, cities, and names that are both or neither."""

import pytest

from api.domain.company.places import states
from api.domain.company.regions import regions_by_name
from api.domain.interpreter.interpretation import MAX_LISTED, Filters, Location
from api.domain.interpreter.parser import interpret_persons
from api.errors import DomainError


def places(q: str) -> list[str]:
    return [place.label for place in interpret_persons(q).locations]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("CEOs in Texas and Nevada", ["Texas", "Nevada"]),
        ("CEOs in texas, nevada or idaho", ["Texas", "Nevada", "Idaho"]),
        ("CEOs in TX", ["Texas"]),
        ("CEOs in tx", ["Texas"]),
        ("business owners in ID", ["Idaho"]),
        ("nurses OR doctors in OR", ["Oregon"]),
        ("CEO tx", ["Texas"]),
        ("VP Sales, Texas", ["Texas"]),
        ("West Virginia bankers in West Virginia", ["West Virginia"]),
        ("owners in the state of Nevada", ["Nevada"]),
        ("Nevada-based owners", ["Nevada"]),
        ("owners based in Boise, ID", ["Boise, ID"]),
        ("CEOs in Portland, Oregon", ["Portland, OR"]),
        ("CEOs in Portland Maine", ["Portland, ME"]),
        ("CEO'S IN BOISE!!", ["Boise, ID"]),
        ("realtors in Washington, DC", ["Washington, DC"]),
        ("realtors in Washington D.C.", ["Washington, DC"]),
        ("owners in New York City", ["New York, NY"]),
        ("owners in NYC", ["New York, NY"]),
        ("owners in St. Louis", ["St. Louis, MO"]),
        ("owners in saint louis", ["St. Louis, MO"]),
        ("owners in Canon City", ["Cañon City, CO"]),
        ("owners in Cañon City", ["Cañon City, CO"]),
        ("owners in Coeur d'Alene", ["Coeur d'Alene, ID"]),
        ("owners in Winston-Salem", ["Winston-Salem, NC"]),
        ("dentists in Reno or Denver", ["Reno, NV", "Denver, CO"]),
        ("CEOs in Portland, Maine and Boise", ["Portland, ME", "Boise, ID"]),
        ("Mobile, Alabama roofers", ["Mobile, AL"]),
        ("CEOs in Mobile", ["Mobile, AL"]),
        ("mobile app developers", []),
        ("owners in Orange County, Florida", ["Orange County, FL"]),
        ("owners in Jackson County", ["Jackson County"]),
        ("owners in Las Vegas, Texas", ["Las Vegas, TX"]),
        ("owners in Gotham", ["Gotham"]),
        ("CEOs in energy", []),
    ],
)
def test_places(q: str, expected: list[str]) -> None:
    assert places(q) == expected


def test_one_place_becomes_filters_and_several_do_not() -> None:
    one = interpret_persons("CEOs in Boise").filters
    assert (one.company_city, one.company_state) == ("Boise", "ID")
    several = interpret_persons("CEOs in Boise and Reno").filters
    assert (several.company_city, several.company_state) == (None, None)


def test_a_city_of_several_states_keeps_its_state_open() -> None:
    found = interpret_persons("restaurant owners in Springfield")
    assert found.locations == (Location("city:springfield", "Springfield", "Springfield", None),)
    assert found.filters.company_state is None
    assert any("several states" in warning for warning in found.warnings)


def test_the_only_sizeable_city_of_a_name_infers_its_state() -> None:
    found = interpret_persons("CEOs in Portland")
    assert found.filters.company_state == "OR"
    assert found.warnings == ()


def test_names_of_both_a_state_and_a_city() -> None:
    found = interpret_persons("CEOs in Washington")
    assert found.filters == Filters(company_state="WA")
    assert found.warnings == ("Washington was read as the state, not as the city.",)
    assert interpret_persons("CEOs in Washington state").warnings == ()


def test_an_unknown_city_is_used_as_it_was_given() -> None:
    known = interpret_persons("owners in Kellogg, Idaho")
    assert (known.filters.company_city, known.filters.company_state) == ("Kellogg", "ID")
    assert any("not a known city in Idaho" in warning for warning in known.warnings)
    unknown = interpret_persons("CEOs in Smallville")
    assert unknown.locations == (Location("city:smallville", "Smallville", "Smallville", None),)
    assert unknown.unparsed == ()


def test_terms_are_limited_in_number() -> None:
    every_state = ", ".join(states().values())
    regions = [region.names[0] for region in regions_by_name().values() if len(region.places) > 20]
    found = interpret_persons(
        f"CEOs in {every_state} or in {' or in '.join(dict.fromkeys(regions))}"
    )
    assert len(found.locations) == MAX_LISTED
    assert f"Only the first {MAX_LISTED} places are used." in found.warnings


def test_all_states_and_two_regions_are_not_too_many() -> None:
    every_state = interpret_persons("CEOs in " + ", ".join(states().values()))
    assert len(every_state.locations) == len(states())
    regions = interpret_persons("CEOs in the Midwest or the East Coast")
    assert len(regions.locations) == 28
    assert not any("Only the first" in each for each in (*every_state.warnings, *regions.warnings))


def test_place_filters_beside_the_text() -> None:
    found = interpret_persons("owners", location_city=" las vegas ", location_state="Nevada")
    assert found.filters == Filters(company_city="Las Vegas", company_state="NV")
    assert found.locations == ()
    inferred = interpret_persons("owners", location_city="las vegas")
    assert inferred.filters.company_state == "NV"
    open_state = interpret_persons("owners", location_city="Springfield")
    assert open_state.filters == Filters(company_city="Springfield")
    assert any("several states" in warning for warning in open_state.warnings)
    blank = interpret_persons("owners", location_city=" ", location_state="")
    assert blank.filters == Filters()


def test_an_unknown_city_filter_is_kept_as_given() -> None:
    found = interpret_persons("owners", location_city="upper gotham", location_state="NV")
    assert found.filters == Filters(company_city="Upper Gotham", company_state="NV")
    expected = "Upper Gotham is not a known city in Nevada; the name was used as it was given."
    assert found.warnings == (expected,)


def test_place_filters_and_another_place_in_the_text_both_apply() -> None:
    found = interpret_persons("owners in Texas", location_state="NV")
    assert found.locations == (Location("state:TX", "Texas", None, "TX"),)
    assert found.filters == Filters(company_state="NV")
    assert any("both apply" in warning for warning in found.warnings)


def test_a_state_filter_settles_the_city_of_the_text() -> None:
    found = interpret_persons("owners in Portland", location_state="ME")
    assert found.filters == Filters(company_city="Portland", company_state="ME")
    assert found.warnings == ()


@pytest.mark.parametrize("state", ["Nirvana", "ZZ", "N", "N" * 1000, "Nevada, USA or so"])
def test_an_unknown_state_filter_is_refused(state: str) -> None:
    with pytest.raises(DomainError) as refused:
        interpret_persons("owners", location_state=state)
    assert [problem.argument for problem in refused.value.problems] == ["location_state"]


def test_a_city_filter_that_is_too_long_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        interpret_persons("owners", location_city="x" * 101)
    assert [problem.argument for problem in refused.value.problems] == ["location_city"]


def test_a_state_is_not_the_region_its_name_begins_with() -> None:
    read = interpret_persons("CFOs in North Carolina or South Carolina")
    assert [place.state for place in read.locations] == ["NC", "SC"]


@pytest.mark.parametrize("q", ["CEOs in Lee's Summit", "CEOs in Lee’s Summit"])
def test_possessive_names_of_cities(q: str) -> None:
    assert [place.label for place in interpret_persons(q).locations] == ["Lee's Summit, MO"]
