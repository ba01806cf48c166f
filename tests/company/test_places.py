"""States and cities by every name that people use for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.company.places import (
    cities,
    cities_named,
    city_key,
    fold,
    state_code,
    states,
    words_of_places,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NV", "NV"),
        ("nv", "NV"),
        (" Nevada ", "NV"),
        ("NEW YORK", "NY"),
        ("new  york", "NY"),
        ("West Virginia", "WV"),
        ("District of Columbia", "DC"),
        ("DC", "DC"),
        ("Nevad", None),
        ("ZZ", None),
        ("", None),
        ("PR", None),
    ],
)
def test_state_codes(text: str, code: str | None) -> None:
    assert state_code(text) == code


def test_there_are_fifty_states_and_the_district() -> None:
    assert len(states()) == 51
    assert states()["NV"] == "Nevada"


@pytest.mark.parametrize(
    ("text", "name", "state"),
    [
        ("las vegas", "Las Vegas", "NV"),
        ("Cañon City", "Cañon City", "CO"),
        ("CANON CITY", "Cañon City", "CO"),
        ("St. Louis", "St. Louis", "MO"),
        ("saint louis", "St. Louis", "MO"),
        ("St Paul", "Saint Paul", "MN"),
        ("New York", "New York", "NY"),
        ("New York City", "New York", "NY"),
        ("NYC", "New York", "NY"),
        ("Coeur d’Alene", "Coeur d'Alene", "ID"),
        ("winston salem", "Winston-Salem", "NC"),
        ("Portland", "Portland", "OR"),
        ("Springfield", "Springfield", "MO"),
    ],
)
def test_the_largest_city_of_a_name_comes_first(text: str, name: str, state: str) -> None:
    found = cities_named(text)
    assert (found[0].name, found[0].state) == (name, state)
    populations = [city.population for city in found]
    assert populations == sorted(populations, reverse=True)


def test_an_unknown_city_has_no_bearers() -> None:
    assert list(cities_named("Smallville")) == []
    assert list(cities_named("")) == []


def test_all_cities_lie_in_known_states_and_are_found_by_their_names() -> None:
    assert len(cities()) > 3_000
    assert all(city.state in states() and city.population > 0 for city in cities())
    assert all(city in cities_named(city.name) for city in cities())


def test_the_longest_name_of_each_first_word_is_known() -> None:
    longest = words_of_places()
    for city in cities():
        words = fold(city.name).split()
        assert longest[words[0]] >= len(words)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("New York", "NYC"),
        ("St. Louis", "Saint Louis"),
        ("Cañon City", "canon  city"),
        ("Winston-Salem", "winston salem"),
    ],
)
def test_spellings_of_one_city_compare_equal(one: str, other: str) -> None:
    assert city_key(one) == city_key(other)


@given(st.text(max_size=60))
def test_folding_is_stable_and_places_never_fail(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert city_key(city_key(text)) == city_key(text)
    code = state_code(text)
    assert code is None or code in states()
    assert all(city in cities() for city in cities_named(text))
