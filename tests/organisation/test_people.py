"""People at companies like some: both data sets in one query, joined by domain."""

from typing import Any

import pytest

from tests.documented import CROWD
from tests.stack import Asker, Stack

QUERY = """query ($q: String!, $like: CompaniesLikeInput, $first: Int = 100, $after: String,
    $token: String) {
  personSearch(q: $q, atCompaniesLike: $like, first: $first, after: $after, dedupeToken: $token) {
    nodes { personId company { domain } }
    pageInfo { hasNextPage endCursor }
    pagination { totalRecords totalRecordsRelation }
    searchStrategy
  }
}"""
PARTNERS = "partners at law firms"
BOTH = {"source": ["both"]}


def found(asker: Asker, q: str, like: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    answer = asker.graphql(QUERY, q=q, like=like, **more).json()
    assert "errors" not in answer, answer
    page: dict[str, Any] = answer["data"]["personSearch"]
    return page


def domains(page: dict[str, Any]) -> set[str]:
    return {node["company"]["domain"] for node in page["nodes"]}


@pytest.mark.parametrize(
    ("like", "expected"),
    [
        ({"filters": BOTH}, {"crowded-law.example"}),
        ({"describe": "lawyers", "filters": BOTH}, {"crowded-law.example"}),
        ({"similarTo": [{"domain": "example.com"}], "filters": BOTH}, {"crowded-law.example"}),
        ({"similarTo": [{"domain": "crowded-law.example"}], "filters": BOTH}, set()),
        ({"describe": "lawyers", "filters": {"source": ["made"]}}, set()),
        ({"filters": {"source": ["nobody"]}}, set()),
    ],
)
def test_only_people_at_such_companies_are_found(
    organisations: Stack, asker: Asker, like: dict[str, Any], expected: set[str]
) -> None:
    page = found(asker, PARTNERS, like)
    assert domains(page) == expected
    assert page["searchStrategy"] != "taxonomy"
    assert asker.usage() == {"requests": 1, "billable_records": len(page["nodes"])}


def test_the_best_organisations_count_and_not_all(organisations: Stack, asker: Asker) -> None:
    """There are more than 2,000, and the crowd is about anything."""
    assert "crowded-law.example" in domains(
        found(asker, PARTNERS, {"describe": "a law firm with lawyers"})
    )


def test_a_walk_meets_everybody_once_and_cursors_are_bound(
    organisations: Stack, asker: Asker
) -> None:
    like = {"describe": "lawyers", "filters": BOTH}
    seen: list[str] = []
    after = None
    while True:
        page = found(asker, PARTNERS, like, first=70, after=after)
        seen += [node["personId"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(seen) == len(set(seen)) == CROWD
    other = asker.graphql(QUERY, q=PARTNERS, like={"filters": BOTH}, after=after).json()
    assert other["errors"][0]["extensions"]["code"] == "invalid_cursor"


def test_a_token_is_bound_to_the_likeness_too(organisations: Stack, asker: Asker) -> None:
    first = found(asker, PARTNERS, {"filters": BOTH}, token="spring")
    again = found(asker, PARTNERS, {"filters": BOTH}, token="spring")
    other = found(asker, PARTNERS, {"describe": "lawyers", "filters": BOTH}, token="spring")
    people = [{node["personId"] for node in page["nodes"]} for page in (first, again, other)]
    assert not people[0] & people[1]
    assert people[0] == people[2]


@pytest.mark.parametrize(
    ("like", "argument"),
    [
        ({}, "atCompaniesLike.filters"),
        ({"describe": ""}, "atCompaniesLike.describe"),
        (
            {"describe": "x", "similarTo": [{"domain": "example.com"}]},
            "atCompaniesLike.describe",
        ),
        ({"similarTo": [{"domain": "no.example"}]}, "atCompaniesLike.similarTo"),
        ({"similarTo": [{"domain": "example.com"}] * 4}, "atCompaniesLike.similarTo"),
        ({"filters": {"naceCode": ["V"]}}, "atCompaniesLike.filters.naceCode"),
    ],
)
def test_bad_likenesses_are_named(
    organisations: Stack, asker: Asker, like: dict[str, Any], argument: str
) -> None:
    (error,) = asker.graphql(QUERY, q=PARTNERS, like=like).json()["errors"]
    assert error["extensions"]["code"] == "invalid_input"
    assert [each["argument"] for each in error["extensions"]["errors"]] == [argument]
    assert asker.usage()["requests"] == 0
