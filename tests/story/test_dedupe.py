"""One campaign, twenty callers at once, by both doors: nobody is delivered twice, or billed."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.documented import CROWD
from tests.stack import Asker, Stack

SEARCH = "/v1/persons/search"
Q = "partners at law firms in Ely, NV"
GRAPHQL = """query ($q: String!, $first: Int!, $token: String, $user: String) {
  personSearch(q: $q, first: $first, dedupeToken: $token, dedupeUserId: $user) {
    nodes { personId } billableRecords
  }
}"""


async def at_once(stack: Stack, key: str, limit: int) -> list[list[str]]:
    """Twenty requests of one token, half of them by GraphQL; the ids that each was given."""
    token = str(uuid4())

    async with httpx2.AsyncClient(
        base_url=stack.base_url, headers={"x-api-key": key}, timeout=60
    ) as client:

        async def ask(number: int) -> list[str]:
            if number % 2:
                variables: dict[str, Any] = {"q": Q, "first": limit, "token": token}
                body = {"query": GRAPHQL, "variables": variables}
                response = await client.post("/graphql", json=body)
                assert response.status_code == 200, response.text
                found = response.json()["data"]["personSearch"]
                assert found["billableRecords"] == len(found["nodes"])
                return [row["personId"] for row in found["nodes"]]
            parameters: dict[str, Any] = {"q": Q, "limit": limit, "dedupe_token": token}
            response = await client.get(SEARCH, params=parameters)
            assert response.status_code == 200, response.text
            return [row["person_id"] for row in response.json()["data"]]

        return await asyncio.gather(*(ask(number) for number in range(20)))


@pytest.mark.parametrize(("limit", "full"), [(11, 20), (100, 2)])
async def test_twenty_requests_with_one_token(
    stack: Stack, asker: Asker, limit: int, full: int
) -> None:
    given = await at_once(stack, asker.http.headers["x-api-key"], limit)
    flat = [person for page in given for person in page]
    assert len(flat) == len(set(flat)) == min(CROWD, 20 * limit)
    assert sorted(map(len, given), reverse=True)[:full] == [limit] * full
    assert asker.usage() == {"requests": 20, "billable_records": len(flat)}


def test_scopes_are_independent(stack: Stack, asker: Asker, stranger: Asker) -> None:
    autumn = {"q": Q, "limit": 10, "dedupe_token": str(uuid4())}

    def first(of: Asker, **more: Any) -> list[str]:
        body = of.rest(SEARCH, **{**autumn, **more}).json()
        return [row["person_id"] for row in body["data"]]

    beginning = first(asker)
    assert len(beginning) == 10
    again = first(asker)
    assert not set(beginning) & set(again)
    # Another user, token, question or account begins at the beginning; other words go on.
    assert first(asker, dedupe_user_id="ada") == beginning
    assert first(asker, dedupe_user_id="ada") == again
    assert first(asker, dedupe_token=str(uuid4())) == beginning
    assert first(asker, q=f"{Q} with 500+ employees") == beginning
    assert first(stranger) == beginning
    assert not set(first(asker, q=f"give me 10 {Q}")) & {*beginning, *again}
    # Without a token nothing is remembered.
    for _ in range(2):
        body = asker.rest(SEARCH, q=Q, limit=10).json()
        assert [row["person_id"] for row in body["data"]] == beginning


def test_cursors_go_on_within_a_scope(asker: Asker) -> None:
    token = str(uuid4())

    def page(cursor: str | None = None) -> dict[str, Any]:
        more = {} if cursor is None else {"cursor": cursor}
        body: dict[str, Any] = asker.rest(
            SEARCH, q=Q, limit=50, dedupe_token=token, max_records=120, **more
        ).json()
        return body

    first = page()
    second = page(first["pagination"]["next_cursor"])
    third = page(second["pagination"]["next_cursor"])
    ids = [row["person_id"] for body in (first, second, third) for row in body["data"]]
    assert len(set(ids)) == len(ids) == 120
    assert third["pagination"]["next_cursor"] is None
    # A page asked for again is what comes after it: what was delivered is not delivered again.
    repeated = page(first["pagination"]["next_cursor"])
    assert not {row["person_id"] for row in repeated["data"]} & set(ids)
    assert asker.usage()["billable_records"] == 120 + len(repeated["data"])
