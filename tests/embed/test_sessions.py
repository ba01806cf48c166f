"""Embed sessions: a public key, a page's origin and a customer's name become a token."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest
from joserfc import jwt
from sqlalchemy import create_engine, func, select

from api.domain.embed.rules import MAX_USER_ID_CHARS
from api.domain.embed.tokens import LIFETIME_S, EmbedTokens
from api.domain.partner_customer.rules import MAX_EXTERNAL_ID_CHARS
from api.stores.tables import partner_customers
from rest.openapi import EXAMPLES
from tests.embed.keys import ORIGIN, created
from tests.embed.keys import PATH as KEYS
from tests.stack import Asker, Stack

PATH = "/v1/prospecting/embed-sessions"
DOCUMENTED: dict[str, Any] = orjson.loads(EXAMPLES.read_bytes())[f"POST {PATH}"]
START = """mutation ($key: String!) {
  createEmbedSession(partnerKey: $key, customerId: "7") { token externalCustomerId } }"""
LOOK_ALIKES = [
    None,
    "",
    "null",
    "*",
    "https://evil.example",
    "https://partner.example.evil.example",
    "https://evil-partner.example",
    "https://partner.example:443",
    "https://partner.example:8443",
    "https://partner.example/",
    "https://partner.example.",
    "https://Partner.example",
    "https://app.partner.example",
    "https://user@partner.example",
    "http://partner.example",
    "//partner.example",
    "partner.example",
    "https://partner.example https://evil.example",
    f"{ORIGIN}, {ORIGIN}",
    f"{ORIGIN} " + "x" * 5_000,
]


def ask(stack: Stack, public_key: str, origin: str | None = ORIGIN, **body: Any) -> httpx2.Response:
    headers = {} if origin is None else {"origin": origin}
    with stack.client(None) as browser:
        return browser.post(
            PATH, headers=headers, json={"partner_key": public_key, "customer_id": "7", **body}
        )


def started(stack: Stack, public_key: str, **body: Any) -> dict[str, Any]:
    response = ask(stack, public_key, **body)
    assert response.status_code == 201, response.text
    session: dict[str, Any] = response.json()
    return session


def customers(stack: Stack, external_id: str) -> list[Any]:
    engine = create_engine(stack.settings.sqlalchemy_url)
    with engine.connect() as connection:
        rows = connection.execute(
            select(partner_customers).where(partner_customers.c.external_customer_id == external_id)
        ).all()
    engine.dispose()
    return list(rows)


def test_the_documented_example(stack: Stack, partner: Asker) -> None:
    key = created(partner)
    customer = f"customer {uuid4()}"
    session = started(
        stack, key["public_key"], customer_id=customer, customer_name=" Acme  Inc ", user_id="u 1"
    )
    assert list(session) == list(DOCUMENTED)
    assert session["external_customer_id"] == customer
    left = datetime.fromisoformat(session["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=5) < left <= timedelta(minutes=10)
    (row,) = customers(stack, customer)
    assert str(row.id) == session["partner_customer_id"]
    assert row.name == "Acme Inc"
    tokens = EmbedTokens(stack.settings.required_secret)
    claims = jwt.decode(session["token"], tokens._key, algorithms=["HS256"]).claims
    assert {name: value for name, value in claims.items() if name not in {"jti", "account"}} == {
        "iss": "stibnite",
        "aud": "embed",
        "sub": session["partner_customer_id"],
        "iat": claims["iat"],
        "nbf": claims["iat"],
        "exp": claims["iat"] + LIFETIME_S,
        "key": key["embed_key"]["id"],
        "external_customer_id": customer,
        "user_id": "u 1",
        "origin": ORIGIN,
    }
    assert UUID(claims["account"]) == row.account_id


def test_customers_are_added_once_with_the_keys_defaults(stack: Stack, partner: Asker) -> None:
    """By any number of first visits at once; what a later key says changes nothing."""
    key = created(
        partner,
        credit_enforcement_mode="enforced",
        credit_reset_policy="rollover",
        limits={"monthly_search_sessions": 20},
        csv_export_enabled=True,
        result_delivery_url="https://partner.example/in",
        result_delivery_cta="Add to CRM",
    )["public_key"]
    customer = f"customer {uuid4()}"
    with ThreadPoolExecutor(8) as visitors:
        sessions = list(
            visitors.map(lambda _: started(stack, key, customer_id=customer), range(16))
        )
    assert len({each["partner_customer_id"] for each in sessions}) == 1
    assert len({each["token"] for each in sessions}) == 16
    started(stack, created(partner)["public_key"], customer_id=customer, customer_name="Later")
    (row,) = customers(stack, customer)
    assert (row.credit_enforcement_mode, row.credit_reset_policy) == ("enforced", "rollover")
    assert row.limits == {"monthly_search_sessions": 20}
    assert (row.result_delivery_url, row.result_delivery_cta, row.csv_export_enabled) == (
        "https://partner.example/in",
        "Add to CRM",
        True,
    )
    assert row.name is None


def test_the_same_name_is_another_customer_of_another_partner(
    stack: Stack, partner: Asker, other_partner: Asker
) -> None:
    ours = started(stack, created(partner)["public_key"])
    theirs = started(stack, created(other_partner)["public_key"])
    assert ours["partner_customer_id"] != theirs["partner_customer_id"]


@pytest.mark.parametrize("origin", LOOK_ALIKES)
def test_other_origins_get_what_unknown_keys_get(
    stack: Stack, partner: Asker, origin: str | None
) -> None:
    """The same answer, so that nobody learns from it whether a key is one."""
    key = created(partner)["public_key"]
    customer = f"customer {uuid4()}"
    refused = ask(stack, key, origin, customer_id=customer)
    unknown = ask(stack, key[:-3] + "aaa", ORIGIN, customer_id=customer)
    for response in (refused, unknown):
        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers
    bodies = [{**each.json(), "request_id": ""} for each in (refused, unknown)]
    assert bodies[0] == bodies[1]
    assert customers(stack, customer) == []


def test_every_origin_of_a_key_is_good(stack: Stack, partner: Asker) -> None:
    pages = ["https://a.example/app", "https://b.example:8443", "https://bücher.example"]
    key = created(partner, allowed_origins=pages)["public_key"]
    for origin in ("https://a.example", "https://b.example:8443", "https://xn--bcher-kva.example"):
        response = ask(stack, key, origin)
        assert response.status_code == 201
        assert response.headers["access-control-allow-origin"] == origin
        assert response.headers["vary"] == "origin"
        assert response.headers["cache-control"] == "no-store"
        assert "access-control-allow-credentials" not in response.headers


def test_a_revoked_key_starts_nothing(stack: Stack, partner: Asker) -> None:
    key = created(partner)
    partner.http.delete(f"{KEYS}/{key['embed_key']['id']}")
    assert ask(stack, key["public_key"]).status_code == 403


@pytest.mark.parametrize("public_key", ["stib_embed_pk_abc123", "x", "stib_live_" + "a" * 43])
def test_what_is_no_key_is_refused(stack: Stack, public_key: str) -> None:
    assert ask(stack, public_key).status_code == 403


@pytest.mark.parametrize(
    ("body", "argument"),
    [
        ({"customer_id": ""}, "customer_id"),
        ({"customer_id": " "}, "customer_id"),
        ({"customer_id": "x" * (MAX_EXTERNAL_ID_CHARS + 1)}, "customer_id"),
        ({"customer_id": 7}, "customer_id"),
        ({"customer_id": "a\u0000b"}, "customer_id"),
        ({"user_id": "x" * (MAX_USER_ID_CHARS + 1)}, "user_id"),
        ({"partner_key": ""}, "partner_key"),
        ({"partner_key": "x" * 101}, "partner_key"),
        ({"customer_name": "x" * 201}, "customer_name"),
        ({"token": "x"}, "token"),
    ],
)
def test_bad_input_is_named(
    stack: Stack, partner: Asker, body: dict[str, Any], argument: str
) -> None:
    response = ask(stack, created(partner)["public_key"], **body)
    assert response.status_code == 422
    assert argument in {each["argument"] for each in response.json()["errors"]}


def test_the_longest_names_make_a_token_that_is_read(stack: Stack, partner: Asker) -> None:
    longest = "🜨" * MAX_EXTERNAL_ID_CHARS
    session = started(
        stack,
        created(partner)["public_key"],
        customer_id=longest,
        user_id="🜨" * MAX_USER_ID_CHARS,
    )
    with stack.client(None) as client:
        bearer = {"authorization": f"Bearer {session['token']}"}
        assert client.get("/v1/usage", headers=bearer).status_code == 403


def test_the_same_by_graphql(stack: Stack, partner: Asker) -> None:
    key = created(partner)["public_key"]
    with stack.client(None) as browser:
        body = {"query": START, "variables": {"key": key}}
        good = browser.post("/graphql", json=body, headers={"origin": ORIGIN})
        bad = browser.post("/graphql", json=body, headers={"origin": "https://evil.example"})
    assert good.json()["data"]["createEmbedSession"]["externalCustomerId"] == "7"
    assert "access-control-allow-origin" not in good.headers
    assert bad.json()["errors"][0]["extensions"]["code"] == "forbidden"


class TestPreflight:
    """What browsers ask before they let a page send its request."""

    @staticmethod
    def of(stack: Stack, origin: str, path: str = PATH) -> httpx2.Response:
        with stack.client(None) as browser:
            return browser.options(
                path,
                headers={
                    "origin": origin,
                    "access-control-request-method": "POST",
                    "access-control-request-headers": "content-type",
                },
            )

    def test_a_registered_origin_may_ask(self, stack: Stack, partner: Asker) -> None:
        created(partner, allowed_origins=["https://preflight.example"])
        answer = self.of(stack, "https://preflight.example")
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "https://preflight.example"
        assert answer.headers["access-control-allow-methods"] == "POST"
        assert "content-type" in answer.headers["access-control-allow-headers"]
        assert answer.headers["vary"] == "origin"

    def test_others_may_not(self, stack: Stack, partner: Asker) -> None:
        key = created(partner, allowed_origins=["https://once.example"])["embed_key"]
        partner.http.delete(f"{KEYS}/{key['id']}")
        for origin in ("https://once.example", "https://evil.example", "null", "*", "x" * 1_000):
            answer = self.of(stack, origin)
            assert answer.status_code == 403
            assert not [each for each in answer.headers if each.startswith("access-control")]

    @pytest.mark.parametrize("path", ["/v1/persons/search", KEYS, "/graphql", "/v1/usage"])
    def test_on_no_other_path(self, stack: Stack, partner: Asker, path: str) -> None:
        created(partner)
        answer = self.of(stack, ORIGIN, path)
        assert answer.status_code == 405
        assert not [each for each in answer.headers if each.startswith("access-control")]


def test_no_customers_are_left_behind_by_refusals(stack: Stack) -> None:
    engine = create_engine(stack.settings.sqlalchemy_url)
    with engine.connect() as connection:
        before = connection.scalar(select(func.count()).select_from(partner_customers))
        for _ in range(3):
            ask(stack, "stib_embed_pk_" + "a" * 32, customer_id=str(uuid4()))
        after = connection.scalar(select(func.count()).select_from(partner_customers))
    engine.dispose()
    assert before == after
