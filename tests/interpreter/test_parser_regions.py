"""Regions, nicknames and abbreviations of places, and lists that share a rank or a department."""

import pytest

from api.domain.company.places import cities_named, states
from api.domain.company.regions import regions_by_name
from api.domain.interpreter.interpretation import MAX_TERMS
from api.domain.interpreter.parser import interpret_companies, interpret_persons


def places(q: str) -> list[str]:
    return [place.label for place in interpret_persons(q).locations]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("owners throughout the Carolinas", ["North Carolina", "South Carolina"]),
        ("owners on the West Coast", ["California", "Oregon", "Washington"]),
        ("Pacific Northwest founders", ["Washington", "Oregon", "Idaho"]),
        ("CEOs from the Lone Star State", ["Texas"]),
        ("CEOs in the Windy City", ["Chicago, IL"]),
        ("CEOs in the Twin Cities", ["Minneapolis, MN", "Saint Paul, MN"]),
        ("CEOs in N. Dakota and S. Dakota", ["North Dakota", "South Dakota"]),
        ("CEOs in W. Virginia", ["West Virginia"]),
        ("CEOs in Cambridge, Mass.", ["Cambridge, MA"]),
        ("Calif. wineries CEOs", ["California"]),
        ("CEOs / Austin / TX", ["Austin, TX"]),
        ("CEOs | Austin | TX", ["Austin, TX"]),
        ("CEOs in Oregon, Washington and California", ["Oregon", "Washington", "California"]),
        ("CEOs in the DMV", ["District of Columbia", "Maryland", "Virginia"]),
    ],
)
def test_places_by_other_names(q: str, expected: list[str]) -> None:
    assert places(q) == expected


def test_a_region_says_what_it_was_read_as_and_may_be_excluded() -> None:
    found = interpret_companies("breweries not in New England")
    assert len(found.filters.excluded_locations) == 6
    assert any('"New England" was read as Connecticut' in each for each in found.warnings)


def test_every_region_consists_of_known_places() -> None:
    for region in regions_by_name().values():
        assert 1 <= len(region.places) <= MAX_TERMS
        for city, state in region.places:
            assert state in states()
            assert city is None or state in {bearer.state for bearer in cities_named(city)}, city


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("marketing managers and directors", ["manager_marketing", "director_marketing"]),
        ("vp/svp/evp of finance", ["vp_finance", "svp_finance", "evp_finance"]),
        ("head of finance or finance director", ["head_finance", "director_finance"]),
        ("sales managers and VPs of marketing", ["manager_sales", "vp_marketing"]),
    ],
)
def test_ranks_and_departments_of_lists(q: str, expected: list[str]) -> None:
    assert [term.role for term in interpret_persons(q).roles] == expected


@pytest.mark.parametrize(
    ("q", "low", "high"),
    [
        ("companies with one to five employees in Ohio", 1, 5),
        ("law firms with employees between 10 and 50", 10, 50),
        ("law firms with more then 500 employes", 501, None),
        ("enterprise companies in Ohio", 1_000, None),
        ("enterprise software companies in Ohio", None, None),
    ],
)
def test_sizes_in_other_words(q: str, low: int | None, high: int | None) -> None:
    filters = interpret_companies(q).filters
    assert (filters.employee_count_min, filters.employee_count_max) == (low, high)


def test_the_first_hundred_is_a_count() -> None:
    assert interpret_persons("get the first hundred owners in Ohio").requested_records == 100
