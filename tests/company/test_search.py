"""Company search by both doors, and the people of companies found."""

from typing import Any

import pytest

from tests.stack import Asker

PEOPLE = """query ($q: String!, $people: Int!) {
  companySearch(q: $q, first: 20) {
    nodes {
      companyId
      people(first: $people) {
        nodes { personId company { companyId } } pagination { nextCursor } billableRecords
      }
    }
    billableRecords
  }
}"""


def companies(asker: Asker, **parameters: Any) -> dict[str, Any]:
    response = asker.rest("/v1/companies/search", **parameters)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def walk(asker: Asker, **parameters: Any) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        more: dict[str, str] = {} if cursor is None else {"cursor": cursor}
        pages.append(companies(asker, **parameters, **more))
        cursor = pages[-1]["pagination"]["next_cursor"]
        if cursor is None:
            return pages


def test_every_company_once_and_only_those_asked_for(asker: Asker) -> None:
    q = "companies in California with 10+ employees"
    pages = walk(asker, q=q, limit=7)
    rows = [row for page in pages for row in page["data"]]
    assert len(pages) > 2
    assert len({row["company_id"] for row in rows}) == len(rows)
    assert {(row["state"], row["employee_count"] >= 10) for row in rows} == {("CA", True)}
    exact = companies(asker, q=q, limit=7, exact_count="true")["pagination"]
    assert (exact["total_records"], "total_records_relation" in exact) == (len(rows), False)
    assert pages[0]["pagination"]["total_records"] == 8
    assert pages[0]["pagination"]["total_records_relation"] == "gte"
    assert asker.usage()["billable_records"] == len(rows) + 7


@pytest.mark.parametrize("cap", [1, 7, 10])
def test_a_cap_holds_across_pages_and_what_matches_is_still_told(asker: Asker, cap: int) -> None:
    q = "law firms"
    matching = companies(asker, q=q, limit=1, exact_count="true")["pagination"]
    assert matching["total_records"] > 10
    assert "total_matching_records" not in matching
    pages = walk(asker, q=q, limit=4, max_records=cap)
    assert sum(len(page["data"]) for page in pages) == cap
    for page in pages:
        told = page["pagination"]
        assert told["max_records"] == cap
        assert told["total_records"] <= cap
        assert told["total_records"] <= told["total_matching_records"] <= matching["total_records"]
        assert told["total_matching_records_relation"] == "gte"
    (exact,) = walk(asker, q=q, limit=cap, max_records=cap, exact_count="true")
    assert exact["pagination"]["total_matching_records"] == matching["total_records"]
    assert "total_matching_records_relation" not in exact["pagination"]


def test_a_leading_count_is_the_cap(asker: Asker) -> None:
    body = companies(asker, q="first three law firms")
    assert (len(body["data"]), body["pagination"]["max_records"]) == (3, 3)


def test_people_of_a_page_of_companies(asker: Asker) -> None:
    answer = asker.graphql(PEOPLE, q="law firms in Nevada", people=3).json()
    assert "errors" not in answer, answer
    found = answer["data"]["companySearch"]
    records = found["billableRecords"]
    assert found["nodes"]
    for company in found["nodes"]:
        people = company["people"]
        assert people["billableRecords"] == len(people["nodes"]) <= 3
        assert {each["company"]["companyId"] for each in people["nodes"]} <= {company["companyId"]}
        records += people["billableRecords"]
    assert asker.usage() == {"requests": 1, "billable_records": records}


def test_more_people_of_one_company(asker: Asker) -> None:
    query = """query ($after: String) {
      companySearch(q: "companies named Crowded Law") {
        nodes { people(first: 100, after: $after) {
          nodes { personId } pagination { nextCursor } pageInfo { hasPreviousPage }
        } }
      }
    }"""
    seen: list[str] = []
    after = None
    while True:
        answer = asker.graphql(query, after=after).json()
        (company,) = answer["data"]["companySearch"]["nodes"]
        people = company["people"]
        assert people["pageInfo"]["hasPreviousPage"] is (after is not None)
        seen += [each["personId"] for each in people["nodes"]]
        after = people["pagination"]["nextCursor"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 230


def test_the_free_look_and_an_edited_reading(asker: Asker) -> None:
    look = """query ($q: String!) { interpretCompanySearch(q: $q) {
      interpretation {
        industries { key label } locations { key label city state }
        filters { companyState employeeCountMin }
      }
      totalRecords totalRecordsRelation
    } }"""
    search = """query ($edited: CompanyInterpretationInput) {
      companySearch(interpretation: $edited, exactCount: true) {
        nodes { companyId } pagination { totalRecords }
      }
    }"""
    q = "law firms in California with 10+ employees"
    seen = asker.graphql(look, q=q).json()["data"]["interpretCompanySearch"]
    assert asker.usage() == {"requests": 1, "billable_records": 0}
    edited = seen["interpretation"]
    found = asker.graphql(search, edited=edited).json()["data"]["companySearch"]
    assert found["pagination"]["totalRecords"] == seen["totalRecords"]
    assert [node["companyId"] for node in found["nodes"]] == [
        row["company_id"] for row in companies(asker, q=q)["data"]
    ]
    edited["filters"]["employeeCountMin"] = None
    wider = asker.graphql(search, edited=edited).json()["data"]["companySearch"]
    assert wider["pagination"]["totalRecords"] > seen["totalRecords"]


@pytest.mark.parametrize(
    ("parameters", "argument"),
    [
        ({}, "q"),
        ({"q": " "}, "q"),
        ({"q": "x" * 1001}, "q"),
        ({"q": "law firms", "limit": 0}, "limit"),
        ({"q": "law firms", "limit": 101}, "limit"),
        ({"q": "law firms", "max_records": 0}, "max_records"),
        ({"q": "law firms", "exact_count": "yes"}, "exact_count"),
        ({"q": "law firms", "location_state": "NV"}, "location_state"),
        ({"q": "law firms", "interpretation": "{}"}, "interpretation"),
    ],
)
def test_bad_input(asker: Asker, parameters: dict[str, Any], argument: str) -> None:
    response = asker.rest("/v1/companies/search", **parameters)
    assert response.status_code == 422
    assert response.json()["errors"][0]["argument"] == argument
    assert asker.usage() == {"requests": 0, "billable_records": 0}


def test_a_cursor_of_another_question_is_refused(asker: Asker) -> None:
    cursor = companies(asker, q="law firms", limit=1)["pagination"]["next_cursor"]
    response = asker.rest("/v1/companies/search", q="restaurants", limit=1, cursor=cursor)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")


def test_one_request_cannot_ask_for_everybody_everywhere(asker: Asker) -> None:
    answer = asker.graphql(PEOPLE, q="companies in California", people=501).json()
    assert answer["errors"][0]["extensions"]["code"] == "invalid_input"
    answer = asker.graphql(PEOPLE.replace("first: 20", "first: 21"), q="law firms", people=500)
    assert "people of more than 10,000" in answer.json()["errors"][0]["message"]


def test_an_answer_shared_by_many_rows_survives_an_error_of_one(asker: Asker) -> None:
    """People of one company lead to the same company again and again; then it is too much."""
    query = """{ companySearch(q: "companies named Crowded Law", first: 1) { nodes {
      people(first: 100) { nodes { company { people(first: 100) { nodes { personId } } } } }
    } } }"""
    response = asker.graphql(query)
    assert response.status_code == 422, response.text
    assert "people of more than 10,000" in response.json()["errors"][0]["message"]
