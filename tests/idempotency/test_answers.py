"""What is answered again, what is not, what is a key, and whose it is."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import delete, select, update

from api.caller import AccountKind, Caller, CallerKind, Tier
from api.domain.idempotency.queries import take
from api.domain.idempotency.rules import KEPT, scope_of
from api.domain.idempotency.service import forget_old
from api.stores.one_transaction import one_transaction
from api.stores.postgres import Postgres
from api.stores.tables import api_keys, idempotent_answers
from tests.idempotency.accounts import Account, new_account, with_postgres
from tests.idempotency.writes import document
from tests.stack import Asker, Stack

ENDPOINTS = "/v1/webhooks/endpoints"
URL = "https://customer.example/webhooks"
TWO = """mutation ($second: ID!) {
  first: createWebhookEndpoint(url: "https://customer.example/webhooks") { id }
  second: deleteWebhookEndpoint(endpointId: $second) { deleted }
}"""


def post(asker: Asker, body: dict[str, Any], key: str = "a-key", **headers: str) -> httpx2.Response:
    """Registers an endpoint under a key."""
    return asker.http.post(ENDPOINTS, json=body, headers={"idempotency-key": key, **headers})


def same_scope(account: Account, key: str) -> bytes:
    """What the account's API key and this key stand for."""
    kinds = CallerKind.API_KEY, account.id, AccountKind.STANDARD, account.key_id, Tier.TIER_3
    return scope_of(Caller(*kinds), key)


def test_rest_answers_again_what_it_answered_with_its_secret(stack: Stack) -> None:
    with new_account(stack) as account:
        first, again = (post(account.ask, {"url": URL}) for _ in range(2))
        assert first.status_code == again.status_code == 201
        assert first.content == again.content
        assert first.headers["content-type"] == again.headers["content-type"]
        assert first.headers["x-request-id"] != again.headers["x-request-id"]
        assert ("idempotency-hit" in first.headers, again.headers["idempotency-hit"]) == (
            False,
            "true",
        )
        assert account.ask.usage()["requests"] == 1
        (kept,) = account.rows(
            select(idempotent_answers).where(idempotent_answers.c.account_id == account.id)
        )
        assert not any(b"whsec_" in value for value in kept if isinstance(value, bytes))


def test_the_order_of_members_makes_no_other_request_and_their_values_do(stack: Stack) -> None:
    with new_account(stack) as account:
        first = post(account.ask, {"url": URL, "description": "one"})
        assert post(account.ask, {"description": "one", "url": URL}).content == first.content
        other = post(account.ask, {"url": URL, "description": "two"})
        assert other.status_code == 422
        assert other.json()["code"] == "invalid_input"
        elsewhere = account.ask.http.post(
            "/v1/persons/search/jobs", json={"q": "CEOs"}, headers={"idempotency-key": "a-key"}
        )
        assert elsewhere.status_code == 422


def test_a_failure_leaves_the_key_free(stack: Stack) -> None:
    with new_account(stack) as account:
        refused = [post(account.ask, {"url": "ftp://no"}), post(account.ask, {"unknown": 1})]
        assert [each.status_code for each in refused] == [422, 422]
        assert "idempotency-hit" not in post(account.ask, {"url": "ftp://no"}).headers
        assert post(account.ask, {"url": URL}).status_code == 201


def test_fields_of_one_document_are_done_together_or_not_at_all(stack: Stack) -> None:
    """Without a key the first stays done, as GraphQL has it."""
    with new_account(stack) as account:
        body = {"query": TWO, "variables": {"second": str(uuid4())}}
        key = {"idempotency-key": "both"}
        failed = account.ask.http.post("/graphql", json=body, headers=key)
        assert failed.status_code == 404
        assert account.holds()["webhook_endpoints"] == 0
        account.ask.http.post("/graphql", json=body)
        (listed,) = account.ask.rest(ENDPOINTS).json()["data"]
        body["variables"] = {"second": listed["id"]}
        done = account.ask.http.post("/graphql", json=body, headers=key)
        assert done.json()["data"]["second"] == {"deleted": True}
        assert account.ask.http.post("/graphql", json=body, headers=key).content == done.content
        assert len(account.ask.rest(ENDPOINTS).json()["data"]) == 1


def test_a_request_that_still_runs_is_waited_for_by_nobody(stack: Stack) -> None:
    with new_account(stack) as account:

        async def ask_meanwhile(postgres: Postgres) -> list[httpx2.Response]:
            async with one_transaction(postgres) as transaction:
                assert await take(transaction, same_scope(account, "a-key"))
                return [
                    post(account.ask, {"url": URL}),
                    account.ask.http.post(
                        "/graphql",
                        json={
                            "query": document("createWebhookEndpoint"),
                            "variables": {"url": URL},
                        },
                        headers={"idempotency-key": "a-key"},
                    ),
                ]

        rest, graphql = with_postgres(stack, ask_meanwhile)
        assert [each.status_code for each in (rest, graphql)] == [409, 409]
        assert [each.headers["retry-after"] for each in (rest, graphql)] == ["1", "1"]
        assert rest.json()["code"] == "conflict"
        extensions = graphql.json()["errors"][0]["extensions"]
        assert (extensions["code"], extensions["retryAfter"]) == ("conflict", 1)
        assert post(account.ask, {"url": URL}).status_code == 201


