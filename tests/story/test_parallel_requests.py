"""Many callers at once: nobody gets a 5xx, and the books add up to what was given out."""

import asyncio
from typing import Any

import httpx2

from tests.stack import Asker, Stack

REQUESTS = 200
OPERATIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/v1/persons/search", {"q": "CEOs in Nevada", "limit": 20}),
    ("/v1/persons/search", {"q": "partners at law firms in Ely, NV", "limit": 100}),
    ("/v1/persons/lookup", {"email": "jordan@example.com"}),
    ("/v1/companies/crowded-law.example/people", {"limit": 50}),
    ("/v1/domains", {"limit": 10}),
)
GRAPHQL = """{
  personSearch(q: "owners of restaurants", first: 10) { nodes { personId } billableRecords }
  personLookup(email: "jordan@example.com") { billableRecords }
}"""


async def test_two_hundred_mixed_requests_at_once(stack: Stack, asker: Asker) -> None:
    """Each answers 200, and usage counts exactly the calls and the records they returned."""
    key = asker.http.headers["x-api-key"]
    limits = httpx2.Limits(max_connections=REQUESTS)
    async with httpx2.AsyncClient(
        base_url=stack.base_url, headers={"x-api-key": key}, limits=limits, timeout=60
    ) as client:
        answers = await asyncio.gather(*(ask(client, number) for number in range(REQUESTS)))
    calls = sum(calls for calls, _ in answers)
    records = sum(records for _, records in answers)
    assert records > 1_000
    assert asker.usage() == {"requests": calls, "billable_records": records}


async def ask(client: httpx2.AsyncClient, number: int) -> tuple[int, int]:
    """One request; the number of operations in it and of records it was billed for."""
    if number % 6 == 5:
        response = await client.post("/graphql", json={"query": GRAPHQL})
        assert response.status_code == 200, response.text
        data = response.json()["data"]
        found = data["personSearch"]
        assert found["billableRecords"] == len(found["nodes"])
        return 2, sum(each["billableRecords"] for each in data.values())
    path, parameters = OPERATIONS[number % 6]
    response = await client.get(path, params=parameters)
    assert response.status_code == 200, response.text
    body = response.json()
    assert body.get("billable_records", 0) in {0, len(body["data"])}
    return 1, body.get("billable_records", 0)
