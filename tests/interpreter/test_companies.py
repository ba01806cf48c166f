"""Company searches: kinds of company, codes, phrases, names, and what has no place in them."""

import pytest

from api.domain.interpreter.interpretation import (
    CompanyInterpretation,
    Filters,
    IndustryTerm,
    Location,
)
from api.domain.interpreter.parser import SAAS_WARNING, interpret_companies, interpret_persons
from api.errors import DomainError, ErrorCode


def test_the_documented_example() -> None:
    assert interpret_companies("all SaaS companies in Idaho") == CompanyInterpretation(
        industries=(IndustryTerm("dynamic_industry", "SaaS companies", "saas"),),
        locations=(Location("state:ID", "Idaho", None, "ID"),),
        filters=Filters(company_state="ID"),
        warnings=(SAAS_WARNING,),
    )


@pytest.mark.parametrize(
    ("q", "industry"),
    [
        ("vets in Ohio", "veterinary"),
        ("dentists", "dental"),
        ("roofers", "roofing"),
        ("fashion boutiques", "apparel_retail"),
        ("charities", "nonprofit"),
        ("MSPs", "it_services"),
        ("doctors' offices", "healthcare_practice"),
        ("builders", "construction"),
        ("custom software development shops", "custom_software"),
        ("3PLs", "logistics"),
        ("companies that do roofing", "roofing"),
        ("firms specializing in cybersecurity", "cybersecurity"),
        ("businesses in the hospitality industry", "hotel"),
    ],
)
def test_kinds_of_company(q: str, industry: str) -> None:
    found = interpret_companies(q)
    assert [term.industry for term in found.industries] == [industry]
    assert found.filters.keywords == ()
    assert found.unparsed == ()


@pytest.mark.parametrize(
    ("q", "sic", "naics"),
    [
        ("companies with SIC code 8111", ("8111",), ()),
        ("SIC 8111 or 8721", ("8111", "8721"), ()),
        ("sic codes 8111, 8721 and 5812", ("8111", "8721", "5812"), ()),
        ("NAICS: 541110", (), ("541110",)),
        ("NAICS 541110,541211", (), ("541110", "541211")),
        ("naics codes starting with 5411", (), ("5411",)),
        ("NAICS 54 and SIC 73", ("73",), ("54",)),
        ("SIC8111", ("8111",), ()),
        ("8111 (SIC)", ("8111",), ()),
        ("companies whose SIC is 1761", ("1761",), ()),
        ("industry code 541110", (), ("541110",)),
    ],
)
def test_codes(q: str, sic: tuple[str, ...], naics: tuple[str, ...]) -> None:
    filters = interpret_companies(q).filters
    assert (filters.sic, filters.naics) == (sic, naics)
    assert filters.employee_count_min is None


@pytest.mark.parametrize(
    "q", ["SIC 7", "SIC 81111", "SIC 0011", "NAICS 5", "NAICS 990000", "NAICS 5411101"]
)
def test_impossible_codes_are_refused(q: str) -> None:
    with pytest.raises(DomainError) as refused:
        interpret_companies(f"law firms with {q}")
    assert refused.value.code is ErrorCode.INVALID_INPUT
    assert "does not exist" in refused.value.problems[0].message


@pytest.mark.parametrize(
    ("q", "keywords"),
    [
        ("companies that mention craft beer", ("craft beer",)),
        ('companies mentioning "craft beer"', ("craft beer",)),
        ("companies about craft beer", ("craft beer",)),
        ("companies using Salesforce in Texas", ("salesforce",)),
        ("law firms that handle personal injury", ("personal injury",)),
        (
            "law firms specializing in estate planning and family law",
            ("estate planning", "family law"),
        ),
        ("companies with the keywords telehealth, e-signature", ("telehealth", "e-signature")),
        ("companies that mention real estate", ("real estate",)),
        ("personal injury law firms", ("personal injury",)),
        ("blockchain startups", ("blockchain",)),
        ('companies mentioning "CEO"', ("ceo",)),
    ],
)
def test_phrases(q: str, keywords: tuple[str, ...]) -> None:
    assert interpret_companies(q).filters.keywords == keywords


