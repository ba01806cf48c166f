"""Wordings of companies that say the same in other ways, by what makes them hard."""

import pytest

from api.domain.interpreter.parser import interpret_companies
from api.errors import DomainError


def industries(q: str) -> list[str]:
    return [term.industry for term in interpret_companies(q).industries]


@pytest.mark.parametrize(
    "q", ["law firms that do not handle personal injury", "law firms that don't do personal injury"]
)
def test_what_firms_do_not_do(q: str) -> None:
    found = interpret_companies(q)
    assert found.filters.excluded_keywords == ("personal injury",)
    assert [term.industry for term in found.industries] == ["law_firm"]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("manufacturers of medical devices", ["medical_device"]),
        ("makers of beer in Oregon", ["brewery"]),
        ("providers of IT services", ["it_services"]),
        ("lawfirms in Ohio", ["law_firm"]),
        ("SasS companies", ["saas"]),
        ("industry: trucking", ["trucking"]),
        ("trucking | GA", ["trucking"]),
        ("software – Texas", ["software"]),
        ("software dev shops", ["custom_software"]),
        ("packaged food makers", ["food_manufacturing"]),
        ("general hospitals", ["hospital"]),
        ("investment advisors", ["wealth_management"]),
        ("transportation and logistics companies", ["trucking", "logistics", "transportation"]),
    ],
)
def test_what_kind_of_company_is_meant(q: str, expected: list[str]) -> None:
    assert industries(q) == expected
    assert interpret_companies(q).filters.keywords == ()


@pytest.mark.parametrize(
    ("q", "industry", "keyword"),
    [
        ("hotels with a wedding venue", "hotel", "wedding venue"),
        ("hotels with a spa", "hotel", "spa"),
        ("software companies for dentists", "software", "dentists"),
        ("property managers for condo boards", "property_management", "condo boards"),
    ],
)  # fmt: skip
def test_what_companies_have_and_whom_they_are_for(q: str, industry: str, keyword: str) -> None:
    found = interpret_companies(q)
    assert [term.industry for term in found.industries] == [industry]
    assert found.filters.keywords == (keyword,)


@pytest.mark.parametrize(
    ("q", "low", "high"),
    [
        ("solar companies, minimum 25 maximum 75 employees", 25, 75),
        ("banks, at least 10, at most 20 employees", 10, 20),
        ("SaaS, 50+, California", 50, None),
        ("SaaS California 50+", 50, None),
        ("tiny companies with less than five people in Idaho", None, 4),
    ],
)
def test_sizes(q: str, low: int | None, high: int | None) -> None:
    filters = interpret_companies(q).filters
    assert (filters.employee_count_min, filters.employee_count_max) == (low, high)
    assert filters.keywords == ()


def test_codes_in_the_plural_that_may_be_one() -> None:
    assert interpret_companies("SIC code(s): 2082, 2084").filters.sic == ("2082", "2084")


@pytest.mark.parametrize(
    ("q", "any_of"),
    [
        ("hedge funds", ("hedge funds", "hedge fund")),
        ("bakeries in Paris", ("bakeries", "bakery")),
        ("pawn shops in Reno", ("pawn shops", "pawn shop")),
        ("churches in Alabama", ("churches", "church")),
    ],
)
def test_an_unlisted_kind_is_looked_for_in_texts_in_the_singular_too(
    q: str, any_of: tuple[str, ...]
) -> None:
    found = interpret_companies(q)
    assert (found.filters.keywords, found.filters.keywords_any) == ((), any_of)
    assert any("is no known industry" in warning for warning in found.warnings)
    assert found.unparsed == ()


@pytest.mark.parametrize("q", ["agencies", "asdf qwertys", "companies", "stores", "shops please"])
def test_a_word_that_says_nothing_of_companies_is_refused(q: str) -> None:
    with pytest.raises(DomainError):
        interpret_companies(q)


