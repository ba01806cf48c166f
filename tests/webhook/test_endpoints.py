"""Endpoints by both doors: registered, listed, deleted, secrets rotated; bad input refused."""

import base64
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import orjson
import pytest
from sqlalchemy import create_engine, select

from api.sealing import Sealer
from api.stores.tables import webhook_endpoints
from rest.openapi import EXAMPLES
from tests.contract.test_documented_examples import snake
from tests.delivery.test_urls import REFUSED
from tests.stack import Asker, Stack

PATH = "/v1/webhooks/endpoints"
EXAMPLE: dict[str, Any] = orjson.loads(EXAMPLES.read_bytes())
ASKED = EXAMPLE["requests"][f"POST {PATH} request"]
NOBODYS = (str(uuid4()), "endpoint_123", "0", "a" * 64)
FIELDS = "id url description events status disabledReason createdAt"
CREATE = """mutation ($url: String!, $description: String, $events: [String!]) {
  createWebhookEndpoint(url: $url, description: $description, events: $events) {
    id url description events status createdAt signingSecret } }"""
ROTATE = f"""mutation ($id: ID!, $hours: Int! = 24) {{
  rotateWebhookSecret(endpointId: $id, overlapHours: $hours) {{
    endpoint {{ {FIELDS} }} signingSecret previousSecretExpiresAt }} }}"""
ENABLE = f"mutation ($id: ID!) {{ enableWebhookEndpoint(endpointId: $id) {{ {FIELDS} }} }}"
DELETE = "mutation ($id: ID!) { deleteWebhookEndpoint(endpointId: $id) { deleted } }"


@pytest.fixture
def owner(stack: Stack) -> Iterator[Asker]:
    """The key of an account that has nothing yet."""
    with stack.client(stack.new_key(f"webhooks {uuid4()}")) as client:
        yield Asker(client)


def post(asker: Asker, **body: Any) -> httpx2.Response:
    return asker.http.post(PATH, json=body)


def created(asker: Asker, **body: Any) -> dict[str, Any]:
    response = post(asker, **{"url": ASKED["url"], **body})
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


def listed(asker: Asker) -> list[dict[str, Any]]:
    response = asker.rest(PATH)
    assert response.status_code == 200
    data: list[dict[str, Any]] = response.json()["data"]
    return data


