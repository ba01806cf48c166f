"""The whole way: an event is committed, the worker of a running stack delivers it and logs it."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from api.domain.webhook.events import emit
from api.domain.webhook.rules import EventType
from api.stores.postgres import Postgres
from api.stores.tables import webhook_endpoints
from tests.delivery.receivers import OK, Request, always, listening, status
from tests.embedded.stacks import until
from tests.stack import Asker, Stack, scratch_folder, start, stop
from tests.webhook.test_deliveries import Judge

PATH = "/v1/webhooks/endpoints"
LOG = "/v1/webhooks/deliveries"


@pytest.fixture(scope="module")
def developing() -> Iterator[Stack]:
    """A stack that may deliver to this machine."""
    with scratch_folder() as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("STIBNITE_ALLOW_INSECURE_DELIVERY", "1")
        running = start(folder / "data", "--no-sample")
        yield running
        log = (folder / "data.log").read_text(errors="replace")
        assert stop(running.process) == 0
        assert "STIBNITE_ALLOW_INSECURE_DELIVERY is on" in log or any(
            "STIBNITE_ALLOW_INSECURE_DELIVERY is on" in each.read_text(errors="replace")
            for each in (folder / "data").rglob("*.log")
        )


@pytest.fixture
def owner(developing: Stack) -> Iterator[Asker]:
    """The key of an account of this stack."""
    with developing.client(developing.new_key("receivers")) as client:
        yield Asker(client)


async def happen(stack: Stack, endpoint: str, event: EventType, **data: Any) -> None:
    """Commits an event of the account that has this endpoint, and tells nobody of it."""
    postgres = Postgres(stack.settings.sqlalchemy_url)
    try:
        table = webhook_endpoints.c
        (row,) = await postgres.fetch(select(table.account_id).where(table.id == UUID(endpoint)))
        async with postgres.transaction() as connection:
            await emit(connection, row.account_id, event, data)
    finally:
        await postgres.close()


async def call(function: Any, *arguments: Any, **named: Any) -> Any:
    """A blocking call to the API, beside the receivers of this loop."""
    return await asyncio.to_thread(function, *arguments, **named)


async def test_an_event_is_delivered_logged_and_redelivered(
    developing: Stack, owner: Asker
) -> None:
    async with listening(always(OK)) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/hook"
        endpoint = (await call(owner.http.post, PATH, json={"url": url})).json()
        await happen(developing, endpoint["id"], EventType.PERSON_SEARCH_JOB_FAILED, job_id="j_1")
        await until(lambda: receiver.requests, "the event is delivered")
        (request,) = receiver.requests
        assert Judge(endpoint["signing_secret"]).accepts(request)

        async def delivered() -> Any:
            rows = (await call(owner.rest, LOG, endpoint_id=endpoint["id"])).json()["data"]
            return [row for row in rows if row["status"] == "delivered"]

        (row,) = await until(delivered, "the log says so")
        assert row["event_id"] == request.headers["webhook-id"]
        assert row["event_type"] == "person_search.job.failed"
        (attempt,) = row["attempts"]
        assert (attempt["response_status"], attempt["response_body"]) == (200, "ok")
        again = (await call(owner.http.post, f"{LOG}/{row['id']}/redeliver")).json()
        assert (again["id"], again["status"]) == (row["id"], "pending")
        await until(lambda: len(receiver.requests) == 2, "it is delivered again")
        assert receiver.requests[1].headers["webhook-id"] == row["event_id"]
        assert receiver.requests[1].body == request.body
        await until(delivered, "the log says that, too")


async def test_a_failure_is_retried_and_shown(developing: Stack, owner: Asker) -> None:
    answers = [status(500), OK]

    async def answer(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))

    async with listening(answer) as receiver:
        url = f"http://localhost:{receiver.port}/hook"
        endpoint = (await call(owner.http.post, PATH, json={"url": url})).json()
        await happen(developing, endpoint["id"], EventType.PERSON_SEARCH_JOB_SUCCEEDED)
        await until(lambda: len(receiver.requests) == 2, "the second attempt comes")

        async def delivered() -> Any:
            page = await call(owner.rest, LOG, endpoint_id=endpoint["id"], status="delivered")
            return page.json()["data"]

        (row,) = await until(delivered, "the log says so")
        codes = [each["response_status"] for each in row["attempts"]]
        assert codes == [200, 500]


async def test_the_log_is_paged_and_ones_own(developing: Stack, owner: Asker) -> None:
    async with listening(always(status(503))) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/hook"
        endpoint = (await call(owner.http.post, PATH, json={"url": url})).json()
        for number in range(3):
            await happen(
                developing, endpoint["id"], EventType.PERSON_SEARCH_JOB_FAILED, number=number
            )
        mine = {"endpoint_id": endpoint["id"]}
        first = (await call(owner.rest, LOG, limit=2, **mine)).json()
        cursor = first["pagination"]["next_cursor"]
        rest = (await call(owner.rest, LOG, limit=2, cursor=cursor, **mine)).json()
        rows = first["data"] + rest["data"]
        assert len({row["id"] for row in rows}) == 3
        assert rest["pagination"]["next_cursor"] is None
        moments = [row["created_at"] for row in rows]
        assert moments == sorted(moments, reverse=True)
        other = await call(owner.rest, LOG, limit=2, cursor=cursor)
        assert other.json()["code"] == "invalid_cursor"
        assert (await call(owner.rest, LOG, endpoint_id="endpoint_123")).json()["data"] == []
        key = await call(developing.new_key, "somebody else")
        with developing.client(key) as client:
            stranger = Asker(client)
            assert (await call(stranger.rest, LOG)).json()["data"] == []
            assert (await call(stranger.rest, LOG, **mine)).json()["data"] == []
            for delivery in (rows[0]["id"], "delivery_123"):
                refused = await call(stranger.http.post, f"{LOG}/{delivery}/redeliver")
                assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
        assert (await call(owner.http.delete, f"{PATH}/{endpoint['id']}")).status_code == 200
        refused = await call(owner.http.post, f"{LOG}/{rows[0]['id']}/redeliver")
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        rows = (await call(owner.rest, LOG, **mine)).json()["data"]
        assert {row["status"] for row in rows} == {"cancelled"}
