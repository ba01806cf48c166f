"""Fetch, statistics, filter options."""

from collections import Counter
from typing import Any

import pytest

from tests.organisation import made
from tests.organisation.conftest import Post
from tests.stack import Asker, Stack

ROWS = [row for row in made.organisations() if row["source"] == "made"]
MADE = {"source": ["made"]}


def test_fetch_gives_what_is_there_and_names_what_is_not(post: Post, asker: Asker) -> None:
    asked = [
        "solar-01.example",
        "nobody.example",
        "https://www.bakery-00.example/",
        "no domain",
        "solar-01.example",
    ]
    body = post("/v2/fetch", domains=asked, columns=["municipality"]).json()
    assert body == {
        "data": [
            {"domain": "solar-01.example", "municipality": "Innsbruck"},
            {"domain": "bakery-00.example", "municipality": "Munich"},
        ],
        "metadata": {"requested": 4, "found": 2, "missing": ["nobody.example", "no domain"]},
    }
    body = post("/v2/fetch", domains=["solar-01.example"]).json()
    assert list(body["data"][0]) == ["domain", "name", "country"]
    assert asker.usage() == {"requests": 2, "billable_records": 0}


def stats(post: Post, **body: Any) -> dict[str, Any]:
    response = post("/v2/stats", **body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    assert answer["elapsed_ms"] == answer["metadata"]["elapsed_ms"]
    return answer


@pytest.mark.parametrize(
    "column",
    ["country", "state", "municipality", "nace_code", "organization_type", "organization_size"],
)
def test_groups_are_counted_the_largest_first(post: Post, column: str) -> None:
    body = stats(post, group_by=column, filters=MADE)
    counts = Counter(row[column] for row in ROWS)
    expected = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert body["data"] == [{column: value, "count": count} for value, count in expected]
    assert body["metadata"] == {
        "group_by": column,
        "group_by_secondary": None,
        "date_trunc": None,
        "filters_applied": MADE,
        "date_range_applied": None,
        "total_buckets": len(expected),
        "elapsed_ms": body["elapsed_ms"],
        "explain_plan": [],
    }


def test_two_columns(post: Post) -> None:
    body = stats(
        post, group_by="country", group_by_secondary="organization_type", filters=MADE, limit=3
    )
    counts = Counter((row["country"], row["organization_type"]) for row in ROWS)
    expected = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert body["data"] == [
        {"country": country, "organization_type": kind, "count": count}
        for (country, kind), count in expected[:3]
    ]
    assert body["metadata"]["total_buckets"] == len(expected)


def test_no_column_is_one_total(post: Post) -> None:
    assert stats(post, filters=MADE)["data"] == [{"count": len(ROWS)}]
    assert stats(post, filters={"source": ["nobody"]})["data"] == [{"count": 0}]


def test_each_keyword_counts(post: Post) -> None:
    body = stats(post, group_by="summary_keywords", filters={**MADE, "country": ["Germany"]})
    counts = Counter(
        word for row in ROWS if row["country"] == "Germany" for word in row["summary_keywords"]
    )
    assert {row["summary_keywords"]: row["count"] for row in body["data"]} == dict(counts)


@pytest.mark.parametrize(
    ("unit", "first_day"), [("year", "-01-01"), ("month", "-03-01"), (None, None)]
)
def test_dates_are_in_their_order(post: Post, unit: str | None, first_day: str | None) -> None:
    body = stats(post, group_by="company_register_date", date_trunc=unit, filters=MADE)
    days = Counter(
        row["company_register_date"][:4] + first_day if first_day else row["company_register_date"]
        for row in ROWS
    )
    assert body["data"] == [
        {"company_register_date": day, "count": count} for day, count in sorted(days.items())
    ]


def test_weeks_begin_on_monday(post: Post) -> None:
    body = stats(post, group_by="created_at", date_trunc="week", filters=MADE)
    assert body["data"] == [{"created_at": "2025-12-29", "count": len(ROWS)}]


def test_both_ends_of_a_range_count(post: Post) -> None:
    body = stats(
        post, filters=MADE, date_range={"from_date": "2003-03-04", "to_date": "2005-03-06"}
    )
    assert body["data"] == [{"count": 3 * len(made.TRADES)}]
    assert body["metadata"]["date_range_applied"] == {
        "field": "company_register_date",
        "from_date": "2003-03-04",
        "to_date": "2005-03-06",
    }
    whole_day = {"field": "created_at", "from_date": "2026-01-02", "to_date": "2026-01-02"}
    assert stats(post, filters=MADE, date_range=whole_day)["data"] == [{"count": len(ROWS)}]


def test_rows_without_a_value_make_no_bucket(post: Post) -> None:
    assert stats(post, group_by="district", filters=MADE)["data"] == []


def test_explain_is_for_tier_3(post: Post, top_tier: Asker) -> None:
    body = {"group_by": "country", "explain": True}
    refused = post("/v2/stats", **body)
    assert (refused.status_code, refused.json()["code"]) == (403, "tier_required")
    plan = top_tier.http.post("/v2/stats", json=body).json()["metadata"]["explain_plan"]
    assert any("Execution Time" in line for line in plan)


def test_filter_options_are_the_values_there_are(organisations: Stack, asker: Asker) -> None:
    body = asker.rest("/v2/filters/options").json()
    assert list(body) == ["filters", "metadata"]
    assert body["metadata"]["truncated"] == []
    for name, values in body["filters"].items():
        assert values == sorted(set(values)), name
        assert {row[name] for row in ROWS if row.get(name)} <= set(values)
    assert set(body["filters"]["country"]) >= {"Germany", "Austria", "Portugal", "Ireland"}
    assert "Corner" in body["filters"]["district"]