def test_the_documented_example(owner: Asker) -> None:
    endpoint = created(owner, **ASKED)
    documented = EXAMPLE[f"POST {PATH}"]
    assert list(endpoint) == list(documented)
    varying = {"id", "created_at", "signing_secret"}
    assert {k: v for k, v in endpoint.items() if k not in varying} == {
        k: v for k, v in documented.items() if k not in varying
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", endpoint["created_at"])
    age = datetime.now(UTC) - datetime.fromisoformat(endpoint["created_at"])
    assert timedelta() <= age < timedelta(minutes=5)
    secret = endpoint.pop("signing_secret")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert owner.rest(PATH).json() == {
        "data": [endpoint],
        "pagination": {"limit": 100, "next_cursor": None},
    }
    assert owner.http.delete(f"{PATH}/{endpoint['id']}").json() == {"deleted": True}
    assert listed(owner) == []
    assert owner.usage() == {"requests": 4, "billable_records": 0}


def test_both_doors_answer_alike(owner: Asker) -> None:
    by_rest = created(owner, **ASKED)
    answer = owner.graphql(CREATE, **ASKED).json()["data"]["createWebhookEndpoint"]
    by_graphql = snake(answer)
    assert list(by_graphql) == list(by_rest)
    assert by_graphql["signing_secret"] != by_rest["signing_secret"]
    nodes = owner.graphql(
        f"{{ webhookEndpoints {{ nodes {{ {FIELDS} }} edges {{ node {{ id }} cursor }} }} }}"
    ).json()["data"]["webhookEndpoints"]
    rest = listed(owner)
    assert [each["id"] for each in rest] == [by_rest["id"], by_graphql["id"]]
    assert [snake(each) for each in nodes["nodes"]] == [
        {**each, "disabled_reason": None} for each in rest
    ]
    assert [each["node"]["id"] for each in nodes["edges"]] == [each["id"] for each in rest]


@pytest.mark.parametrize(
    ("events", "subscribed"),
    [
        (None, ["person_search.job.succeeded", "person_search.job.failed"]),
        (["person_search.job.failed"], ["person_search.job.failed"]),
        (
            ["person_search.job.failed", "person_search.job.succeeded"],
            ["person_search.job.succeeded", "person_search.job.failed"],
        ),
    ],
)
def test_events_default_to_both(
    owner: Asker, events: list[str] | None, subscribed: list[str]
) -> None:
    assert created(owner, events=events)["events"] == subscribed


@pytest.mark.parametrize(
    ("description", "kept"), [("  CRM\n\tsync ", "CRM sync"), ("x" * 200, "x" * 200), (None, None)]
)
def test_descriptions_are_labels(owner: Asker, description: str | None, kept: str | None) -> None:
    assert created(owner, description=description).get("description") == kept


def test_urls_that_deliveries_may_not_go_to(owner: Asker) -> None:
    for url in REFUSED:
        body = b'{"url":' + _json_text(url) + b"}"
        response = owner.http.post(PATH, content=body, headers={"content-type": "application/json"})
        if "\ud800" in url:
            assert response.json()["code"] == "malformed_request"
            continue
        assert response.status_code == 422, (url, response.text)
        assert [each["argument"] for each in response.json()["errors"]] == ["url"]
    assert listed(owner) == []


def _json_text(text: str) -> bytes:
    """As JSON, lone surrogates too."""
    return b'"' + "".join(f"\\u{unit:04x}" for unit in _units(text)).encode() + b'"'


def _units(text: str) -> list[int]:
    raw = text.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(raw[i : i + 2]) for i in range(0, len(raw), 2)]


BAD_BODIES: list[tuple[dict[str, Any], str]] = [
    ({"url": None}, "url"),
    ({"url": 1}, "url"),
    ({"url": ["https://customer.example/"]}, "url"),
    ({"url": "https://customer.example/" + "a" * 2_000}, "url"),
    ({"description": "x" * 201}, "description"),
    ({"description": "a\x00b"}, "description"),
    ({"description": {}}, "description"),
    ({"events": []}, "events"),
    ({"events": ["person_search.job.queued"]}, "events"),
    ({"events": ["*"]}, "events"),
    ({"events": ["person_search.job.failed", "x"]}, "events"),
    ({"events": ["person_search.job.failed"] * 3}, "events"),
    ({"events": "person_search.job.failed"}, "events"),
    ({"events": [None]}, "events[0]"),
    ({"secret": "whsec_mine"}, "secret"),
    ({"status": "active"}, "status"),
]


def test_bad_bodies_name_the_argument(owner: Asker) -> None:
    for changed, argument in BAD_BODIES:
        response = post(owner, **{"url": ASKED["url"], **changed})
        assert response.status_code == 422, (changed, response.text)
        assert [each["argument"] for each in response.json()["errors"]] == [argument]
    assert listed(owner) == []


def test_an_account_has_twenty_at_most(owner: Asker) -> None:
    endpoints = [created(owner) for _ in range(20)]
    refused = post(owner, url=ASKED["url"])
    assert refused.status_code == 409
    assert refused.json()["code"] == "conflict"
    first = owner.rest(PATH, limit=12).json()
    rest = owner.rest(PATH, limit=12, cursor=first["pagination"]["next_cursor"]).json()
    assert [each["id"] for each in first["data"] + rest["data"]] == [e["id"] for e in endpoints]
    assert rest["pagination"]["next_cursor"] is None
    assert owner.http.delete(f"{PATH}/{endpoints[0]['id']}").status_code == 200
    created(owner)


