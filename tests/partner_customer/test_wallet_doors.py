"""Wallets, grants and the journal by both doors."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import create_engine, select

from api.domain.embed.tokens import EmbedTokens
from api.domain.wallet.rules import (
    MAX_GRANTED,
    MAX_NOTE_CHARS,
    MAX_TYPE_CHARS,
    Block,
    BlockReason,
    refuse,
)
from api.errors import DETAILS, DomainError
from api.moments import written
from api.stores.tables import embed_keys
from graph.errors import entry_of
from rest.errors import problem, renamed
from rest.openapi import EXAMPLES, document
from tests.partner_customer.partner import PATH, Partner
from tests.stack import Stack

EXAMPLE: dict[str, Any] = orjson.loads(EXAMPLES.read_bytes())
GIVEN = EXAMPLE["requests"]["POST /v1/partner-customers request"]
SUMMARY = EXAMPLE["GET /v1/partner-customers/{partner_customer_id}/wallet"]


def customer_of_the_example(partner: Partner) -> str:
    key = partner.new_id(**GIVEN)
    partner.grant(key, 100)
    partner.spend(key, searches=4, records=25)
    return key


def documented(summary: dict[str, Any], key: str) -> dict[str, Any]:
    """The example with this customer, and as many records as credit units: one costs one."""
    told: dict[str, Any] = orjson.loads(orjson.dumps({**summary, "partner_customer_id": key}))
    told["wallet"]["usage"] |= {"monthly_record_reveals": 25, "lifetime_record_reveals": 25}
    return told


def test_the_wallet_is_the_documented_body(partner: Partner) -> None:
    key = customer_of_the_example(partner)
    body = partner.rest(f"{PATH}/{key}/wallet")
    assert body.json() == documented(SUMMARY, key)
    assert list(body.json()) == list(SUMMARY)
    assert list(body.json()["wallet"]) == list(SUMMARY["wallet"])


def test_a_grant_answers_the_documented_body(partner: Partner) -> None:
    example = EXAMPLE["POST /v1/partner-customers/{partner_customer_id}/wallet/credits"]
    key = customer_of_the_example(partner)
    answer = partner.grant(key, 50)
    assert list(answer) == list(example)
    example["partner_customer_id"] = example["credit_grant"]["partner_customer_id"] = key
    example["credit_grant"]["id"] = answer["credit_grant"]["id"]
    assert_holds(answer, example)
    assert answer["wallet"] == partner.wallet(key)["wallet"]


def assert_holds(body: dict[str, Any], example: dict[str, Any]) -> None:
    for name, value in example.items():
        if isinstance(value, dict):
            assert_holds(body[name], value)
        else:
            assert body[name] == value, name


def test_an_embed_token_reads_its_own_customers_wallet(stack: Stack, partner: Partner) -> None:
    key, other = customer_of_the_example(partner), partner.new_id()
    created = partner.post("/v1/prospecting/embed-keys", allowed_origins=["https://a.example"])
    embed_key_id = UUID(created.json()["embed_key"]["id"])
    token, _ = EmbedTokens(stack.settings.required_secret).issue(
        datetime.now(UTC),
        account_id=account_of(stack, embed_key_id),
        embed_key_id=embed_key_id,
        partner_customer_id=UUID(key),
        external_customer_id=GIVEN["external_customer_id"],
        user_id="user_123",
        origin="https://a.example",
    )
    with stack.client(None) as frame:
        frame.headers["authorization"] = f"Bearer {token}"
        assert frame.get("/v1/prospecting/wallet").json() == documented(SUMMARY, key)
        for path in (f"{PATH}/{key}/wallet", f"{PATH}/{other}/wallet", PATH):
            assert frame.get(path).status_code == 403
        granted = frame.post(f"{PATH}/{key}/wallet/credits", json={"credit_units": 5})
        assert granted.status_code == 403
    assert partner.rest("/v1/prospecting/wallet").status_code == 403


def account_of(stack: Stack, embed_key_id: UUID) -> UUID:
    engine = create_engine(stack.settings.sqlalchemy_url)
    with engine.connect() as connection:
        wanted = select(embed_keys.c.account_id).where(embed_keys.c.id == embed_key_id)
        account_id: UUID = connection.execute(wanted).scalar_one()
    engine.dispose()
    return account_id


def test_a_grant_says_what_it_was_given(partner: Partner) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    starts, ends = now + timedelta(days=1), now + timedelta(days=2)
    answer = partner.grant(
        partner.new_id(),
        5,
        credit_type="prepaid",
        note="Spring\npackage",
        starts_at=starts.isoformat(),
        expires_at=ends.astimezone().isoformat(),
    )
    grant = answer["credit_grant"]
    assert (grant["credit_type"], grant["note"]) == ("prepaid", "Spring\npackage")
    assert (grant["starts_at"], grant["expires_at"]) == (written(starts), written(ends))
    assert answer["wallet"]["available_credit_units"] == 0
    assert answer["wallet"]["active_credit_grants"] == 0


SOON = written(datetime.now(UTC) + timedelta(days=1))
PAST = written(datetime.now(UTC) - timedelta(seconds=1))

BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "credit_units"),
    *(
        ({"credit_units": units}, "credit_units")
        for units in (0, -1, MAX_GRANTED + 1, 2**63, 1.5, "5", True, None, [5])
    ),
    *(
        ({"credit_units": 5, "starts_at": moment}, "starts_at")
        for moment in (
            "",
            "tomorrow",
            "2026-05-17",
            "2026-05-17T18:42:10",
            "2026-02-30T00:00:00Z",
            "2026-05-17T18:42:10+24:00",
            "0001-01-01T00:00:00+14:00",
            "1999-12-31T23:59:59Z",
            "2100-01-01T00:00:00Z",
            1_747_500_000,
        )
    ),
    ({"credit_units": 5, "expires_at": PAST}, "expires_at"),
    ({"credit_units": 5, "starts_at": SOON, "expires_at": SOON}, "expires_at"),
    ({"credit_units": 5, "starts_at": "2099-01-01T00:00:00Z", "expires_at": SOON}, "expires_at"),
    ({"credit_units": 5, "credit_type": "x" * (MAX_TYPE_CHARS + 1)}, "credit_type"),
    ({"credit_units": 5, "note": "x" * (MAX_NOTE_CHARS + 1)}, "note"),
    ({"credit_units": 5, "balance": 7}, "balance"),
]


@pytest.mark.parametrize(("body", "argument"), BAD)
def test_grants_out_of_bounds_are_refused_and_grant_nothing(
    partner: Partner, body: dict[str, Any], argument: str
) -> None:
    key = partner.new_id()
    response = partner.post(f"{PATH}/{key}/wallet/credits", **body)
    assert response.status_code == 422, response.text
    assert [each["argument"] for each in response.json()["errors"]] == [argument]
    assert partner.wallet(key)["wallet"]["available_credit_units"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"credit_units": 1},
        {"credit_units": MAX_GRANTED, "note": "x" * MAX_NOTE_CHARS},
        {"credit_units": 5.0, "credit_type": "x" * MAX_TYPE_CHARS},
        {"credit_units": 5, "starts_at": "2000-01-01T00:00:00Z"},
        {"credit_units": 5, "expires_at": "2099-12-31T23:59:59.999999999+00:00"},
        {"credit_units": 5, "starts_at": None, "expires_at": None, "note": None},
    ],
)
def test_grants_at_their_bounds_are_made(partner: Partner, body: dict[str, Any]) -> None:
    key = partner.new_id()
    response = partner.post(f"{PATH}/{key}/wallet/credits", **body)
    assert response.status_code == 201, response.text
    assert partner.wallet(key)["wallet"]["available_credit_units"] == body["credit_units"]


ENTRIES = """query ($id: ID!, $first: Int!, $after: String) {
  partnerCustomer(partnerCustomerId: $id) {
    wallet { availableCreditUnits limitState { canReveal revealBlockReason } }
    walletEntries(first: $first, after: $after) {
      nodes { seq kind amount balanceAfter creditUnits recordReveals userId sourceId occurredAt }
      pageInfo { hasNextPage endCursor } pagination { limit nextCursor } } } }"""


class TestJournal:
    """Paged, newest first, by its numbers."""

    def test_it_is_read_page_by_page(self, partner: Partner) -> None:
        key = customer_of_the_example(partner)
        seen: list[dict[str, Any]] = []
        after = None
        while True:
            answer = partner.graphql(ENTRIES, id=key, first=4, after=after).json()
            page = answer["data"]["partnerCustomer"]["walletEntries"]
            seen += page["nodes"]
            after = page["pagination"]["nextCursor"]
            assert page["pageInfo"]["hasNextPage"] is (after is not None)
            if after is None:
                break
        assert [each["seq"] for each in seen] == [6, 5, 4, 3, 2, 1]
        assert [each["kind"] for each in seen] == ["reveal", *4 * ["search"], "grant"]
        newest = seen[0]
        del newest["sourceId"], newest["occurredAt"]
        assert newest == {
            "seq": 6,
            "kind": "reveal",
            "amount": -25,
            "balanceAfter": 75,
            "creditUnits": 25,
            "recordReveals": 25,
            "userId": "user_123",
        }

    def test_a_cursor_is_one_wallets(self, partner: Partner) -> None:
        key, other = customer_of_the_example(partner), partner.new_id()
        answer = partner.graphql(ENTRIES, id=key, first=2).json()
        cursor = answer["data"]["partnerCustomer"]["walletEntries"]["pagination"]["nextCursor"]
        (error,) = partner.graphql(ENTRIES, id=other, first=2, after=cursor).json()["errors"]
        assert error["extensions"]["code"] == "invalid_cursor"

    def test_those_of_many_customers_come_together(self, partner: Partner) -> None:
        keys = [partner.new_id() for _ in range(3)]
        for units, key in enumerate(keys, 1):
            partner.grant(key, units)
        document = """{ partnerCustomers { nodes { partnerCustomerId
            wallet { availableCreditUnits } walletEntries(first: 5) { nodes { amount } } } } }"""
        nodes = partner.graphql(document).json()["data"]["partnerCustomers"]["nodes"]
        assert nodes == [
            {
                "partnerCustomerId": key,
                "wallet": {"availableCreditUnits": units},
                "walletEntries": {"nodes": [{"amount": units}]},
            }
            for units, key in enumerate(keys, 1)
        ]

    @pytest.mark.parametrize("first", [0, -1, 101])
    def test_pages_have_bounds(self, partner: Partner, first: int) -> None:
        answer = partner.graphql(ENTRIES, id=partner.new_id(), first=first)
        (error,) = answer.json()["errors"]
        assert error["extensions"]["errors"][0]["argument"] == "first"


class TestRefusals:
    """Both doors tell a program why, and what is missing."""

    @pytest.mark.parametrize("reason", BlockReason)
    def test_details_are_members_beside_the_code(self, reason: BlockReason) -> None:
        with pytest.raises(DomainError) as refusal:
            refuse(Block(reason, 6, 5))
        details = {"reason": reason, "needed": 6, "available": 5}
        by_rest = problem(renamed(refusal.value, {}), "id")
        assert by_rest.status_code == 402
        body = orjson.loads(bytes(by_rest.body))
        assert body["code"] == "insufficient_credits"
        assert details.items() <= body.items()
        by_graphql: Any = entry_of(refusal.value, "id")["extensions"]
        assert {"code": "insufficient_credits", **details}.items() <= by_graphql.items()

    def test_they_are_documented(self) -> None:
        properties = document()["components"]["schemas"]["Problem"]["properties"]
        assert set(DETAILS) <= set(properties)
