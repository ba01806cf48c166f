"""Deliveries to real receivers, by a clock that the tests move: the promise is at least once."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook

from api.domain.delivery.schedule import SCHEDULE
from api.domain.delivery.sender import Sender
from api.domain.webhook import queries
from api.domain.webhook.deliveries import LEASE
from api.domain.webhook.events import emit
from api.domain.webhook.rules import EventType
from api.sealing import Sealer
from api.stores.tables import webhook_deliveries
from tests.delivery.receivers import OK, Request, always, listening, status
from tests.webhook.post_office import Crash, CrashingSource, PostOffice
from tests.webhook.rows import NOON

FAILURE = status(500)


# Ends the retries of earlier events, so that one attempt is made a day.
_ALL_DONE = webhook_deliveries.update().values(status="exhausted", next_attempt_at=None)


class Judge:
    """The published library, at the moment that a delivery says it was signed."""

    def __init__(self, secret: str):
        self._webhook = Webhook(secret)

    def accepts(self, request: Request) -> bool:
        """Whether one of the signatures is right; that it is fresh is for another test."""
        headers = request.headers
        moment = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        body = request.body.decode()
        right = self._webhook.sign(headers["webhook-id"], moment, body)
        return right in headers["webhook-signature"].split(" ")


async def test_an_event_arrives_signed(office: PostOffice, account: UUID) -> None:
    async with listening(always(OK)) as receiver:
        endpoint = await office.endpoint(account, receiver.port, "/hook?x=1")
        await office.emit(account, job_id="j_1")
        assert await office.run() == 1
        assert await office.run() == 0
    (request,) = receiver.requests
    (delivery,) = await office.deliveries()
    assert request.line == "POST /hook?x=1 HTTP/1.1"
    assert request.body == (
        b'{"type":"person_search.job.succeeded","timestamp":"2030-03-01T12:00:00.000Z",'
        b'"data":{"job_id":"j_1"}}'
    )
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "stibnite-webhooks/1.0"
    assert request.headers["stibnite-event-type"] == "person_search.job.succeeded"
    assert request.headers["webhook-id"] == str(delivery.event_id)
    assert request.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert request.headers["stibnite-signature"].startswith(f"t={int(NOON.timestamp())},v1=")
    assert Judge(office.secrets[endpoint]).accepts(request)
    assert (delivery.status, delivery.next_attempt_at, delivery.step) == ("delivered", None, 1)
    (attempt,) = await office.attempts()
    assert (attempt.response_status, attempt.response_body, attempt.error) == (200, "ok", None)


async def test_any_beginning_of_a_response_is_logged_as_it_is(
    office: PostOffice, account: UUID
) -> None:
    text = 'a "quoted", {braced} \\ back\\u0041 slashed\n\ttwo-lined é \N{WAVING HAND SIGN} NULL'
    body = text.encode()
    head = f"HTTP/1.1 500 x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    async with listening(always(head + body)) as receiver:
        await office.endpoint(account, receiver.port)
        await office.emit(account)
        assert await office.run() == 1
    (attempt,) = await office.attempts()
    assert (attempt.response_status, attempt.response_body) == (500, text)
    assert attempt.attempted_at == NOON


async def test_the_whole_schedule_walks(office: PostOffice, account: UUID) -> None:
    async with listening(always(FAILURE)) as receiver:
        endpoint = await office.endpoint(account, receiver.port)
        await office.emit(account)
        moments = []
        while (due := await office.next_due()) is not None:
            office.now = due - timedelta(milliseconds=1)
            assert await office.run() == 0
            office.now = due
            assert await office.run() == 1
            moments.append(due)
    waits = [later - earlier for earlier, later in zip([NOON, *moments], moments, strict=False)]
    assert waits == list(SCHEDULE)
    (delivery,) = await office.deliveries()
    assert (delivery.status, delivery.step, delivery.claims) == ("exhausted", 10, 10)
    assert [each.number for each in await office.attempts()] == list(range(1, 11))
    assert {each.headers["webhook-id"] for each in receiver.requests} == {str(delivery.event_id)}
    stamps = [int(each.headers["webhook-timestamp"]) for each in receiver.requests]
    assert stamps == [int(each.timestamp()) for each in moments]
    assert len({each.body for each in receiver.requests}) == 1
    assert all(Judge(office.secrets[endpoint]).accepts(each) for each in receiver.requests)
    assert (await office.endpoint_row(endpoint)).status == "active"


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_receiver_that_fails_at_random_gets_every_event(
    office: PostOffice, account: UUID, seed: int
) -> None:
    fate = random.Random(seed)
    seen: Counter[str] = Counter()

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        event = request.headers["webhook-id"]
        seen[event] += 1
        kind = fate.choice(["accept", "accept", "refuse", "reset", "hang"])
        # Ten failures in a row are the end of an event, by luck too.
        if kind == "accept" or seen[event] > 5:
            writer.write(OK)
        elif kind == "refuse":
            writer.write(status(fate.choice([302, 400, 429, 500, 503])))
        elif kind == "reset":
            writer.transport.abort()
        else:
            await asyncio.sleep(60)

    async with listening(answer) as receiver, Sender(insecure=True, total=0.2) as sender:
        office.sender = sender
        await office.endpoint(account, receiver.port)
        await office.emit(account, 40)
        attempts = await office.run_until_quiet()
    deliveries = await office.deliveries()
    assert {each.status for each in deliveries} == {"delivered"}
    assert set(seen) == {str(each.event_id) for each in deliveries}
    assert attempts == len(await office.attempts()) > 40


async def test_what_was_sent_and_not_recorded_is_sent_again(
    office: PostOffice, account: UUID
) -> None:
    async with listening(always(OK)) as receiver:
        await office.endpoint(account, receiver.port)
        await office.emit(account)
        with pytest.raises(Crash):
            await office.run(CrashingSource)
        assert await office.run() == 0
        office.now += LEASE
        assert await office.run() == 1
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    (delivery,) = await office.deliveries()
    assert (delivery.status, delivery.step, delivery.claims) == ("delivered", 1, 2)
    assert [each.number for each in await office.attempts()] == [2]


async def test_a_result_that_comes_after_the_lease_changes_nothing(
    office: PostOffice, account: UUID
) -> None:
    """The process was suspended; another one has taken over and failed since."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def answer(_: Request, writer: asyncio.StreamWriter) -> None:
        if not reached.is_set():
            reached.set()
            await go_on.wait()
            writer.write(OK)
        else:
            writer.write(FAILURE)

    async with listening(answer) as receiver, Sender(insecure=True) as patient:
        await office.endpoint(account, receiver.port)
        await office.emit(account)
        late = PostOffice(office.postgres, patient)
        suspended = asyncio.create_task(late.run())
        await reached.wait()
        late.now = office.now = NOON + LEASE
        late_again, office.sender = office.sender, patient
        assert await office.run() >= 1
        go_on.set()
        await suspended
        office.sender = late_again
    (delivery,) = await office.deliveries()
    assert (delivery.status, delivery.claims, delivery.step) == ("pending", 2, 1)
    assert [(each.number, each.response_status) for each in await office.attempts()] == [
        (1, 200),
        (2, 500),
    ]