def test_twenty_at_most_also_at_the_same_moment(stack: Stack, owner: Asker) -> None:
    with ThreadPoolExecutor(30) as threads:
        codes = list(threads.map(lambda _: post(owner, url=ASKED["url"]).status_code, range(30)))
    assert sorted(codes) == [201] * 20 + [409] * 10


def test_endpoints_of_others_are_not_there(owner: Asker, stranger: Asker) -> None:
    endpoint = created(owner)
    assert not [each for each in listed(stranger) if each["id"] == endpoint["id"]]
    for key in (endpoint["id"], *NOBODYS):
        response = stranger.http.delete(f"{PATH}/{key}")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
        for mutation in (DELETE, ROTATE, ENABLE):
            (error,) = stranger.graphql(mutation, id=key).json()["errors"]
            assert error["extensions"]["code"] == "not_found"
    cursor = owner.graphql("{ webhookEndpoints { edges { cursor } } }").json()
    foreign = cursor["data"]["webhookEndpoints"]["edges"][0]["cursor"]
    assert stranger.rest(PATH, cursor=foreign).json()["code"] == "invalid_cursor"
    assert [each["id"] for each in listed(owner)] == [endpoint["id"]]


def test_nobody_gets_in_without_a_key(stack: Stack) -> None:
    with stack.client(None) as client:
        assert client.post(PATH, json=ASKED).status_code == 401
        assert client.get(PATH).status_code == 401
        assert client.delete(f"{PATH}/{uuid4()}").status_code == 401
        assert client.get("/v1/webhooks/deliveries").status_code == 401
        assert client.post(f"/v1/webhooks/deliveries/{uuid4()}/redeliver").status_code == 401


def test_secrets_rotate_with_an_overlap(owner: Asker) -> None:
    endpoint = created(owner)
    answer = owner.graphql(ROTATE, id=endpoint["id"]).json()["data"]["rotateWebhookSecret"]
    assert answer["signingSecret"].startswith("whsec_")
    assert answer["signingSecret"] != endpoint["signing_secret"]
    assert answer["endpoint"]["id"] == endpoint["id"]
    until = datetime.fromisoformat(answer["previousSecretExpiresAt"])
    assert timedelta(hours=23) < until - datetime.now(UTC) <= timedelta(hours=24)
    for hours in (-1, 169):
        (error,) = owner.graphql(ROTATE, id=endpoint["id"], hours=hours).json()["errors"]
        assert error["extensions"]["code"] == "invalid_input"
    for hours in (0, 168):
        assert "errors" not in owner.graphql(ROTATE, id=endpoint["id"], hours=hours).json()


def test_secrets_are_stored_encrypted(stack: Stack, owner: Asker) -> None:
    endpoint = created(owner)
    engine = create_engine(stack.settings.sqlalchemy_url)
    with engine.connect() as connection:
        (row,) = connection.execute(
            select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint["id"])
        )
    engine.dispose()
    assert endpoint["signing_secret"] not in repr(tuple(row))
    assert endpoint["signing_secret"].encode() not in row.secret
    sealer = Sealer(stack.settings.required_secret)
    assert sealer.open(row.secret) == endpoint["signing_secret"]


def test_a_disabled_endpoint_says_why_and_can_be_enabled(stack: Stack, owner: Asker) -> None:
    endpoint = created(owner)
    engine = create_engine(stack.settings.sqlalchemy_url)
    with engine.begin() as connection:
        connection.execute(
            webhook_endpoints.update()
            .where(webhook_endpoints.c.id == endpoint["id"])
            .values(status="disabled", disabled_reason="gone")
        )
    engine.dispose()
    (shown,) = listed(owner)
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "gone")
    enabled = owner.graphql(ENABLE, id=endpoint["id"]).json()["data"]["enableWebhookEndpoint"]
    assert (enabled["status"], enabled["disabledReason"]) == ("active", None)
    assert listed(owner)[0]["status"] == "active"