def test_another_key_of_the_account_is_somebody_else(stack: Stack) -> None:
    """Its answer may hold what only the first was to see."""
    with new_account(stack) as account, new_account(stack) as other:
        first = post(account.ask, {"url": URL})
        account.rows(
            update(api_keys).where(api_keys.c.id == other.key_id).values(account_id=account.id)
        )
        second = post(other.ask, {"url": URL})
        assert second.status_code == 201
        assert second.json()["signing_secret"] != first.json()["signing_secret"]


def test_a_key_holds_for_a_day(stack: Stack) -> None:
    with new_account(stack) as account:
        first = post(account.ask, {"url": URL})

        def age(by: timedelta) -> None:
            mine = idempotent_answers.c.account_id == account.id
            moment = datetime.now(UTC) - by
            account.rows(update(idempotent_answers).where(mine).values(created_at=moment))

        age(KEPT - timedelta(minutes=1))
        assert post(account.ask, {"url": URL}).content == first.content
        age(KEPT + timedelta(seconds=1))
        renewed = post(account.ask, {"url": URL, "description": "another"})
        assert renewed.status_code == 201
        assert renewed.json()["id"] != first.json()["id"]
        assert post(account.ask, {"url": URL}).status_code == 422


def test_answers_of_yesterday_are_deleted(stack: Stack) -> None:
    with new_account(stack) as account:
        post(account.ask, {"url": URL}, key="kept")
        post(account.ask, {"url": URL}, key="old")
        table = idempotent_answers
        old = table.c.scope == same_scope(account, "old")
        account.rows(update(table).where(old).values(created_at=datetime.now(UTC) - KEPT))

        class Only:
            postgres: Postgres

        async def sweep(postgres: Postgres) -> None:
            stores: Any = Only()
            stores.postgres = postgres
            await forget_old(stores)

        with_postgres(stack, sweep)
        left = account.rows(select(table.c.scope).where(table.c.account_id == account.id))
        assert [row.scope for row in left] == [same_scope(account, "kept")]


@pytest.mark.parametrize("key", ["k", '"', "k" * 255, "".join(map(chr, range(0x21, 0x7F)))])
def test_every_visible_text_is_a_key(stack: Stack, key: str) -> None:
    with new_account(stack) as account:
        first, again = (post(account.ask, {"url": URL}, key=key) for _ in range(2))
        assert first.status_code == 201
        assert first.content == again.content


@pytest.mark.parametrize("key", ["", "k" * 256, "two words", "k\u00e9y", "a\ttab"])
def test_what_is_no_key_is_refused(stack: Stack, key: str) -> None:
    with new_account(stack) as account:
        raw = {b"idempotency-key": key.encode("latin-1")}
        rest = account.ask.http.post(ENDPOINTS, json={"url": URL}, headers=raw)
        body = {"query": document("createWebhookEndpoint"), "variables": {"url": URL}}
        graphql = account.ask.http.post("/graphql", json=body, headers=raw)
        assert (rest.status_code, rest.json()["code"]) == (400, "malformed_request")
        assert graphql.status_code == 400
        assert graphql.json()["errors"][0]["extensions"]["code"] == "malformed_request"
        assert account.holds()["webhook_endpoints"] == 0


def test_quotes_around_a_key_are_not_part_of_it(stack: Stack) -> None:
    with new_account(stack) as account:
        first = post(account.ask, {"url": URL}, key='"8e03978e-40d5-43dd-bc93-6894a57f9324"')
        again = post(account.ask, {"url": URL}, key="8e03978e-40d5-43dd-bc93-6894a57f9324")
        assert first.content == again.content


def test_two_keys_are_none(stack: Stack) -> None:
    with new_account(stack) as account:
        two = [("idempotency-key", "one"), ("idempotency-key", "two")]
        answer = account.ask.http.post(ENDPOINTS, json={"url": URL}, headers=two)
        assert answer.status_code == 400


def test_reads_take_no_notice_of_a_key(stack: Stack) -> None:
    with new_account(stack) as account:
        key = {"idempotency-key": "a-key"}
        for _ in range(2):
            read = account.ask.http.post("/v2/search", json={"filters": {}}, headers=key)
            assert read.status_code == 200
            assert "idempotency-hit" not in read.headers
        assert account.ask.usage()["requests"] == 2


def test_a_keyed_write_is_not_told_as_a_stream(stack: Stack) -> None:
    with new_account(stack) as account:
        answer = account.ask.http.post(
            "/graphql",
            json={"query": document("createWebhookEndpoint"), "variables": {"url": URL}},
            headers={"idempotency-key": "a-key", "accept": "text/event-stream"},
        )
        assert answer.status_code == 406
        assert account.holds()["webhook_endpoints"] == 0


def test_an_answer_of_another_secret_is_no_answer(stack: Stack) -> None:
    """It was sealed under a secret that the installation does not have any more."""
    with new_account(stack) as account:
        post(account.ask, {"url": URL})
        mine = idempotent_answers.c.account_id == account.id
        other = hashlib.sha256(b"other").digest()
        account.rows(update(idempotent_answers).where(mine).values(answer=other))
        assert post(account.ask, {"url": URL}).status_code == 409
        account.rows(delete(idempotent_answers).where(mine))
        assert post(account.ask, {"url": URL}).status_code == 201
