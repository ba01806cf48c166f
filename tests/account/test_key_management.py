"""Keys that an account's admins make, list and revoke."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, select

from api.caller import Role, Tier
from api.domain.account.rules import MAX_KEYS, new_key
from api.stores.tables import api_keys, usage_entries
from tests.idempotency.accounts import Account, new_account, signed_in
from tests.stack import Asker, Stack

CREATE = """mutation ($name: String, $tier: KeyTier!) {
  createApiKey(name: $name, tier: $tier) { id name prefix tier createdAt apiKey } }"""
LIST = """query ($first: Int!, $after: String) { apiKeys(first: $first, after: $after) {
  nodes { id name prefix tier } pageInfo { hasNextPage endCursor } } }"""
REVOKE = "mutation ($id: ID!) { revokeApiKey(apiKeyId: $id) { revoked } }"


@pytest.fixture
def account(stack: Stack) -> Iterator[Account]:
    """A fresh account with one key of tier 3."""
    with new_account(stack) as made:
        yield made


def create(admin: Asker, name: str | None = None, tier: Tier = Tier.TIER_1) -> dict[str, Any]:
    """A new key."""
    answer = admin.graphql(CREATE, name=name, tier=tier).json()
    created: dict[str, Any] = answer["data"]["createApiKey"]
    return created


def code_of(answer: Any) -> str:
    """The code of the first failure."""
    code: str = answer.json()["errors"][0]["extensions"]["code"]
    return code


def test_a_key_is_shown_once_works_and_is_revoked(stack: Stack, account: Account) -> None:
    admin = signed_in(account, Role.ADMIN)
    made = create(admin, " the billing job ", Tier.TIER_3)
    assert made["name"] == "the billing job"
    assert made["apiKey"].startswith(made["prefix"])
    with stack.client(made["apiKey"]) as client:
        taxonomy = "/v1/persons/search/taxonomy"
        assert client.get(taxonomy).status_code == 200
        (mine, listed) = admin.graphql(LIST, first=10).json()["data"]["apiKeys"]["nodes"]
        assert mine["id"] == str(account.key_id)
        assert listed == {each: made[each] for each in ("id", "name", "prefix", "tier")}
        assert admin.graphql(REVOKE, id=made["id"]).json()["data"]["revokeApiKey"]["revoked"]
        assert client.get(taxonomy).status_code == 401
    assert admin.graphql(REVOKE, id=made["id"]).status_code == 200
    (left,) = admin.graphql(LIST, first=10).json()["data"]["apiKeys"]["nodes"]
    assert left["id"] == str(account.key_id)
    (stored,) = account.rows(select(api_keys).where(api_keys.c.prefix == made["prefix"]))
    assert made["apiKey"].encode() not in bytes(stored.digest)
    counted = account.rows(select(usage_entries).where(usage_entries.c.account_id == account.id))
    assert [each.operation for each in counted] == ["person_search_taxonomy"] * len(counted)


def test_pages_of_keys_neither_overlap_nor_skip(account: Account) -> None:
    admin = signed_in(account, Role.ADMIN)
    made = [str(account.key_id), *(create(admin)["id"] for _ in range(4))]
    seen: list[str] = []
    after = None
    while True:
        page = admin.graphql(LIST, first=2, after=after).json()["data"]["apiKeys"]
        seen += [each["id"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == made


def test_an_admin_gives_no_higher_tier_than_the_operator_did(account: Account) -> None:
    admin = signed_in(account, Role.ADMIN)
    low = create(admin, tier=Tier.TIER_2)
    admin.graphql(REVOKE, id=str(account.key_id))
    refused = admin.graphql(CREATE, tier=Tier.TIER_3)
    assert (refused.status_code, code_of(refused)) == (403, "tier_required")
    assert create(admin, tier=Tier.TIER_2)["tier"] == "tier_2"
    assert low["tier"] == "tier_2"


def test_an_account_has_so_many_keys(account: Account) -> None:
    admin = signed_in(account, Role.ADMIN)
    rows = [
        {
            "id": account.key_id.__class__(int=number),
            "account_id": account.id,
            "prefix": key.prefix,
            "digest": key.digest,
            "tier": "tier_1",
        }
        for number, key in ((account.id.int ^ n, new_key()) for n in range(1, MAX_KEYS - 1))
    ]
    account.rows(insert(api_keys).values(rows))
    assert create(admin)["id"]
    assert code_of(admin.graphql(CREATE, tier=Tier.TIER_1)) == "conflict"


def test_another_account_has_no_such_key(stack: Stack, account: Account) -> None:
    with new_account(stack) as other:
        refused = signed_in(other, Role.ADMIN).graphql(REVOKE, id=str(account.key_id))
        assert (refused.status_code, code_of(refused)) == (404, "not_found")
        for nothing in ("x", str(other.id)):
            answer = signed_in(other, Role.ADMIN).graphql(REVOKE, id=nothing)
            assert code_of(answer) == "not_found"
    assert account.ask.rest("/v1/persons/search/taxonomy").status_code == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_others_manage_no_keys(account: Account, role: Role) -> None:
    for asker in (signed_in(account, role), account.ask):
        for answer in (
            asker.graphql(LIST, first=1),
            asker.graphql(CREATE, tier=Tier.TIER_1),
            asker.graphql(REVOKE, id=str(account.key_id)),
        ):
            assert (answer.status_code, code_of(answer)) == (403, "forbidden")
