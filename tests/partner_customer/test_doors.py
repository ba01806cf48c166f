"""Partner customers by both doors: made, listed, read, changed, and nobody else's."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from api.domain.delivery.rules import MAX_URL_CHARS
from api.domain.partner_customer.rules import (
    MAX_CTA_CHARS,
    MAX_EXTERNAL_ID_CHARS,
    MAX_LIMIT,
    MAX_NAME_CHARS,
)
from tests.partner_customer.partner import PATH, Partner
from tests.stack import Asker, Stack

URL = "https://partner.example/api/prospects"
NOBODY = str(uuid4())


def test_a_customer_begins_with_the_documented_defaults(partner: Partner) -> None:
    made = partner.customer("customer 1", name=" Example\n Inc ")
    assert made.pop("created_at")
    customer_id = made.pop("partner_customer_id")
    assert made == {
        "external_customer_id": "customer 1",
        "name": "Example Inc",
        "status": "active",
        "credit_enforcement_mode": "metered",
        "credit_reset_policy": "monthly_reset",
        "limits": {"monthly_credit_units": None},
        "csv_export_enabled": False,
        "allowed_result_actions": [],
        "result_action_labels": {},
    }
    told = partner.wallet(customer_id)["wallet"]
    assert told["available_credit_units"] is None
    assert told["limit_state"]["can_reveal"] is True
    assert partner.usage() == {"requests": 2, "billable_records": 0}


def test_what_is_given_is_kept_and_read_back(partner: Partner) -> None:
    given = {
        "external_customer_id": "c",
        "credit_enforcement_mode": "enforced",
        "credit_reset_policy": "rollover",
        "limits": {"monthly_credit_units": 0, "lifetime_record_reveals": MAX_LIMIT},
        "result_delivery_url": URL,
        "csv_export_enabled": True,
    }
    made = partner.post(PATH, **given).json()
    assert given.items() <= made.items()
    assert made["allowed_result_actions"] == ["push_endpoint", "csv_export"]
    assert made["result_action_labels"] == {"push_endpoint": "Push", "csv_export": "Export CSV"}
    assert partner.rest(f"{PATH}/{made['partner_customer_id']}").json() == made
    assert partner.rest(PATH).json()["data"] == [made]


def test_an_external_id_is_one_customers_of_an_account(partner: Partner, rival: Partner) -> None:
    def make(who: Partner) -> int:
        return who.post(PATH, external_customer_id="the same").status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(make, [partner] * 8))
    assert sorted(statuses) == [201] + 7 * [409]
    assert make(rival) == 201
    assert len(partner.rest(PATH).json()["data"]) == 1


def test_customers_are_paged_oldest_first(partner: Partner, rival: Partner) -> None:
    made = [partner.new_id() for _ in range(5)]
    rival.new_id()
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = partner.rest(PATH, limit=2, **cursor).json()
        seen += [each["partner_customer_id"] for each in page["data"]]
        if page["pagination"]["next_cursor"] is None:
            break
        cursor = {"cursor": page["pagination"]["next_cursor"]}
        assert rival.rest(PATH, limit=2, **cursor).json()["code"] == "invalid_cursor"
    assert seen == made


GIVEN: dict[str, Any] = {
    "name": "Example Inc",
    "limits": {"monthly_credit_units": 5, "lifetime_search_sessions": 6},
    "result_delivery_url": URL,
    "result_delivery_cta": "Add to HubSpot",
    "csv_export_enabled": True,
}


class TestChanges:
    """What is absent stays, null takes away, and the rest is replaced: by both doors."""

    def test_nothing_sent_changes_nothing(self, partner: Partner) -> None:
        made = partner.customer(**GIVEN)
        assert partner.patch(made["partner_customer_id"]).json() == made

    def test_members_of_limits_change_one_by_one(self, partner: Partner) -> None:
        key = partner.new_id(**GIVEN)
        changed = partner.patch(
            key, limits={"monthly_credit_units": None, "monthly_record_reveals": 7}
        ).json()
        assert changed["limits"] == {
            "monthly_credit_units": None,
            "lifetime_search_sessions": 6,
            "monthly_record_reveals": 7,
        }
        assert partner.patch(key, limits=None).json()["limits"] == {"monthly_credit_units": None}

    def test_null_takes_away_what_can_be_missing(self, partner: Partner) -> None:
        key = partner.new_id(**GIVEN)
        changed = partner.patch(
            key,
            name=None,
            result_delivery_url=None,
            result_delivery_cta=None,
            csv_export_enabled=None,
            status=None,
            credit_enforcement_mode=None,
            credit_reset_policy=None,
        ).json()
        assert not {"name", "result_delivery_url", "result_delivery_cta"} & set(changed)
        assert changed["csv_export_enabled"] is False
        assert changed["allowed_result_actions"] == []
        assert (changed["status"], changed["credit_enforcement_mode"]) == ("active", "metered")

    def test_graphql_changes_alike(self, partner: Partner) -> None:
        key = partner.new_id(**GIVEN)
        document = """mutation ($id: ID!, $name: String, $url: String) {
          updatePartnerCustomer(partnerCustomerId: $id, name: $name, resultDeliveryUrl: $url,
            status: suspended, limits: {monthlyCreditUnits: null}) {
              name status resultDeliveryUrl resultDeliveryCta
              limits { monthlyCreditUnits lifetimeSearchSessions } } }"""
        answer = partner.graphql(document, id=key, url=None).json()
        assert answer["data"]["updatePartnerCustomer"] == {
            "name": "Example Inc",
            "status": "suspended",
            "resultDeliveryUrl": None,
            "resultDeliveryCta": "Add to HubSpot",
            "limits": {"monthlyCreditUnits": None, "lifetimeSearchSessions": 6},
        }

    def test_a_suspended_customer_is_stopped_and_resumed(self, partner: Partner) -> None:
        key = partner.new_id()
        assert partner.patch(key, status="suspended").json()["status"] == "suspended"
        told = partner.wallet(key)
        assert told["status"] == "suspended"
        assert told["wallet"]["limit_state"] == {
            "can_search": False,
            "can_reveal": False,
            "search_block_reason": "customer_suspended",
            "reveal_block_reason": "customer_suspended",
        }
        partner.patch(key, status="active")
        assert partner.wallet(key)["wallet"]["limit_state"]["can_reveal"] is True


BAD: list[tuple[dict[str, Any], str]] = [
    ({"external_customer_id": ""}, "external_customer_id"),
    ({"external_customer_id": " "}, "external_customer_id"),
    ({"external_customer_id": "x" * (MAX_EXTERNAL_ID_CHARS + 1)}, "external_customer_id"),
    ({"external_customer_id": "a\x00b"}, "external_customer_id"),
    ({"external_customer_id": 7}, "external_customer_id"),
    ({"external_customer_id": None}, "external_customer_id"),
    ({"name": "x" * (MAX_NAME_CHARS + 1)}, "name"),
    ({"credit_enforcement_mode": "strict"}, "credit_enforcement_mode"),
    ({"credit_reset_policy": "weekly"}, "credit_reset_policy"),
    ({"limits": {"monthly_credit_units": -1}}, "limits.monthly_credit_units"),
    ({"limits": {"monthly_credit_units": MAX_LIMIT + 1}}, "limits.monthly_credit_units"),
    ({"limits": {"monthly_credit_units": 2**64}}, "limits.monthly_credit_units"),
    ({"limits": {"monthly_credit_units": 1.5}}, "limits.monthly_credit_units"),
    ({"limits": {"monthly_credit_units": "5"}}, "limits.monthly_credit_units"),
    ({"limits": {"monthly_credit_units": True}}, "limits.monthly_credit_units"),
    ({"limits": {"weekly_credit_units": 5}}, "limits.weekly_credit_units"),
    ({"limits": 5}, "limits"),
    ({"result_delivery_url": "http://partner.example/x"}, "result_delivery_url"),
    ({"result_delivery_url": "https://127.0.0.1/x"}, "result_delivery_url"),
    ({"result_delivery_url": "javascript:alert(1)"}, "result_delivery_url"),
    ({"result_delivery_url": f"{URL}/{'x' * MAX_URL_CHARS}"}, "result_delivery_url"),
    ({"result_delivery_cta": "x" * (MAX_CTA_CHARS + 1)}, "result_delivery_cta"),
    ({"csv_export_enabled": "true"}, "csv_export_enabled"),
    ({"status": "deleted"}, "status"),
    ({"account_id": NOBODY}, "account_id"),
]


@pytest.mark.parametrize(("body", "argument"), BAD)
def test_bad_members_are_named_when_made_and_when_changed(
    partner: Partner, body: dict[str, Any], argument: str
) -> None:
    sent = {"external_customer_id": "new", **body}
    made = partner.post(PATH, **sent)
    changed = partner.patch(partner.new_id(), **body)
    for response in (made, changed):
        assert response.status_code == 422, response.text
        assert response.json()["code"] == "invalid_input"
        assert [each["argument"] for each in response.json()["errors"]] == [argument]


@pytest.mark.parametrize(
    "body",
    [
        {"external_customer_id": "ö" * MAX_EXTERNAL_ID_CHARS},
        {"name": "x" * MAX_NAME_CHARS, "result_delivery_cta": "x" * MAX_CTA_CHARS},
        {"result_delivery_url": f"{URL}/".ljust(MAX_URL_CHARS, "x")},
        {"limits": {"lifetime_credit_units": MAX_LIMIT, "monthly_credit_units": 0}},
    ],
)
def test_values_at_their_bounds_are_taken(partner: Partner, body: dict[str, Any]) -> None:
    made = partner.post(PATH, **{"external_customer_id": "new", **body})
    assert made.status_code == 201, made.text
    assert body.items() <= {**made.json(), **body}.items()


ASKED = {
    "read": ("GET", "", None),
    "change": ("PATCH", "", {"status": "suspended"}),
    "wallet": ("GET", "/wallet", None),
    "grant": ("POST", "/wallet/credits", {"credit_units": 5}),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("whose", ["rival", "nobody", "malformed"])
def test_other_partners_customers_are_not_there(
    partner: Partner, rival: Partner, asked: str, whose: str
) -> None:
    key = {"rival": rival.new_id(), "nobody": NOBODY, "malformed": "customer_123"}[whose]
    method, path, body = ASKED[asked]
    response = partner.http.request(method, f"{PATH}/{key}{path}", json=body)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    if whose == "rival":
        told = rival.wallet(key)
        assert (told["status"], told["wallet"]["granted_credit_units"]) == ("active", 0)


@pytest.mark.parametrize("asked", [*ASKED, "make", "list"])
def test_partners_alone_have_customers(
    stack: Stack, partner: Partner, asker: Asker, asked: str
) -> None:
    method, path, body = {
        **{name: (how, f"/{NOBODY}{path}", sent) for name, (how, path, sent) in ASKED.items()},
        "make": ("POST", "", {"external_customer_id": "c"}),
        "list": ("GET", "", None),
    }[asked]
    refused = asker.http.request(method, f"{PATH}{path}", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    with stack.client(None) as nobody:
        refused = nobody.request(method, f"{PATH}{path}", json=body)
    assert refused.status_code == 401


def test_graphql_refuses_what_rest_refuses(partner: Partner, rival: Partner, asker: Asker) -> None:
    document = "query ($id: ID!) { partnerCustomer(partnerCustomerId: $id) { name } }"
    for who, key, code in (
        (partner, rival.new_id(), "not_found"),
        (partner, "x", "not_found"),
        (asker, NOBODY, "forbidden"),
    ):
        (error,) = who.graphql(document, id=key).json()["errors"]
        assert error["extensions"]["code"] == code
