"""Embed keys by both doors: created, listed, revoked; for partners alone; bad input refused."""

import re
from typing import Any
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import create_engine, select

from api.credentials import digest_of
from api.domain.embed.origins import MAX_ORIGINS
from api.domain.embed.rules import MAX_KEYS, MAX_LABEL_CHARS
from api.domain.partner_customer.rules import MAX_CTA_CHARS, MAX_LIMIT
from api.stores.tables import embed_keys
from rest.openapi import EXAMPLES
from tests.contract.test_documented_examples import snake
from tests.embed.keys import ORIGIN, PATH, created, post
from tests.stack import Asker, Stack

EXAMPLE: dict[str, Any] = orjson.loads(EXAMPLES.read_bytes())
ASKED = EXAMPLE["requests"][f"POST {PATH} request"]
CREATE = """mutation ($origins: [String!]!, $limits: WalletLimitsInput) {
  createEmbedKey(allowedOrigins: $origins, limits: $limits, creditEnforcementMode: enforced) {
    publicKey
    embedKey { id keyPrefix status defaultCreditEnforcementMode defaultCreditResetPolicy
      defaultLimits { monthlyCreditUnits lifetimeCreditUnits monthlySearchSessions } } } }"""
LIST = "{ embedKeys(first: 1) { nodes { id } pageInfo { hasNextPage endCursor } } }"


def test_the_documented_example(partner: Asker) -> None:
    made, documented = created(partner, **ASKED), EXAMPLE[f"POST {PATH}"]
    assert list(made) == list(documented)
    varying = {"id", "key_prefix", "created_at"}
    key, expected = made["embed_key"], documented["embed_key"]
    assert list(key) == list(expected)
    assert {k: v for k, v in key.items() if k not in varying} == {
        k: v for k, v in expected.items() if k not in varying
    }
    assert re.fullmatch(r"stib_embed_pk_[A-Za-z0-9_-]{32}", made["public_key"])
    assert made["public_key"].startswith(key["key_prefix"])
    assert partner.rest(PATH).json() == {
        "data": [key],
        "pagination": {"limit": 100, "next_cursor": None},
    }


def test_a_key_is_shown_once_and_stored_as_a_digest(stack: Stack, partner: Asker) -> None:
    made = created(partner)
    plain = made["public_key"]
    engine = create_engine(stack.settings.sqlalchemy_url)
    with engine.connect() as connection:
        row = connection.execute(
            select(embed_keys).where(embed_keys.c.digest == digest_of(plain))
        ).one()
    engine.dispose()
    assert str(row.id) == made["embed_key"]["id"]
    assert plain not in repr(row)
    assert plain not in partner.rest(PATH).text


def test_defaults_and_limits_by_graphql(partner: Asker) -> None:
    answer = partner.graphql(CREATE, origins=[f"{ORIGIN}:8443/x"], limits={"monthlyCreditUnits": 0})
    key = snake(answer.json()["data"]["createEmbedKey"])["embed_key"]
    assert key["default_credit_enforcement_mode"] == "enforced"
    assert key["default_credit_reset_policy"] == "monthly_reset"
    assert key["default_limits"] == {
        "monthly_credit_units": 0,
        "lifetime_credit_units": None,
        "monthly_search_sessions": None,
    }
    plain = created(partner)["embed_key"]
    assert plain["default_credit_enforcement_mode"] == "metered"
    assert plain["result_delivery_cta"] == "Push"
    assert plain["csv_export_enabled"] is False
    assert "result_delivery_url" not in plain


def test_pages_end_and_belong_to_their_account(partner: Asker, other_partner: Asker) -> None:
    keys = [created(partner)["embed_key"]["id"] for _ in range(2)]
    page = partner.graphql(LIST).json()["data"]["embedKeys"]
    assert [each["id"] for each in page["nodes"]] == keys[:1]
    cursor = page["pageInfo"]["endCursor"]
    rest = partner.rest(PATH, limit=1, cursor=cursor).json()
    assert [each["id"] for each in rest["data"]] == keys[1:]
    assert rest["pagination"]["next_cursor"] is None
    assert other_partner.rest(PATH).json()["data"] == []
    assert other_partner.rest(PATH, cursor=cursor).json()["code"] == "invalid_cursor"


