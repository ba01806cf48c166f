"""The iframe's operations by REST: documented bodies and headers, and who may call them."""

import csv
import io
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import orjson
import pytest

from api.domain.partner_customer.rules import (
    CustomerDefaults,
    Delivery,
    EnforcementMode,
    Limits,
)
from api.domain.prospecting.selection import MAX_SELECTED
from rest.openapi import EXAMPLES
from tests.prospecting.iframe import Iframe
from tests.prospecting.test_csv import DOCUMENTED_HEADER
from tests.stack import Asker, Stack

EXAMPLE: dict[str, Any] = orjson.loads(EXAMPLES.read_bytes())
Q = "partners at law firms in Ely, NV"
EXPORTING = CustomerDefaults(delivery=Delivery(csv_export_enabled=True))


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def iframe(stack: Stack, closing: ExitStack) -> Iframe:
    """A customer that may export, and has nowhere to push to."""
    return Iframe.opened(stack, closing, EXPORTING)


def ids_of(body: dict[str, Any]) -> list[str]:
    return [each["prospect_id"] for each in body["data"]]


def test_a_session_answers_as_documented(iframe: Iframe) -> None:
    body = iframe.search(Q, limit=2)
    assert list(body) == ["search_id", "interpretation", "pagination", "facets", "data"]
    preview = body["data"][0]
    assert list(preview) == list(EXAMPLE["POST /v1/prospecting/search"]["data"][0])
    assert preview.pop("prospect_id")
    assert preview == {
        "first_name": "Crowd",
        "last_initial": "M",
        "job_title": "Partner",
        "company": {
            "name": "Crowded Law LLP",
            "industry": "Law Practice",
            "employee_count": 700,
            "city": "Ely",
            "state": "NV",
        },
        "available": {"business_email": False, "mobile_phone": False, "linkedin_url": False},
        "reveal_state": "preview",
    }
    pagination = body["pagination"]
    assert pagination.pop("next_cursor")
    assert pagination == {"limit": 2, "total_records": 230, "total_pages": 115}
    assert body["facets"]["states"] == [{"value": "NV", "label": "Nevada", "count": 230}]
    assert body["facets"]["levels"] == []


def test_a_session_is_paged_and_refined_without_counting_again(iframe: Iframe) -> None:
    body = iframe.search(Q, limit=100)
    path = f"/v1/prospecting/sessions/{body['search_id']}"
    seen = ids_of(body)
    cursor = body["pagination"]["next_cursor"]
    by_get = iframe.http.get(path, params={"limit": 100, "cursor": cursor}).json()
    by_search = iframe.search(Q, limit=100, cursor=cursor)
    assert ids_of(by_get) == ids_of(by_search)
    assert by_search["search_id"] == body["search_id"]
    cursor = by_get["pagination"]["next_cursor"]
    last = iframe.http.post(path, json={"limit": 100, "cursor": cursor}).json()
    assert last["pagination"]["next_cursor"] is None
    seen += ids_of(by_get) + ids_of(last)
    assert len(set(seen)) == len(seen) == 230
    none = iframe.http.post(path, json={"filters": {"employee_ranges": ["1-10"]}}).json()
    assert none["data"] == []
    assert none["pagination"]["total_records"] == 0
    assert none["facets"]["employee_ranges"] == [
        {"value": "501-1000", "label": "501 to 1000", "count": 230}
    ]
    counted = iframe.rows(
        "select search_sessions from wallet_entries where partner_customer_id = :customer_id"
    )
    assert [tuple(row) for row in counted] == [(1,)]


def test_only_an_embed_token_reaches_it_and_nothing_else(iframe: Iframe, stack: Stack) -> None:
    asked = {"q": Q}
    with stack.client(None) as nobody, stack.client(iframe.key) as partner:
        assert nobody.post("/v1/prospecting/search", json=asked).status_code == 401
        assert partner.post("/v1/prospecting/search", json=asked).status_code == 403
    assert iframe.http.get("/v1/persons/search", params=asked).status_code == 403


def test_an_export_has_the_documented_headers_and_columns(iframe: Iframe) -> None:
    body = iframe.search(Q, limit=3)
    search_id = body["search_id"]
    answer = iframe.act("export", search_id, ids_of(body))
    assert answer.status_code == 200, answer.text
    documented = {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": f'attachment; filename="prospecting-{search_id}.csv"',
        "x-exported-records": "3",
        "x-net-new-billable-records": "3",
        "x-already-purchased-records": "0",
    }
    assert documented.items() <= dict(answer.headers).items()
    assert answer.text.splitlines()[0] == DOCUMENTED_HEADER
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["prospect_id"] for row in rows] == ids_of(body)
    assert {row["last_name"][:7] for row in rows} == {"Member "}
    everybody = iframe.act("export", search_id)
    assert everybody.headers["x-exported-records"] == "230"
    assert everybody.headers["x-net-new-billable-records"] == "227"
    assert everybody.headers["x-already-purchased-records"] == "3"
    assert len(everybody.text.splitlines()) == 231
    owned = iframe.http.get(f"/v1/prospecting/sessions/{search_id}", params={"limit": 1}).json()
    (preview,) = owned["data"]
    assert preview["reveal_state"] == "purchased"
    assert preview["record"]["last_name"].startswith("Member ")


