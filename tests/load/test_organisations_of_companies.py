"""Files of companies read as organisations."""

from pathlib import Path

from api.startup import SAMPLE_ORGANISATIONS
from tests.load.files import csv_file, json_file
from tests.load.organisation_files import CountingEmbedder, load, organisation, stored
from tests.stack import Stack

COLUMNS = (
    "summary",
    "summary_keywords",
    "text",
    "municipality",
    "state",
    "state_code",
    "country",
    "country_code",
    "organization_size",
    "employee_class",
)


async def test_a_company_has_all_that_a_search_needs(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    company = {
        "company_id": "c1",
        "name": "Example Pumps",
        "domain": "www.pumps.example",
        "industry": " Machinery ",
        "description": "Pumps for waterworks.",
        "keywords": "pumps; valves",
        "employee_count": "1,250",
        "city": "Boise",
        "state": "ID",
        "country": "US",
    }
    (report,) = await load(organisations, embedder, csv_file(tmp_path / "c.csv", [company]))
    assert (report.loaded, report.ignored_columns) == (1, ("company_id",))
    assert stored(organisations, *COLUMNS)["pumps.example"] == [
        "Machinery",
        ["pumps", "valves"],
        "Pumps for waterworks.",
        "Boise",
        "Idaho",
        "ID",
        "United States",
        "US",
        "Large enterprise (250+)",
        "250+",
    ]


async def test_columns_of_organisations_win(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    rows = [
        organisation(1, industry="Pumps", description="no", keywords=["a"], employee_count=9),
        organisation(2, summary=" ", description="yes", text=None, employee_count=10),
        organisation(3, summary_keywords=["b"], keywords=["a"], employee_count=-1),
        organisation(4, state="NSW", country="AU", organization_size="Huge", employee_count=50),
        organisation(5, state="WA", country="Australia", country_code="AU", employee_count=None),
    ]
    (report,) = await load(organisations, embedder, json_file(tmp_path / "o.jsonl", rows))
    assert report.rejected == {"negative_number": 1}
    found = stored(organisations, *COLUMNS)
    one, two, four, five = (found[f"organisation-{number}.example"] for number in (1, 2, 4, 5))
    assert one[:3] == ["Pumps for waterworks", ["a"], "Factory number 1 makes pumps."]
    assert one[6:] == ["Germany", None, "Micro (0-9)", "0-9"]
    assert two[:3] == [None, [], "yes"]
    assert two[8] == "Small (10-49)"
    assert four[4:] == ["NSW", None, "Australia", "AU", "Huge", "50-249"]
    assert five[4:] == ["WA", None, "Australia", "AU", None, None]


def test_the_sample_market_has_organisations(stack: Stack) -> None:
    found = stored(stack.settings.psycopg_url, "embedding", "state", "summary_keywords")
    sample = {
        domain: row
        for domain, row in found.items()
        if domain.endswith(".example") and "organisation" not in domain
    }
    assert 200 < len(sample) <= SAMPLE_ORGANISATIONS
    assert sum(bool(keywords) for _, _, keywords in sample.values()) > len(sample) / 2
    assert {"California", "Texas", "New York"} <= {state for _, state, _ in sample.values()}
