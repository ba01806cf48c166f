import re
from collections import Counter

import phonenumbers
import pytest

from api.domain.company.industries import industries
from api.domain.company.places import cities, states
from api.market.market_data import MarketIndustry, market_industries, read
from tests.market.conftest import Sample

PHONE = re.compile(r"\+1(\d{3})55501\d\d|\((\d{3})\) 555-01\d\d|(\d{3})-555-01\d\d")
DOMAIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.example")


def area_code(phone: str) -> str:
    """The area code of a number; fails on any number outside the block for fiction."""
    match = PHONE.fullmatch(phone)
    assert match is not None, phone
    return next(code for code in match.groups() if code)


@pytest.mark.parametrize("entry", market_industries(), ids=lambda entry: entry.entry)
def test_labels_and_codes_fit_the_industry_dictionary(entry: MarketIndustry) -> None:
    known = industries()[entry.key]
    assert {label.lower() for label in entry.labels} <= set(known.row_labels)
    for sic, naics in entry.codes:
        assert re.fullmatch(r"\d{4}", sic)
        assert re.fullmatch(r"\d{6}", naics)
        assert sic in known.sic or not known.sic
        assert naics.startswith(known.naics)


@pytest.mark.parametrize("entry", market_industries(), ids=lambda entry: entry.entry)
def test_an_industry_has_enough_to_tell(entry: MarketIndustry) -> None:
    assert len(set(entry.offers)) == len(entry.offers) >= 9
    assert not set(entry.offers) & set(entry.proof)
    assert len(entry.names) >= 4
    assert len(entry.staff) >= 5
    assert entry.trade.split()[0] in ("a", "an")


# Kinds of an industry that its companies' texts tell, and that need no entry of their own.
KINDS = {"custom_software": "software"}


def test_every_industry_of_the_dictionary_is_in_the_market() -> None:
    made = {entry.key for entry in market_industries()}
    assert set(KINDS.values()) <= made
    assert made | set(KINDS) == set(industries())
    assert not made & set(KINDS)


def test_entries_of_the_market_are_told_apart() -> None:
    entries = [entry.entry for entry in market_industries()]
    assert len(set(entries)) == len(entries)


def test_identifiers_and_domains_are_unique(town: Sample) -> None:
    for column in ("company_id", "domain", "website", "linkedin_url"):
        values = [company[column] for company in town.companies if company[column] is not None]
        assert len(set(values)) == len(values)
    assert all(company["company_id"] for company in town.companies)


def test_domains_are_reserved_ones_and_valid_host_names(town: Sample) -> None:
    domains = [company["domain"] for company in town.companies if company["domain"]]
    assert domains
    for domain in domains:
        assert DOMAIN.fullmatch(domain), domain
        assert len(domain.split(".")[0]) <= 63


def test_websites_are_at_the_domain(town: Sample) -> None:
    for company in town.companies:
        if company["website"] is not None:
            host = company["website"].split("://")[1].removeprefix("www.")
            assert host == company["domain"]


def test_phones_are_fictional_and_of_the_state(town: Sample) -> None:
    areas = {state: codes.split() for state, codes in read("area_codes").items()}
    seen = 0
    for company in town.companies:
        if company["phone"] is not None and company["state"] is not None:
            assert area_code(company["phone"]) in areas[company["state"]]
            seen += 1
    assert seen > 1_000


def test_area_codes_are_valid_and_belong_to_one_state_each() -> None:
    areas = {state: codes.split() for state, codes in read("area_codes").items()}
    assert set(areas) == set(states())
    counts = Counter(code for codes in areas.values() for code in codes)
    assert counts.most_common(1)[0][1] == 1
    for code in counts:
        assert phonenumbers.is_valid_number(phonenumbers.parse(f"+1{code}5550100"))


def test_cities_lie_in_their_states_and_large_ones_have_more_companies(town: Sample) -> None:
    places = {(city.name, city.state): city.population for city in cities()}
    found = Counter(
        (company["city"], company["state"])
        for company in town.companies
        if company["city"] and company["state"]
    )
    assert set(found) <= set(places)
    metropolis = max(places, key=lambda place: places[place])
    assert found[metropolis] > 10
    assert len(found) > 500


@pytest.mark.parametrize(
    ("column", "least", "most"),
    [
        ("domain", 0.03, 0.07),
        ("website", 0.15, 0.30),
        ("phone", 0.16, 0.24),
        ("linkedin_url", 0.25, 0.35),
        ("revenue", 0.35, 0.45),
        ("employee_count", 0.16, 0.24),
        ("industry", 0.01, 0.05),
        ("sic", 0.15, 0.27),
        ("naics", 0.15, 0.27),
        ("description", 0.20, 0.30),
        ("city", 0.005, 0.04),
        ("state", 0.002, 0.03),
        ("name", 0.0, 0.0),
        ("country", 0.0, 0.0),
    ],
)
def test_values_are_missing_at_the_usual_rate(
    town: Sample, column: str, least: float, most: float
) -> None:
    missing = sum(company[column] is None for company in town.companies)
    assert least <= missing / len(town.companies) <= most


def test_rows_that_state_a_broad_label_or_none_have_both_codes(town: Sample) -> None:
    telling = {label for entry in market_industries() for label in entry.labels}
    unclear = [company for company in town.companies if company["industry"] not in telling]
    assert len(unclear) > 50
    assert all(company["sic"] and company["naics"] for company in unclear)


def test_codes_come_in_pairs_of_one_industry(town: Sample) -> None:
    pairs = {pair for entry in market_industries() for pair in entry.codes}
    found = {(company["sic"], company["naics"]) for company in town.companies}
    both = {pair for pair in found if None not in pair}
    assert len(both) > 80
    assert both <= pairs


def test_every_company_can_be_classified(town: Sample) -> None:
    unknown = [town.by_id[identity] for identity, keys in town.industries.items() if not keys]
    assert unknown == []


def test_software_vendors_say_that_they_sell_saas_and_others_only_serve_such(town: Sample) -> None:
    assert len(town.of_industry("saas")) > 50
    serving = [
        company
        for company in town.of_industry("marketing_agency")
        if "SaaS" in (company["description"] or "")
    ]
    assert serving
    assert not any("saas" in town.industries[company["company_id"]] for company in serving)


def test_head_counts_and_revenues_are_positive_and_heap_on_round_figures(town: Sample) -> None:
    counts = Counter(company["employee_count"] for company in town.companies)
    del counts[None]
    assert min(counts) >= 1
    assert counts[10] > counts[9]
    assert counts[50] > counts[49] + counts[51]
    small = sum(number for employees, number in counts.items() if employees < 50)
    assert 0.7 < small / counts.total() < 0.95
    assert max(counts) > 1_000
    assert all(company["revenue"] is None or company["revenue"] > 0 for company in town.companies)


def test_keywords_are_a_list_without_repetition(town: Sample) -> None:
    for company in town.companies:
        keywords = company["keywords"]
        assert len(set(keywords)) == len(keywords) <= 6
        assert all(keywords)


def test_texts_have_no_slot_left_open_and_start_with_a_capital(town: Sample) -> None:
    texts = [company["description"] for company in town.companies if company["description"]]
    texts += [company["name"] for company in town.companies]
    for text in texts:
        assert "{" not in text
        assert "  " not in text
        assert text[0].isupper() or text[0].isdigit()
