"""The outbox: an event is there exactly when the transaction that made it happen is."""

from uuid import UUID

import orjson
import pytest

from api.domain.webhook.events import emit
from api.domain.webhook.rules import MAX_PAYLOAD_BYTES, EventType
from api.errors import DomainError, ErrorCode
from api.stores.postgres import Postgres
from api.stores.tables import webhook_deliveries, webhook_events
from tests.webhook.rows import NOON, add_endpoint, disable, rows_of

SUCCEEDED = EventType.PERSON_SEARCH_JOB_SUCCEEDED
FAILED = EventType.PERSON_SEARCH_JOB_FAILED


async def test_an_event_goes_to_every_active_endpoint_that_subscribes(
    postgres: Postgres, account: UUID
) -> None:
    both = await add_endpoint(postgres, account, *EventType)
    one = await add_endpoint(postgres, account, SUCCEEDED)
    await add_endpoint(postgres, account, FAILED)
    await disable(postgres, await add_endpoint(postgres, account, *EventType))
    async with postgres.transaction() as connection:
        count = await emit(connection, account, SUCCEEDED, {"job_id": "j_1"}, now=NOON)
    assert count == 2
    (event,) = await rows_of(postgres, webhook_events, account)
    assert orjson.loads(event.payload) == {
        "type": "person_search.job.succeeded",
        "timestamp": "2030-03-01T12:00:00.000Z",
        "data": {"job_id": "j_1"},
    }
    deliveries = await rows_of(postgres, webhook_deliveries, account)
    assert {each.endpoint_id for each in deliveries} == {both, one}
    for each in deliveries:
        assert (each.status, each.next_attempt_at, each.claims) == ("pending", NOON, 0)
        assert each.event_id == event.id


async def test_a_transaction_that_fails_leaves_no_event(postgres: Postgres, account: UUID) -> None:
    await add_endpoint(postgres, account, SUCCEEDED)

    async def settle() -> None:
        async with postgres.transaction() as connection:
            assert await emit(connection, account, SUCCEEDED, {}) == 1
            raise LookupError

    with pytest.raises(LookupError):
        await settle()
    assert await rows_of(postgres, webhook_events, account) == []
    assert await rows_of(postgres, webhook_deliveries, account) == []


async def test_nothing_is_written_where_nobody_subscribes(
    postgres: Postgres, account: UUID
) -> None:
    await add_endpoint(postgres, account, FAILED)
    async with postgres.transaction() as connection:
        assert await emit(connection, account, SUCCEEDED, {}) == 0
    assert await rows_of(postgres, webhook_events, account) == []


async def test_payloads_are_bounded(postgres: Postgres, account: UUID) -> None:
    await add_endpoint(postgres, account, SUCCEEDED)
    frame = len('{"type":"person_search.job.succeeded","timestamp":"2030-03-01T12:00:00.000Z"')
    room = MAX_PAYLOAD_BYTES - frame - len(',"data":{"x":""}}')
    async with postgres.transaction() as connection:
        assert await emit(connection, account, SUCCEEDED, {"x": "é" * (room // 2)}, now=NOON) == 1
    with pytest.raises(DomainError) as caught:
        async with postgres.transaction() as connection:
            await emit(connection, account, SUCCEEDED, {"x": "y" * (room + 1)}, now=NOON)
    assert caught.value.code is ErrorCode.INTERNAL