def test_a_guessed_phrase_is_told() -> None:
    warnings = interpret_companies("blockchain startups").warnings
    assert any('"blockchain" is no known industry' in warning for warning in warnings)


@pytest.mark.parametrize(
    ("q", "keywords", "any_of"),
    [
        ("companies mentioning craft beer or kombucha", (), ("craft beer", "kombucha")),
        ("law firms that practice divorce or custody law", (), ("divorce", "custody law")),
        ("companies using snowflake, databricks or dbt", (), ("snowflake", "databricks", "dbt")),
        ("companies using snowflake and/or databricks", (), ("snowflake", "databricks")),
        ("companies mentioning beer or mentioning cider", (), ("beer", "cider")),
        ("companies mentioning snowflake or snowflake", ("snowflake",), ()),
        ("companies mentioning snowflake and databricks", ("snowflake", "databricks"), ()),
        ('companies mentioning "craft beer" or "hard cider"', (), ("craft beer", "hard cider")),
        ('companies mentioning "craft beer", "hard cider"', ("craft beer", "hard cider"), ()),
        ('"craft beer" or "hard cider" companies', (), ("craft beer", "hard cider")),
        (
            'companies mentioning "craft beer"; mentioning "taproom" or "brewpub"',
            ("craft beer",),
            ("taproom", "brewpub"),
        ),
    ],
)  # fmt: skip
def test_phrases_joined_by_or(q: str, keywords: tuple[str, ...], any_of: tuple[str, ...]) -> None:
    filters = interpret_companies(q).filters
    assert (filters.keywords, filters.keywords_any) == (keywords, any_of)


def test_of_two_choices_the_second_is_needed_whole_and_the_reading_says_so() -> None:
    found = interpret_companies("companies mentioning beer or cider; using salesforce or hubspot")
    assert found.filters.keywords_any == ("beer", "cider")
    assert found.filters.keywords == ("salesforce", "hubspot")
    assert any("every one of" in warning for warning in found.warnings)


def test_of_excluded_phrases_none_may_stand_there() -> None:
    found = interpret_companies("law firms not mentioning divorce or custody")
    assert found.filters.excluded_keywords == ("divorce", "custody")
    assert found.filters.keywords_any == ()


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("all employees at Owner Media", ["Owner Media"]),
        ("all employees at owner media", ["owner media"]),
        ("everyone who works for Red Rock Brewing Company", ["Red Rock Brewing Company"]),
        ("CEO at Stripe", ["Stripe"]),
        ("CEO at stripe in Texas", ["stripe"]),
        ("people at Stripe and Google", ["Stripe", "Google"]),
        ("people at Smith & Sons", ["Smith & Sons"]),
        ("people at Keystone Events", ["Keystone Events"]),
        ("staff at The Home Depot in Nevada", ["The Home Depot"]),
        ('employees at "acme corp"', ["acme corp"]),
        ("CFOs of companies named Acme Corp", ["Acme Corp"]),
        ("partners at law firms", []),
        ("Partners at Law Firms in Texas", []),
        ("CEOs at SaaS companies", []),
        ("CEOs at SaaS startups with at least fifty employees", []),
        ("everyone at busy dental practices", []),
        ("all employees at a bank", []),
        ("directors at Texas hospitals", []),
    ],
)
def test_names_of_companies(q: str, names: list[str]) -> None:
    assert list(interpret_persons(q).filters.company_names) == names


def test_people_are_no_filter_of_companies() -> None:
    found = interpret_companies("law firms with a CMO in Texas")
    assert [term.industry for term in found.industries] == ["law_firm"]
    assert "CMO" in found.unparsed
    assert any("not searched by people" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    "q",
    [
        "",
        "   ",
        "companies",
        "give me 50 companies",
        "hello there",
        "asdf qwerty",
        "CEOs",
        "🦄",
        "x" * 1_001,
    ],
)
def test_what_says_nothing_is_refused(q: str) -> None:
    with pytest.raises(DomainError) as refused:
        interpret_companies(q)
    assert refused.value.code is ErrorCode.INVALID_INPUT
