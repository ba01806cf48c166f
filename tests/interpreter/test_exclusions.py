"""What queries leave out: places, industries, roles and phrases, in the words that people use."""

import pytest

from api.domain.interpreter.interpretation import Filters
from api.domain.interpreter.parser import interpret_companies, interpret_persons


def excluded(filters: Filters) -> list[str | None]:
    return [
        *(place.label for place in filters.excluded_locations),
        *(term.industry for term in filters.excluded_industries),
        *(term.role for term in filters.excluded_roles),
        *filters.excluded_keywords,
    ]


@pytest.mark.parametrize(
    "q",
    [
        "owners of law firms not in California",
        "owners of law firms excluding California",
        "owners of law firms outside California",
        "owners of law firms outside of California",
        "owners of law firms other than California",
        "owners of law firms except in California",
        "owners of law firms, except those in California",
        "owners of law firms anywhere but California",
        "owners of law firms everywhere except California",
        "owners of law firms who are not based in California",
        "owners of law firms, but not in California",
        "owners of law firms minus California",
        "OWNERS OF LAW FIRMS NOT IN CALIFORNIA",
    ],
)
def test_an_excluded_place(q: str) -> None:
    found = interpret_persons(q)
    assert [term.role for term in found.roles] == ["owner"]
    assert [term.industry for term in found.industries] == ["law_firm"]
    assert found.locations == ()
    assert excluded(found.filters) == ["California"]
    assert found.unparsed == ()


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("companies in Nevada that are not law firms", ["law_firm"]),
        ("companies in Nevada excluding law firms and hotels", ["law_firm", "hotel"]),
        (
            "companies in Nevada without restaurants, hotels or gyms",
            ["restaurant", "hotel", "fitness"],
        ),
        ("Nevada companies, no law firms", ["law_firm"]),
        ("non-SaaS companies in Nevada", ["saas"]),
        ("companies in Nevada not in Reno or Las Vegas", ["Reno, NV", "Las Vegas, NV"]),
        ('companies in Nevada excluding "craft beer"', ["craft beer"]),
        ("companies in Nevada not mentioning craft beer", ["craft beer"]),
        ("companies in Nevada that don't mention craft beer", ["craft beer"]),
    ],
)
def test_exclusions_from_companies(q: str, expected: list[str]) -> None:
    found = interpret_companies(q)
    assert found.filters.company_state == "NV"
    assert found.industries == ()
    assert excluded(found.filters) == expected


def test_excluded_roles() -> None:
    found = interpret_persons("decision makers at wineries excluding founders and owners")
    assert [term.role for term in found.roles] == ["decision_maker"]
    assert excluded(found.filters) == ["founder", "owner"]


@pytest.mark.parametrize(
    ("q", "places", "expected"),
    [
        ("CEOs not in Texas but in Nevada", ["Nevada"], ["Texas"]),
        ("CEOs not in Texas with 50+ employees", [], ["Texas"]),
        ("CEOs, excluding Texas, in Nevada", ["Nevada"], ["Texas"]),
        ("CEOs in Nevada not in Las Vegas", ["Nevada"], ["Las Vegas, NV"]),
    ],
)
def test_where_an_exclusion_ends(q: str, places: list[str], expected: list[str]) -> None:
    found = interpret_persons(q)
    assert [place.label for place in found.locations] == places
    assert excluded(found.filters) == expected


@pytest.mark.parametrize(
    "q",
    ["not-for-profits in Ohio", "outside sales reps in Ohio", "banks with no more than 20 staff"],
)
def test_what_excludes_nothing(q: str) -> None:
    assert excluded(interpret_persons(q).filters) == []


def test_an_exclusion_that_is_not_understood_is_reported() -> None:
    found = interpret_persons("CEOs in Texas not 12345")
    assert excluded(found.filters) == []
    assert found.unparsed == ("not", "12345")
    assert any("not understood and not applied" in warning for warning in found.warnings)


def test_a_contradiction_is_a_warning() -> None:
    found = interpret_persons("CEOs in Texas not in Texas")
    assert "Texas is both asked for and excluded." in found.warnings
