"""Limits are announced, true, and shared: two API processes on one stack's stores."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest
from http_sf import parse
from redis import Redis

from api.caller import Tier
from tests.api_processes import api_process
from tests.graph.test_subscriptions import key_of, receive, send, socket
from tests.stack import Asker, Stack

REQUESTS, COST = 8, 600
LIMITS = {
    "STIBNITE_LIMITS_TIER_1": f"requests={REQUESTS}/86400 cost={COST}/86400",
    "STIBNITE_LIMITS_TIER_2": "requests=1000/60 records=60/86400",
    "STIBNITE_LIMITS_TIER_3": "off",
    "STIBNITE_LIMITS_ANONYMOUS": "requests=5/86400",
    "STIBNITE_LIMITS_FAILED_SIGN_IN": "requests=4/86400",
}
# The whole of one request flows back in so many seconds.
ONE_REQUEST_S = 86_400 // REQUESTS
SEARCH = "/v1/persons/search"
PARTNERS = "partners at law firms in Ely, NV"
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"


@pytest.fixture(scope="module")
def pair(stack: Stack) -> Iterator[tuple[Stack, Stack]]:
    """Two API processes with narrow limits."""
    with ExitStack() as both:
        yield (
            both.enter_context(api_process(stack, **LIMITS)),
            both.enter_context(api_process(stack, **LIMITS)),
        )


@pytest.fixture
def askers(pair: tuple[Stack, Stack]) -> Iterator[tuple[Asker, Asker]]:
    """One fresh key, at each of the two."""
    key = pair[0].new_key("limited")
    with pair[0].client(key) as first, pair[1].client(key) as second:
        yield Asker(first), Asker(second)


def items(response: httpx2.Response, header: str) -> dict[str, dict[str, Any]]:
    """A structured field: the parameters of each policy by its name."""
    parsed: Any = parse(response.headers[header].encode(), tltype="list")
    return {str(value): dict(parameters) for value, parameters in parsed}


def assert_limited(response: httpx2.Response, policy: str, seconds: int) -> None:
    assert response.status_code == 429, response.text
    assert abs(int(response.headers["retry-after"]) - seconds) <= 1
    if "errors" in response.json():
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "rate_limited"
        assert error["extensions"]["violatedPolicies"] == [policy]
        assert "data" not in response.json()
        return
    body = response.json()
    assert (body["type"], body["code"]) == (QUOTA_EXCEEDED, "rate_limited")
    assert body["violated-policies"] == [policy]


def test_what_is_announced_can_be_had_and_no_more(askers: tuple[Asker, Asker]) -> None:
    """Read ``r``, send exactly so many by both doors of both processes; the next is refused."""
    first, second = askers
    response = first.rest("/v1/usage")
    policy = items(response, "ratelimit-policy")
    assert policy["requests"] == {"q": REQUESTS, "w": 86_400}
    assert {key: policy["cost"][key] for key in ("q", "w")} == {"q": COST, "w": 86_400}
    left = items(response, "ratelimit")["requests"]["r"]
    assert left == REQUESTS - 1
    for number in range(left):
        asker = askers[number % 2]
        answer = asker.rest("/v1/usage") if number % 3 else asker.graphql("{ usage { requests } }")
        assert answer.status_code == 200
        assert items(answer, "ratelimit")["requests"]["r"] == left - number - 1
    told = items(answer, "ratelimit")["requests"]
    assert abs(told["t"] - ONE_REQUEST_S) <= 1
    for asker in (second, first, second):
        assert_limited(asker.rest("/v1/usage"), "requests", told["t"])
        assert_limited(asker.graphql("{ usage { requests } }"), "requests", told["t"])
        # Not even what is no request at all is read any more.
        assert_limited(asker.http.post("/graphql", content=b"{"), "requests", told["t"])


async def test_two_processes_share_one_budget_exactly(pair: tuple[Stack, Stack]) -> None:
    key = pair[0].new_key("limited")
    async with httpx2.AsyncClient(headers={"x-api-key": key}, timeout=30) as client:
        answers = await asyncio.gather(
            *(client.get(f"{pair[number % 2].base_url}/v1/usage") for number in range(40))
        )
    statuses = [each.status_code for each in answers]
    assert (statuses.count(200), statuses.count(429)) == (REQUESTS, 40 - REQUESTS)
    for each in answers:
        if each.status_code == 429:
            assert_limited(each, "requests", ONE_REQUEST_S)


def test_cost_is_taken_before_and_given_back_after(askers: tuple[Asker, Asker]) -> None:
    first, second = askers
    query = """query ($q: String!, $first: Int!) {
      personSearch(q: $q, first: $first) { nodes { personId company { name } } } }"""
    answer = first.graphql(query, q="CMOs of SaaS companies in Nevada", first=100).json()
    found = len(answer["data"]["personSearch"]["nodes"])
    cost = answer["extensions"]["cost"]
    assert 1 <= found < 100
    assert cost["requestedQueryCost"] == 10 + 100 * 2
    assert cost["actualQueryCost"] == 10 + found * 2
    assert cost["throttleStatus"]["maximumAvailable"] == COST
    assert cost["throttleStatus"]["currentlyAvailable"] == COST - cost["actualQueryCost"]
    assert cost["throttleStatus"]["restoreRate"] == pytest.approx(COST / 86_400)
    # The other door of the other process goes on with the same account.
    body = second.rest(SEARCH, q=PARTNERS, limit=5)
    assert items(body, "ratelimit")["cost"]["r"] < COST - cost["actualQueryCost"] - 5


def test_a_refusal_for_cost_says_when_there_will_be_enough(askers: tuple[Asker, Asker]) -> None:
    first, second = askers
    wide = '{ organisationSearch(describe: "payroll", first: %d) { nodes { domain } } }'
    assert second.graphql(wide % 500).status_code == 200
    left = first.graphql("{ rateLimit { policies { counts remaining } } }").json()
    remaining = {
        each["counts"]: each["remaining"] for each in left["data"]["rateLimit"]["policies"]
    }
    missing = 10 + 500 - remaining["cost"]
    assert missing > 0
    refused = first.graphql(wide % 500)
    assert_limited(refused, "cost", round(missing * 86_400 / COST))
    assert second.graphql("{ usage { requests } }").status_code == 200


def test_the_callers_limits_are_a_field_that_costs_nothing(askers: tuple[Asker, Asker]) -> None:
    query = "{ rateLimit { cost policies { counts quota windowS remaining moreInS } } }"
    answer = askers[0].graphql(query).json()
    assert answer["data"]["rateLimit"] == {
        "cost": 0,
        "policies": [
            {
                "counts": "requests",
                "quota": REQUESTS,
                "windowS": 86_400,
                "remaining": REQUESTS - 1,
                "moreInS": ONE_REQUEST_S,
            },
            {"counts": "cost", "quota": COST, "windowS": 86_400, "remaining": COST, "moreInS": 0},
        ],
    }
    assert answer["extensions"]["cost"]["actualQueryCost"] == 0


def test_requests_that_are_refused_for_what_they_say_count(askers: tuple[Asker, Asker]) -> None:
    first, second = askers
    refused = [
        first.rest(SEARCH, q=""),
        first.rest(SEARCH, colour="blue"),
        first.graphql("{ nothing }"),
        first.graphql("{"),
        first.http.post("/graphql", content=b"\xff"),
        first.graphql("{ " + "a " * 600 + "}"),
    ]
    assert {each.status_code for each in refused} <= {400, 415, 422}
    assert items(second.rest("/v1/usage"), "ratelimit")["requests"]["r"] == REQUESTS - 7


def test_different_records_of_a_day(pair: tuple[Stack, Stack]) -> None:
    key = pair[0].new_key("limited", Tier.TIER_2)
    with pair[0].client(key) as first, pair[1].client(key) as second:
        same: dict[str, str | int] = {"q": PARTNERS, "limit": 40}
        for _ in range(3):
            answer = first.get(SEARCH, params=same)
            assert answer.status_code == 200
            shown = len(answer.json()["data"])
            assert abs(items(answer, "ratelimit")["records"]["r"] - (60 - shown)) <= 2
        other = second.get("/v1/companies/crowded-law.example/people", params={"limit": 500})
        assert other.status_code == 200
        assert items(other, "ratelimit")["records"]["r"] == 0
        limited = second.get(SEARCH, params=same)
        assert limited.status_code == 429
        assert limited.json()["violated-policies"] == ["records"]
        assert first.get("/v1/usage").status_code == 200


def test_limits_can_be_off(pair: tuple[Stack, Stack]) -> None:
    key = pair[0].new_key("limited", Tier.TIER_3)
    with pair[0].client(key) as client:
        for _ in range(2 * REQUESTS):
            answer = client.get("/v1/usage")
            assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


def test_strangers_are_limited_by_address(pair: tuple[Stack, Stack]) -> None:
    """First those without credentials, then those whose credentials are none: good ones work on."""
    with Redis.from_url(pair[0].settings.required_redis_url) as redis:
        # Other tests come from this address, too, and are not limited.
        redis.delete("limit:{address:127.0.0.1}", "limit:{failed:127.0.0.1}")
    with pair[0].client(None) as first, pair[1].client(None) as second:
        statuses = [
            client.get("/v1/usage").status_code for _ in range(4) for client in (first, second)
        ]
        assert statuses == [401] * 5 + [429] * 3
        wrong = {"x-api-key": "stib_live_" + "x" * 43}
        statuses = [
            client.get("/v1/usage", headers=wrong).status_code
            for _ in range(3)
            for client in (first, second)
        ]
        assert statuses == [401] * 4 + [429] * 2
    with pair[0].client(pair[0].new_key("limited")) as client:
        assert client.get("/v1/usage").status_code == 200


def test_operations_over_websocket_are_counted(
    pair: tuple[Stack, Stack], askers: tuple[Asker, Asker]
) -> None:
    asker, other = askers
    with socket(pair[0], key_of(asker)) as connection:
        assert receive(connection) == {"type": "connection_ack"}
        query = "{ usage { requests } }"
        for number in range(REQUESTS):
            send(connection, type="subscribe", id=str(number), payload={"query": query})
            answer = receive(connection)
            assert answer["payload"]["extensions"]["cost"]["actualQueryCost"] == 10
            assert receive(connection)["type"] == "complete"
        send(connection, type="subscribe", id="late", payload={"query": query})
        (error,) = receive(connection)["payload"]
        assert error["extensions"]["code"] == "rate_limited"
        assert abs(error["extensions"]["retryAfter"] - ONE_REQUEST_S) <= 1
    assert_limited(other.rest("/v1/usage"), "requests", ONE_REQUEST_S)
