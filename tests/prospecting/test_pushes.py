"""Pushes: the documented request, delivered now or by retries, signed where there is a secret."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook

from api.domain.delivery.dispatch import dispatch
from api.domain.delivery.schedule import SCHEDULE
from api.domain.delivery.sender import Sender
from api.domain.prospecting import pushes, sessions
from api.domain.prospecting.push_source import LEASE, PushSource
from api.domain.prospecting.records import ProspectingSession, SelectionMode
from api.domain.prospecting.sessions import ProspectingSearch
from api.domain.webhook.signing import new_secret
from api.errors import DomainError, ErrorCode
from api.paging import PageRequest
from api.work import Work
from tests.delivery.receivers import OK, Receiver, always, listening, status
from tests.prospecting.conftest import Partner
from tests.prospecting.market import Market

SELECTED = SelectionMode.SELECTED


async def start(work: Work) -> ProspectingSession:
    asked = ProspectingSearch("all employees in Nevada")
    return await sessions.start(work, asked, PageRequest(100))


async def push(work: Work, page: ProspectingSession, ids: Sequence[str]) -> pushes.Pushed:
    return await pushes.push(work, str(page.search_id), SELECTED, ids, None)


async def customer_at(partner: Partner, receiver: Receiver) -> Work:
    return await partner.customer(url=f"http://127.0.0.1:{receiver.port}/in")


async def run(partner: Partner, now: datetime) -> int:
    """Sends what is due by then, as the sweep does; retries come after exactly the waits."""
    source = PushSource(partner.stores.postgres, partner.stores.sealer, chance=lambda: 0)
    async with Sender(insecure=True, total=2) as sender:
        return await dispatch(source, sender, clock=lambda: now, slots=pushes.SLOTS)


async def push_rows(partner: Partner) -> list[Any]:
    return await partner.rows(
        "select status, claims, step, next_attempt_at, response_status, error"
        " from prospecting_pushes where account_id = :id",
        id=partner.account_id,
    )


async def test_the_request_is_the_documented_one(partner: Partner, people: Market) -> None:
    async with listening(always(status(202))) as receiver:
        work = await customer_at(partner, receiver)
        page = await start(work)
        node = page.nodes[0]
        pushed = await push(work, page, [node.prospect_id])
    (request,) = receiver.requests
    assert request.line == "POST /in HTTP/1.1"
    documented = {
        "content-type": "application/json",
        "user-agent": "stibnite-prospecting/1.0",
        "stibnite-event-type": "prospecting.records.pushed",
        "stibnite-search-id": str(page.search_id),
    }
    assert documented.items() <= request.headers.items()
    assert set(request.headers) - set(documented) == {"host", "content-length", "webhook-id"}
    row = next(each for each in people.persons if each["first_name"] == node.first_name)
    company = people.by_company[row["company_id"]]
    body = orjson.loads(request.body)
    assert body == {
        "event": "prospecting.records.pushed",
        "search_id": str(page.search_id),
        "partner_customer_id": str(work.embed.partner_customer_id),
        "partner_user_id": "user_123",
        "selection": {
            "mode": "selected",
            "prospect_ids": [node.prospect_id],
            "filters": {},
            "total_records": 1,
        },
        "pushed_records": 1,
        "net_new_billable_records": 1,
        "already_purchased_records": 0,
        "data": [
            {
                "prospect_id": node.prospect_id,
                "person_id": row["person_id"],
                "first_name": row["first_name"],
                "last_name": row["last_name"],
                "job_title": row["job_title"],
                "business_email": row.get("business_email"),
                "mobile_phone": row.get("mobile_phone"),
                "linkedin_url": row.get("linkedin_url"),
                "company": {
                    "company_id": company["company_id"],
                    "name": company["name"],
                    "domain": company["domain"],
                    "phone": company["phone"],
                    "linkedin_url": company["linkedin_url"],
                    "revenue": None,
                    "employee_count": company["employee_count"],
                    "industry": None,
                    "sic": company["sic"],
                    "naics": company["naics"],
                    "city": company["city"],
                    "state": company["state"],
                },
                "reveal_state": "purchased",
            }
        ],
    }
    documented_order = (
        "prospect_id", "person_id", "first_name", "last_name", "job_title", "business_email",
        "mobile_phone", "linkedin_url", "company", "reveal_state",
    )  # fmt: skip
    assert tuple(body["data"][0]) == documented_order
    assert (pushed.delivered, pushed.delivery_status) == (True, 202)
    assert pushed.selection.prospect_ids == [node.prospect_id]
    ((state, *_),) = await push_rows(partner)
    assert state == "delivered"


async def test_a_receiver_that_is_down_gets_it_later_and_nobody_pays_twice(
    partner: Partner,
) -> None:
    answers = [status(500), status(301, "location: http://127.0.0.1:1/"), status(204)]

    async def in_turn(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))

    async with listening(in_turn) as receiver:
        work = await customer_at(partner, receiver)
        page = await start(work)
        some = [node.prospect_id for node in page.nodes[:3]]
        pushed = await push(work, page, some)
        assert (pushed.delivered, pushed.delivery_status) == (False, 500)
        assert pushed.net_new_billable_records == 3
        ((state, _, step, due, code, _),) = await push_rows(partner)
        assert (state, step, code) == ("pending", 1, 500)
        assert await run(partner, due - timedelta(seconds=1)) == 0
        assert await run(partner, due) == 1
        ((state, _, step, due, code, _),) = await push_rows(partner)
        assert (state, step, code) == ("pending", 2, 301)
        assert await run(partner, due) == 1
        assert await run(partner, due + timedelta(days=30)) == 0
    ((state, _, _, _, code, _),) = await push_rows(partner)
    assert (state, code) == ("delivered", 204)
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len({request.body for request in receiver.requests}) == 1
    assert len(receiver.requests) == 3
    owned = await partner.rows(
        "select count(*) from owned_records where account_id = :id", id=partner.account_id
    )
    assert owned[0][0] == 3


async def test_nobody_listening_is_no_status_and_the_schedule_ends(partner: Partner) -> None:
    async with listening(always(OK)) as receiver:
        closed = receiver.port
    work = await partner.customer(url=f"http://127.0.0.1:{closed}/")
    page = await start(work)
    pushed = await push(work, page, [page.nodes[0].prospect_id])
    assert (pushed.delivered, pushed.delivery_status) == (False, None)
    attempts = 1
    while due := (await push_rows(partner))[0].next_attempt_at:
        attempts += await run(partner, due)
    ((state, _, step, _, code, error),) = await push_rows(partner)
    assert (state, step, code, error) == ("exhausted", len(SCHEDULE), None, "connection_failed")
    assert attempts == len(SCHEDULE)


async def test_a_push_whose_process_died_is_sent_when_its_lease_has_ended(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        """What a process dies of."""

    async def die(*_: object) -> None:
        raise Died

    async with listening(always(OK)) as receiver:
        work = await customer_at(partner, receiver)
        page = await start(work)
        with monkeypatch.context() as patch:
            patch.setattr(pushes, "_first_attempt", die)
            with pytest.raises(Died):
                await push(work, page, [page.nodes[0].prospect_id])
        assert not receiver.requests
        now = datetime.now(UTC)
        assert await run(partner, now) == 0
        assert await run(partner, now + LEASE) == 1
        again = await push(work, page, [page.nodes[0].prospect_id])
    assert (again.net_new_billable_records, again.already_purchased_records) == (0, 1)
    first, second = (orjson.loads(request.body) for request in receiver.requests)
    assert first["net_new_billable_records"] == 1
    assert second["net_new_billable_records"] == 0
    assert first["data"] == second["data"]


async def test_two_pushes_at_the_same_moment_are_billed_once(partner: Partner) -> None:
    async with listening(always(OK)) as receiver:
        work = await customer_at(partner, receiver)
        page = await start(work)
        some = [node.prospect_id for node in page.nodes[:20]]
        pushed = await asyncio.gather(*(push(work, page, some) for _ in range(4)))
    assert sorted(each.net_new_billable_records for each in pushed) == [0, 0, 0, 20]
    for each in pushed:
        assert each.delivered
        assert each.net_new_billable_records + each.already_purchased_records == 20
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 4


async def test_it_goes_where_the_customer_points_at_the_time(partner: Partner) -> None:
    change = "update partner_customers set result_delivery_url = :url where account_id = :id"
    async with listening(always(status(503))) as down, listening(always(OK)) as up:
        work = await customer_at(partner, down)
        page = await start(work)
        first, second = (node.prospect_id for node in page.nodes[:2])
        await push(work, page, [first])
        await partner.rows(change, id=partner.account_id, url=f"http://127.0.0.1:{up.port}/new")
        assert await run(partner, datetime.now(UTC) + timedelta(minutes=1)) == 1
        assert len(up.requests) == 1
        await partner.rows(change, id=partner.account_id, url=f"http://127.0.0.1:{down.port}/")
        await push(work, page, [second])
        await partner.rows(change, id=partner.account_id, url=None)
        assert await run(partner, datetime.now(UTC) + timedelta(minutes=1)) == 0
        with pytest.raises(DomainError) as refused:
            await push(work, page, [second])
    assert refused.value.code is ErrorCode.CONFLICT
    states = sorted(state for state, *_ in await push_rows(partner))
    assert states == ["cancelled", "delivered"]


async def test_a_webhook_endpoint_at_the_same_url_lends_its_secret(partner: Partner) -> None:
    async with listening(always(OK)) as receiver:
        work = await customer_at(partner, receiver)
        secret = new_secret()
        await partner.stores.postgres.fetch(
            text(
                "insert into webhook_endpoints (id, account_id, url, events, status, secret)"
                " values (:id, :account_id, :url, '{}', 'active', :secret)"
            ),
            {
                "id": uuid4(),
                "account_id": partner.account_id,
                "url": f"http://127.0.0.1:{receiver.port}/in",
                "secret": partner.stores.sealer.seal(secret),
            },
        )
        page = await start(work)
        await push(work, page, [page.nodes[0].prospect_id])
    (request,) = receiver.requests
    Webhook(secret).verify(request.body, request.headers)
    assert request.headers["stibnite-signature"].startswith("t=")


async def test_many_customers_pushes_are_sent_by_one_sweep(partner: Partner) -> None:
    """More than there are slots, of more than one customer; each once, by two sweeps at a time."""
    async with listening(always(status(500))) as receiver:
        for _ in range(3):
            work = await customer_at(partner, receiver)
            page = await start(work)
            await asyncio.gather(*(push(work, page, [node.prospect_id]) for node in page.nodes[:6]))
        receiver.answer = always(OK)
        receiver.requests.clear()
        later = datetime.now(UTC) + timedelta(minutes=5)
        sent = await asyncio.gather(run(partner, later), run(partner, later))
    assert sum(sent) == 18
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 18


async def test_all_results_name_their_filters_and_no_ids(partner: Partner) -> None:
    async with listening(always(OK)) as receiver:
        work = await customer_at(partner, receiver)
        page = await start(work)
        pushed = await pushes.push(
            work,
            str(page.search_id),
            SelectionMode.ALL_RESULTS,
            None,
            {"has_business_email": True, "states": ["Nevada"]},
        )
    body = orjson.loads(receiver.requests[0].body)
    assert body["selection"] == {
        "mode": "all_results",
        "prospect_ids": [],
        "filters": {"has_business_email": True, "states": ["NV"]},
        "total_records": len(body["data"]),
    }
    assert pushed.pushed_records == len(body["data"]) > 1
    assert all(each["business_email"] for each in body["data"])
