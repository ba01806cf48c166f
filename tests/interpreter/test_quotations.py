"""What stands in quotation marks."""

import pytest

from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.interpreter.parser import interpret_companies, interpret_persons


def titles(found: PersonInterpretation) -> list[str]:
    return [term.label for term in found.roles if term.role is None]


def test_titles_of_a_list_are_titles_all() -> None:
    found = interpret_persons(
        'people with the title "Zamboni Driver", "Ice Maker" or "Skate Guard"'
    )
    assert titles(found) == ["Zamboni Driver", "Ice Maker", "Skate Guard"]
    assert found.filters.keywords == ()


def test_names_of_a_list_are_names_all() -> None:
    found = interpret_companies('companies named "Acme" or "Banks & Sons"')
    assert found.filters.company_names == ("Acme", "Banks & Sons")
    assert found.industries == ()


@pytest.mark.parametrize(
    ("q", "keys"),
    [
        ('owners in the city of "Gotham"', ["city:gotham"]),
        ('owners in the city of "Gotham", NV', ["city:gotham,NV"]),
        ('owners in the city of "Law Firms" or in Boise', ["city:law-firms", "city:boise,ID"]),
        ('owners in Boise or in the city of "Media"', ["city:boise,ID", "city:media"]),
    ],
)
def test_a_quoted_city_is_a_city_whatever_its_name(q: str, keys: list[str]) -> None:
    found = interpret_persons(q)
    assert [place.key for place in found.locations] == keys
    assert found.industries == ()


def test_an_unlisted_city_is_told() -> None:
    warnings = interpret_persons('owners in the city of "Gotham", NV').warnings
    assert any("Gotham is not a known city in Nevada" in warning for warning in warnings)


def test_an_excluded_city_is_excluded() -> None:
    found = interpret_persons('owners; not in the city of "Gotham", NV')
    assert [place.key for place in found.filters.excluded_locations] == ["city:gotham,NV"]
    assert found.locations == ()


@pytest.mark.parametrize(
    ("q", "roles"),
    [
        ('"VP of Sales", Texas, SaaS', ["vp_sales"]),
        ('"marketing directors" at banks', ["director_marketing"]),
        ('"owner" in Boise', ["owner"]),
    ],
)
def test_a_role_in_quotation_marks_is_a_role(q: str, roles: list[str]) -> None:
    found = interpret_persons(q)
    assert [term.role for term in found.roles] == roles
    assert found.filters.keywords == ()


def test_a_quoted_sentence_asks_for_nothing() -> None:
    found = interpret_persons('owners; title "we need a list of us"; in Boise')
    assert titles(found) == ["we need a list of us"]


def test_an_apostrophe_at_the_end_of_a_word_joins_nothing() -> None:
    found = interpret_companies('companies mentioning "owners\' clubs"')
    assert found.filters.keywords == ("owners clubs",)
