"""The industry dictionary is whole, and its codes have the form of SIC and NAICS codes."""

import re

from api.domain.company.industries import industries

DOCUMENTED = {
    "marketing_agency": "Marketing agencies",
    "law_firm": "Law firms",
    "real_estate": "Real estate brokerages",
    "insurance_agency": "Insurance agencies",
    "software": "SaaS and software companies",
}


def test_documented_taxonomy_industries() -> None:
    for key, label in DOCUMENTED.items():
        assert industries()[key].taxonomy
        assert industries()[key].label == label
    assert industries()["healthcare_practice"].taxonomy


def test_saas_is_contextual_and_outside_the_taxonomy() -> None:
    saas = industries()["saas"]
    assert saas.label == "SaaS companies"
    assert saas.contextual
    assert not saas.taxonomy
    assert "saas" in saas.evidence


def test_every_industry_is_complete() -> None:
    for key, industry in industries().items():
        assert key == industry.key
        assert industry.label
        assert industry.names
        assert industry.row_labels
        for text in (
            *industry.names,
            *industry.adjectives,
            *industry.row_labels,
            *industry.evidence,
        ):
            assert text == text.lower().strip()
        assert all(re.fullmatch(r"\d{4}", code) for code in industry.sic)
        assert all(re.fullmatch(r"\d{2,6}", code) for code in industry.naics)
        assert industry.evidence or not industry.contextual


def test_labels_are_distinct() -> None:
    labels = [industry.label for industry in industries().values()]
    assert len(labels) == len(set(labels))


def test_a_dictionary_is_read_once() -> None:
    assert industries() is industries()
