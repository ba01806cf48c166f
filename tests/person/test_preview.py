"""The free look at an interpretation, and searches by an edited one."""

from typing import Any

import pytest

from tests.stack import Asker

LOOK = """query ($q: String, $edited: PersonInterpretationInput) {
  interpretPersonSearch(q: $q, interpretation: $edited) {
    interpretation {
      roles { key label } industries { key label } locations { key label city state }
      filters { companyCity companyState employeeCountMin employeeCountMax }
      allEmployees requestedRecords
    }
    searchStrategy totalRecords totalRecordsRelation
  }
}"""
SEARCH = """query ($q: String, $edited: PersonInterpretationInput) {
  personSearch(q: $q, interpretation: $edited) {
    nodes { personId } searchStrategy pagination { totalRecords totalRecordsRelation }
  }
}"""


def look(asker: Asker, **asked: Any) -> dict[str, Any]:
    answer = asker.graphql(LOOK, **asked).json()
    assert "errors" not in answer, answer
    seen: dict[str, Any] = answer["data"]["interpretPersonSearch"]
    return seen


def found(asker: Asker, **asked: Any) -> list[str]:
    answer = asker.graphql(SEARCH, **asked).json()
    assert "errors" not in answer, answer
    return [node["personId"] for node in answer["data"]["personSearch"]["nodes"]]


@pytest.mark.parametrize(
    ("q", "strategy"),
    [
        ("owners of insurance agencies in Nevada", "taxonomy"),
        ("real estate agents in Nevada", "taxonomy"),
        ("partners at law firms", "taxonomy"),
        ("CMOs of SaaS companies in Nevada with 50+ employees", "indexed_dynamic"),
        ("all employees at SaaS companies with fewer than 50 employees", "indexed_dynamic"),
        ("growth hackers in Texas", "dynamic"),
    ],
)
def test_a_look_is_free_and_says_what_would_run(asker: Asker, q: str, strategy: str) -> None:
    seen = look(asker, q=q)
    assert seen["searchStrategy"] == strategy
    assert asker.usage() == {"requests": 1, "billable_records": 0}
    assert len(found(asker, q=q)) == min(100, seen["totalRecords"])


def test_what_was_seen_can_be_sent_back(asker: Asker) -> None:
    q = "CMOs of SaaS companies in Nevada with 50+ employees"
    edited = look(asker, q=q)["interpretation"]
    assert found(asker, edited=edited) == found(asker, q=q)


def test_a_chip_is_removed(asker: Asker) -> None:
    edited = look(asker, q="CEOs of law firms in Texas with 10+ employees")["interpretation"]
    edited["filters"]["employeeCountMin"] = None
    assert found(asker, edited=edited) == found(asker, q="CEOs of law firms in Texas")
    edited["industries"] = []
    assert found(asker, edited=edited) == found(asker, q="CEOs in Texas")


def test_totals_of_the_taxonomy_path_are_exact(asker: Asker) -> None:
    q = "owners in California"
    pages, cursor = [], None
    while True:
        parameters = {"q": q, "limit": 20} | ({"cursor": cursor} if cursor else {})
        body = asker.rest("/v1/persons/search", **parameters).json()
        pages.append(body)
        cursor = body["pagination"]["next_cursor"]
        if cursor is None:
            break
    delivered = sum(len(page["data"]) for page in pages)
    assert len(pages) > 1
    for page in pages:
        assert page["pagination"]["total_records"] == delivered
        assert "total_records_relation" not in page["pagination"]
        assert page["pagination"]["total_pages"] == -(-delivered // 20)
    capped = asker.rest("/v1/persons/search", q=q, max_records=7).json()["pagination"]
    assert (capped["total_records"], capped["total_matching_records"]) == (7, delivered)


@pytest.mark.parametrize(
    ("asked", "argument"),
    [
        ({}, "q"),
        ({"q": "CEOs", "edited": {"roles": [{"key": "owner"}]}}, "q"),
        ({"edited": {}}, "interpretation"),
        ({"edited": {"roles": [{"key": "no_such_role"}]}}, "interpretation.roles"),
        ({"edited": {"industries": [{"key": "dynamic_industry", "label": "x"}]}}, "industries"),
        ({"edited": {"filters": {"companyState": "ZZ"}}}, "filters.companyState"),
        ({"edited": {"filters": {"sic": ["12345"]}}}, "filters.sic"),
        ({"edited": {"filters": {"employeeCountMin": -1}}}, "filters.employeeCountMin"),
        ({"edited": {"filters": {"keywords": ["x" * 101]}}}, "filters.keywords"),
        ({"edited": {"filters": {"keywords": ["x"] * 26}}}, "filters.keywords"),
    ],
)
def test_edited_interpretations_are_validated(
    asker: Asker, asked: dict[str, Any], argument: str
) -> None:
    for query in (LOOK, SEARCH):
        response = asker.graphql(query, **asked)
        assert response.status_code == 422, response.text
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "invalid_input"
        assert argument in error["extensions"]["errors"][0]["argument"]
    assert asker.usage() == {"requests": 0, "billable_records": 0}


def test_rest_has_no_edited_interpretation(asker: Asker) -> None:
    response = asker.rest("/v1/persons/search", interpretation="{}")
    assert {each["argument"] for each in response.json()["errors"]} == {"q", "interpretation"}