async def test_two_processes_share_the_work(office: PostOffice, account: UUID) -> None:
    async with listening(always(OK)) as receiver:
        await office.endpoint(account, receiver.port)
        await office.endpoint(account, receiver.port)
        await office.emit(account, 100)
        counts = await asyncio.gather(office.run(), office.run())
    assert sum(counts) == len(receiver.requests) == 200
    assert {each.status for each in await office.deliveries()} == {"delivered"}


async def test_retry_after_is_honoured(office: PostOffice, account: UUID) -> None:
    async with listening(always(status(429, "retry-after: 77"))) as receiver:
        await office.endpoint(account, receiver.port)
        await office.emit(account)
        await office.run()
    assert await office.next_due() == NOON + timedelta(seconds=77)


async def test_a_redirect_is_a_failure_and_is_not_followed(
    office: PostOffice, account: UUID
) -> None:
    async with listening(always(OK)) as canary:
        location = f"location: http://127.0.0.1:{canary.port}/"
        async with listening(always(status(308, location))) as receiver:
            await office.endpoint(account, receiver.port)
            await office.emit(account)
            await office.run_until_quiet()
        assert canary.connections == 0
    attempts = await office.attempts()
    assert [each.response_status for each in attempts] == [308] * 10


class TestEndpointHealth:
    """When an endpoint is disabled, and when it is not."""

    async def test_gone_disables_at_once(self, office: PostOffice, account: UUID) -> None:
        async with listening(always(status(410))) as receiver:
            endpoint = await office.endpoint(account, receiver.port)
            await office.emit(account, 3)
            await office.run_until_quiet()
        row = await office.endpoint_row(endpoint)
        assert (row.status, row.disabled_reason) == ("disabled", "gone")
        assert {each.status for each in await office.deliveries()} == {"cancelled"}
        await office.emit(account)
        assert len(await office.deliveries()) == 3

    async def test_five_days_of_only_failures_disable(
        self, office: PostOffice, account: UUID
    ) -> None:
        async with listening(always(FAILURE)) as receiver:
            endpoint = await office.endpoint(account, receiver.port)
            for day in range(6):
                office.now = NOON + timedelta(days=day)
                await office.emit(account)
                await office.run()
                row = await office.endpoint_row(endpoint)
                assert (row.status == "disabled") == (day == 5)
            assert row.disabled_reason == "failing"
        assert {each.status for each in await office.deliveries()} == {"cancelled"}
        assert await office.next_due() is None

    async def test_one_success_clears_the_record(self, office: PostOffice, account: UUID) -> None:
        answers = [FAILURE] * 4 + [OK] + [FAILURE] * 5

        async def answer(_: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(answers.pop(0))

        async with listening(answer) as receiver:
            endpoint = await office.endpoint(account, receiver.port)
            for day in range(10):
                office.now = NOON + timedelta(days=day)
                await office.postgres.fetch(_ALL_DONE)
                await office.emit(account)
                await office.run()
                row = await office.endpoint_row(endpoint)
                assert (row.failing_since is None) == (day == 4)
        assert answers == []
        assert row.status == "active"
        assert row.failing_since == NOON + timedelta(days=5)

    async def test_a_late_single_failure_does_not_disable(
        self, office: PostOffice, account: UUID
    ) -> None:
        """One event failed to the end; nothing happened for a week; then one attempt fails."""
        async with listening(always(FAILURE)) as receiver:
            endpoint = await office.endpoint(account, receiver.port)
            await office.emit(account)
            await office.run_until_quiet()
            office.later(days=7)
            await office.emit(account)
            await office.run()
        row = await office.endpoint_row(endpoint)
        assert row.status == "active"
        assert row.failing_since == office.now

    async def test_a_fault_of_ours_is_not_the_receivers(
        self, office: PostOffice, account: UUID
    ) -> None:
        async with listening(always(OK)) as receiver:
            endpoint = await office.endpoint(account, receiver.port)
            await office.emit(account)
            kept, office.sealer = office.sealer, Sealer("the secret was changed by mistake, alas")
            assert await office.run() == 1
            assert receiver.connections == 0
            (attempt,) = await office.attempts()
            assert attempt.error == "secret_unreadable"
            assert (await office.endpoint_row(endpoint)).failing_since is None
            office.sealer = kept
            assert await office.run_until_quiet() == 1
        assert len(receiver.requests) == 1


async def test_nothing_is_sent_to_a_deleted_endpoint(office: PostOffice, account: UUID) -> None:
    async with listening(always(OK)) as receiver:
        endpoint = await office.endpoint(account, receiver.port)
        await office.emit(account)
        # An event that was committed as the endpoint was deleted, and not seen by that.
        async with (
            office.postgres.transaction() as deleting,
            office.postgres.transaction() as emitting,
        ):
            await queries.lock_endpoint(deleting, account, endpoint)
            await queries.delete_endpoint(deleting, endpoint)
            failed = EventType.PERSON_SEARCH_JOB_FAILED
            added = await emit(emitting, account, failed, {}, now=office.now)
            assert added == 1
        assert [each.status for each in await office.deliveries()].count("pending") == 1
        assert await office.run() == 0
        assert receiver.connections == 0
    assert {each.status for each in await office.deliveries()} == {"cancelled"}
    row = await office.endpoint_row(endpoint)
    assert (row.secret, row.previous_secret) == (None, None)


async def test_both_secrets_sign_until_the_overlap_ends(office: PostOffice, account: UUID) -> None:
    async with listening(always(OK)) as receiver:
        endpoint = await office.endpoint(account, receiver.port)
        old = office.secrets[endpoint]
        new = "whsec_" + "A" * 43 + "="
        async with office.postgres.transaction() as connection:
            sealed = office.sealer.seal(new)
            until = NOON + timedelta(hours=24)
            await queries.rotate_secret(connection, endpoint, secret=sealed, until=until)
        for _ in range(2):
            await office.emit(account)
            await office.run()
            office.later(hours=24)
        during, after = receiver.requests
    assert Judge(old).accepts(during)
    assert Judge(new).accepts(during)
    assert Judge(new).accepts(after)
    assert not Judge(old).accepts(after)


async def test_old_events_are_forgotten_unless_something_is_pending(
    office: PostOffice, account: UUID
) -> None:
    async with listening(always(OK)) as receiver:
        await office.endpoint(account, receiver.port)
        await office.emit(account, 3)
        await office.run()
        await office.emit(account)
        before = NOON + timedelta(days=30)
        assert await queries.forget_events(office.postgres, before=before, most=2) == 2
        assert await queries.forget_events(office.postgres, before=before, most=2) == 1
        assert await queries.forget_events(office.postgres, before=before, most=2) == 0
        (left,) = await office.deliveries()
        assert left.status == "pending"
        assert await office.run() == 1
