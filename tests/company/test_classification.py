"""Which industries a company belongs to, by its codes, its label and what its texts say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.company.classification import classify_company
from api.domain.company.industries import industries


@pytest.mark.parametrize(
    ("label", "sic", "naics", "text", "expected"),
    [
        ("Law Practice", None, None, "", ("law_firm",)),
        ("  LAW PRACTICE ", None, None, "", ("law_firm",)),
        (None, "8111", None, "", ("law_firm",)),
        (None, None, "541110", "", ("law_firm",)),
        (None, None, "5411", "", ()),
        (None, "782", None, "", ("landscaping",)),
        ("Construction", "1761", "238160", "", ("roofing",)),
        ("Construction", None, None, "", ("construction",)),
        ("Real Estate", "6531", "531311", "", ("property_management",)),
        ("Real Estate", "6531", "531210", "", ("real_estate",)),
        ("Banking", "6061", "522130", "", ("credit_union",)),
        ("Something else", "8742", "541613", "", ("marketing_agency",)),
        ("Advertising Services", "9999", "999999", "", ("marketing_agency",)),
        ("Breweries", None, None, "", ("brewery",)),
        (None, None, "312120", "", ("brewery", "manufacturing")),
        (None, None, None, "a law firm", ()),
        ("Unheard of", None, None, "", ()),
        (None, None, None, "", ()),
    ],
)
def test_codes_go_before_labels(
    label: str | None, sic: str | None, naics: str | None, text: str, expected: tuple[str, ...]
) -> None:
    assert classify_company(label, sic, naics, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rivera plumbing drain cleaning", ("plumbing",)),
        ("comfort air heating and cooling", ("hvac",)),
        ("all seasons plumbing & heating", ("hvac", "plumbing")),
        ("johnson & sons", ("hvac", "plumbing")),
    ],
)
def test_evidence_tells_industries_of_one_code_apart(text: str, expected: tuple[str, ...]) -> None:
    assert classify_company("Construction", "1711", "238220", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "acme b2b saas for table reservations",
        "acme sells software-as-a-service to gyms",
        "acme software as a service for dentists",
        "the saas product of choice among brokers",
        "acme saas",
        "we are a saas company in boise",
        "acme cloud saas platform. trusted by saas companies",
    ],
)
def test_saas_evidence(text: str) -> None:
    assert "saas" in classify_company("Software Development", "7372", "513210", text)


@pytest.mark.parametrize(
    "text",
    [
        "acme builds software for saas companies",
        "our clients include saas companies and hospitals",
        "serving saas firms since 2010",
        "web design saas marketing",
        "our software runs on premises; we do not offer saas",
        "acme cloud software by subscription",
        "saasfee travel software",
        "",
    ],
)
def test_whoever_only_serves_saas_companies_is_none(text: str) -> None:
    found = classify_company("Software Development", "7372", "513210", text)
    assert "saas" not in found
    assert "software" in found


@pytest.mark.parametrize(
    ("label", "sic", "naics"),
    [
        ("Hotels", "7011", "721110"),
        ("Law Practice", "8111", None),
        ("Skiing Facilities", None, None),
    ],
)
def test_the_word_alone_makes_no_saas_company(
    label: str, sic: str | None, naics: str | None
) -> None:
    assert "saas" not in classify_company(label, sic, naics, "hotel saas alpine, saas valley")


def test_a_vertical_saas_company_is_known_by_its_codes() -> None:
    found = classify_company("Hospitals and Health Care", "7372", "513210", "saas for nurses")
    assert found == ("saas", "software")


def test_every_industry_is_reached_by_its_own_codes_or_labels() -> None:
    for key, industry in industries().items():
        text = " ".join(industry.evidence)
        by_code = [classify_company(None, code, None, text) for code in industry.sic]
        by_code += [classify_company(None, None, code, text) for code in industry.naics]
        by_label = [classify_company(label, None, None, text) for label in industry.row_labels]
        assert all(key in found for found in by_code + by_label), key


@given(*[st.none() | st.text(max_size=12)] * 3, st.text(max_size=200))
def test_any_row_gives_known_industries(
    label: str | None, sic: str | None, naics: str | None, text: str
) -> None:
    found = classify_company(label, sic, naics, text.lower())
    assert list(found) == sorted(set(found))
    assert set(found) <= set(industries())


def test_a_label_of_another_industry_needs_evidence() -> None:
    label = "Pharmaceutical Manufacturing"
    assert "biotech" in classify_company(label, None, None, "gene therapy for rare diseases")
    assert "biotech" not in classify_company(label, None, None, "generic tablets in bulk")


def test_who_makes_software_to_order_is_told_from_vendors() -> None:
    made = classify_company("Software Development", None, "541511", "a custom software shop")
    sold = classify_company("Software Development", None, "541511", "a saas platform for payroll")
    assert "custom_software" in made
    assert "custom_software" not in sold
    assert "saas" in sold


def test_a_label_that_says_it_all_counts_beside_other_codes() -> None:
    keys = classify_company("Pharmaceutical Manufacturing", "8731", "541714", "antibodies")
    assert keys == ("biotech", "pharma")