def test_an_export_that_broke_off_is_asked_for_again(iframe: Iframe) -> None:
    """Nothing is billed twice, nothing is missing, and nothing is there twice."""
    search_id = iframe.search(Q, limit=1)["search_id"]
    path = f"/v1/prospecting/sessions/{search_id}/export"
    asked = {"selection_mode": "all_results"}
    with iframe.http.stream("POST", path, json=asked) as broken:
        assert broken.headers["x-net-new-billable-records"] == "230"
        assert next(broken.iter_bytes(1_000)).startswith(b"prospect_id,")
    again = iframe.http.post(path, json=asked)
    assert again.headers["x-net-new-billable-records"] == "0"
    assert again.headers["x-already-purchased-records"] == "230"
    rows = list(csv.DictReader(io.StringIO(again.text, newline="")))
    assert len({row["person_id"] for row in rows}) == len(rows) == 230
    ((charged,),) = iframe.rows(
        "select sum(record_reveals) from wallet_entries where partner_customer_id = :customer_id"
    )
    assert charged == 230


def test_what_cannot_be_done_says_why(stack: Stack, closing: ExitStack) -> None:
    strict = CustomerDefaults(
        EnforcementMode.ENFORCED,
        limits=Limits(monthly_search_sessions=1),
        delivery=Delivery("https://nowhere.invalid/in", None, csv_export_enabled=False),
    )
    iframe = Iframe.opened(stack, closing, strict, credit_units=2)
    body = iframe.search(Q, limit=3)
    search_id, ids = body["search_id"], ids_of(body)
    refused = iframe.act("push", search_id, ids)
    assert refused.status_code == 402
    told = refused.json()
    assert (told["code"], told["reason"]) == ("insufficient_credits", "insufficient_credits")
    assert (told["needed"], told["available"]) == (3, 2)
    assert not iframe.rows("select 1 from owned_records where account_id = :account_id")
    assert iframe.act("export", search_id, ids[:1]).status_code == 403
    again = iframe.http.post("/v1/prospecting/search", json={"q": Q})
    assert (again.status_code, again.json()["reason"]) == (402, "monthly_search_limit")
    undelivered = iframe.act("push", search_id, ids[:2]).json()
    assert list(undelivered) == list(EXAMPLE["POST /v1/prospecting/sessions/{search_id}/push"])
    assert undelivered == {
        "delivered": False,
        "delivery_status": None,
        "search_id": search_id,
        "partner_customer_id": str(iframe.customer_id),
        "selection": {"mode": "selected", "prospect_ids": ids[:2]},
        "pushed_records": 2,
        "net_new_billable_records": 2,
        "already_purchased_records": 0,
    }
    iframe.rows(
        "update partner_customers set status = 'suspended' where id = :customer_id returning id"
    )
    for answer in (
        iframe.act("push", search_id, ids[:1]),
        iframe.http.get(f"/v1/prospecting/sessions/{search_id}"),
        iframe.http.post("/v1/prospecting/search", json={"q": Q}),
    ):
        assert (answer.status_code, answer.json()["reason"]) == (402, "customer_suspended")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 422),
        ({"selection_mode": "everything"}, 422),
        ({"selection_mode": "selected"}, 422),
        ({"selection_mode": "selected", "prospect_ids": []}, 422),
        ({"selection_mode": "page", "prospect_ids": ["pr_x"] * (MAX_SELECTED + 1)}, 422),
        ({"selection_mode": "page", "prospect_ids": ["x" * 1_201]}, 422),
        ({"selection_mode": "page", "prospect_ids": ["\u0000"]}, 422),
        ({"selection_mode": "page", "prospect_ids": [1]}, 422),
        ({"selection_mode": "all_results", "prospect_ids": ["pr_x"]}, 422),
        ({"selection_mode": "all_results", "applied_filters": {"email": "x"}}, 422),
        ({"selection_mode": "all_results", "applied_filters": {"levels": ["x"]}}, 422),
    ],
)
def test_bad_selections_are_refused_by_name(
    iframe: Iframe, asked: dict[str, Any], status: int
) -> None:
    search_id = iframe.search(Q, limit=1)["search_id"]
    answer = iframe.http.post(f"/v1/prospecting/sessions/{search_id}/export", json=asked)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == "invalid_input"
    assert answer.json()["errors"]


def test_a_push_without_an_address_and_sessions_that_are_not_there(iframe: Iframe) -> None:
    body = iframe.search(Q, limit=1)
    assert iframe.act("push", body["search_id"], ids_of(body)).status_code == 409
    for search_id in (str(uuid4()), "search_123", "%00", "x" * 65):
        for action in ("push", "export"):
            answer = iframe.act(action, search_id, ids_of(body))
            assert answer.status_code in (404, 422), answer.text


def test_an_unknown_question_starts_nothing(iframe: Iframe, asker: Asker) -> None:
    refused = iframe.http.post("/v1/prospecting/search", json={"q": "!?"})
    assert refused.status_code == 422
    known = asker.rest("/v1/persons/search", q="!?").json()
    assert refused.json()["errors"] == known["errors"]
    assert not iframe.rows("select 1 from prospecting_sessions where account_id = :account_id")
