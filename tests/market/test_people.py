import re
from collections import Counter
from pathlib import Path

import pytest

from api.market.generate import generate
from tests.market.conftest import PERSONS, Sample, read_sample
from tests.market.test_companies import area_code

PROFILE = re.compile(r"https://www\.linkedin\.com/in/[a-z]+-[a-z]+-\d{10}")
EMAIL = re.compile(r"[a-z]+([._]?[a-z]+)*\d*@[a-z0-9-]+\.example")


def test_everybody_works_at_a_company_of_the_market(town: Sample) -> None:
    assert {person["company_id"] for person in town.persons} <= set(town.by_id)


def test_identifiers_addresses_and_profiles_are_unique(town: Sample) -> None:
    for column in ("person_id", "business_email", "linkedin_url"):
        values = [person[column] for person in town.persons if person[column] is not None]
        assert len(set(values)) == len(values)


def test_addresses_are_at_the_companys_domain(town: Sample) -> None:
    companies = town.by_id
    for person in town.persons:
        if person["business_email"] is not None:
            assert EMAIL.fullmatch(person["business_email"]), person["business_email"]
            domain = person["business_email"].split("@")[1]
            assert domain == companies[person["company_id"]]["domain"]


def test_houses_write_addresses_in_different_styles(town: Sample) -> None:
    styles = Counter(
        re.sub(r"[a-z]+", "x", person["business_email"].split("@")[0])
        for person in town.persons
        if person["business_email"]
    )
    assert {"x.x", "x", "x_x"} <= set(styles)
    assert styles["x.x"] > styles["x_x"]


def test_phones_are_fictional_and_profiles_invented(town: Sample) -> None:
    for person in town.persons:
        if person["mobile_phone"] is not None:
            assert area_code(person["mobile_phone"])
        if person["linkedin_url"] is not None:
            assert PROFILE.fullmatch(person["linkedin_url"]), person["linkedin_url"]


@pytest.mark.parametrize(
    ("column", "least", "most"),
    [
        ("job_title", 0.01, 0.03),
        ("business_email", 0.12, 0.18),
        ("mobile_phone", 0.43, 0.47),
        ("linkedin_url", 0.23, 0.27),
        ("first_name", 0.0, 0.0),
        ("last_name", 0.0, 0.0),
    ],
)
def test_values_are_missing_at_the_usual_rate(
    town: Sample, column: str, least: float, most: float
) -> None:
    missing = sum(person[column] is None for person in town.persons)
    assert least <= missing / len(town.persons) <= most


def test_companies_list_about_eight_people_and_none_dominates(town: Sample) -> None:
    listed = Counter(person["company_id"] for person in town.persons)
    assert 6 <= PERSONS / len(town.companies) <= 10
    assert 50 < max(listed.values()) <= PERSONS // 100
    assert len(listed) < len(town.companies)
    companies = town.by_id
    for company_id, number in listed.items():
        employees = companies[company_id]["employee_count"]
        assert employees is None or number <= employees


def test_names_are_many_and_the_common_ones_more_common(town: Sample) -> None:
    firsts = Counter(person["first_name"] for person in town.persons)
    lasts = Counter(person["last_name"] for person in town.persons)
    assert len(firsts) > 350
    assert len(lasts) > 800
    assert lasts["Smith"] > lasts["Wexler"]
    assert any(not name.isascii() for name in lasts)


def test_titles_are_as_untidy_as_people_write_them(town: Sample) -> None:
    titles = Counter(person["job_title"] for person in town.persons if person["job_title"])
    assert len(titles) > 2_500
    for pattern in (
        r"^CMO\b",
        r"Co-Founder",
        r"^Sr\.",
        r"^VP, .+",
        r"^Former ",
        r"Assistant to the ",
    ):
        assert any(re.search(pattern, title) for title in titles), pattern
    assert any(title.islower() for title in titles)
    assert any(" at " in title for title in titles)
    assert all("{" not in title and title.strip() == title for title in titles)


def titles_of(town: Sample, industry: str, least: int, most: int) -> Counter[str]:
    """Titles at companies of an industry with a head count from ``least`` to ``most``."""
    inside = {
        company["company_id"]
        for company in town.of_industry(industry)
        if least <= (company["employee_count"] or -1) <= most
    }
    return Counter(
        person["job_title"]
        for person in town.persons
        if person["company_id"] in inside and person["job_title"]
    )


def part(pattern: str, titles: Counter[str]) -> float:
    """The part of the titles in which ``pattern`` occurs."""
    hits = sum(number for title, number in titles.items() if re.search(pattern, title))
    return hits / titles.total()


def test_titles_depend_on_what_a_company_does_and_how_large_it_is(town: Sample) -> None:
    small_practices = titles_of(town, "dental", 1, 12)
    large_vendors = titles_of(town, "saas", 100, 100_000)
    assert small_practices["Dentist"] > 3
    assert part(r"\bVP\b|Engineer|Vice President", small_practices) < 0.03
    assert part(r"[Dd]ent|DDS|RDH|Orthodontist|[Oo]wner|[Oo]ffice", small_practices) > 0.5
    assert large_vendors["Software Engineer"] > 10
    assert part(r"\bVP\b|Vice President", large_vendors) > 0.03
    assert part(r"Dentist|[Oo]wner(?! )", large_vendors) < 0.02


def test_no_role_of_the_executive_team_is_held_twice(town: Sample) -> None:
    plain = {"CFO", "Chief Financial Officer"}
    holders = Counter(
        person["company_id"] for person in town.persons if person["job_title"] in plain
    )
    assert len(holders) > 50
    assert max(holders.values()) == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_example_query_finds_people_in_five_thousand(seed: int, tmp_path: Path) -> None:
    market = read_sample(generate(5_000, tmp_path, seed=seed))
    employers = {person["company_id"] for person in market.people("cmo", "saas", state="NV")}
    large = [one for one in employers if (market.by_id[one]["employee_count"] or 0) >= 50]
    assert len(large) >= 3


@pytest.mark.parametrize(
    ("role", "industry", "place"),
    [
        ("chief_executive", None, {"city": "Las Vegas", "state": "NV"}),
        ("owner", "insurance_agency", {"city": "Las Vegas", "state": "NV"}),
        ("real_estate_agent", None, {"state": "NV"}),
        ("partner", "law_firm", {}),
        ("attorney", None, {"state": "TX"}),
        ("decision_maker", "marketing_agency", {}),
    ],
)
def test_documented_examples_find_somebody(
    town: Sample, role: str, industry: str | None, place: dict[str, str]
) -> None:
    assert town.people(role, industry, **place)
