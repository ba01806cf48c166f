"""Filters: which rows they keep, in which order, with which columns."""

from typing import Any

import pytest

from tests.organisation import made
from tests.organisation.conftest import Search, domains, walk

MADE = {"source": ["made"]}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, lambda _: True),
        ({"country": []}, lambda _: True),
        ({"country": ["Germany"]}, lambda row: row["country"] == "Germany"),
        (
            {"country": ["Germany", "Ireland"]},
            lambda row: row["country"] in {"Germany", "Ireland"},
        ),
        ({"state": ["Tyrol"]}, lambda row: row["state"] == "Tyrol"),
        ({"municipality": ["Porto"]}, lambda row: row["municipality"] == "Porto"),
        ({"organization_type": ["Startup"]}, lambda row: row["organization_type"] == "Startup"),
        (
            {"organization_size": ["Micro (0-9)"]},
            lambda row: row["organization_size"] == "Micro (0-9)",
        ),
        ({"nace_code": ["K"]}, lambda row: row["nace_code"] == "64.99"),
        ({"nace_code": ["NACE C: Manufacturing"]}, lambda row: row["nace_code"] == "10.71"),
        ({"nace_code": ["62", "86.1"]}, lambda row: row["nace_code"] in {"62.01", "86.10"}),
        (
            {"company_register_court": ["Court of Munich"]},
            lambda row: row["municipality"] == "Munich",
        ),
        (
            {"register_date_from": "2003-03-04", "register_date_to": "2005-03-06"},
            lambda row: "2003-03-04" <= row["company_register_date"] <= "2005-03-06",
        ),
        (
            {"summary_keywords": ["Solar in Munich"]},
            lambda row: row["domain"][:5] == "solar" and row["municipality"] == "Munich",
        ),
        ({"summary_keywords": ["solar"]}, lambda _: False),
        (
            {"country": ["Germany"], "nace_code": ["62"]},
            lambda row: row["country"] == "Germany" and row["nace_code"] == "62.01",
        ),
        (
            {"text_keywords": {"must_all": ["order number 03"], "must_not": ["nobody"]}},
            lambda row: row["domain"].endswith("-03.example"),
        ),
        ({"text_keywords": {"must_any": ["bread"]}}, lambda _: False),
        ({"country": ["Atlantis"]}, lambda _: False),
    ],
)
def test_each_filter_keeps_the_rows_it_should(
    search: Search, filters: dict[str, Any], expected: Any
) -> None:
    body = search(filters={**MADE, **filters}, size=500)
    rows = [row for row in made.organisations() if row["source"] == "made"]
    assert domains(body) == sorted(row["domain"] for row in rows if expected(row))
    assert body["metadata"]["mode"] == "filter"
    assert body["metadata"]["total_hits"] == len(body["data"])
    assert body["metadata"]["search_after"] is None
    assert body["metadata"]["filters_applied"] == {**MADE, **filters}


def test_a_walk_meets_every_row_once_without_a_cap(search: Search) -> None:
    found = walk(search, filters={"source": ["crowd"]}, size=333, columns=["domain"])
    assert found == [f"crowd-{number:05d}.example" for number in range(made.CROWD)]


def test_excluded_domains_are_not_there_but_their_sisters_are(search: Search) -> None:
    body = search(filters=MADE, excludes=["https://www.Solar-03.example/"], size=500)
    assert set(domains(body)) == {
        row["domain"] for row in made.organisations() if row["source"] == "made"
    } - {"solar-03.example"}


def test_dedup_keeps_the_first_of_each_name_over_all_pages(search: Search) -> None:
    found = walk(search, filters=MADE, dedup=True, size=7)
    assert found == sorted(
        f"{name}-{number:02d}.example" for name in made.TRADES for number in range(0, 16, 2)
    )


def test_columns(search: Search) -> None:
    body = search(filters=MADE, size=1)
    assert body["data"] == [
        {"domain": "bakery-00.example", "name": "Bakery Works 00", "country": "Germany"}
    ]
    wanted = ["lat", "region", "summary_keywords", "company_register_date", "lat"]
    body = search(filters=MADE, size=1, columns=wanted)
    assert body["data"] == [
        {
            "domain": "bakery-00.example",
            "lat": 48.5,
            "region": None,
            "summary_keywords": ["Bakery", "Bakery in Munich"],
            "company_register_date": "2000-03-01",
        }
    ]
