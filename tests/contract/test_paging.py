"""Pages neither overlap nor skip; caps hold across pages; totals keep their promises."""

from typing import Any

import pytest

from tests.documented import CROWD
from tests.stack import Asker

Q = "partners at law firms in Ely, NV"


def pages(asker: Asker, path: str, **parameters: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    bodies: list[dict[str, Any]] = []
    cursor: str | None = None
    while not bodies or cursor:
        assert len(bodies) < 300, "paging does not end"
        more = {} if cursor is None else {"cursor": cursor}
        response = asker.rest(path, **parameters, **more)
        assert response.status_code == 200, response.text
        bodies.append(response.json())
        cursor = bodies[-1]["pagination"]["next_cursor"]
    return bodies


def ids(bodies: list[dict[str, Any]]) -> list[str]:
    return [row["person_id"] for body in bodies for row in body["data"]]


@pytest.mark.parametrize("limit", [1, 7, 23, 100])
def test_pages_hold_everybody_once(asker: Asker, limit: int) -> None:
    bodies = pages(asker, "/v1/persons/search", q=Q, limit=limit)
    found = ids(bodies)
    assert len(found) == len(set(found)) == CROWD
    assert [body["billable_records"] for body in bodies] == [len(body["data"]) for body in bodies]
    assert all(len(body["data"]) == limit for body in bodies[:-1])
    assert asker.usage() == {"requests": len(bodies), "billable_records": CROWD}


def test_totals_are_lower_bounds_until_they_are_exact(asker: Asker) -> None:
    flexible = f"{Q} with 10+ employees"
    *before, last = pages(asker, "/v1/persons/search", q=flexible, limit=100)
    for number, body in enumerate(before, start=1):
        assert body["pagination"]["total_records"] == number * 100 + 1
        assert body["pagination"]["total_records_relation"] == "gte"
    assert last["pagination"]["total_records"] == CROWD
    assert "total_records_relation" not in last["pagination"]
    assert last["pagination"]["total_pages"] == 3


@pytest.mark.parametrize(("cap", "limit"), [(1, 1), (50, 20), (60, 20), (100, 100), (1000, 100)])
def test_max_records_holds_across_pages(asker: Asker, cap: int, limit: int) -> None:
    bodies = pages(asker, "/v1/persons/search", q=Q, limit=limit, max_records=cap)
    assert len(ids(bodies)) == len(set(ids(bodies))) == min(cap, CROWD)
    for body in bodies:
        assert body["pagination"]["max_records"] == cap
        assert body["pagination"]["total_records"] <= cap


def test_the_cap_travels_in_the_cursor(asker: Asker) -> None:
    first = asker.rest("/v1/persons/search", q=Q, limit=30, max_records=50).json()
    cursor = first["pagination"]["next_cursor"]
    second = asker.rest("/v1/persons/search", q=Q, limit=30, cursor=cursor).json()
    assert len(second["data"]) == 20
    assert second["pagination"]["next_cursor"] is None
    assert second["pagination"]["max_records"] == 50


def test_a_leading_count_is_max_records_unless_that_is_given(asker: Asker) -> None:
    counted = pages(asker, "/v1/persons/search", q=f"give me 40 {Q}", limit=30)
    assert len(ids(counted)) == 40
    assert counted[0]["interpretation"]["requested_records"] == 40
    assert counted[0]["pagination"]["max_records"] == 40
    overruled = pages(asker, "/v1/persons/search", q=f"give me 40 {Q}", max_records=25)
    assert len(ids(overruled)) == 25


def test_graphql_edges_continue_after_any_row(asker: Asker) -> None:
    query = """query ($q: String!, $after: String) {
      personSearch(q: $q, first: 5, after: $after) {
        edges { cursor node { personId } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }"""
    page = asker.graphql(query, q=Q).json()["data"]["personSearch"]
    edges = page["edges"]
    assert page["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": edges[0]["cursor"],
        "endCursor": edges[-1]["cursor"],
    }
    after = asker.graphql(query, q=Q, after=edges[1]["cursor"]).json()["data"]["personSearch"]
    assert after["pageInfo"]["hasPreviousPage"]
    assert after["edges"][:3] == [
        {"cursor": after["edges"][i]["cursor"], "node": edges[i + 2]["node"]} for i in range(3)
    ]


@pytest.mark.parametrize("limit", [1, 64, 500])
def test_company_people_pages(asker: Asker, limit: int) -> None:
    bodies = pages(asker, "/v1/companies/crowded-law.example/people", limit=limit)
    assert len(ids(bodies)) == len(set(ids(bodies))) == CROWD
    capped = pages(
        asker, "/v1/companies/www.Crowded-Law.example/people", limit=limit, max_records=30
    )
    assert ids(capped) == ids(bodies)[:30]
    assert capped[0]["pagination"]["max_records"] == 30


def test_domain_pages_are_alphabetical_and_complete(asker: Asker) -> None:
    whole = pages(asker, "/v1/domains", limit=100, min_contacts=1)
    names = [row["domain"] for body in whole for row in body["data"]]
    assert names == sorted(set(names))
    small = pages(asker, "/v1/domains", limit=37, min_contacts=1, location_state="TX")
    texan = [row["domain"] for body in small for row in body["data"]]
    assert texan == [
        row["domain"]
        for body in whole
        for row in body["data"]
        if row.get("location", {}).get("state") == "TX"
    ]
    assert asker.usage()["billable_records"] == 0


def test_nobody_is_an_answer_and_costs_nothing(asker: Asker) -> None:
    body = asker.rest("/v1/companies/nobody.example/people").json()
    assert body == {
        "data": [],
        "pagination": {"limit": 100, "next_cursor": None},
        "billable_records": 0,
    }
    assert asker.usage() == {"requests": 1, "billable_records": 0}