@pytest.mark.parametrize(
    "q",
    [
        'companies with "battery storage" in the description or keywords',
        "companies mentioning battery storage in their description",
        "companies mentioning battery storage in the name or the text",
    ],
)
def test_where_a_phrase_stands_is_no_phrase(q: str) -> None:
    filters = interpret_companies(q).filters
    assert (filters.keywords, filters.keywords_any) == (("battery storage",), ())


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("companies named Summit", ("Summit",)),
        ("companies called Las Vegas", ("Las Vegas",)),
    ],
)
def test_what_is_called_by_a_name_bears_it(q: str, names: tuple[str, ...]) -> None:
    found = interpret_companies(q)
    assert (found.filters.company_names, found.locations) == (names, ())


@pytest.mark.parametrize(
    ("q", "low", "high"),
    [
        ("firms with 11-50 or 51-200 employees", 11, 200),
        ("firms with 1-10, 11-50 or 51-200 employees", 1, 200),
        ("companies sized 1-10", 1, 10),
        ("companies of 50-100", 50, 100),
        ("one-person companies", 1, 1),
        ("SMBs in Ohio", None, 249),
        ("small and medium sized businesses in Ohio", None, 249),
        ("midmarket software companies", 50, 999),
        ("law firms with 10+ attorneys", 10, None),
        ("law firms with more than 5 lawyers", 6, None),
    ],
)
def test_more_sizes(q: str, low: int | None, high: int | None) -> None:
    filters = interpret_companies(q).filters
    assert (filters.employee_count_min, filters.employee_count_max) == (low, high)


def test_practitioners_of_a_broader_kind_have_its_companies() -> None:
    assert industries("auto mechanics in Detroit") == ["auto_repair"]


def test_a_mistyped_noun_is_no_plural_of_a_small_word() -> None:
    assert industries("law frims in Ohio") == ["law_firm"]


@pytest.mark.parametrize(
    ("q", "sic", "naics"),
    [
        ("companies in Texas, not SIC 5812", ("5812",), ()),
        ("companies excluding NAICS 541110 or 541211", (), ("541110", "541211")),
        ("NAICS 5415 but not 541511", (), ("541511",)),
        ("SIC 73, except 7372 and 7371", ("7372", "7371"), ()),
        ("companies with SIC 8111 excluding NAICS 541199", (), ("541199",)),
    ],
)
def test_excluded_codes(q: str, sic: tuple[str, ...], naics: tuple[str, ...]) -> None:
    found = interpret_companies(q)
    assert (found.filters.excluded_sic, found.filters.excluded_naics) == (sic, naics)
    assert found.unparsed == ()


def test_an_impossible_code_is_refused_where_it_is_excluded_too() -> None:
    with pytest.raises(DomainError):
        interpret_companies("companies excluding SIC 99999")


@pytest.mark.parametrize(
    ("q", "industry", "keyword"),
    [
        ("real estate law firms", "law_firm", "real estate"),
        ("nonprofit hospitals in Ohio", "hospital", "nonprofit"),
        ("hotel software companies", "software", "hotel"),
        ("online retailers of shoes", "ecommerce", "shoes"),
    ],
)
def test_what_stands_before_a_kind_narrows_it(q: str, industry: str, keyword: str) -> None:
    found = interpret_companies(q)
    assert [term.industry for term in found.industries] == [industry]
    assert found.filters.keywords == (keyword,)


def test_two_kinds_in_a_list_are_both_meant() -> None:
    assert industries("banks, credit unions in Ohio") == ["bank", "credit_union"]
    assert industries("hotels and restaurants in Ohio") == ["hotel", "restaurant"]
    assert industries("food manufacturing companies") == ["food_manufacturing"]


@pytest.mark.parametrize(
    ("q", "industry", "excluded"),
    [
        ("restaurants, no fast food", "restaurant", "fast food"),
        ("hotels excluding motels", "hotel", "motels"),
    ],
)
def test_a_part_of_a_kind_is_excluded_by_its_words(q: str, industry: str, excluded: str) -> None:
    found = interpret_companies(q)
    assert [term.industry for term in found.industries] == [industry]
    assert found.filters.excluded_keywords == (excluded,)
    assert found.filters.excluded_industries == ()


def test_the_same_kind_wanted_and_excluded_is_a_contradiction() -> None:
    found = interpret_companies("law firms but not law firms")
    assert [term.industry for term in found.filters.excluded_industries] == ["law_firm"]
    assert any("both asked for and excluded" in warning for warning in found.warnings)