def test_revoked_keys_stay_in_the_list(partner: Asker, other_partner: Asker) -> None:
    key = created(partner)["embed_key"]
    path = f"{PATH}/{key['id']}"
    assert other_partner.http.delete(path).status_code == 404
    assert partner.rest(PATH).json()["data"][0]["status"] == "active"
    for _ in range(2):
        assert partner.http.delete(path).json() == {"revoked": True}
    assert partner.rest(PATH).json()["data"] == [{**key, "status": "revoked"}]


@pytest.mark.parametrize("key_id", [str(uuid4()), "embed_key_123", "0", "a" * 64])
def test_nobodys_keys_are_not_there(partner: Asker, key_id: str) -> None:
    response = partner.http.delete(f"{PATH}/{key_id}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_they_are_for_partners_alone(stack: Stack, asker: Asker) -> None:
    for response in (
        post(asker),
        asker.rest(PATH),
        asker.http.delete(f"{PATH}/{uuid4()}"),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    error = asker.graphql(LIST).json()["errors"][0]
    assert error["extensions"]["code"] == "forbidden"
    with stack.client(None) as nobody:
        assert nobody.get(PATH).status_code == 401


@pytest.mark.parametrize(
    ("body", "argument"),
    [
        ({"allowed_origins": []}, "allowed_origins"),
        ({"allowed_origins": None}, "allowed_origins"),
        ({"allowed_origins": [f"{ORIGIN}:{9000 + n}" for n in range(21)]}, "allowed_origins"),
        ({"allowed_origins": ["http://partner.example"]}, "allowed_origins"),
        ({"allowed_origins": [ORIGIN, "https://*.partner.example"]}, "allowed_origins"),
        ({"allowed_origins": ["https://127.0.0.1"]}, "allowed_origins"),
        ({"allowed_origins": ["null"]}, "allowed_origins"),
        ({"allowed_origins": [""]}, "allowed_origins"),
        ({"allowed_origins": ["https://p.example/" + "x" * 2_000]}, "allowed_origins"),
        ({"label": "x" * (MAX_LABEL_CHARS + 1)}, "label"),
        ({"result_delivery_cta": "x" * (MAX_CTA_CHARS + 1)}, "result_delivery_cta"),
        ({"result_delivery_url": "http://partner.example/in"}, "result_delivery_url"),
        ({"result_delivery_url": "https://10.0.0.1/in"}, "result_delivery_url"),
        ({"credit_enforcement_mode": "unlimited"}, "credit_enforcement_mode"),
        ({"credit_reset_policy": "weekly"}, "credit_reset_policy"),
        ({"csv_export_enabled": "yes"}, "csv_export_enabled"),
        ({"limits": {"monthly_credit_units": -1}}, "limits.monthly_credit_units"),
        ({"limits": {"monthly_credit_units": MAX_LIMIT + 1}}, "limits.monthly_credit_units"),
        ({"limits": {"weekly": 1}}, "limits.weekly"),
    ],
)
def test_bad_input_is_named(partner: Asker, body: dict[str, Any], argument: str) -> None:
    response = post(partner, **body)
    assert response.status_code == 422, response.text
    assert argument in {each["argument"] for each in response.json()["errors"]}
    assert partner.rest(PATH).json()["data"] == []


def test_bounds_are_inclusive(partner: Asker) -> None:
    origins = [f"{ORIGIN}:{9000 + n}" for n in range(MAX_ORIGINS)]
    key = created(
        partner,
        allowed_origins=origins,
        label="x" * MAX_LABEL_CHARS,
        result_delivery_cta="y" * MAX_CTA_CHARS,
        limits={"lifetime_record_reveals": MAX_LIMIT},
    )["embed_key"]
    assert key["allowed_origins"] == origins
    assert key["default_limits"] == {
        "monthly_credit_units": None,
        "lifetime_record_reveals": MAX_LIMIT,
    }


def test_an_account_has_so_many_active_keys(partner: Asker) -> None:
    made = [created(partner)["embed_key"]["id"] for _ in range(MAX_KEYS)]
    full = post(partner)
    assert (full.status_code, full.json()["code"]) == (409, "conflict")
    partner.http.delete(f"{PATH}/{made[0]}")
    assert post(partner).status_code == 201
