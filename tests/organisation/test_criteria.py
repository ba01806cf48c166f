"""What a search means, and what is refused, before anything is looked up."""

import pytest

from api.domain.organisation.criteria import (
    Filters,
    Keywords,
    OrganisationSearch,
    Reference,
    SearchMode,
    mode_of,
    nace_prefixes,
    parsed_date,
)
from api.errors import DomainError

WORDS = Keywords(must_any=("solar",))
LIKE = (Reference("solar-00.example"),)


@pytest.mark.parametrize(
    ("asked", "mode"),
    [
        (OrganisationSearch(filters=Filters()), SearchMode.FILTER),
        (OrganisationSearch(filters=Filters(country=())), SearchMode.FILTER),
        (OrganisationSearch(keywords=WORDS), SearchMode.FULLTEXT),
        (OrganisationSearch(keywords=WORDS, filters=Filters()), SearchMode.FULLTEXT),
        (OrganisationSearch(describe="sun"), SearchMode.SEMANTIC),
        (OrganisationSearch(similar_to=LIKE), SearchMode.VECTOR_SIMILARITY),
        (OrganisationSearch(keywords=WORDS, describe="sun"), SearchMode.HYBRID),
        (OrganisationSearch(keywords=WORDS, similar_to=LIKE), SearchMode.HYBRID),
    ],
)
def test_the_mode_follows_from_the_inputs(asked: OrganisationSearch, mode: SearchMode) -> None:
    assert mode_of(asked) is mode


@pytest.mark.parametrize(
    ("asked", "argument"),
    [
        (OrganisationSearch(), "filters"),
        (OrganisationSearch(describe="sun", similar_to=LIKE), "describe"),
        (OrganisationSearch(keywords=Keywords(must_not=("x",))), "keywords.must_not"),
        (
            OrganisationSearch(keywords=Keywords(must_not=("x",)), describe="sun"),
            "keywords.must_not",
        ),
    ],
)
def test_what_has_no_mode_is_refused(asked: OrganisationSearch, argument: str) -> None:
    with pytest.raises(DomainError) as failure:
        mode_of(asked)
    assert [each.argument for each in failure.value.problems] == [argument]


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("62", ("62",)),
        ("62.01", ("62.01",)),
        ("62.0", ("62.0",)),
        ("6", ("6",)),
        ("K", ("64", "65", "66")),
        ("a", ("01", "02", "03")),
        ("NACE K: Financial and insurance activities", ("64", "65", "66")),
        ("nace l", ("68",)),
    ],
)
def test_nace_codes_are_sections_or_beginnings(text: str, starts: tuple[str, ...]) -> None:
    assert nace_prefixes(text) == starts


@pytest.mark.parametrize("text", ["", "V", "KK", "621", "62.011", "6.1", ".", "62%", "６２", "x2"])
def test_what_is_no_nace_code(text: str) -> None:
    assert nace_prefixes(text) is None


def test_the_sections_cover_every_division_once() -> None:
    divisions = [
        start for letter in "ABCDEFGHIJKLMNOPQRSTU" for start in nace_prefixes(letter) or ()
    ]
    assert len(divisions) == len(set(divisions)) == 88


@pytest.mark.parametrize("text", ["2023-02-29", "2023-1-1", "20230101", "2023-W01-1", "tomorrow"])
def test_what_is_no_date(text: str) -> None:
    assert parsed_date(text) is None
    assert parsed_date("2024-02-29") is not None
